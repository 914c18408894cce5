"""Where the columns and rows of the skin's grid run: along the lids, the lips, the jaw.

The skin is one grid of rows (crown to collar) and columns (round the head, the seam at the back) with three holes: two
eyes and the mouth. Columns are azimuths, denser in front; rows bend so that one of them is the upper lid's margin, one
the lower lid's, and so on. Everything is worked out for the subject's left half and mirrored.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import ramp
from visavis.synthetic.head.skull import azimuth_at, jaw_edge, skull

Array = NDArray[np.float64]

# Intervals of the half's columns: midline to inner corner of the eye, corner of the mouth, outer corner, ear, nape.
_COLUMNS = (10, 9, 7, 9, 8)
# Rows: name, intervals up to the next one, height away from the features.
_ROWS: dict[str, tuple[int, float]] = {
    "crown": (13, anatomy.CROWN_Y), "brow": (6, 29.0), "crease": (4, 13.0), "upper_lid": (1, 2.5),
    "lower_lid": (3, -2.5), "lid_fold": (4, -11.0), "cheek": (5, -21.0), "tip": (3, -37.0), "nose_base": (5, -43.5),
    "subnasale": (4, -50.5), "lip_top": (4, -60.5), "parting_upper": (1, -68.0), "parting_lower": (5, -70.5),
    "lip_bottom": (3, -79.0), "chin_fold": (6, -87.0), "jaw": (4, 0.0), "throat": (4, 0.0), "collar": (0, 0.0),
}  # fmt: skip
_HEAD_ROWS = tuple(_ROWS)[: tuple(_ROWS).index("jaw") + 1]
LID_GAP, LIP_GAP = 1.3, 0.03
"""Height of the eye's hole at its corners, and of the closed mouth's, mm."""


class Layout(NamedTuple):
    """The grid of the left half."""

    azimuth: Array
    """(C,) radians of each column, 0 in front to pi behind."""
    y: Array
    """(R, C) height of each vertex down to the jaw's edge, mm."""
    rows: dict[str, int]
    """Index of each named row."""
    inner: int
    mouth: int
    outer: int
    ear: int
    """Columns of the eye's inner corner, the mouth's corner, the eye's outer corner and the ear."""


@cache
def layout() -> Layout:
    """The grid that all parts are built on."""
    inner, mouth, outer, ear = (int(column) for column in np.cumsum(_COLUMNS)[:4])
    azimuth = _azimuths()
    rows = dict(zip(_ROWS, np.cumsum([0, *(count for count, _ in _ROWS.values())]).tolist(), strict=False))
    keys = _key_heights(azimuth)
    y = np.empty((rows["jaw"] + 1, azimuth.size))
    for name, after in pairwise(_HEAD_ROWS):
        t = np.linspace(0.0, 1.0, _ROWS[name][0] + 1)[:, None]
        y[rows[name] : rows[after] + 1] = keys[name] * (1 - t) + keys[after] * t
    y[: rows["brow"] + 1] = _smooth_rows(y[: rows["brow"] + 1])
    return Layout(azimuth, y, rows, inner, mouth, outer, ear)


def _smooth_rows(y: Array) -> Array:
    """Rows from the crown down, close at the top, wide over the skull, close again toward the brow."""
    angle = np.linspace(0.0, 1.0, len(y))
    spacing = (0.08 + 0.92 * np.sin(np.pi / 2 * angle)) * (1.0 - 0.78 * ramp(angle, 0.5, 1.0))
    t = np.concatenate([[0.0], np.cumsum((spacing[1:] + spacing[:-1]) / 2)])
    result: Array = y[0] + (t / t[-1])[:, None] * (y[-1] - y[0])
    return result


