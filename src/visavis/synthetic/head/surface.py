"""The grid of the skin in space: bare skull plus relief over the head, then under the jaw and down the neck."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head.fields import bell
from visavis.synthetic.head.layout import Layout
from visavis.synthetic.head.relief import nostril, relief
from visavis.synthetic.head.skull import skull

Array = NDArray[np.float64]

# Rings of the neck from under the jaw to the collar: share of the way, centre z, half width, depth in front, behind.
_NECK = np.array([(0.0, -14, 46.5, 48, 48), (0.5, -21, 46.5, 47, 48), (1.0, -28, 58, 50, 56)])
_THROAT_Y = np.array([(0.0, -128.0), (0.7, -124.0), (1.3, -108.0), (1.9, -92.0), (np.pi, -86.0)])
_COLLAR_Y = -168.0


def half_surface(grid: Layout) -> Array:
    """(R, C, 3) vertices of the left half of the skin, mm."""
    jaw, throat = grid.rows["jaw"], grid.rows["throat"]
    points = np.empty((grid.rows["collar"] + 1, grid.azimuth.size, 3))
    points[: jaw + 1] = head_points(grid.azimuth, grid.y)
    points[throat:] = _neck(grid.azimuth, np.linspace(0, 1, len(points) - throat)[:, None])
    points[jaw : throat + 1] = _under_jaw(points, jaw, throat)
    points[:, [0, -1], 0] = 0.0
    points[0] = (0.0, points[0, 0, 1], 0.0)
    return points


def head_points(azimuth: Array, y: Array) -> Array:
    """(..., 3) points of the head above the jaw's edge, azimuth >= 0."""
    points = skull(azimuth, y)
    x, height, z = np.moveaxis(points, -1, 0)
    front = np.clip(np.cos(azimuth) * 4.0, 0.0, 1.0)
    points[..., 2] = z + front * (relief(x, height, z) - z)
    depth = front * nostril(x, height, points[..., 2])
    points[..., 1] += depth
    points[..., 2] -= 0.35 * depth
    # The side of the head gives way to the bowl of the ear.
    points[..., 0] -= 5.0 * bell((height + 20.0) / 11.0) * bell((z - 1.0) / 8.5) * (x > 50.0)
    return points


def _neck(azimuth: Array, t: Array) -> Array:
    centre, width, front, back = (np.interp(t, _NECK[:, 0], _NECK[:, k]) for k in (1, 2, 3, 4))
    top = np.interp(azimuth, _THROAT_Y[:, 0], _THROAT_Y[:, 1])
    y = top + (_COLLAR_Y - top) * t
    sine, cosine = np.sin(azimuth), np.cos(azimuth)
    # Sternomastoids: two soft cords from behind the ear to the notch between the collar bones.
    cord = 2.5 * np.exp(-0.5 * ((azimuth - (1.35 - 1.0 * t)) / 0.16) ** 2)
    notch = -3.0 * t * np.exp(-0.5 * (azimuth / 0.3) ** 2)
    depth = np.where(cosine >= 0, front, back) + cord + notch
    return np.stack([(width + cord) * sine, y, centre + depth * cosine], axis=-1)


def _under_jaw(points: Array, jaw: int, throat: int) -> Array:
    """Cubic curves from the edge of the jaw to the top of the neck, leaving both smoothly."""
    start, end = points[jaw], points[throat]
    leave = points[jaw] - points[jaw - 1]
    leave /= np.maximum(np.linalg.norm(leave, axis=-1, keepdims=True), 1e-9)
    arrive = points[throat + 1] - points[throat]
    arrive /= np.maximum(np.linalg.norm(arrive, axis=-1, keepdims=True), 1e-9)
    span = np.linalg.norm(end - start, axis=-1, keepdims=True)
    first, second = start + 0.28 * span * leave, end - 0.30 * span * arrive
    t = np.linspace(0.0, 1.0, throat - jaw + 1)[:, None, None]
    result: Array = start * (1 - t) ** 3 + 3 * first * t * (1 - t) ** 2 + 3 * second * t**2 * (1 - t) + end * t**3
    return result
