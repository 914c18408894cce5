"""Closing an eye: both lids turn about the eyeball until their margins meet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import ramp
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.model import Head
from visavis.synthetic.head.template import Template, template

Array = NDArray[np.float64]

_LOWER_SHARE, _OVERLAP = 0.16, 0.9
"""Share of the opening that the lower lid closes, and how far (mm) the upper lid goes beyond, for wide eyes."""
_SWELL = 0.035
"""The upper lid bulges by this share of its radius on the way, so that a straight path clears the cornea."""


_TOUCH = 2e-4
"""Lids that are just closed overlap by this much, metres."""


class _Margin(NamedTuple):
    """The edge of a lid over |x|."""

    height: Array
    """(V,) above the eye's centre, mm."""
    radius: Array
    """(V,) distance from the eye's horizontal axis, mm."""

    def turned_to(self, height: Array) -> Array:
        """Angle in radians that takes the margin to `height`."""
        return np.arcsin(np.clip(height / self.radius, -0.95, 0.95)) - np.arcsin(self.height / self.radius)


def blink(head: Template, side: float) -> Array:
    """(V, 3) movement in mm that closes the subject's left (side 1) or right (-1) eye."""
    cx, cy, cz = anatomy.EYE_CENTRE
    x, y, z = (head.vertices - (cx * side, cy, cz)).T
    top, bottom = _margin(head, "upper_lid"), _margin(head, "lower_lid")
    meet = bottom.height + _LOWER_SHARE * (top.height - bottom.height)
    upper, lower = _membership(head)
    turn = upper * _fold(x, y, top, meet - _OVERLAP) + lower * _pouch(y, bottom, meet)
    turn = turn * (np.sign(head.vertices[:, 0]) == side) * (z > -2.0) * _between_corners(head)
    radius = np.hypot(y, z) * (1.0 + _SWELL * np.abs(turn) / 0.6 * upper)
    angle = np.arctan2(y, np.maximum(z, 1.0)) + turn
    move = np.stack([np.zeros_like(x), radius * np.sin(angle) - y, radius * np.cos(angle) - z], axis=-1)
    return np.where(np.abs(turn[:, None]) > 1e-9, move, 0.0)


def closing(head: Head, shaped: Array) -> tuple[float, float]:
    """Codes of `blink_left` and `blink_right` that just close the eyes of this person, about 0.8..1.2.

    Args:
        head: the stand-in head.
        shaped: (V, 3) of `head.shape`, metres.
    """
    mesh, plan = template(), layout()
    codes = []
    for name, columns in (("blink_left", mesh.grid), ("blink_right", mesh.grid[:, ::-1])):
        eye = slice(columns.shape[1] // 2 + plan.inner, columns.shape[1] // 2 + plan.outer + 1)
        upper, lower = columns[plan.rows["upper_lid"], eye], columns[plan.rows["lower_lid"], eye]
        falls = head.expression[:, 1, head.expression_names.index(name)]
        gap = shaped[upper, 1] - shaped[lower, 1] + _TOUCH
        codes.append(float(np.max(gap / (falls[lower] - falls[upper]))))
    return codes[0], codes[1]


def _fold(x: Array, y: Array, margin: _Margin, height: Array) -> Array:
    """Turn of the upper lid's skin; far from the margin it follows softly, so that nothing shears at the corners."""
    down, above = margin.turned_to(height), y - margin.height
    soft = np.clip(1.0 - (x / 19.0) ** 2, 0.0, None) ** 1.5
    far = ramp(above, 0.0, 6.0)
    result: Array = (down * (1 - far) + down.min() * soft * far) * ramp(above, anatomy.CREASE_HEIGHT + 9.0, -1.0)
    return result


def _pouch(y: Array, margin: _Margin, height: Array) -> Array:
    return margin.turned_to(height) * ramp(margin.height - y, 8.0, 0.5)


def _between_corners(head: Template) -> Array:
    across = np.abs(head.vertices[:, 0])
    return ramp(across, anatomy.EYE_INNER_CORNER[0] - 5.0, anatomy.EYE_INNER_CORNER[0]) * ramp(
        across, anatomy.EYE_OUTER_CORNER[0] + 5.0, anatomy.EYE_OUTER_CORNER[0]
    )


def _margin(head: Template, row: str) -> _Margin:
    plan, middle = layout(), head.grid.shape[1] // 2
    x, y, z = head.vertices[head.grid[plan.rows[row], middle + plan.inner : middle + plan.outer + 1]].T
    _, cy, cz = anatomy.EYE_CENTRE
    across = np.abs(head.vertices[:, 0])
    return _Margin(np.interp(across, x, y - cy), np.interp(across, x, np.hypot(y - cy, z - cz)))


def _membership(head: Template) -> tuple[Array, Array]:
    """(V,) 1 on the grid at and above (at and below) the eye's hole; rims follow their half of the loop."""
    plan = layout()
    upper, lower = np.zeros(len(head.vertices)), np.zeros(len(head.vertices))
    upper[head.grid[: plan.rows["upper_lid"] + 1]] = 1.0
    lower[head.grid[plan.rows["lower_lid"] :]] = 1.0
    for name in ("left_rim", "right_rim"):
        above, below = np.split(head.pieces[name], 2, axis=1)
        upper[above] = lower[below] = 1.0
    return upper, lower
