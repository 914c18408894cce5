"""The plates of each region as data: number patterns, measures and colours from `designs.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import numpy as np

from visavis.errors import InvalidInput
from visavis.ranges import one_of, shown

ROW_BREAK = "|"
"""Begins the next row of characters in a plate's text."""


@dataclass(frozen=True)
class Mark:
    """Something printed on a plate besides its number.

    Attributes:
        kind: "band", "ring", "foil", "fade", "hills", "word", "seals" or "border".
        box: left, top, right, bottom in mm; zeros where the kind has no box.
        colours: alternatives as "#rrggbb", or "ink" for the number's own colour.
        texts: alternatives of a word.
        face: typeface of a word.
        width: of a border, mm.
    """

    kind: str
    box: tuple[float, float, float, float]
    colours: tuple[str, ...]
    texts: tuple[str, ...]
    face: str
    width: float


@dataclass(frozen=True)
class Design:
    """One region's plate; lengths in mm, places from its top-left corner, y down.

    Attributes:
        region: its name in `REGIONS`.
        patterns: shapes of a number, see `designs.toml`.
        parts: alternatives of each named part of a pattern.
        banned: groups of letters that are never issued.
        size: width and height.
        radius: of the corners.
        caps: height of a capital, row by row.
        face: name of the typeface.
        gap: width of a blank in heights of a capital.
        area: left, top, right, bottom that the number may fill.
        raised: height of the embossing; 0 = printed flat.
        paints: alternatives of (ground, ink).
        bolts: places of screws.
        marks: what else is printed.
    """

    region: str
    patterns: tuple[str, ...]
    parts: dict[str, tuple[str, ...]]
    banned: tuple[str, ...]
    size: tuple[float, float]
    radius: float
    caps: tuple[float, ...]
    face: str
    gap: float
    area: tuple[float, float, float, float]
    raised: float
    paints: tuple[tuple[str, str], ...]
    bolts: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]

    def number(self, rng: np.random.Generator) -> str:
        """A random registration number of this region, such as "AB21 CDE"."""
        while True:
            pattern = self.patterns[rng.integers(len(self.patterns))]
            text = _PLACE.sub(lambda found: _one_of(rng, self.parts[found[1]]), pattern)
            if not self._is_banned(text):
                return text

    def check(self, text: str) -> None:
        """Make sure that this region could issue `text`.

        Raises:
            InvalidInput: it could not; the message shows the shape of a number.
        """
        if not isinstance(text, str) or not self._shape.fullmatch(text) or self._is_banned(text):
            example = self.number(np.random.default_rng(0))
            raise InvalidInput(
                f"plate text {shown(text)}: not a number of region {self.region!r}, whose numbers look like "
                f"{example!r} ({' or '.join(self.patterns)}; letters and groups that are never issued are refused)"
            )

    def _is_banned(self, text: str) -> bool:
        return any(group in self.banned for group in re.findall("[A-Z]+", text))

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        def alternatives(pattern: str) -> str:
            pieces = _PLACE.split(pattern)
            pieces[0::2] = [re.escape(literal) for literal in pieces[0::2]]
            pieces[1::2] = [f"(?:{'|'.join(map(re.escape, self.parts[name]))})" for name in pieces[1::2]]
            return "".join(pieces)

        return re.compile("|".join(map(alternatives, self.patterns)))


def design(region: str) -> Design:
    """The design of that region.

    Raises:
        InvalidInput: there is none; the message lists all.
    """
    return REGIONS[one_of("region", region, REGIONS)]


_PLACE = re.compile(r"\{(\w+)\}")


def _one_of(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[rng.integers(len(values))]


def _load() -> dict[str, Design]:
    text = files("visavis.synthetic.plates").joinpath("designs.toml").read_text("utf-8")
    return {region: _design(region, row) for region, row in tomllib.loads(text)["regions"].items()}


def _design(region: str, row: dict[str, Any]) -> Design:
    return Design(
        region=region,
        patterns=tuple(row["pattern"]),
        parts={name: tuple(values) for name, values in row["parts"].items()},
        banned=tuple(row["banned"]),
        size=tuple(row["size"]),
        radius=row["radius"],
        caps=tuple(row["caps"]),
        face=row["face"],
        gap=row["gap"],
        area=tuple(row["area"]),
        raised=row["raised"],
        paints=tuple((ground, ink) for ground, ink in row["paints"]),
        bolts=tuple((x, y) for x, y in row["bolts"]),
        marks=tuple(map(_mark, row.get("marks", []))),
    )


def _mark(row: dict[str, Any]) -> Mark:
    return Mark(
        kind=row["kind"],
        box=tuple(row.get("box", (0, 0, 0, 0))),
        colours=_several(row["colour"]),
        texts=_several(row.get("text", ())),
        face=row.get("face", "condensed"),
        width=row.get("width", 0),
    )


def _several(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


REGIONS: dict[str, Design] = _load()
"""Every design by its region."""
