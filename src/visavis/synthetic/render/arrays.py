"""Arrays as the kernels take them: of one type, contiguous and read-only, so that each kernel compiles once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput


def frozen(name: str, values: ArrayLike, dtype: type, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """`values` as a finite read-only array of `dtype` and `shape` (None = any length); a view where that suffices.

    Raises:
        InvalidInput: not numbers, another shape, a value that is not finite or does not fit.
    """
    try:
        given: NDArray[Any] = np.asarray(values)
        array: NDArray[Any] = np.ascontiguousarray(given, dtype=dtype).reshape(given.shape).view()
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"{name}: not an array of numbers ({error})") from error
    if array.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape, strict=True)):
        wanted = tuple("any" if want is None else want for want in shape)
        raise InvalidInput(f"{name}: expected shape {wanted}, got {array.shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InvalidInput(f"{name}: holds NaN or infinite values")
    if array.dtype.kind in "iu" and given.dtype.kind == "f" and not np.array_equal(array, given):
        raise InvalidInput(f"{name}: expected whole numbers that fit {np.dtype(dtype).name}")
    array.setflags(write=False)
    return array


def within(name: str, value: Any, low: float, high: float) -> float:
    """`value` as a float in [low, high].

    Raises:
        InvalidInput: it is none; the message names the range.
    """
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name}: expected a number in [{low:g}, {high:g}], got {value!r}") from error
    if not low <= number <= high:
        raise InvalidInput(f"{name}: expected a number in [{low:g}, {high:g}], got {number:g}")
    return number


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as a whole number in low..high.

    Raises:
        InvalidInput: it is none; the message names the range.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise InvalidInput(f"{name}: expected a whole number in {low}..{high}, got {value!r}")
    return int(value)
