from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import ModelCorrupt
from visavis.models.converters.dlib_trees import convert, parse

POINTS, CASCADES, TREES, SPLITS, FEATURES = 3, 2, 4, 3, 6


def small_predictor(seed=0):
    """The arrays of a shape predictor with random content."""
    rng = np.random.default_rng(seed)
    return {
        "initial": rng.normal(0.5, 0.3, (POINTS, 2)).astype(np.float32),
        "anchors": rng.integers(0, POINTS, (CASCADES, FEATURES)).astype(np.uint16),
        "deltas": rng.normal(0, 0.1, (CASCADES, FEATURES, 2)).astype(np.float32),
        "first": rng.integers(0, FEATURES, (CASCADES, TREES, SPLITS)).astype(np.uint16),
        "second": rng.integers(0, FEATURES, (CASCADES, TREES, SPLITS)).astype(np.uint16),
        "thresholds": rng.normal(0, 40, (CASCADES, TREES, SPLITS)).astype(np.float32),
        "leaves": rng.normal(0, 0.01, (CASCADES, TREES, SPLITS + 1, POINTS, 2)).astype(np.float32),
    }


def integer(value):
    length = max(1, -(-abs(value).bit_length() // 8))
    return bytes([length | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(length, "little")


def real(value):
    mantissa, exponent = np.frexp(np.float64(value))
    return integer(int(mantissa * 2**24)) + integer(int(exponent) - 24)


def column(values):
    return integer(-values.size) + integer(-1) + b"".join(map(real, values.ravel()))


def vector(items):
    items = list(items)
    return integer(len(items)) + b"".join(items)


def as_dat(arrays):
    """What dlib would write for these arrays."""
    forests = vector(
        vector(tree(arrays, k, t) for t in range(arrays["first"].shape[1])) for k in range(len(arrays["first"]))
    )
    anchors = vector(vector(integer(int(i)) for i in row) for row in arrays["anchors"])
    deltas = vector(vector(real(x) + real(y) for x, y in row) for row in arrays["deltas"])
    return integer(1) + column(arrays["initial"]) + forests + anchors + deltas


def tree(arrays, k, t):
    splits = zip(arrays["first"][k, t], arrays["second"][k, t], arrays["thresholds"][k, t], strict=True)
    nodes = vector(integer(int(i)) + integer(int(j)) + real(threshold) for i, j, threshold in splits)
    return nodes + vector(column(leaf) for leaf in arrays["leaves"][k, t])


DAT = as_dat(small_predictor())


@given(st.integers(0, 50))
@settings(max_examples=10)
def test_every_array_comes_back(seed):
    written = small_predictor(seed)
    read = parse(as_dat(written), "file")
    assert read.keys() == written.keys()
    for name, array in written.items():
        np.testing.assert_array_equal(read[name], array, strict=True)


def test_the_npz_holds_the_arrays_and_equal_input_gives_equal_bytes():
    data = convert(DAT, "file")
    assert data == convert(DAT, "file")
    with np.load(io.BytesIO(data)) as stored:
        assert {name: stored[name].tolist() for name in stored} == {k: v.tolist() for k, v in small_predictor().items()}


@given(st.integers(0, len(DAT) - 1))
def test_a_truncated_file_is_refused(length):
    with pytest.raises(ModelCorrupt, match=r"some\.dat: .* at byte \d+"):
        parse(DAT[:length], "some.dat")


@given(st.lists(st.tuples(st.integers(0, len(DAT) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_file_is_refused_or_reads_as_another_predictor(changes):
    data = bytearray(DAT)
    for position, byte in changes:
        data[position] = byte
    try:
        read = parse(bytes(data), "file")
    except ModelCorrupt:
        return
    assert all(np.isfinite(array).all() for array in read.values())
    assert read["first"].max() < read["anchors"].shape[1]


def test_bytes_after_the_end_are_refused():
    with pytest.raises(ModelCorrupt, match="1 integers are left over"):
        parse(DAT + integer(3), "file")


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(ModelCorrupt, match="does not start an integer"):
        parse(b"\x89PNG\r\n\x1a\n" + bytes(64), "file")


@pytest.mark.parametrize(
    ("name", "index", "value"),
    [("anchors", (0, 0), POINTS), ("first", (0, 0, 0), FEATURES), ("second", (1, 1, 1), 999)],
)
def test_an_index_that_points_nowhere_is_refused(name, index, value):
    arrays = small_predictor()
    arrays[name][index] = value
    with pytest.raises(ModelCorrupt, match=r"a (point|feature) index lies outside 0\.\.\d"):
        parse(as_dat(arrays), "file")


def test_a_tree_that_is_not_complete_is_refused():
    arrays = small_predictor()
    for name in ("first", "second", "thresholds", "leaves"):
        arrays[name] = arrays[name][:, :, :-1]
    with pytest.raises(ModelCorrupt, match="2 splits do not make a complete tree"):
        parse(as_dat(arrays), "file")
