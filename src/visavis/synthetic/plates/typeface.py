"""A small stroke font for plates: glyphs as lines in a table, thickened here into signed distances."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput

Array = NDArray[np.float64]

GRID = 96
"""Rows that a capital's height takes in a distance map."""
MARGIN = 0.12
"""Room around a glyph in its distance map, as a share of the height of a capital."""
_ARC_STEPS = 10
_POINT = re.compile(r"([(\[]?)(-?[\d.]+),(-?[\d.]+)")


@dataclass(frozen=True)
class Stroke:
    """A line through points of the unit square (y up), some of its corners to be rounded.

    Attributes:
        points: (n, 2) x and y.
        rounded: "" (sharp), "(" (as the face asks) or "[" (as far as possible), one per point.
        closed: whether the last point is joined to the first.
    """

    points: tuple[tuple[float, float], ...]
    rounded: tuple[str, ...]
    closed: bool


@dataclass(frozen=True)
class Typeface:
    """How strokes become letters; lengths in heights of a capital.

    Attributes:
        name: the face's name in `FACES`.
        width: of a normal letter.
        weight: thickness of a stroke.
        roundness: 0 (corners barely eased) to 1 (as round as the glyph allows).
        spacing: between two letters.
        round_ends: ends of strokes are discs instead of straight cuts.
    """

    name: str
    width: float
    weight: float
    roundness: float
    spacing: float
    round_ends: bool

    def advance(self, character: str) -> float:
        """Width of one glyph's cell, without spacing, in heights of a capital.

        Raises:
            InvalidInput: the font lacks the character.
        """
        return glyph(character)[0] * self.width

    def distances(self, character: str) -> NDArray[np.float32]:
        """Signed distance to the glyph's edge, negative inside, in heights of a capital.

        Returns:
            (rows, columns) float32 over the cell widened by `MARGIN`: row 0 is `MARGIN` above the capitals' top, the
            pitch is 1 / `GRID` both ways, and a value belongs to the centre of its square.

        Raises:
            InvalidInput: the font lacks the character.
        """
        return _distances(self, character)

    def ink(self, character: str) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the glyph's ink from its cell's top-left corner, in heights of a capital."""
        return _ink(self, character)


def glyph(character: str) -> tuple[float, tuple[Stroke, ...]]:
    """Width (share of the face's normal width) and strokes of one character.

    Raises:
        InvalidInput: the font lacks it.
    """
    table = _glyphs()
    if character not in table:
        raise InvalidInput(f"character {character!r}: the plate font holds {''.join(table)} only; choose among these")
    return table[character]


def typeface(name: str) -> Typeface:
    """The face of that name.

    Raises:
        InvalidInput: there is none; the message lists all.
    """
    if name not in FACES:
        raise InvalidInput(f"typeface {name!r}: unknown; choose one of {', '.join(FACES)}")
    return FACES[name]


@cache
def _table() -> dict[str, dict[str, list[object]]]:
    text = files("visavis.synthetic.plates").joinpath("glyphs.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _glyphs() -> dict[str, tuple[float, tuple[Stroke, ...]]]:
    rows = _table()["glyphs"].items()
    return {name: (float(str(row[0])), tuple(map(_parse, str(row[1]).split(";")))) for name, row in rows}


def _parse(text: str) -> Stroke:
    found = _POINT.findall(text)
    points = tuple((float(x), float(y)) for _, x, y in found)
    return Stroke(points, tuple(bracket for bracket, *_ in found), text.rstrip().endswith("z"))


def _faces() -> dict[str, Typeface]:
    rows: dict[str, dict[str, float]] = _table()["faces"]  # type: ignore[assignment]
    return {
        name: Typeface(name, row["width"], row["weight"], row["roundness"], row["spacing"], bool(row["round_ends"]))
        for name, row in rows.items()
    }


@lru_cache(maxsize=1024)
def _distances(face: Typeface, character: str) -> NDArray[np.float32]:
    width = face.advance(character)
    columns, rows = round((width + 2 * MARGIN) * GRID), round((1 + 2 * MARGIN) * GRID)
    x = (np.arange(columns) + 0.5) / GRID - MARGIN
    y = 1 + MARGIN - (np.arange(rows) + 0.5) / GRID
    where = np.stack(np.meshgrid(x, y), axis=-1)
    outlines = (_dressed(stroke, face, width) for stroke in glyph(character)[1])
    distance = np.min([_to_line(where, points, face.weight / 2, butts) for points, butts in outlines], axis=0)
    clipped = distance if face.round_ends else np.maximum(distance, _to_cell(where, width))
    result = np.asarray(clipped, dtype=np.float32)
    result.setflags(write=False)
    return result


@lru_cache(maxsize=1024)
def _ink(face: Typeface, character: str) -> tuple[float, float, float, float]:
    distance = _distances(face, character)
    left, right = _crossings(distance.min(axis=0))
    top, bottom = _crossings(distance.min(axis=1))
    return left, top, right, bottom


def _crossings(distance: NDArray[np.float32]) -> tuple[float, float]:
    """First and last place where the distance passes through 0, by linear interpolation."""
    inside = np.flatnonzero(distance < 0)
    first, last = int(inside[0]), int(inside[-1])
    before = first - float(distance[first] / (distance[first] - distance[first - 1]))
    after = last + float(distance[last] / (distance[last] - distance[last + 1]))
    return (before + 0.5) / GRID - MARGIN, (after + 0.5) / GRID - MARGIN


def _dressed(stroke: Stroke, face: Typeface, width: float) -> tuple[Array, tuple[bool, bool]]:
    """The stroke's centre line inside its cell with rounded corners; which of its ends are cut straight."""
    half = face.weight / 2
    points = np.array(stroke.points) * (width - face.weight, 1 - face.weight) + half
    line = _rounded(points, stroke, face.roundness)
    if stroke.closed:
        return np.concatenate([line, line[:1]]), (False, False)
    if face.round_ends:
        return line, (False, False)
    for end, inner in ((0, 1), (-1, -2)):
        ahead = _direction(line[inner], line[end])
        if _leaves(np.array(stroke.points[end]), ahead):
            line[end] += ahead * face.weight
    return line, (True, True)


def _leaves(end: Array, ahead: Array) -> bool:
    """Whether a stroke that goes on past its end leaves the unit square there."""
    return bool(np.any((end == 1) & (ahead > 0.05)) or np.any((end == 0) & (ahead < -0.05)))


def _rounded(points: Array, stroke: Stroke, roundness: float) -> Array:
    """The line with each marked corner replaced by a curve that starts and ends on its two sides."""
    last = len(points) - 1
    line: list[Array] = []
    for k, point in enumerate(points):
        bracket = stroke.rounded[k]
        if not bracket:
            line.append(point[None])
            continue
        sides = [(points[j], bool(stroke.rounded[j])) for j in ((k - 1) % (last + 1), (k + 1) % (last + 1))]
        # Two rounded neighbours share the side between them; a sharp one leaves all of it.
        room = [float(np.linalg.norm(near - point)) * (0.5 if shared else 1.0) for near, shared in sides]
        radii = room if bracket == "[" else [max(0.12, roundness) * min(room)] * 2
        start, end = (point + _direction(point, near) * r for (near, _), r in zip(sides, radii, strict=True))
        line.append(_arc(start, point, end))
    return np.concatenate(line)


def _arc(start: Array, corner: Array, end: Array) -> Array:
    """A quarter of an ellipse from `start` to `end` that touches both sides of `corner`."""
    angle = np.linspace(0, np.pi / 2, _ARC_STEPS + 1)[:, None]
    return np.asarray(corner + (start - corner) * (1 - np.sin(angle)) + (end - corner) * (1 - np.cos(angle)))


def _direction(start: Array, end: Array) -> Array:
    step: Array = end - start
    return step / np.linalg.norm(step)


def _to_line(where: Array, points: Array, half: float, butts: tuple[bool, bool]) -> Array:
    """Signed distance to a thick line; a straight cut replaces the disc at the ends marked in `butts`."""
    nearest = np.full(where.shape[:-1], np.inf)
    last = len(points) - 2
    for k, (start, end) in enumerate(pairwise(points)):
        length = float(np.linalg.norm(end - start))
        if length == 0:
            continue
        ahead = _direction(start, end)
        offset = where - start
        along, across = offset @ ahead, offset @ np.array([-ahead[1], ahead[0]])
        distance = np.hypot(across, np.maximum(np.maximum(-along, along - length), 0)) - half
        if k == 0 and butts[0]:
            distance = np.maximum(distance, -along)
        if k == last and butts[1]:
            distance = np.maximum(distance, along - length)
        nearest = np.minimum(nearest, distance)
    return nearest


def _to_cell(where: Array, width: float) -> Array:
    """Signed distance to the glyph's cell."""
    beyond = np.abs(where - (width / 2, 0.5)) - (width / 2, 0.5)
    return np.asarray(beyond.max(axis=-1))


FACES: dict[str, Typeface] = _faces()
"""Every face by name."""
