"""What a network must cost: operations and bytes of every layer, and what this machine can do at best.

A layer's floor is the larger of its operations at the machine's matrix-product rate and its bytes at the machine's copy
rate. The plain fraction of the peak (operations / time / rate) is unfair to depthwise and 1x1 convolutions, which read
and write much for few operations: no program could run them at the rate of a matrix product.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from _machine import Timing
from numpy.typing import NDArray

from visavis.models import Network
from visavis.models.converters.onnx_wire import Graph, Node, Tensor, read_model, write_model

_PEAK_SIDES = (512, 640, 768, 1024)
_COPY_BYTES = tuple(1 << power for power in range(16, 28, 2))  # 64 KiB to 64 MiB
_FLOAT = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution (or full connection) with all that can be fused to it.

    Attributes:
        op: operator.
        flop: floating-point operations; a multiplication and an addition are two.
        bytes: of its input, weights and output, each touched once.
    """

    op: str
    flop: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What one thread can do at best.

    Attributes:
        gflops: float32 operations per ns in a matrix product.
        copies: (bytes touched, bytes per ns) of copies of rising size: caches first, memory last.
    """

    gflops: float
    copies: tuple[tuple[int, float], ...]

    def bandwidth(self, working_set: int) -> float:
        """Bytes per ns for data that large, between the measured sizes on a logarithmic scale."""
        sizes, rates = zip(*self.copies, strict=True)
        return float(np.interp(np.log(working_set), np.log(sizes), rates))

    def floor_ms(self, layers: Sequence[Layer]) -> float:
        """The least time for these layers, one after the other: each limited by arithmetic or by memory."""
        return sum(max(x.flop / self.gflops, x.bytes / self.bandwidth(x.bytes)) for x in layers) / 1e6


@dataclass(frozen=True, slots=True)
class Utilisation:
    """How near a measured time comes to what the machine could do.

    Attributes:
        gflop: operations of one call.
        ms: least processor time of one call.
        of_peak: operations per time, as a share of the matrix-product rate.
        of_floor: the sum of the layers' floors, as a share of the time.
    """

    gflop: float
    ms: float
    of_peak: float
    of_floor: float

    @classmethod
    def of(cls, layers: Sequence[Layer], timing: Timing, machine: Machine) -> Utilisation:
        gflop, ms = sum(layer.flop for layer in layers) / 1e9, min(timing.cpu)
        return cls(gflop, ms, 1e3 * gflop / ms / machine.gflops, machine.floor_ms(layers) / ms)


def layers_of(model: bytes, name: str, pixels: NDArray[np.uint8]) -> list[Layer]:
    """The layers of a network for an input of that size.

    Layer sizes come from running the graph once with every convolution's input and output made visible.
    """
    graph = read_model(model, name)
    heavy = [node for node in graph.nodes if node.op in _FLOP_OF]
    seen = {value for node in heavy for value in (node.inputs[0], node.outputs[0])} - set(graph.inputs)
    outputs = {value: Tensor(_FLOAT, ("?",) * (2 if _is_flat(value, heavy) else 4)) for value in sorted(seen)}
    shown = Network(write_model(replace(graph, outputs=outputs)), name, threads=1)
    shapes = {value: array.shape for value, array in zip(outputs, shown.run(pixels), strict=True)}
    return [_layer(node, shapes, graph) for node in heavy]


def measure_machine(seconds: float = 2.0) -> Machine:
    """The best rates of one thread within about that time each."""
    return Machine(_matmul_peak(seconds), tuple((2 * size, _copy_rate(size, seconds)) for size in _COPY_BYTES))


def convolution_stack(depth: int = 8, channels: int = 64, side: int = 56) -> tuple[bytes, float]:
    """A plain stack of 3x3 convolutions with ReLU as an ONNX file, and its GFLOP: a fixed yardstick for processors."""
    rng = np.random.default_rng(0)
    weights, nodes = {}, []
    for i in range(depth):
        weights[f"w{i}"] = rng.normal(0, (channels * 4.5) ** -0.5, (channels, channels, 3, 3)).astype(_FLOAT)
        nodes += [
            Node("Conv", (f"x{i}", f"w{i}"), (f"y{i}",), {"pads": (1, 1, 1, 1)}),
            Node("Relu", (f"y{i}",), (f"x{i + 1}",)),
        ]
    image = Tensor(_FLOAT, (1, channels, side, side))
    graph = Graph(tuple(nodes), weights, {"x0": image}, {f"x{depth}": image})
    return write_model(graph), depth * 2 * 9 * channels**2 * side**2 / 1e9


def _is_flat(value: str, heavy: list[Node]) -> bool:
    return any(node.op in ("Gemm", "MatMul") and value in (node.inputs[0], node.outputs[0]) for node in heavy)


def _layer(node: Node, shapes: dict[str, tuple[int, ...]], graph: Graph) -> Layer:
    weight = graph.weights[node.inputs[1]]
    inputs = [shapes[node.inputs[0]]] if node.inputs[0] in shapes else []
    output = shapes[node.outputs[0]]
    count = sum(int(np.prod(shape)) for shape in (*inputs, weight.shape, output))
    per_value, counted = _FLOP_OF[node.op](node, weight), inputs[0] if node.op == "ConvTranspose" else output
    return Layer(node.op, per_value * int(np.prod(counted)), count * _FLOAT.itemsize)


def _convolution(node: Node, weight: NDArray[Any]) -> int:
    return 2 * int(np.prod(weight.shape[1:]))  # per output value; (out, in / groups, height, width)


def _full_connection(node: Node, weight: NDArray[Any]) -> int:
    return 2 * weight.shape[1 if node.attributes.get("transB") else 0]  # per output value


_FLOP_OF = {
    "Conv": _convolution,
    "ConvTranspose": _convolution,  # per input value; (in, out / groups, height, width)
    "Gemm": _full_connection,
    "MatMul": _full_connection,
}


def _matmul_peak(seconds: float) -> float:
    best = 0.0
    for side in _PEAK_SIDES:
        weight = np.random.default_rng(0).normal(size=(side, side)).astype(_FLOAT)
        square = Tensor(_FLOAT, (side, side))
        graph = Graph((Node("MatMul", ("a", "b"), ("c",)),), {"b": weight}, {"a": square}, {"c": square})
        network = Network(write_model(graph), "matrix product", threads=1)
        best = max(best, 2e-9 * side**3 / _least_seconds(lambda: network.run(weight), seconds / len(_PEAK_SIDES)))  # noqa: B023
    return best


def _copy_rate(size: int, seconds: float) -> float:
    """Bytes read and written per ns by copying `size` bytes to another place."""
    source, target = np.ones(size, np.uint8), np.empty(size, np.uint8)
    repeats = max(1, (1 << 22) // size)

    def copy() -> None:
        for _ in range(repeats):
            np.copyto(target, source)

    return 2e-9 * size * repeats / _least_seconds(copy, seconds / len(_COPY_BYTES))


def _least_seconds(call: Any, seconds: float) -> float:
    call()
    least, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.process_time()
        call()
        least = min(least, time.process_time() - began)
    return float(least)
