"""From words such as `tone=3:5` or `light=indoor,outdoor` to factors that are held to a part of their range."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from visavis.errors import InvalidInput
from visavis.synthetic.factors import Choice, Codes, Factor, Flag, Whole, drawn_within, factor_table
from visavis.synthetic.person import Person
from visavis.synthetic.shot import Shot
from visavis.synthetic.streams import Stream

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
    return dict(sorted(held.items()))


def _parsed(text: str, *, part: bool) -> tuple[str, Any]:
    name, _, value = (word.strip() for word in text.partition("="))
    if not (name and value):
        form = "FACTOR=LOW:HIGH or FACTOR=NAME,NAME" if part else "FACTOR=VALUE"
        raise InvalidInput(f"{text!r}: needs the form {form}, such as {'tone=3:5' if part else 'light=indoor'}")
    factor = _factor(name)
    allowed: Any = value
    if part and isinstance(factor, Choice):
        allowed = tuple(item.strip() for item in value.split(","))
    elif part and ":" in value:
        allowed = tuple(_one(name, item, factor) for item in value.split(":"))
    else:
        allowed = _one(name, value, factor)
    drawn_within(factor, name, allowed, Stream(0))  # the draw is thrown away; only its checks count
    return name, allowed


def _factor(name: str) -> Factor:
    people, shots = factor_table(Person), factor_table(Shot)
    if name not in people | shots:
        known = f"people have {', '.join(sorted(people))}; shots have {', '.join(sorted(shots))}"
        raise InvalidInput(f"there is no factor {name!r}; {known}")
    return (people | shots)[name]


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
