"""The rewritten detector against the published graph, which onnxruntime runs at its one fixed size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from visavis.errors import ModelCorrupt
from visavis.models import Network
from visavis.models.converters.centerface import convert
from visavis.models.converters.onnx_wire import read_model, write_model

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def original(original_weights):
    return original_weights("centerface").read_bytes()


@pytest.fixture(scope="module")
def converted(original):
    return Network(convert(original, "centerface"), "converted", threads=1)


def test_maps_equal_those_of_the_published_graph(original, converted):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    published = onnxruntime.InferenceSession(original, options, providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(0).integers(0, 256, (10, 32, 32, 3), np.uint8)
    planes = pixels.transpose(0, 3, 1, 2).astype(np.float32)
    heat, *maps = published.run(["537", "538", "539", "540"], {"input.1": planes})
    got = converted.run(pixels)[0]
    np.testing.assert_allclose(1 / (1 + np.exp(-got[:, :1])), heat, atol=1e-5)
    np.testing.assert_allclose(got[:, 1:], np.concatenate(maps, axis=1), atol=2e-4)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 320), (480, 640)])
def test_any_size_in_steps_of_32_runs(converted, height, width):
    assert converted.run(np.zeros((1, height, width, 3), np.uint8))[0].shape == (1, 15, height // 4, width // 4)


def test_nothing_but_plain_operators_is_left(original):
    operators = {node.op for node in read_model(convert(original, "centerface"), "converted").nodes}
    assert operators == {"Transpose", "Cast", "Conv", "Relu", "Add", "ConvTranspose"}


def test_other_files_are_refused(original):
    for foreign in (b"", b"not a model", original[: len(original) // 2]):
        with pytest.raises(ModelCorrupt, match="detector: "):
            convert(foreign, "detector")


def changed(graph, missing):
    """The graph without one kind of its parts."""
    norm = next(node for node in graph.nodes if node.op == "BatchNormalization")
    scale = norm.inputs[1]
    return {
        "heads": replace(graph, nodes=tuple(node for node in graph.nodes if "540" not in node.outputs)),
        "transposed convolutions": replace(graph, nodes=tuple(n for n in graph.nodes if n.op != "ConvTranspose")),
        "a weight": replace(graph, weights={k: v for k, v in graph.weights.items() if k != scale}),
        "a part of a weight": replace(graph, weights={**graph.weights, scale: graph.weights[scale][:3]}),
        "epsilon": replace(graph, nodes=tuple(replace(n, attributes={}) if n == norm else n for n in graph.nodes)),
        "outputs": replace(graph, outputs={}),
        "nodes": replace(graph, nodes=()),
    }[missing]


@pytest.mark.parametrize(
    "missing",
    ["heads", "transposed convolutions", "a weight", "a part of a weight", "epsilon", "outputs", "nodes"],
)
def test_a_graph_that_lacks_something_is_refused(original, missing):
    graph = changed(read_model(original, "original"), missing)
    with pytest.raises(ModelCorrupt, match="detector: not the published CenterFace graph"):
        convert(write_model(graph), "detector")
