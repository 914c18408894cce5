"""What a network must cost: operations and bytes of every layer, and what this machine can do at best.

A layer's floor is the larger of its operations at the machine's matrix-product rate and its bytes at the machine's copy
rate. The plain fraction of the peak (operations / time / rate) is unfair to depthwise and 1x1 convolutions, which read
and write much for few operations: no program could run them at the rate of a matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _machine import Timing, interleaved
from visavis.models import Network
from visavis.models.converters.onnx_wire import Graph, Node, Tensor, read_model, write_model

_PEAK_SIDES = (384, 512, 768, 1024)
_COPY_SIZES = tuple(1 << power for power in (18, 20, 22, 24, 26))  # 256 KiB to 64 MiB
_COPIED = 1 << 28
_FLOAT = np.dtype("<f4")
STACK_SHAPE = (1, 64, 56, 56)
"""Input of the convolution stack that is the yardstick for processors."""


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
class Limits:
    """What one thread of this machine can do at best.

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
    def of(cls, layers: Sequence[Layer], timing: Timing, limits: Limits) -> Utilisation:
        gflop, ms = sum(layer.flop for layer in layers) / 1e9, min(timing.cpu)
        return cls(gflop, ms, 1e3 * gflop / ms / limits.gflops, limits.floor_ms(layers) / ms)

    def to_dict(self) -> dict[str, float]:
        """All figures, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def layers_of(model: bytes, name: str, pixels: NDArray[np.uint8]) -> list[Layer]:
    """The layers of a network for an input of that size.

    Layer sizes come from running the graph once with every convolution's input and output made visible.
    """
    graph = read_model(model, name)
    heavy = [node for node in graph.nodes if node.op in _FLOP_OF]
    seen = {value for node in heavy for value in (node.inputs[0], node.outputs[0])} - set(graph.inputs)
    outputs = {value: Tensor(_FLOAT, _free_sides(value, heavy)) for value in sorted(seen)}
    shown = Network(write_model(replace(graph, outputs=outputs)), name, threads=1)
    shapes = dict.fromkeys(graph.inputs, pixels.shape)
    shapes |= {value: array.shape for value, array in zip(outputs, shown.run(pixels), strict=True)}
    return [_layer(node, shapes, graph) for node in heavy]


def matrix_products() -> dict[str, tuple[Callable[[], object], float]]:
    """Calls that multiply square matrices for some milliseconds on one thread, each with its GFLOP."""
    return {f"matrix product {side}": _matrix_product(side) for side in _PEAK_SIDES}


def measure_copies(rounds: int = 30) -> tuple[tuple[int, float], ...]:
    """(bytes touched, bytes per ns) of copies of each size; a copy reads and writes."""
    timings = interleaved({str(size): _copy(size) for size in _COPY_SIZES}, rounds)
    return tuple((2 * size, 2e-6 * _COPIED / min(timings[str(size)].cpu)) for size in _COPY_SIZES)


def convolution_stack(depth: int = 8) -> tuple[bytes, float]:
    """A plain stack of 3x3 convolutions with ReLU as an ONNX file, and its GFLOP: a fixed yardstick for processors."""
    rng = np.random.default_rng(0)
    _, channels, rows, columns = STACK_SHAPE
    weights, nodes = {}, []
    for i in range(depth):
        weights[f"w{i}"] = rng.normal(0, (channels * 4.5) ** -0.5, (channels, channels, 3, 3)).astype(_FLOAT)
        nodes += [
            Node("Conv", (f"x{i}", f"w{i}"), (f"y{i}",), {"pads": (1, 1, 1, 1)}),
            Node("Relu", (f"y{i}",), (f"x{i + 1}",)),
        ]
    image = Tensor(_FLOAT, STACK_SHAPE)
    graph = Graph(tuple(nodes), weights, {"x0": image}, {f"x{depth}": image})
    return write_model(graph), depth * 2 * 9 * channels**2 * rows * columns / 1e9


def _free_sides(value: str, heavy: list[Node]) -> tuple[str, ...]:
    """Named sides, all different: onnxruntime takes equal names for equal lengths."""
    flat = any(node.op in ("Gemm", "MatMul") and value in (node.inputs[0], node.outputs[0]) for node in heavy)
    return tuple(f"{value}.{axis}" for axis in range(2 if flat else 4))


def _layer(node: Node, shapes: dict[str, tuple[int, ...]], graph: Graph) -> Layer:
    weight = graph.weights[node.inputs[1]]
    source, target = shapes[node.inputs[0]], shapes[node.outputs[0]]
    counted = source if node.op == "ConvTranspose" else target
    values = sum(math.prod(shape) for shape in (source, weight.shape, target))
    return Layer(node.op, _FLOP_OF[node.op](node, weight) * math.prod(counted), values * _FLOAT.itemsize)


def _convolution(node: Node, weight: NDArray[Any]) -> int:
    return 2 * math.prod(weight.shape[1:])  # per output value; (out, in / groups, height, width)


def _full_connection(node: Node, weight: NDArray[Any]) -> int:
    return 2 * int(weight.shape[1 if node.attributes.get("transB") else 0])  # per output value


_FLOP_OF = {
    "Conv": _convolution,
    "ConvTranspose": _convolution,  # per input value; (in, out / groups, height, width)
    "Gemm": _full_connection,
    "MatMul": _full_connection,
}


def _matrix_product(side: int) -> tuple[Callable[[], object], float]:
    matrix = np.random.default_rng(0).normal(size=(side, side)).astype(_FLOAT)
    square = Tensor(_FLOAT, (side, side))
    graph = Graph((Node("MatMul", ("a", "b"), ("c",)),), {"b": matrix}, {"a": square}, {"c": square})
    network = Network(write_model(graph), "matrix product", threads=1)
    repeats = max(1, round(1e9 / (2 * side**3)))  # one GFLOP: long enough for the clock
    return lambda: [network.run(matrix) for _ in range(repeats)], 2e-9 * side**3 * repeats


def _copy(size: int) -> Callable[[], object]:
    source, target = np.ones(size, np.uint8), np.empty(size, np.uint8)

    def copy() -> None:
        for _ in range(_COPIED // size):
            np.copyto(target, source)

    return copy
