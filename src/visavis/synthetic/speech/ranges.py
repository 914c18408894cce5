"""What the makers of sound accept: numbers inside stated ranges, arrays that are sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.ranges import number, whole

Sound = NDArray[np.float32]

RATES = (8_000, 48_000)
"""Lowest and highest sampling rate, Hz."""
LONGEST = 600.0
"""Longest sound that is made in one piece, seconds."""


def sampling_rate(value: Any) -> int:
    """`value` as a sampling rate in Hz, within `RATES`."""
    return whole("rate (Hz)", value, *RATES)


def length(seconds: Any, rate: int) -> int:
    """The number of samples of a sound of 0 < `seconds` <= `LONGEST`."""
    return max(round(number("seconds", seconds, 1e-3, LONGEST) * rate), 1)


def sound(name: str, values: ArrayLike) -> Sound:
    """`values` as a finite, non-empty (n,) float32 array.

    Raises:
        InvalidInput: it is empty, not one channel of numbers, or holds NaN or infinity.
    """
    try:
        with np.errstate(over="ignore"):
            array = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name}: not an array of numbers ({error})") from error
    if array.ndim != 1 or not array.size:
        raise InvalidInput(f"{name}: expected one channel of shape (n,), n >= 1, got {array.shape}; mix channels first")
    if not np.isfinite(array).all():
        raise InvalidInput(f"{name}: holds NaN or infinite values")
    return array
