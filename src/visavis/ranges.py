"""Checks of arguments: numbers within a stated range, names of a list, or an error that says what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from visavis.errors import InvalidInput


def number(name: str, value: Any, low: float, high: float) -> float:
    """`value` as a float in low..high.

    Raises:
        InvalidInput: not a finite number, or out of range.
    """
    if not _is(value, Real) or not low <= value <= high:  # NaN is in no range
        raise InvalidInput(f"{name}: expected a number in {low:g}..{high:g}, got {value!r}")
    return float(value)


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an int in low..high.

    Raises:
        InvalidInput: not a whole number, or out of range.
    """
    if not _is(value, Integral) or not low <= value <= high:
        raise InvalidInput(f"{name}: expected a whole number in {low}..{high}, got {value!r}")
    return int(value)


def odd(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an odd int in low..high.

    Raises:
        InvalidInput: not an odd whole number, or out of range.
    """
    if (size := whole(name, value, low, high)) % 2 == 0:
        raise InvalidInput(f"{name}: expected an odd number in {low}..{high}, got {value!r}")
    return size


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """`value` if it is one of `choices`.

    Raises:
        InvalidInput: something else.
    """
    choices = tuple(choices)
    if not isinstance(value, str) or value not in choices:
        raise InvalidInput(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
    return value


def truth(name: str, value: Any) -> bool:
    """`value` if it is True or False.

    Raises:
        InvalidInput: something else.
    """
    if not isinstance(value, bool):
        raise InvalidInput(f"{name}: expected True or False, got {value!r}")
    return value


def _is(value: Any, kind: type) -> bool:
    """Whether `value` is a number of this kind; True and False are not numbers here."""
    return isinstance(value, kind) and not isinstance(value, bool)
