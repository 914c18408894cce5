"""From vectors to stored templates and back."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visavis.errors import InvalidInput
from visavis.gallery.templates.codec import MOST_LOST, checked_vectors, decode, encode, scale_for, stored_type
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
    expected = np.clip(rows, -127 * scale, 127 * scale)
    try:
        codes = encode(rows, quantised)
    except InvalidInput:
        error = np.linalg.norm(np.abs(rows - expected) + 0.5001 * scale, axis=1)
        assert (error > MOST_LOST * np.linalg.norm(rows, axis=1)).any()
        return
    assert codes.dtype == stored_type(quantised) == np.int8
    back = decode(codes, quantised)
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


@pytest.mark.parametrize("length", [1e-22, 1e-3, 0.3, 3e3, 1e9])
def test_int8_codes_that_lose_most_of_a_template_are_not_stored(length):
    quantised = space(precision="int8", scale=1.0)
    rows = np.full((3, 6), 100, np.float32)
    rows[2] = length
    with pytest.raises(InvalidInput, match=r"row 2 has length .* would lose .*% .*int8 step 1,.*float32"):
        encode(rows, quantised)
    rows[2] = 0
    assert not encode(rows, quantised)[2].any()  # nothing is lost of nothing


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("length", [0.5, 1.0, 2.0])
def test_templates_as_long_as_faces_are_pass_whichever_comes_first(metric, length):
    rows = np.random.default_rng(1).normal(size=(500, 128)).astype(np.float32)
    rows *= length ** np.linspace(0, 1, 500, dtype=np.float32)[:, None]
    for first in (rows[:1], rows[-1:]):
        chosen = ModelSpace(1, "m@1", 128, metric, "int8", None, active=True)
        chosen = replace(chosen, scale=scale_for(first, chosen))
        assert np.linalg.norm(decode(encode(rows, chosen), chosen), axis=1).all()