def _azimuths() -> Array:
    """(C,) azimuth of each column of the half."""
    inner, outer = anatomy.EYE_INNER_CORNER, anatomy.EYE_OUTER_CORNER
    corner = float(azimuth_at(*anatomy.MOUTH_CORNER))
    stops = [0.0, float(azimuth_at(*inner)), corner, float(azimuth_at(*outer)), 1.5, np.pi]
    spans = zip(pairwise(stops[:4]), _COLUMNS[:3], strict=True)
    pieces = [np.linspace(start, end, n + 1)[:-1] for (start, end), n in spans]
    t = np.linspace(0, 1, _COLUMNS[3] + 1)[:-1]
    pieces.append(stops[3] + (stops[4] - stops[3]) * (0.35 * t + 0.65 * t**1.6))
    pieces.append(np.linspace(stops[4], stops[5], _COLUMNS[4] + 1))
    return np.concatenate(pieces)


def _key_heights(azimuth: Array) -> dict[str, Array]:
    """(C,) height of each named row down to the jaw."""
    side = 1.0 - np.exp(-(azimuth**6))  # 0 over the face, 1 at the side and behind
    edge = jaw_edge(azimuth)
    keys: dict[str, Array] = {}
    for name in _HEAD_ROWS[:-1]:
        straight = _ROWS[name][1]
        y = np.full_like(azimuth, straight)
        for _ in range(4):  # x depends on y and the other way round
            y = _curve(name, skull(azimuth, y)[:, 0])
        y = y * (1 - side) + straight * side
        below = np.minimum(y + 20.0, 0.0) * (edge + 20.0) / (anatomy.MENTON_Y + 20.0)
        keys[name] = np.where(y < -20.0, -20.0 + below, y)
    return keys | {"jaw": edge}


def _curve(name: str, x: Array) -> Array:
    """Height of a named row at x over the face; straight far from the features."""
    straight = _ROWS[name][1]
    if name in ("crease", "upper_lid", "lower_lid", "lid_fold"):
        height, near = _lid_row(name, x)
    elif name in ("lip_top", "parting_upper", "parting_lower", "lip_bottom"):
        height, near = _lip_row(name, x)
    elif name == "nose_base":
        height, near = np.full_like(x, straight - 1.8), np.exp(-((x / 15.0) ** 4))
    else:
        return np.full_like(x, straight)
    return straight * (1 - near) + height * near


def _lid_row(name: str, x: Array) -> tuple[Array, Array]:
    """Height of a row at the eye, and how closely the row follows it."""
    inner, outer = anatomy.EYE_INNER_CORNER[0], anatomy.EYE_OUTER_CORNER[0]
    height = {
        "crease": anatomy.upper_lid(x) + anatomy.CREASE_HEIGHT,
        "upper_lid": anatomy.upper_lid(x),
        "lower_lid": anatomy.lower_lid(x),
        "lid_fold": anatomy.lower_lid(x) - 6.0,
    }[name]
    t = np.clip((x - inner) / (outer - inner), 0.0, 1.0)
    gap = (0.5 if name in ("crease", "upper_lid") else -0.5) * LID_GAP * (1.0 - 4.0 * t * (1.0 - t))
    away = np.maximum(np.maximum(inner - x, x - outer), 0.0) / np.where(x < inner, 14.0, 16.0)
    margin = name in ("upper_lid", "lower_lid")
    near = np.maximum(1.0 - away**2, 0.0) ** 2 if margin else np.exp(-away)
    return height + gap, near


def _lip_row(name: str, x: Array) -> tuple[Array, Array]:
    """Height of a row at the mouth, and how closely the row follows it."""
    parting = anatomy.lip_parting(x)
    height = {
        "lip_top": np.maximum(anatomy.lip_top(x), parting + 0.9),
        "parting_upper": parting + LIP_GAP / 2,
        "parting_lower": parting - LIP_GAP / 2,
        "lip_bottom": np.minimum(anatomy.lip_bottom(x), parting - 0.9),
    }[name]
    away = np.clip((x - anatomy.MOUTH_CORNER[0]) / 20.0, 0.0, 1.0)
    return height, (1 - away**2) ** 2
