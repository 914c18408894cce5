"""Smooth building blocks of displacement fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def bell(t: ArrayLike) -> Array:
    """exp(-t^2 / 2)."""
    value: Array = np.exp(-0.5 * np.square(np.asarray(t, dtype=float)))
    return value


def ramp(value: ArrayLike, start: float | Array, end: float | Array) -> Array:
    """Smooth step from 0 at `start` to 1 at `end` (either order)."""
    t = np.clip((np.asarray(value, dtype=float) - start) / (np.asarray(end, dtype=float) - start), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def spot(x: Array, y: Array, z: Array, centre: tuple[float, float, float], sigma: tuple[float, float, float]) -> Array:
    """A mirrored pair of bells; a single one where the centre's x is 0."""
    cx, cy, cz = centre
    sx, sy, sz = sigma
    sideways = bell((x - cx) / sx) + (bell((x + cx) / sx) if cx else 0.0)
    return sideways * bell((y - cy) / sy) * bell((z - cz) / sz)
