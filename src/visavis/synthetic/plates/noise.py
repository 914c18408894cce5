"""Random patterns fixed in millimetres, so that a finer picture shows the same stains, sharper."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def smooth_noise(rng: np.random.Generator, x: Array, y: Array, across: float, down: float) -> Array:
    """Value noise in [-1, 1] on the grid of all (y, x).

    Args:
        rng: where the pattern comes from; the same number of draws is taken whatever x and y.
        x: (w,) mm.
        y: (h,) mm.
        across: wavelength along x, mm.
        down: wavelength along y, mm.

    Returns:
        (h, w) float32.
    """
    lattice = rng.uniform(-1, 1, (64, 64)).astype(np.float32)
    (top, bottom, v), (left, right, u) = _cells(y / np.float32(down)), _cells(x / np.float32(across))
    rows = lattice[top] * (1 - v[:, None]) + lattice[bottom] * v[:, None]
    return np.asarray(rows[:, left] * (1 - u) + rows[:, right] * u, dtype=np.float32)


def clouds(rng: np.random.Generator, x: Array, y: Array, wavelength: float, octaves: int = 4) -> Array:
    """Fractal noise of about unit range: octaves of halved wavelength and halved strength, (h, w) float32."""
    layers = [
        smooth_noise(rng, x, y, wavelength / 2**k, wavelength / 2**k) * np.float32(0.5**k) for k in range(octaves)
    ]
    return np.asarray(np.sum(layers, axis=0), dtype=np.float32)


def noise_at(rng: np.random.Generator, x: Array, y: Array, across: float, down: float) -> Array:
    """Value noise in [-1, 1] at scattered places.

    Args:
        rng: where the pattern comes from.
        x: mm, any shape.
        y: mm, the same shape.
        across: wavelength along x, mm.
        down: wavelength along y, mm.
    """
    lattice = rng.uniform(-1, 1, (64, 64)).astype(np.float32)
    (left, right, u), (top, bottom, v) = _cells(x / np.float32(across)), _cells(y / np.float32(down))
    upper = lattice[top, left] * (1 - u) + lattice[top, right] * u
    lower = lattice[bottom, left] * (1 - u) + lattice[bottom, right] * u
    return np.asarray(upper * (1 - v) + lower * v, dtype=np.float32)


def _cells(position: Array) -> tuple[NDArray[np.int32], NDArray[np.int32], Array]:
    """The lattice points before and after each place, and the eased share of the second."""
    base = np.floor(position)
    share = position - base
    first = base.astype(np.int32) & 63
    return first, (first + 1) & 63, share * share * (3 - 2 * share)
