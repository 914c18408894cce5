"""The calibrated scale: similarity from left to right, the zones of the decision, error rates as rulers below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from visavis.picture.ink import DECISIONS, FAINT, INK, LINE, PAPER, Colour, font, width_of
from visavis.picture.words import percent
from visavis.types import Decision

if TYPE_CHECKING:
    from visavis.models.calibration import Calibration
    from visavis.types import Evidence

_TEXT, _SMALL = 15, 13
_BAR_TOP, _BAR_HEIGHT = 34, 30
_LABEL = 170  # width that a threshold's label may take
_RULER_TOP, _RULER_HEIGHT = _BAR_TOP + _BAR_HEIGHT + 56, 52
_HEIGHT = _RULER_TOP + 3 * _RULER_HEIGHT - 8


@dataclass(frozen=True)
class _Axis:
    """Similarities `low` to `high` over `width` pixels."""

    low: float
    high: float
    width: int

    def x(self, score: float) -> float:
        share = (score - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0) * (self.width - 1)


def draw_scale(evidence: Evidence, calibration: Calibration, width: int) -> Image.Image:
    """The score of `evidence` on the scale of its model, `width` pixels wide."""
    sheet = Image.new("RGB", (width, _HEIGHT), PAPER)
    draw = ImageDraw.Draw(sheet)
    axis = _axis(evidence, calibration, width)
    _draw_zones(draw, axis, evidence)
    _draw_thresholds(draw, axis, evidence)
    rulers = (
        ("similarity", _numbers(axis)),
        ("share of non-mated pairs (two people) that score this or higher", _rates(calibration.fmr)),
        ("share of mated pairs (one person) that score lower", _rates(calibration.fnmr)),
    )
    for number, (title, ticks) in enumerate(rulers):
        _draw_ruler(draw, axis, _RULER_TOP + number * _RULER_HEIGHT, title, ticks)
    _draw_marker(draw, axis, evidence)
    return sheet


def _axis(evidence: Evidence, calibration: Calibration, width: int) -> _Axis:
    """From the middle of the non-mated scores to the middle of the mated ones, and somewhat beyond.

    Further where a threshold would else come so close to an end that its label had no room beside it: `left`, `middle`
    and `right` are the lengths below, between and above the thresholds, `room` is a label's share of the axis.
    """
    ends = [threshold for rows in (calibration.fmr, calibration.fnmr) for _, threshold in rows]
    ends += [evidence.match_threshold, evidence.no_match_threshold, evidence.score]
    margin = max(0.06 * (max(ends) - min(ends)), 1e-3)
    left, right = evidence.no_match_threshold - min(ends) + margin, max(ends) + margin - evidence.match_threshold
    middle = evidence.match_threshold - evidence.no_match_threshold
    room = _LABEL / width
    length = max(left + middle + right, (left + middle) / (1 - room), (middle + right) / (1 - room))
    length = max(length, middle / (1 - 2 * room))
    low = evidence.no_match_threshold - max(left, room * length)
    high = evidence.match_threshold + max(right, room * length)
    return _Axis(low, high, width)


def _draw_zones(draw: ImageDraw.ImageDraw, axis: _Axis, evidence: Evidence) -> None:
    ends = (axis.low, evidence.no_match_threshold, evidence.match_threshold, axis.high)
    zones = (Decision.NO_MATCH, Decision.INCONCLUSIVE, Decision.MATCH)
    for zone, low, high in zip(zones, ends, ends[1:], strict=False):
        left, right = axis.x(low), axis.x(high)
        if right - left < 1:
            continue
        chosen = zone is evidence.decision
        fill = DECISIONS[zone] if chosen else _pale(DECISIONS[zone])
        draw.rectangle((left, _BAR_TOP, right, _BAR_TOP + _BAR_HEIGHT), fill=fill)
        if chosen:  # the wider part beside the marker
            marker = axis.x(evidence.score)
            left, right = max((left, marker), (marker, right), key=lambda ends: ends[1] - ends[0])
        if width_of(zone, _TEXT) + 12 <= right - left:
            middle = ((left + right) / 2, _BAR_TOP + _BAR_HEIGHT / 2)
            draw.text(middle, zone, PAPER if chosen else INK, font(_TEXT), anchor="mm")


def _draw_thresholds(draw: ImageDraw.ImageDraw, axis: _Axis, evidence: Evidence) -> None:
    """The label of the lower threshold ends at it and that of the upper one begins at it, so they cannot collide."""
    lower, upper = evidence.no_match_threshold, evidence.match_threshold
    above = (f"match from {upper:.3f}", f"FMR {percent(evidence.fmr)}")
    if lower < upper:
        _draw_threshold(draw, axis, lower, (f"no match below {lower:.3f}", f"FNMR {percent(evidence.fnmr)}"), "right")
    else:
        above = (above[0], f"{above[1]}, FNMR {percent(evidence.fnmr_at_match_threshold)}")
    _draw_threshold(draw, axis, upper, above, "left")


def _draw_threshold(draw: ImageDraw.ImageDraw, axis: _Axis, at: float, lines: tuple[str, str], justify: str) -> None:
    x, bottom = axis.x(at), _BAR_TOP + _BAR_HEIGHT
    draw.line((x, _BAR_TOP - 4, x, bottom + 40), INK, 1)
    for number, line in enumerate(lines):
        at_side, anchor = (x - 6, "ra") if justify == "right" else (x + 6, "la")
        draw.text((at_side, bottom + 6 + 18 * number), line, FAINT if number else INK, font(_SMALL), anchor=anchor)


def _draw_ruler(draw: ImageDraw.ImageDraw, axis: _Axis, top: int, title: str, ticks: list[tuple[float, str]]) -> None:
    """A line with labelled ticks under its title; labels that would touch their left neighbour are left out."""
    draw.text((0, top), title, FAINT, font(_SMALL))
    draw.line((0, top + 18, axis.width, top + 18), LINE, 1)
    free = 0.0
    for score, label in sorted(ticks):
        x, half = axis.x(score), width_of(label, _SMALL) / 2 + 1
        draw.line((x, top + 18, x, top + 23), FAINT, 1)
        if x - half >= free and x + half <= axis.width:
            draw.text((x, top + 25), label, INK, font(_SMALL), anchor="ma")
            free = x + half + 10


def _numbers(axis: _Axis) -> list[tuple[float, str]]:
    first, last = int(axis.low * 10) - 1, int(axis.high * 10) + 1
    return [(n / 10, f"{n / 10:.1f}") for n in range(first, last + 1) if axis.low <= n / 10 <= axis.high]


def _rates(rows: tuple[tuple[float, float], ...]) -> list[tuple[float, str]]:
    """Ticks of one half and of every power of ten in a table of (rate, threshold)."""
    return [(threshold, percent(rate)) for rate, threshold in rows if f"{rate:e}".startswith("1.0") or rate == 0.5]


def _draw_marker(draw: ImageDraw.ImageDraw, axis: _Axis, evidence: Evidence) -> None:
    x = axis.x(evidence.score)
    draw.line((x, _BAR_TOP - 8, x, _BAR_TOP + _BAR_HEIGHT), INK, 3)
    draw.polygon(((x - 7, _BAR_TOP - 13), (x + 7, _BAR_TOP - 13), (x, _BAR_TOP - 2)), fill=INK)
    label = f"similarity {evidence.score:.3f}"
    half = width_of(label, _TEXT) / 2 + 1
    draw.text((min(max(x, half), axis.width - half), 0), label, INK, font(_TEXT), anchor="ma")


def _pale(colour: Colour) -> Colour:
    return tuple(round(255 - (255 - c) * 0.28) for c in colour)  # type: ignore[return-value]
