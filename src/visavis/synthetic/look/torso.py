"""The shoulders and the chest as a stack of rings: what clothes are cut from and long hair lies on.

Millimetres in the frame of the head's template, at rest.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# Half width, y at the side, front and back, z of the front and of the back.
_RINGS = np.array(
    [
        (58.0, -137, -166, -124, 31, -85),
        (67.0, -144, -177, -130, 42, -98),
        (86.0, -156, -187, -138, 58, -112),
        (114.0, -170, -198, -152, 70, -121),
        (146.0, -182, -211, -170, 79, -126),
        (176.0, -195, -228, -192, 86, -130),
        (201.0, -219, -252, -226, 93, -133),
        (217.0, -258, -288, -270, 100, -134),
        (225.0, -315, -335, -326, 106, -133),
        (228.0, -395, -402, -400, 109, -130),
        (226.0, -520, -520, -520, 108, -125),
    ]
)
_ROUND = 2.35
CELL = 6.0


def ring_points(angle: ArrayLike, level: ArrayLike) -> Array:
    """(..., 3) points of the torso.

    Args:
        angle: around the vertical axis, 0 straight ahead, positive on the subject's left, radians.
        level: 0 at the neckline to 10 at the bottom; fractions lie between rings.
    """
    angle, level = np.broadcast_arrays(np.asarray(angle, dtype=float), np.asarray(level, dtype=float))
    rings = np.arange(len(_RINGS), dtype=float)
    width, side, front, back, ahead, behind = (_smooth(level, rings, _RINGS[:, c]) for c in range(6))
    sine, cosine = np.sin(angle), np.cos(angle)
    x = width * np.sign(sine) * np.abs(sine) ** (2 / _ROUND)
    middle, depth = (ahead + behind) / 2, (ahead - behind) / 2
    z = middle + depth * np.sign(cosine) * np.abs(cosine) ** (2 / _ROUND)
    y = side + (np.where(cosine > 0, front, back) - side) * cosine**2
    return np.stack([x, y, z], axis=-1)


def above_torso(points: Array) -> tuple[Array, Array]:
    """How far (n, 3) points lie above the clothes, and the normals there.

    Returns:
        (n,) distance in mm, negative inside, large beside the body; (n, 3) unit normals pointing outwards.
    """
    height, normal = _relief()
    column = np.clip((points[:, 0] + 240.0) / CELL, 0, height.shape[1] - 1.001)
    row = np.clip((points[:, 2] + 150.0) / CELL, 0, height.shape[0] - 1.001)
    r, c = row.astype(np.intp), column.astype(np.intp)
    fr, fc = row - r, column - c
    top = (height[r, c] * (1 - fc) + height[r, c + 1] * fc) * (1 - fr) + (
        height[r + 1, c] * (1 - fc) + height[r + 1, c + 1] * fc
    ) * fr
    nearest = normal[np.rint(row).astype(np.intp), np.rint(column).astype(np.intp)]
    return (points[:, 1] - top) * nearest[:, 1], nearest


@cache
def _relief() -> tuple[Array, Array]:
    """Height y of the body over a grid in z (rows) and x (columns), and its normals."""
    angle, level = np.meshgrid(np.linspace(-np.pi, np.pi, 361), np.linspace(0, 10, 161))
    points = ring_points(angle, level).reshape(-1, 3)
    rows, columns = int(300 / CELL) + 1, int(480 / CELL) + 1
    r = np.rint((points[:, 2] + 150.0) / CELL).astype(int)
    c = np.rint((points[:, 0] + 240.0) / CELL).astype(int)
    height = np.full((rows, columns), -560.0)
    inside = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
    np.maximum.at(height, (r[inside], c[inside]), points[inside, 1])
    x, z = np.meshgrid((np.arange(columns) * CELL - 240.0), (np.arange(rows) * CELL - 150.0))
    neck = (x / 58.0) ** 2 + ((z + 29.0) / 64.0) ** 2 < 1.0
    height[neck] = -128.0 - 0.4 * (z[neck] + 29.0)
    slope_z, slope_x = np.gradient(height, CELL)
    normal = np.stack([-slope_x, np.ones_like(height), -slope_z], axis=-1)
    return height, normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def _smooth(x: Array, knots: Array, values: Array) -> Array:
    """Catmull-Rom interpolation at unit-spaced knots."""
    i = np.clip(x.astype(np.intp), 0, len(knots) - 2)
    t = x - i
    before, after = values[np.maximum(i - 1, 0)], values[np.minimum(i + 2, len(knots) - 1)]
    here, there = values[i], values[i + 1]
    return np.asarray(
        here
        + 0.5
        * t
        * (there - before + t * (2 * before - 5 * here + 4 * there - after + t * (3 * (here - there) + after - before)))
    )


def neckline(angle: Array) -> tuple[Array, Array]:
    """(n, 3) points of the neckline at angles (n,), and (n, 3) level unit vectors away from the neck."""
    base = ring_points(angle, 0.0)
    away = base - np.array([0.0, 0.0, (_RINGS[0, 4] + _RINGS[0, 5]) / 2])
    away[:, 1] = 0.0
    return base, np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))
