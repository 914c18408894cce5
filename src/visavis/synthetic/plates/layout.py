"""Where each character of a plate stands: from text and typeface to cells in millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from visavis.synthetic.plates.designs import ROW_BREAK, Design
from visavis.synthetic.plates.typeface import Typeface

Box = tuple[float, float, float, float]

_NARROWING = 0.04
"""Numbers that are too long use a narrower face, in steps of this share."""


@dataclass(frozen=True)
class Cell:
    """One character in its place.

    Attributes:
        character: a single character, never a blank.
        box: left, top, right, bottom of its cell, mm from the plate's top-left corner, y down. The ink reaches these
            edges except where the glyph's own shape stays short of them; see `ink`.
        face: the typeface, narrowed where the number needs it.
        row: number of its row, from 0.
    """

    character: str
    box: Box
    face: Typeface
    row: int

    @property
    def ink(self) -> Box:
        """The smallest box around the ink, in the same millimetres."""
        left, top, _, bottom = self.box
        cap = bottom - top
        ink = self.face.ink(self.character)
        return left + cap * ink[0], top + cap * ink[1], left + cap * ink[2], top + cap * ink[3]


def lay_out(design: Design, text: str, face: Typeface) -> tuple[Cell, ...]:
    """The cells of a number, rows centred in the design's area.

    Args:
        design: the region's design.
        text: a number of that region; "|" starts the next row.
        face: the typeface.
    """
    left, top, right, bottom = design.area
    rows = text.split(ROW_BREAK)
    spare = (bottom - top - sum(design.caps)) / (len(rows) + 1)
    cells: list[Cell] = []
    y = top
    for number, (row, cap) in enumerate(zip(rows, design.caps, strict=True)):
        y += spare
        cells += set_line(row, (left, y, right, y + cap), face, design.gap, number)
        y += cap
    return tuple(cells)


def set_line(text: str, area: Box, face: Typeface, gap: float = 0.36, row: int = 0) -> list[Cell]:
    """One line of characters, as high as `area` and centred in it; narrowed when it would be wider.

    Args:
        text: what to set; blanks become gaps.
        area: left, top, right, bottom in mm.
        face: the typeface.
        gap: width of a blank in heights of a capital.
        row: number that the cells carry.
    """
    left, top, right, bottom = area
    cap = bottom - top
    face, gap = _fitting(text, face, gap, (right - left) / cap)
    x = (left + right - cap * _length(text, face, gap)) / 2
    cells: list[Cell] = []
    for character in text:
        if character == " ":
            x += cap * (gap - face.spacing)
            continue
        width = cap * face.advance(character)
        cells.append(Cell(character, (x, top, x + width, bottom), face, row))
        x += width + cap * face.spacing
    return cells


def bounds(boxes: Sequence[Box]) -> Box:
    """The smallest box around all."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _fitting(text: str, face: Typeface, gap: float, room: float) -> tuple[Typeface, float]:
    share = 1.0
    narrow, blank = face, gap
    while _length(text, narrow, blank) > room and share > 0.3:
        share -= _NARROWING
        narrow = replace(face, width=face.width * share, spacing=face.spacing * share)
        blank = gap * share
    return narrow, blank


def _length(text: str, face: Typeface, gap: float) -> float:
    """Length of a line in heights of a capital."""
    steps = (gap - face.spacing if c == " " else face.advance(c) + face.spacing for c in text)
    return sum(steps) - face.spacing
