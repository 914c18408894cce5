"""From words such as `tone=3:5` or `light=indoor,outdoor` to factors that are held to a part of their range."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from visavis.errors import InvalidInput
from visavis.synthetic.export.ranges import check_group, find_factor
from visavis.synthetic.factors import Choice, Codes, Factor, Flag, Whole

_FLAGS = {"yes": True, "true": True, "no": False, "false": False}


def parse_held(groups: Iterable[str] = (), fixed: Iterable[str] = ()) -> dict[str, Any]:
    """Read what a user typed; the later of two words about one factor counts.

    Args:
        groups: FACTOR=LOW:HIGH for numbers, FACTOR=NAME,NAME for names.
        fixed: FACTOR=VALUE.

    Returns: by factor of people or shots, in order of name: one value, (low, high), or names; see `Group`.

    Raises:
        InvalidInput: a text of another form, an unknown factor (the message lists all), or a value out of range.
    """
    held = dict(_parsed(text, part=True) for text in groups) | dict(_parsed(text, part=False) for text in fixed)
    return dict(check_group(held.items()))


def _parsed(text: str, *, part: bool) -> tuple[str, Any]:
    name, _, value = (word.strip() for word in text.partition("="))
    if not (name and value):
        form = "FACTOR=LOW:HIGH or FACTOR=NAME,NAME" if part else "FACTOR=VALUE"
        raise InvalidInput(f"{text!r}: needs the form {form}, such as {'tone=3:5' if part else 'light=indoor'}")
    factor = find_factor(name)
    if part and isinstance(factor, Choice):
        return name, tuple(item.strip() for item in value.split(","))
    if part and ":" in value:
        return name, tuple(_one(name, item, factor) for item in value.split(":"))
    return name, _one(name, value, factor)


def _one(name: str, text: str, factor: Factor) -> Any:
    """One value in its plain type."""
    if isinstance(factor, Codes):
        raise InvalidInput(f"{name}: {factor.allowed} cannot be given here; use `visavis.synthetic.World` from Python")
    if isinstance(factor, Choice):
        return text
    if isinstance(factor, Flag):
        return factor.check(name, _FLAGS.get(text.lower(), text))
    try:
        return int(text) if isinstance(factor, Whole) else float(text)
    except ValueError:
        return factor.check(name, text)  # to be refused with the factor's own words
