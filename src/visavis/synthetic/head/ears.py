"""The ear: an outline, and over it the helix, antihelix, bowl, tragus and lobe as relief, set into the head's side."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import bell, ramp
from visavis.synthetic.head.mesh import Piece, grid_faces

Array = NDArray[np.float64]

_AROUND = 31
# The ear's own frame, mm: towards the back of the head, up.
_OUTLINE = np.array(
    [
        (-11, 12), (-10, 21), (-5, 28.5), (4, 31.5), (13, 28.5), (18.5, 20), (19.5, 9), (17, -3), (12.5, -13),
        (8.5, -21), (5, -28), (0, -31), (-5.5, -29.5), (-9, -24), (-10.5, -15), (-11.5, -4), (-11.5, 4),
    ],
    dtype=float,
)  # fmt: skip
_MIDDLE = np.array([-0.5, -2.0])
# Ridge between the bowl and the rim: from the antitragus up, bending forward under the top of the ear.
_ANTIHELIX = np.array([(-1.0, -15.5), (5.5, -13.0), (9.5, -5.0), (10.0, 4.0), (6.5, 12.0), (-1.0, 15.0)])
_FRONT = (0.0, 0.2, 0.4, 0.55, 0.68, 0.79, 0.88, 0.95)
_BACK = (1.0, 0.97, 0.8, 0.5)
_BACK_DEPTH = (0.0, -2.2, -5.0, -16.0)


def ear(u_range: tuple[float, float], v_range: tuple[float, float]) -> Piece:
    """The left ear with its uv in the given box of the skin's texture."""
    share = np.array([*_FRONT, *_BACK])[:, None, None]
    plate = _MIDDLE + (_outline() - _MIDDLE) * share
    a, b = plate[..., 0], plate[..., 1]
    height = _relief(a, b, share[..., 0])
    for number, depth in enumerate(_BACK_DEPTH, len(_FRONT)):
        height[number] = height[len(_FRONT) - 1] * (number == len(_FRONT)) * 0.8 + depth
    vertices = place(np.stack([a, b, height], axis=-1)).reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(a.shape)
    radius = np.concatenate([0.82 * np.array(_FRONT), [0.86, 0.90, 0.95, 1.0]])[:, None, None]
    unit = 0.5 + 0.49 * radius * (_outline() - _MIDDLE) / (22.0, -34.0)
    uv = np.array([u_range[0], v_range[0]]) + unit * np.array([np.diff(u_range)[0], np.diff(v_range)[0]])
    # Rows run outwards and columns forwards over the top, so the side that faces out is the other way round.
    return Piece(vertices, grid_faces(index, vertices)[:, ::-1].copy(), uv.reshape(-1, 2), "skin")


def _outline() -> Array:
    """(_AROUND, 2) closed smooth curve through the outline's points, from the front over the top to the lobe."""
    n = len(_OUTLINE)
    t = np.linspace(0.0, n, _AROUND)
    i = t.astype(int)
    f = (t - i)[:, None]
    p, q, r, s = (_OUTLINE[(i + k) % n] for k in (-1, 0, 1, 2))
    result: Array = 0.5 * (2 * q + (r - p) * f + (2 * p - 5 * q + 4 * r - s) * f**2 + (3 * q - p - 3 * r + s) * f**3)
    return result


def _relief(a: Array, b: Array, share: Array) -> Array:
    """Height of the ear's outer face over its plate, mm."""
    ridge = _distance(a, b, _ANTIHELIX)
    bowl = bell(np.hypot((a + 0.5) / 7.0, (b + 3.0) / 9.5) ** 2 * 0.8)
    rolled = ramp(b, -24.0, -10.0) * ramp(a, -13.0, -8.0)  # the rim is rolled down to the lobe
    helix = 3.6 * rolled * bell((share - 0.94) / 0.075) - 1.6 * rolled * bell((share - 0.79) / 0.075)
    crus = 2.6 * bell(_distance(a, b, np.array([(-11.0, 9.0), (-3.0, 2.0)])) / 2.4)
    tragus = 4.8 * bell(np.hypot((a + 9.5) / 3.2, (b + 5.0) / 4.2))
    antitragus = 2.4 * bell(np.hypot((a - 0.0) / 4.0, (b + 15.0) / 3.0))
    lobe = 1.0 * bell(np.hypot((a + 1.0) / 7.0, (b + 25.0) / 6.0))
    return 1.0 - 7.0 * bowl + helix + 2.8 * bell(ridge / 2.4) + crus + tragus + antitragus + lobe


def _distance(a: Array, b: Array, line: Array) -> Array:
    """Distance of points to a broken line, mm."""
    points = np.stack(np.broadcast_arrays(a, b), axis=-1)
    distances = []
    for start, end in pairwise(line):
        along = np.clip((points - start) @ (end - start) / np.sum((end - start) ** 2), 0.0, 1.0)
        distances.append(np.linalg.norm(points - start - along[..., None] * (end - start), axis=-1))
    result: Array = np.min(distances, axis=0)
    return result


def place(plate: Array) -> Array:
    """Template points of points (..., 3) in the ear's own frame: tilted back, turned out, leaning out at the top."""
    tilt, out = np.radians(10.0), np.radians(20.0)
    a, b, w = np.moveaxis(plate * (anatomy.EAR_LENGTH / np.ptp(_OUTLINE[:, 1])), -1, 0)
    a, b = a * np.cos(tilt) + b * np.sin(tilt), b * np.cos(tilt) - a * np.sin(tilt)
    cx, cy, cz = anatomy.EAR_CENTRE
    behind = a + 12.0  # hinge in front, sunk into the head
    x = cx - 4.5 + 0.16 * b + behind * np.sin(out) + w * np.cos(out)
    z = cz + 8.0 - (behind * np.cos(out) - w * np.sin(out))
    return np.stack([x, cy + b, z], axis=-1)
