"""The bare head without features: a loft through horizontal cross-sections, the base that face and hair grow on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# Millimetres: height y, half width, depth in front of and behind the ear canals.
_SECTIONS = np.array(
    [
        (118, 0, 0, 0), (115.5, 19, 22, 29), (109, 35, 41, 53), (98, 51, 61, 75), (85, 61.5, 74.5, 88),
        (70, 68.5, 85, 97),
        (50, 73, 94, 103), (30, 74.5, 98.5, 105), (12, 72.2, 99.5, 103), (0, 70.2, 95.5, 100.5), (-15, 68.2, 93.5, 95),
        (-30, 66.4, 94.5, 87), (-45, 64.2, 96, 79), (-60, 61.0, 98, 71.5), (-75, 57.0, 97.5, 64), (-90, 49.5, 95.5, 57),
        (-100, 42, 96, 53), (-110, 33, 94, 49), (-116, 24, 88, 47),
    ],
    dtype=float,
)  # fmt: skip
_ROUNDNESS = np.array([(118, 2.05), (60, 2.12), (0, 2.35), (-70, 2.2), (-116, 2.06)])
"""Exponent of the super-ellipse at height y: 2 = ellipse, more = squarer."""
_JAW_EDGE = np.array(
    [(0.0, -113), (0.45, -112.6), (0.8, -106), (1.1, -94), (1.35, -80), (1.6, -67), (2.1, -60), (np.pi, -60)]
)
"""Lowest y of the head over azimuth: the edge of the jaw rising to the ear, then the nape."""


def sections(y: ArrayLike) -> Array:
    """(..., 3) half width, depth in front, depth behind at height y, mm: smooth curves through the table."""
    heights = np.asarray(y, dtype=float)
    # A dome's width grows with the root of the way down from its top, so the table is read against that root.
    crown = _SECTIONS[0, 0]
    knots, columns = np.sqrt(crown - _SECTIONS[:, 0]), _SECTIONS[:, 1:].T
    # Averaged over a few millimetres, less toward the crown, so that no row of the table shows as a crease.
    reach = np.clip(0.4 * (crown - heights), 0.0, 11.0)
    total = np.zeros((*heights.shape, 3))
    for shift, weight in zip((-1.0, -0.5, 0.0, 0.5, 1.0), (1, 4, 6, 4, 1), strict=True):
        down = np.sqrt(np.maximum(crown - heights - shift * reach, 0.0))
        total += weight / 16 * np.stack([hermite(down, knots, values) for values in columns], axis=-1)
    return total


def skull(azimuth: ArrayLike, y: ArrayLike) -> Array:
    """(..., 3) points of the bare head, mm: azimuth in radians from straight ahead (positive = subject's left)."""
    azimuth, y = np.broadcast_arrays(np.asarray(azimuth, dtype=float), np.asarray(y, dtype=float))
    half_width, front, behind = np.moveaxis(sections(y), -1, 0)
    power = 2.0 / np.interp(y, _ROUNDNESS[::-1, 0], _ROUNDNESS[::-1, 1])
    sine, cosine = np.sin(azimuth), np.cos(azimuth)
    x = half_width * np.sign(sine) * np.abs(sine) ** power
    z = np.where(cosine >= 0, front, -behind) * np.abs(cosine) ** power
    return np.stack([x, y, z], axis=-1)


def azimuth_at(x: ArrayLike, y: ArrayLike) -> Array:
    """Azimuth in radians at which the front of the section at height y is x mm to the subject's left."""
    x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    power = np.interp(y, _ROUNDNESS[::-1, 0], _ROUNDNESS[::-1, 1]) / 2.0
    ratio = np.clip(np.abs(x) / np.maximum(sections(y)[..., 0], 1e-9), 0.0, 1.0)
    result: Array = np.sign(x) * np.arcsin(ratio**power)
    return result


def jaw_edge(azimuth: ArrayLike) -> Array:
    """Lowest y of the head at this azimuth, mm."""
    result: Array = np.interp(np.abs(azimuth), _JAW_EDGE[:, 0], _JAW_EDGE[:, 1])
    return result


def hermite(x: Array, knots: Array, values: Array) -> Array:
    """Monotone cubic Hermite interpolation (Fritsch and Carlson 1980) with ends held."""
    step, rise = np.diff(knots), np.diff(values)
    slope = rise / step
    inner = np.where(
        slope[:-1] * slope[1:] > 0,
        3
        * (step[:-1] + step[1:])
        / np.where(
            slope[:-1] * slope[1:] > 0,
            (2 * step[1:] + step[:-1]) / np.where(slope[:-1] == 0, 1, slope[:-1])
            + (step[1:] + 2 * step[:-1]) / np.where(slope[1:] == 0, 1, slope[1:]),
            1,
        ),
        0.0,
    )
    tangent = np.concatenate([slope[:1], inner, slope[-1:]])
    x = np.clip(x, knots[0], knots[-1])
    i = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(step) - 1)
    t = (x - knots[i]) / step[i]
    return (
        values[i] * (1 + 2 * t) * (1 - t) ** 2
        + values[i + 1] * t**2 * (3 - 2 * t)
        + step[i] * (tangent[i] * t * (1 - t) ** 2 - tangent[i + 1] * t**2 * (1 - t))
    )
