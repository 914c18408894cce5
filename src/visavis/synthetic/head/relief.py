"""What lifts a face out of the bare skull: brow, sockets, nose, cheeks, lips and chin as depth added along z.

Everything is a smooth function of (x, y) in mm; parts meet by smooth maxima, so that no part looks stuck on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import bell, ramp
from visavis.synthetic.head.skull import hermite

Array = NDArray[np.float64]

# Centre x, centre y, sigma x, sigma y, height (mm) of soft forms of the left half; x = 0 lies on the midline.
_FORMS = np.array(
    [
        (0, 46, 26, 18, 1.0),  # forehead
        (0, 17, 8, 7, 0.8),  # glabella
        (25, 17.5, 14, 6.0, 2.6),  # ridge of the brow
        (31, 0, 13, 9.0, -8.0),  # socket
        (15.5, -1, 5.5, 7, -5.5),  # inner corner
        (57, 28, 10, 17, -4.5),  # temple
        (44, -19, 13, 10, 3.4),  # cheekbone
        (23, -30, 11, 12, 1.6),  # upper jaw beside the nose
        (46, -60, 12, 15, -2.0),  # hollow of the cheek
        (0, -66, 24, 14, 2.4),  # the teeth's arch
        (28, -69.0, 6, 5, -1.8),  # corner of the mouth
        (0, -88.0, 16, 4.2, -3.0),  # fold over the chin
        (0, -102, 12, 8.5, 3.2),  # chin
    ]
)
_ROUND = 0.28
"""How blunt the ridge of the nose is, as a share of the half width."""
# The nose by height y: depth z of its ridge, half width, depth z where its sides end, exponent of its section.
_NOSE = np.array(
    [
        (40, 60, 14, 50, 1.5), (26, 86, 13, 72, 1.5), (12, 95.4, 11.5, 84, 1.5), (4, 95.2, 10.5, 83.5, 1.5),
        (-4, 97.6, 11.5, 86, 1.5), (-14, 102.6, 13.2, 90, 1.5), (-24, 108.6, 14.8, 92.5, 1.5),
        (-32, 114.2, 16.2, 94, 1.7), (-37, 117.2, 17.2, 95, 2.0), (-41, 117.4, 17.5, 95.5, 2.1),
        (-45, 115.0, 17.3, 96, 2.1), (-49, 110.5, 16.8, 96, 2.0), (-56, 103, 16, 94, 2.0),
    ]
)  # fmt: skip


def relief(x: Array, y: Array, z: Array) -> Array:
    """Depth of the face where the bare skull has depth z, mm; x >= 0."""
    face = z + sum(
        height * (bell((x - cx) / sx) + (bell((x + cx) / sx) if cx else 0.0)) * bell((y - cy) / sy)
        for cx, cy, sx, sy, height in _FORMS
    )
    face = face + _lips(x, y)
    softness = 1.7 + 3.3 * ramp(y, -40.0, -24.0)
    face = np.where(y < 40.0, _smooth_max(face, _nose(x, y), softness), face)
    return _smooth_max(face, _lid_ball(x, y), 2.6) - _crease(x, y)


def _nose(x: Array, y: Array) -> Array:
    """Ridge, tip and wings, cut off below by the nose's underside and at the sides by the wings' width."""
    knots = _NOSE[::-1]
    top, width, base, power = (hermite(y, knots[:, 0], knots[:, c]) for c in (1, 2, 3, 4))
    t = np.sqrt((x / width) ** 2 + _ROUND**2) ** power - _ROUND**power
    front = top - (top - base) * t / (np.sqrt(1 + _ROUND**2) ** power - _ROUND**power)
    wing_x, wing_y = anatomy.NOSE_WING
    ring = np.sqrt(((x - wing_x + 1.0) / 5.2) ** 2 + ((y - wing_y) / 7.0) ** 2)
    front = (
        front + 1.5 * bell(ring / 0.6) - 1.0 * bell((ring - 1.05) / 0.24) * ramp(y, -48.0, -40.0) * ramp(x, 16.0, 10.0)
    )
    front = front + 0.9 * bell(x / 6.0) * bell((y - anatomy.NOSE_TIP_Y - 0.5) / 4.5)
    floor = anatomy.SUBNASALE_Y + 0.9 - 2.0 * bell(x / 3.6) - 0.4 * bell((x - 13.0) / 3.0)
    under = 100.0 + 3.4 * (y - floor)
    return _smooth_min(front, under, 1.8)


def nostril(x: Array, y: Array, z: Array) -> Array:
    """How deep each point of the nose's underside is pushed up into the nostril, mm."""
    reach = np.sqrt(((x - 7.6 + 0.10 * (z - 105.0)) / 3.1) ** 2 + ((z - 105.0) / 5.4) ** 2)
    return 3.2 * ramp(reach, 1.25, 0.3) * ramp(y, -45.2, -47.2) * ramp(y, -52.0, -50.0)


def _lid_ball(x: Array, y: Array) -> Array:
    """The skin over the eyeball; beyond its edge the slope goes on."""
    cx, cy, cz = anatomy.EYE_CENTRE
    left = anatomy.LID_RADIUS**2 - (x - cx) ** 2 - (y - cy) ** 2
    return cz + np.where(left > 12.0, np.sqrt(np.maximum(left, 12.0)), 12.0**0.5 + (left - 12.0) / (2 * 12.0**0.5))


def _crease(x: Array, y: Array) -> Array:
    """Depth of the fold over the upper lid."""
    (inner, _), (outer, _) = anatomy.EYE_INNER_CORNER, anatomy.EYE_OUTER_CORNER
    t = np.clip((x - inner) / (outer - inner), 0.0, 1.0)
    return 1.4 * np.sqrt(4 * t * (1 - t)) * bell((y - anatomy.upper_lid(x) - anatomy.CREASE_HEIGHT) / 1.3)


def _lips(x: Array, y: Array) -> Array:
    top, parting, bottom = anatomy.lip_top(x), anatomy.lip_parting(x), anatomy.lip_bottom(x)
    across = np.sqrt(np.maximum(1.0 - (x / (anatomy.MOUTH_CORNER[0] + 1.0)) ** 2, 0.0))
    upper = 3.8 * across * bell((y - (0.40 * top + 0.60 * parting)) / np.maximum(0.46 * (top - parting), 1.2))
    lower = 4.6 * across * bell((y - (0.50 * bottom + 0.50 * parting)) / np.maximum(0.38 * (parting - bottom), 1.2))
    groove = 3.4 * across**0.5 * bell((y - parting) / 1.4)
    philtrum = 1.1 * bell(x / 2.4) - 0.6 * bell((x - 4.8) / 1.9)
    return upper + lower - groove - philtrum * bell((y + 56.0) / 3.8)


def _smooth_max(a: Array, b: Array, k: float | Array) -> Array:
    """Maximum rounded over a band of |a - b| < 2 k (quadratic)."""
    h = np.maximum(1.0 - np.abs(a - b) / (2 * k), 0.0)
    return np.maximum(a, b) + 0.5 * k * h * h


def _smooth_min(a: Array, b: Array, k: float | Array) -> Array:
    return -_smooth_max(-a, -b, k)
