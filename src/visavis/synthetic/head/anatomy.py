"""Where things are on the average head: the plan that the surface, the skin, the hair and the labels share.

Millimetres in the frame of the neutral template: x to the subject's left (the picture's right when the face looks at
the camera), y up from the line through the eyes, z forward from the ear canals. Positions given for one side hold
mirrored for the other. Proportions follow common anthropometric averages (Farkas 1994), rounded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

EYE_CENTRE = (32.0, 0.0, 72.5)
EYE_RADIUS = 12.0
LID_RADIUS = 13.5
EYE_INNER_CORNER = (17.0, -1.0)
EYE_OUTER_CORNER = (46.8, 1.0)
UPPER_LID_HEIGHT = 4.8
LOWER_LID_DEPTH = 5.1
CREASE_HEIGHT = 4.0
"""Lid crease over the upper lid's margin, mm."""

BROW = ((12.0, 16.0), (37.0, 21.5), (54.0, 14.5))
"""Head, arch and tail of the brow's centre line."""
BROW_THICKNESS = 6.5

NASION_Y, NOSE_TIP_Y, SUBNASALE_Y = 5.0, -38.0, -49.5
NOSE_WING = (14.5, -42.0)

MOUTH_CORNER = (27.3, -69.0)
STOMION_Y = -69.0
LIP_TOP_Y, CUPID_BOW_X, LIP_BOTTOM_Y = -60.5, 5.5, -79.5
CHIN_FOLD_Y, CHIN_Y, MENTON_Y = -87.0, -101.0, -113.0

HAIRLINE_Y, CROWN_Y = 64.0, 118.0
EAR_CENTRE, EAR_WIDTH, EAR_LENGTH = (72.3, -19.0, 2.0), 29.5, 59.4


def _arch(x: ArrayLike, rise: float, power: float) -> Array:
    """Height of a lid over the line between the corners of the eye at |x|."""
    (inner, inner_y), (outer, outer_y) = EYE_INNER_CORNER, EYE_OUTER_CORNER
    t = np.clip((np.abs(x) - inner) / (outer - inner), 0.0, 1.0)
    return inner_y + (outer_y - inner_y) * t + rise * (4.0 * t * (1.0 - t)) ** power


def upper_lid(x: ArrayLike) -> Array:
    """y of the open upper lid's margin at x; the corners' line outside the eye."""
    return _arch(x, UPPER_LID_HEIGHT, 0.72)


def lower_lid(x: ArrayLike) -> Array:
    """y of the lower lid's margin at x; the corners' line outside the eye."""
    return _arch(x, -LOWER_LID_DEPTH, 0.80)


def brow_line(x: ArrayLike) -> Array:
    """y of the brow's centre line at x."""
    xs, ys = zip(*BROW, strict=True)
    return np.polyval(np.polyfit(xs, ys, 2), np.clip(np.abs(x), xs[0], xs[-1]))


def _lip(x: ArrayLike, middle: float, power: float) -> Array:
    """A lip's curve that meets the corner of the mouth."""
    corner_x, corner_y = MOUTH_CORNER
    t = np.clip(np.abs(x) / corner_x, 0.0, 1.0)
    return corner_y + (middle - corner_y) * (1.0 - t**power)


def lip_top(x: ArrayLike) -> Array:
    """y of the upper lip's upper border at x, with Cupid's bow."""
    bow = 1.6 * np.exp(-((np.abs(x) / 3.6) ** 2))
    return _lip(x, LIP_TOP_Y, 1.7) - bow


def lip_parting(x: ArrayLike) -> Array:
    """y of the line where closed lips meet at x."""
    return _lip(x, STOMION_Y, 2.0) - 0.9 * np.exp(-((np.asarray(x, dtype=float) / 4.5) ** 2))


def lip_bottom(x: ArrayLike) -> Array:
    """y of the lower lip's lower border at x."""
    return _lip(x, LIP_BOTTOM_Y, 2.4)
