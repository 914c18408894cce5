"""The CenterFace detector turned into a graph that runs at any size and folds well.

The published file is fixed at 10 x 3 x 32 x 32 and lists its weights as graph inputs, which keeps onnxruntime from
folding anything. The rewrite frees the sizes, drops those inputs, takes uint8 pixels, folds the three batch
normalisations into the transposed convolutions before them, and makes all output maps with one convolution. The
sigmoid of the heat map goes: comparing logits with the logit of the threshold is the same and touches fewer numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ModelCorrupt
from visavis.models.converters.onnx_wire import Graph, Node, Tensor, read_model, write_model

STRIDE, MULTIPLE = 4, 32
MAPS = 15
_INPUT, _HEAT = "input.1", "537"
_HEADS = ("536", "538", "539", "540")  # heat before its sigmoid, log size, offset, landmarks


def convert(data: bytes, name: str) -> bytes:
    """ONNX bytes: `pixels` (n, H, W, 3) uint8 RGB, sides multiples of 32 -> `maps` (n, 15, H/4, W/4) float32.

    The maps: 0 logit of a face centre; 1-2 log size (height, width); 3-4 offset (y, x); 5-14 five points (y, x).

    Raises:
        ModelCorrupt: the bytes are not the published CenterFace graph.
    """
    graph = read_model(data, name)
    try:
        return write_model(_rewritten(graph))
    except (LookupError, ValueError, TypeError) as error:  # whatever an unknown graph lacks or has otherwise
        raise ModelCorrupt(
            f"{name}: not the published CenterFace graph ({error}); fetch it again with `visavis models pull --force`"
        ) from error


def _rewritten(graph: Graph) -> Graph:
    if list(graph.inputs) != [_INPUT] or _HEAT not in graph.outputs:
        raise ValueError(f"its inputs are {list(graph.inputs)}")
    graph = _join_heads(_fold_batch_norm(graph))
    entry = (
        Node("Transpose", ("pixels",), ("planes",), {"perm": (0, 3, 1, 2)}),
        Node("Cast", ("planes",), (_INPUT,), {"to": 1}),
    )
    pixels = Tensor(np.dtype("u1"), ("n", "height", "width", 3))
    maps = Tensor(np.dtype("<f4"), ("n", MAPS, "rows", "columns"))
    return graph.with_nodes(entry + graph.nodes, inputs={"pixels": pixels}, outputs={"maps": maps})


def _fold_batch_norm(graph: Graph) -> Graph:
    """y = gamma (x - mean) / sqrt(var + eps) + beta, folded into the transposed convolution that makes x."""
    makers = {node.outputs[0]: node for node in graph.nodes}
    weights: dict[str, NDArray[Any]] = dict(graph.weights)
    replaced: dict[str, Node] = {}
    for norm in (node for node in graph.nodes if node.op == "BatchNormalization"):
        maker = makers[norm.inputs[0]]
        if maker.op != "ConvTranspose" or len(maker.inputs) != 2:
            raise ValueError(f"a batch normalisation follows {maker.op}, not a transposed convolution")
        gamma, beta, mean, variance = (weights[key].astype(np.float64) for key in norm.inputs[1:5])
        factor = gamma / np.sqrt(variance + float(norm.attributes["epsilon"]))  # type: ignore[arg-type]
        kernel = maker.inputs[1]
        weights[kernel] = (weights[kernel] * factor[None, :, None, None]).astype(np.float32)  # (in, out, 2, 2)
        weights[f"{kernel}.bias"] = (beta - mean * factor).astype(np.float32)
        replaced[maker.outputs[0]] = Node(
            "ConvTranspose", (maker.inputs[0], kernel, f"{kernel}.bias"), norm.outputs, maker.attributes
        )
    nodes = tuple(replaced.get(node.outputs[0], node) for node in graph.nodes if node.op != "BatchNormalization")
    return graph.with_nodes(nodes, weights=weights)


def _join_heads(graph: Graph) -> Graph:
    """The four output convolutions read the same value: one convolution with 15 outputs reads it once."""
    makers = {node.outputs[0]: node for node in graph.nodes if node.outputs[0] in _HEADS}
    inputs = {head.inputs[0] for head in makers.values()}
    heads = [makers[key] for key in _HEADS if key in makers and makers[key].op == "Conv"]
    if len(heads) != len(_HEADS) or len(inputs) != 1 or any(head.attributes != heads[0].attributes for head in heads):
        raise ValueError("its output layers are others")
    joined = {
        f"maps.{part}": np.concatenate([graph.weights[head.inputs[place]] for head in heads])
        for place, part in ((1, "weight"), (2, "bias"))
    }
    maps = Node("Conv", (inputs.pop(), *joined), ("maps",), heads[0].attributes)
    body = tuple(node for node in graph.nodes if node.outputs[0] not in (*_HEADS, _HEAT))
    return graph.with_nodes((*body, maps), weights=joined)
