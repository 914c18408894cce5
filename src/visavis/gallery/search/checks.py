"""What the search tier accepts: checked before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]

_CHUNK = 1 << 12  # rows whose lengths are taken at once: they stay in the cache
_SHORTEST, _LONGEST = 1e-15, 1e18  # squares of these are still float32 numbers


def key_array(name: str, values: ArrayLike, *, unique: bool = False) -> Integers:
    """`values` as an (n,) int64 array of numbers from 0 on.

    Raises:
        InvalidInput: other shapes, types or signs, or a number that comes twice where that is not allowed.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InvalidInput(f"{name}: expected an array (n,) of whole numbers ({error})") from error
    if array.ndim != 1 or not (np.issubdtype(array.dtype, np.integer) or not array.size):
        raise InvalidInput(f"{name}: expected an array (n,) of whole numbers, got {array.dtype} {array.shape}")
    array = np.ascontiguousarray(array, dtype=np.int64)
    if array.size and array.min() < 0:
        raise InvalidInput(f"{name}: {array.min()} is negative; keys count from 0 (-1 stands for nobody)")
    if unique and len(array) > 1:
        ordered = np.sort(array)
        if (twice := ordered[1:] == ordered[:-1]).any():
            raise InvalidInput(f"{name}: {ordered[1:][twice][0]} is given twice; give every key once")
    return array


def group_array(values: ArrayLike, count: int) -> Integers:
    """`values` as an (count,) array of group keys.

    Raises:
        InvalidInput: other shapes, types or signs.
    """
    groups = key_array("groups", values)
    if len(groups) != count:
        raise InvalidInput(f"groups: {len(groups)} for {count} keys; give every key its group")
    return groups


def excluded_groups(values: ArrayLike, count: int) -> Integers:
    """`values` as a (count,) array of group keys, -1 for none.

    Raises:
        InvalidInput: another shape or type.
    """
    groups = np.asarray(values)
    if groups.shape != (count,) or not (np.issubdtype(groups.dtype, np.integer) or not count):
        raise InvalidInput(
            f"exclude_group: expected {count} whole numbers, one for each query, got {groups.dtype} {groups.shape}"
        )
    return groups.astype(np.int64)


def float_rows(name: str, values: ArrayLike, dimension: int) -> NDArray[np.float32]:
    """`values` as an (n, dimension) float32 array, not copied if it is one.

    Raises:
        InvalidInput: another shape, or not numbers.
    """
    try:
        with np.errstate(over="ignore"):  # too large for float32 becomes infinite, refused with the lengths
            rows = np.ascontiguousarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name}: not an array of numbers ({error})") from error
    return _shaped(name, rows, dimension)


def code_rows(name: str, values: ArrayLike, dimension: int) -> NDArray[np.int8]:
    """`values` as an (n, dimension) int8 array.

    Raises:
        InvalidInput: another shape or type.
    """
    rows = np.ascontiguousarray(values)
    if rows.dtype != np.int8:
        raise InvalidInput(f"{name}: expected int8 codes, got {rows.dtype}; quantise with the scale of the gallery")
    return _shaped(name, rows, dimension)


def checked_step(name: str, scale: float) -> float:
    """An int8 step whose multiples are float32 numbers.

    Raises:
        InvalidInput: it is none.
    """
    return ranges.number(name, scale, 1e-12, 1e12)


def checked_lengths(name: str, rows: NDArray[Any], metric: Metric, scale: float = 1.0) -> NDArray[np.float64]:
    """Squared lengths (n,) of rows that can be compared, as precise as float32.

    Raises:
        InvalidInput: NaN, infinite or far too large values, or under cosine a vector without a direction.
    """
    squares = squared_lengths(rows, scale)
    if not (fine := squares <= _LONGEST**2).all():
        raise InvalidInput(
            f"{name}: row {int(np.argmin(fine))} holds NaN or infinite values, or is longer than {_LONGEST:g}; "
            "embed the photo again"
        )
    if not (fine := comparable(squares, metric)).all():
        raise InvalidInput(
            f"{name}: row {int(np.argmin(fine))} is a zero vector, which has no direction to take a cosine of"
        )
    return squares


def squared_lengths(rows: NDArray[Any], scale: float = 1.0) -> NDArray[np.float64]:
    """Squared lengths (n,) of rows (n, d), as precise as float32; NaN or infinite where they are no float32 number."""
    squares = np.empty(len(rows))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK].astype(np.float32, copy=False)
            squares[start : start + _CHUNK] = np.einsum("ij,ij->i", part, part)
    squares *= scale**2
    return squares


def comparable(squares: NDArray[np.float64], metric: Metric) -> NDArray[np.bool_]:
    """Which vectors (n,) of these squared lengths can be compared; of others, no distance can be computed."""
    fine = squares <= _LONGEST**2  # and so is no NaN
    return fine & (squares >= _SHORTEST**2) if metric == "cosine" else fine


def _shaped(name: str, rows: NDArray[Any], dimension: int) -> NDArray[Any]:
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise InvalidInput(f"{name}: expected shape (n, {dimension}), got {rows.shape}; one model has one dimension")
    return rows
