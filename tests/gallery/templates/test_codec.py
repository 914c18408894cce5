"""From vectors to stored templates and back."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visavis.errors import InvalidInput
from visavis.gallery.templates.codec import checked_vectors, decode, encode, scale_for, stored_type
from visavis.gallery.types import ModelSpace

vectors = arrays(np.float32, (5, 6), elements=st.floats(-9, 9, width=32))


def space(metric="euclidean", precision="float32", scale=None):
    return ModelSpace(1, "m@1", 6, metric, precision, scale, active=True)


@given(vectors)
def test_float32_is_stored_as_it_is(rows):
    assert decode(encode(rows, space()), space()).tobytes() == rows.tobytes()
    assert stored_type(space()) == np.dtype("<f4")


@given(vectors, st.floats(0.01, 1))
def test_int8_is_within_half_a_step_and_cut_off_at_127_steps(rows, scale):
    quantised = space(precision="int8", scale=scale)
    codes = encode(rows, quantised)
    assert codes.dtype == stored_type(quantised) == np.int8
    back = decode(codes, quantised)
    expected = np.clip(rows, -127 * scale, 127 * scale)
    assert np.abs(back - expected).max() <= scale * 0.5001


def test_under_cosine_int8_keeps_directions():
    rows = np.float32([[3, 4, 0, 0, 0, 0], [0.03, 0.04, 0, 0, 0, 0]])
    step = scale_for(rows, space("cosine", "int8"))
    codes = encode(rows, space("cosine", "int8", step))
    assert np.array_equal(codes[0], codes[1])
    assert scale_for(1000 * rows, space("cosine", "int8")) == pytest.approx(step)
    assert scale_for(1000 * rows, space("euclidean", "int8")) > 100 * step


def test_what_may_be_stored_or_searched():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert checked_vectors([1] * 6, space()).shape == (1, 6)
        assert checked_vectors(np.zeros((0, 6)), space()).shape == (0, 6)
        rows = np.ones((3, 6), np.float32)
        assert checked_vectors(rows, space()) is rows or np.shares_memory(checked_vectors(rows, space()), rows)
        for wrong in (
            np.ones(5), np.ones((1, 2, 6)), [[1.0] * 6, [1.0] * 5], "text", None, [None] * 6, np.ones(6) * 1j,
            np.full(6, np.nan), np.full(6, -np.inf), np.full(6, 1e39), [], object(),
        ):  # fmt: skip
            with pytest.raises(InvalidInput, match="templates"):
                checked_vectors(wrong, space())
    assert checked_vectors(np.zeros(6), space()).any() == np.False_
    with pytest.raises(InvalidInput, match="zero vector"):
        checked_vectors([[1.0] * 6, [0.0] * 6], space("cosine"))


def test_what_no_search_could_compare_is_not_stored():
    for length in (1e18, 1e30):
        with pytest.raises(InvalidInput, match=r"templates: row 1 .* longer than 1e\+18"):
            checked_vectors([[1.0] * 6, [length] * 6], space())
    with pytest.raises(InvalidInput, match="row 0 is a zero vector"):
        checked_vectors([1e-22] * 6, space("cosine"))
    assert checked_vectors([1e-22] * 6, space()).all()


@pytest.mark.parametrize("length", [1e16, 1e-15])
def test_templates_too_long_or_short_for_an_int8_step_do_not_fix_one(length):
    with pytest.raises(InvalidInput, match="int8 step of the first templates"):
        scale_for(np.full((2, 6), length, np.float32), space(precision="int8"))
