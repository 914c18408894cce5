"""What exports accept, and one way to check it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from visavis.errors import InvalidInput
from visavis.synthetic.factors import Codes, Factor, Uniform, Whole, drawn_within, factor_table
from visavis.synthetic.person import Person
from visavis.synthetic.sample import SIZES
from visavis.synthetic.shot import MAX_YAW, Shot
from visavis.synthetic.streams import MAX_SEED, Stream

Group = tuple[tuple[str, Any], ...]
"""Pairs of a factor of people or shots and the part of its range that it is held to, in order of name."""

COUNT = Whole(1, 1_000_000)
PER_PERSON = Whole(1, 10_000)
SIDE = Whole(*SIZES)
SAMPLES = Whole(1, 4)
SEED = Whole(0, MAX_SEED)
YAW = Uniform(0.0, MAX_YAW, "degrees")


def check_fields(plan: object, ranges: Mapping[str, Factor]) -> None:
    """Replace fields of a frozen dataclass by their checked values in plain types.

    Raises:
        InvalidInput: one lies outside its range; the message names both.
    """
    for name, factor in ranges.items():
        object.__setattr__(plan, name, factor.check(name, getattr(plan, name)))


def check_group(group: Iterable[tuple[str, Any]]) -> Group:
    """The group in order of names and in plain types, so that equal groups compare equal and can be written as JSON.

    Raises:
        InvalidInput: an unknown factor (the message lists all), or a value or part outside its range.
    """
    return tuple((name, _held(name, part)) for name, part in sorted(group, key=lambda pair: str(pair[0])))


def find_factor(name: str) -> Factor:
    """The factor of people or of shots with this name.

    Raises:
        InvalidInput: there is none; the message lists all.
    """
    people, shots = factor_table(Person), factor_table(Shot)
    if name not in people | shots:
        known = f"people have {', '.join(sorted(people))}; shots have {', '.join(sorted(shots))}"
        raise InvalidInput(f"there is no factor {name!r}; {known}")
    return (people | shots)[name]


def _held(name: str, part: Any) -> Any:
    """One value, or a tuple of values."""
    factor = find_factor(name)
    drawn_within(factor, name, part, Stream(0))  # the draw is thrown away; only its checks count
    if isinstance(part, tuple | list) and not isinstance(factor, Codes):
        return tuple(factor.check(name, value) for value in part)
    return factor.check(name, part)
