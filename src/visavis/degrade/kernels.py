"""Blur kernels: (n, n) float64 weights that sum to 1, their centre of mass in the middle."""

from __future__ import annotations

from math import ceil, cos, sin
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Kernel: TypeAlias = NDArray[np.float64]


def gaussian_taps(sigma: float, size: int) -> Kernel:
    """(size,) Gaussian weights exp(-x^2 / 2 sigma^2); a single 1 in the middle when sigma is 0."""
    x = np.arange(size) - size // 2
    return unit_sum(np.exp(-0.5 * (x / max(sigma, 1e-9)) ** 2))


def elliptic(shape: str, size: int, sigma_x: float, sigma_y: float, angle: float, beta: float) -> Kernel:
    """A (size, size) kernel over q = x' C^-1 x, where C has the axes sigma_x and sigma_y turned by `angle` radians.

    gaussian: exp(-q / 2); generalised Gaussian: exp(-q^beta / 2); plateau: 1 / (1 + q^beta) (Liu et al.,
    "Estimating Generalized Gaussian Blur Kernels for Out-of-Focus Image Deblurring", 2020).
    """
    y, x = np.mgrid[:size, :size] - float(size // 2)
    along, across = x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle)
    q = (along / sigma_x) ** 2 + (across / sigma_y) ** 2
    power = q if shape == "gaussian" else q**beta
    weights: Kernel = 1 / (1 + power) if shape == "plateau" else np.exp(-power / 2)
    return unit_sum(weights)


def line(length: float, angle: float) -> Kernel:
    """The path of a point that moves `length` pixels evenly in the direction `angle` (radians, from x towards y)."""
    radius = ceil(length / 2)
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    count = max(1, ceil(16 * length))
    t = ((np.arange(count) + 0.5) / count - 0.5) * length
    x, y = t * cos(angle) + radius, t * sin(angle) + radius
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    for dy in (0, 1):  # each position is shared among its four pixels
        for dx in (0, 1):
            share = (1 - np.abs(x - column - dx)) * (1 - np.abs(y - row - dy))
            inside = share > 0
            np.add.at(kernel, (row[inside] + dy, column[inside] + dx), share[inside])
    return unit_sum(kernel)


def unit_sum(weights: Kernel) -> Kernel:
    """`weights` divided by their sum."""
    return np.asarray(weights / weights.sum())
