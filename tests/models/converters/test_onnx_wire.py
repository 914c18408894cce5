from __future__ import annotations

import contextlib

import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models import tiny

from visavis.errors import ModelCorrupt
from visavis.models.converters.onnx_wire import Graph, Node, Tensor, read_model, write_model

FLOAT = np.dtype("<f4")
names = st.text("abcdefgh/_.0123456789", min_size=1, max_size=12)
attributes = st.dictionaries(
    names,
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(width=32, allow_nan=False),
        st.text(max_size=20),
        st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=5).map(tuple),
        st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=5).map(tuple),
    ),
    max_size=4,
)
nodes = st.builds(
    Node, names, st.lists(names, max_size=3).map(tuple), st.lists(names, min_size=1, max_size=2).map(tuple), attributes
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
@given(st.lists(nodes, max_size=4).map(tuple))
def test_nodes_survive_a_round_trip(graph_nodes):
    graph = Graph(graph_nodes, {}, {"x": Tensor(FLOAT, ("n", 3))}, {"y": Tensor(np.dtype("u1"), (1, "k"))})
    assert read_model(write_model(graph), "round trip") == graph


@given(st.sampled_from(["<f4", "u1", "i1", "<i4", "<i8", "?", "<f2", "<f8"]), st.lists(st.integers(0, 4), max_size=4))
def test_weights_survive_a_round_trip(dtype, shape):
    values = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(dtype)
    graph = Graph((Node("Add", ("x", "w"), ("y",)),), {"w": values}, {"x": Tensor(FLOAT, ())}, {"y": Tensor(FLOAT, ())})
    weights = read_model(write_model(graph), "round trip").weights
    assert weights["w"].dtype == values.dtype
    np.testing.assert_array_equal(weights["w"], values)


def test_onnxruntime_computes_what_the_written_graph_says():
    data = tiny.embedder(dimensions=8)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).normal(size=(2, 3, 112, 112)).astype(np.float32)
    means = x.reshape(2, 3, 7, 16, 7, 16).mean((3, 5)).reshape(2, -1)
    expected = means @ read_model(data, "tiny").weights["w"]
    np.testing.assert_allclose(session.run(None, {"x": x})[0], expected, atol=1e-5)


def test_every_truncation_is_refused_or_reads_as_a_model():
    data = tiny.embedder(dimensions=1)
    for end in range(0, len(data) - 1, 7):
        with pytest.raises(ModelCorrupt, match="cut short: not a readable ONNX model"):
            read_model(data[:end], "cut short")


@settings(max_examples=300)
@given(st.data())
def test_damage_never_raises_anything_but_model_corrupt(data):
    model = bytearray(tiny.scrfd(points=False))
    for _ in range(data.draw(st.integers(1, 8))):
        model[data.draw(st.integers(0, len(model) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ModelCorrupt):
        read_model(bytes(model), "damaged")


@pytest.mark.parametrize(
    "data",
    [
        b"\x38\x05" + b"\x42\x04\x0a\x00\x10\x11",  # the graph is a number
        b"\x3a\x00" + b"\x42\x08\x08\x80\x80\x80\x80\x20\x10\x11",  # a domain of 8 GiB of nothing
        b"\x3a\x04\x0a\x02\x20\x05" + b"\x42\x04\x0a\x00\x10\x11",  # an operator is a number
    ],
)
def test_a_number_in_place_of_bytes_is_refused(data):
    with pytest.raises(ModelCorrupt):
        read_model(data, "odd")


def test_half_precision_outside_raw_data_is_refused_instead_of_misread():
    data = write_model(Graph((), {"w": np.ones(3, np.float16)}, {}, {}))
    raw = b"\x4a\x06" + np.ones(3, np.float16).tobytes()
    assert data.count(raw) == 1
    as_integers = b"\x2a\x06" + b"\x80\x78" * 3  # the same bits as int32_data
    with pytest.raises(ModelCorrupt, match="float16"):
        read_model(data.replace(raw, as_integers), "half")


def test_with_nodes_drops_weights_that_nothing_reads():
    graph = read_model(tiny.embedder(), "tiny")
    assert set(graph.with_nodes(graph.nodes[:2]).weights) == set()
