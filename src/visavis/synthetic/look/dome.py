"""The scalp as a ball with a radius in every direction: fast heights and normals for hair that lies on a head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.head import skull

Array = NDArray[np.float64]

CENTRE = np.array([0.0, 15.0, -5.0])
"""Middle of the ball, mm in the frame of the template."""
_ROWS, _COLUMNS = 73, 144


@dataclass(frozen=True, eq=False)
class Dome:
    """Radius (mm) and outward normal over polar angle (0 = up to pi, rows) and azimuth (-pi to pi, columns)."""

    radius: Array
    normal: Array

    def height(self, points: Array) -> Array:
        """(n,) mm above the scalp, along the ray from the centre, of (n, 3) points in mm."""
        ray = points - CENTRE
        distance = np.sqrt(np.einsum("ij,ij->i", ray, ray))
        return np.asarray(distance - _read(self.radius, *_angles(ray, distance)))

    def normals(self, points: Array) -> Array:
        """(n, 3) unit normals of the scalp under (n, 3) points."""
        ray = points - CENTRE
        found = _read(self.normal, *_angles(ray, np.sqrt(np.einsum("ij,ij->i", ray, ray))))
        return np.asarray(found / np.sqrt(np.einsum("ij,ij->i", found, found))[:, None])

    def at_height(self, points: Array, height: ArrayLike) -> Array:
        """(n, 3) the points moved along their rays to this height above the scalp, mm."""
        ray = points - CENTRE
        distance = np.sqrt(np.einsum("ij,ij->i", ray, ray))
        target = _read(self.radius, *_angles(ray, distance)) + np.asarray(height, dtype=float)
        return np.asarray(CENTRE + ray * (target / distance)[:, None])


@cache
def dome() -> Dome:
    """The scalp of the average head."""
    polar, azimuth = np.meshgrid(
        np.linspace(0, np.pi, _ROWS), np.linspace(-np.pi, np.pi, _COLUMNS, endpoint=False), indexing="ij"
    )
    rays = directions(polar, azimuth)
    inside, outside = np.zeros(rays.shape[:2]), np.full(rays.shape[:2], 135.0)
    for _ in range(22):
        middle = (inside + outside) / 2
        within = _within(CENTRE + rays * middle[..., None])
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    surface = CENTRE + rays * inside[..., None]
    down = np.gradient(surface, axis=0)
    around = (np.roll(surface, -1, axis=1) - np.roll(surface, 1, axis=1)) / 2
    normal = np.cross(down, around)
    normal[0], normal[-1] = (0, 1, 0), (0, -1, 0)
    return Dome(_wrapped(inside), _wrapped(normal / np.linalg.norm(normal, axis=-1, keepdims=True)))


def directions(polar: ArrayLike, azimuth: ArrayLike) -> Array:
    """(..., 3) unit vectors at polar angles from straight up and azimuths from straight ahead, radians."""
    polar, azimuth = np.broadcast_arrays(np.asarray(polar, dtype=float), np.asarray(azimuth, dtype=float))
    return np.stack([np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], axis=-1)


def azimuth_of(points: Array) -> Array:
    """(...,) angle around the vertical axis through the ear canals, radians, positive on the subject's left."""
    return np.asarray(np.arctan2(points[..., 0], points[..., 2]))


def ring_on(azimuth: Array, y: ArrayLike, height: float = 0.0) -> Array:
    """(n, 3) points `height` mm above the scalp at azimuths (n,) and heights y, mm."""
    level = np.broadcast_to(np.asarray(y, dtype=float), azimuth.shape)
    points = np.stack([80.0 * np.sin(azimuth), level, 95.0 * np.cos(azimuth)], axis=-1)
    for _ in range(3):  # the ray from the middle changes y, so the level is set again
        points = dome().at_height(points, 0.0)
        points[:, 1] = level
    return dome().at_height(points, height)


def _within(points: Array) -> NDArray[np.bool_]:
    """Whether points lie inside the bare skull."""
    half_width, front, behind = np.moveaxis(skull.sections(points[..., 1]), -1, 0)
    # The exponent of the super-ellipse, read off its point at 45 degrees.
    diagonal = skull.skull(np.pi / 4, points[..., 1])[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.log(0.5) / np.log(np.minimum(diagonal / half_width, 0.999))
    power = np.nan_to_num(power, nan=2.0)
    depth = np.where(points[..., 2] >= 0, front, behind)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (np.abs(points[..., 0]) / half_width) ** power + (np.abs(points[..., 2]) / depth) ** power
    return np.asarray((reach < 1.0) & (points[..., 1] < 118.0))


def _angles(ray: Array, distance: Array) -> tuple[Array, Array]:
    """Row and column in the tables, as fractions."""
    polar = np.arccos(np.clip(ray[:, 1] / distance, -1, 1))
    azimuth = np.arctan2(ray[:, 0], ray[:, 2])
    return polar * ((_ROWS - 1) / np.pi), (azimuth + np.pi) * (_COLUMNS / (2 * np.pi))


def _read(table: Array, row: Array, column: Array) -> Array:
    """Bilinear values of a wrapped table."""
    r, c = np.minimum(row.astype(np.intp), _ROWS - 2), np.minimum(column.astype(np.intp), _COLUMNS - 1)
    fr, fc = row - r, column - c
    if table.ndim == 3:
        fr, fc = fr[:, None], fc[:, None]
    upper = table[r, c] * (1 - fc) + table[r, c + 1] * fc
    lower = table[r + 1, c] * (1 - fc) + table[r + 1, c + 1] * fc
    return np.asarray(upper * (1 - fr) + lower * fr)


def _wrapped(table: Array) -> Array:
    """The table with its first column repeated after the last."""
    return np.concatenate([table, table[:, :1]], axis=1)
