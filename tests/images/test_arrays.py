"""Arrays that mean a picture are photos, and others are refused with what to change."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from visavis.errors import InvalidInput
from visavis.images import load


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.zeros((0, 5, 3), np.uint8), r"shape \(0, 5, 3\) holds no pixels; check how it was cropped"),
        (np.zeros((5, 0), np.uint8), "holds no pixels"),
        (np.zeros(100, np.uint8), r"shape \(100,\) is not .*pass array.tobytes"),
        (np.zeros((3, 8, 9), np.uint8), "put the channels last"),
        (np.zeros((2, 8, 9, 3), np.uint8), "one by one"),
        (np.zeros((8, 9, 2), np.uint8), "check its axes"),
        (np.array(1.0), "check its axes"),
        (np.zeros((2, 2), np.int64), "type int64 have no agreed range; use uint8"),
        (np.zeros((2, 2), complex), "type complex128 have no agreed range"),
        (np.full((2, 2), "a"), "have no agreed range"),
        (np.full((2, 2), None), "have no agreed range"),
        (np.full((2, 2), np.nan), "holds NaN or infinite values"),
        (np.full((2, 2), np.inf), "holds NaN or infinite values"),
        (np.full((2, 2), -np.inf), "holds NaN or infinite values"),
        (np.full((2, 2), 255.0), r"floats from 255 to 255 are outside 0\.\.1; divide by 255"),
        (np.full((2, 2), -0.5), "are outside"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray, problem: str) -> None:
    with pytest.raises(InvalidInput, match=f"^<ndarray>: .*{problem}"):
        load(array)


@given(array=hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
def test_any_array_is_a_photo_or_invalid_input(array: np.ndarray) -> None:
    with suppress(InvalidInput):
        assert load(array).pixels.shape == (*array.shape[:2], 3)
