"""Tiny ONNX files in the layouts that users have, with random weights: what a model's file tells, and nothing else."""

from __future__ import annotations

import numpy as np

from visavis.models.converters.onnx_wire import Graph, Node, Tensor, write_model

FLOAT = np.dtype("<f4")


def embedder(
    side: int = 112,
    dimensions: int = 32,
    seed: int = 0,
    outputs: int = 1,
    batch: int | str = "n",
    gain: float = 1.0,
    scaled: bool = False,
) -> bytes:
    """(batch, 3, side, side) -> (batch, dimensions): block means times a random matrix times the gain.

    A `scaled` network brings 0..255 to -1..1 by itself.
    """
    cells = 3 * (side // 16) ** 2
    weights = {"w": np.random.default_rng(seed).normal(size=(cells, dimensions)).astype(FLOAT) * FLOAT.type(gain)}
    nodes = [
        Node(
            "AveragePool", ("scaled" if scaled else "x",), ("small",), {"kernel_shape": (16, 16), "strides": (16, 16)}
        ),
        Node("Flatten", ("small",), ("flat",)),
        Node("MatMul", ("flat", "w"), ("v0",)),
    ]
    if scaled:
        weights["half"] = np.array([127.5], FLOAT)
        nodes[:0] = [Node("Sub", ("x", "half"), ("centred",)), Node("Div", ("centred", "half"), ("scaled",))]
    nodes += [Node("Identity", ("v0",), (f"v{number}",)) for number in range(1, outputs)]
    vectors = {f"v{number}": Tensor(FLOAT, (batch, dimensions)) for number in range(outputs)}
    return write_model(Graph(tuple(nodes), weights, {"x": Tensor(FLOAT, (batch, 3, side, side))}, vectors))


def scrfd(seed: int = 0, points: bool = True, side: int | str = "side", anchors: int = 2) -> bytes:
    """(1, 3, H, W) -> scores, boxes and (if asked) points at strides 8, 16 and 32, `anchors` rows a cell."""
    rng = np.random.default_rng(seed)
    nodes, weights, outputs = [], {}, {}
    for kind, width in (("score", 1), ("box", 4), ("point", 10))[: 3 if points else 2]:
        for stride in (8, 16, 32):
            name = f"{kind}_{stride}"
            weights[f"{name}_w"] = (rng.normal(size=(anchors * width, 3, 1, 1)) / 50).astype(FLOAT)
            weights[f"{name}_shape"] = np.array([-1, width], np.int64)
            pool = {"kernel_shape": (stride, stride), "strides": (stride, stride)}
            last = "Sigmoid" if kind == "score" else "Relu" if kind == "box" else "Identity"
            nodes += [
                Node("AveragePool", ("x",), (f"{name}_p",), pool),
                Node("Conv", (f"{name}_p", f"{name}_w"), (f"{name}_c",), {"kernel_shape": (1, 1)}),
                Node("Transpose", (f"{name}_c",), (f"{name}_t",), {"perm": (0, 2, 3, 1)}),
                Node("Reshape", (f"{name}_t", f"{name}_shape"), (f"{name}_r",)),
                Node(last, (f"{name}_r",), (name,)),
            ]
            outputs[name] = Tensor(FLOAT, ("rows", width))
    shape = (1, 3, side, side) if isinstance(side, int) else (1, 3, "height", "width")
    return write_model(Graph(tuple(nodes), weights, {"x": Tensor(FLOAT, shape)}, outputs))


def adder(inputs: int) -> bytes:
    """A graph of so many inputs, added to a weight."""
    given = {f"x{number}": Tensor(FLOAT, ("n", 3, 112, 112)) for number in range(inputs)}
    nodes = [Node("Identity", ("w",), ("sum",))]
    for name in given:
        nodes.append(Node("Add", (nodes[-1].outputs[0], name), (f"sum_{name}",)))
    weights = {"w": np.ones((1, 3, 112, 112), FLOAT)}
    return write_model(Graph(tuple(nodes), weights, given, {nodes[-1].outputs[0]: Tensor(FLOAT, ("n", 3, 112, 112))}))
