"""Checks of arguments: numbers within a stated range, names of a list, or an error that says what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from numpy.random import Generator

from visavis.errors import InvalidInput


def number(name: str, value: Any, low: float, high: float) -> float:
    """`value` as a float in low..high.

    Raises:
        InvalidInput: not a finite number, or out of range.
    """
    if not _is(value, Real) or not low <= value <= high:  # NaN is in no range
        raise InvalidInput(f"{name}: expected a number in {low:g}..{high:g}, got {shown(value)}")
    return float(value)


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an int in low..high.

    Raises:
        InvalidInput: not a whole number, or out of range.
    """
    if not _is(value, Integral) or not low <= value <= high:
        raise InvalidInput(f"{name}: expected a whole number in {low}..{high}, got {shown(value)}")
    return int(value)


def odd(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an odd int in low..high.

    Raises:
        InvalidInput: not an odd whole number, or out of range.
    """
    if (size := whole(name, value, low, high)) % 2 == 0:
        raise InvalidInput(f"{name}: expected an odd number in {low}..{high}, got {shown(value)}")
    return size


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """`value` if it is one of `choices`.

    Raises:
        InvalidInput: something else.
    """
    choices = tuple(choices)
    if not isinstance(value, str) or value not in choices:
        raise InvalidInput(f"{name}: expected one of {', '.join(choices)}, got {shown(value)}")
    return value


def truth(name: str, value: Any) -> bool:
    """`value` if it is True or False.

    Raises:
        InvalidInput: something else.
    """
    if not isinstance(value, bool):
        raise InvalidInput(f"{name}: expected True or False, got {shown(value)}")
    return value


def generator(name: str, value: Any) -> Generator:
    """`value` if it is a `numpy.random.Generator`.

    Raises:
        InvalidInput: something else, such as a bare seed.
    """
    if not isinstance(value, Generator):
        raise InvalidInput(
            f"{name}: expected a numpy.random.Generator (numpy.random.default_rng(seed)), got {shown(value)}"
        )
    return value


def shown(value: Any) -> str:
    """`value` in at most 100 characters, for messages; its type, if it cannot be written out."""
    try:
        text = repr(value)
    except Exception:  # a number of thousands of digits, or anything that a foreign class does
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 100 else f"{text[:97]}..."


def _is(value: Any, kind: type) -> bool:
    """Whether `value` is a number of this kind; True and False are not numbers here."""
    return isinstance(value, kind) and not isinstance(value, bool)
