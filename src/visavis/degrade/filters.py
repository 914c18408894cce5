"""Frames through kernels: row by row where a kernel allows, pixel by pixel where it is sparse; reflected at the border.

Sums are taken tap by tap in a fixed order, so that equal input gives equal bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.degrade.frames import Pixels, as_pixels
from visavis.degrade.kernels import Kernel, unit_sum

Values = NDArray[np.float32]

_NEGLIGIBLE = 1 / 2048
"""Weight that may be left out of a kernel in all: 1/8 of a grey level at most."""
_STRIP = 1 << 17
"""Values worked on at a time, so that they stay in the processor's cache."""


def filtered(pixels: Pixels, kernel: Kernel) -> Pixels:
    """The (H, W, 3) frame, each pixel the mean of its neighbours weighted by the (n, m) kernel, n and m odd."""
    kernel = _trimmed(kernel)
    taps = int(np.count_nonzero(kernel))
    pairs = separated(kernel) if taps > sum(kernel.shape) else []
    if pairs and len(pairs) * sum(kernel.shape) < taps:
        return separable(pixels, pairs)
    return _sparse(pixels, kernel)


def _trimmed(kernel: Kernel) -> Kernel:
    """The kernel without its smallest weights, as many as are negligible together."""
    order = np.argsort(kernel, axis=None, kind="stable")
    small = order[np.cumsum(kernel.ravel()[order]) < _NEGLIGIBLE]
    trimmed = kernel.copy()
    trimmed.ravel()[small] = 0
    return unit_sum(trimmed)


def separated(kernel: Kernel) -> list[tuple[Kernel, Kernel]]:
    """Pairs of column and row weights whose outer products add up to the kernel, but for a negligible rest."""
    u, s, v = np.linalg.svd(kernel)
    pairs = [(u[:, k] * s[k], v[k]) for k in range(len(s))]
    rest = kernel.copy()
    for count, (column, row) in enumerate(pairs, 1):
        rest -= np.outer(column, row)
        if np.abs(rest).sum() < _NEGLIGIBLE:
            return pairs[:count]
    return pairs


def separable(pixels: Pixels, pairs: list[tuple[Kernel, Kernel]]) -> Pixels:
    """The frame filtered by the sum of the outer products of (column, row) weights, all of one odd length each."""
    height, width, _ = pixels.shape
    above, left = len(pairs[0][0]) // 2, len(pairs[0][1]) // 2
    padded = _padded(pixels, above, left)
    out = np.empty_like(pixels)
    rows = _rows_at_a_time(width)
    for top in range(0, height, rows):
        strip = padded[top : top + rows + 2 * above].astype(np.float32)
        n = len(strip) - 2 * above
        total = np.zeros((n, width * 3), np.float32)
        for column, row in pairs:
            down = _sum(strip, [(slice(k, k + n), slice(None)) for k in range(len(column))], column)
            total += _sum(down, [(slice(None), slice(3 * k, 3 * (k + width))) for k in range(len(row))], row)
        out[top : top + n] = as_pixels(total).reshape(n, width, 3)
    return out


def _sparse(pixels: Pixels, kernel: Kernel) -> Pixels:
    """The frame filtered tap by tap, leaving out those without weight."""
    height, width, _ = pixels.shape
    above, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    padded = _padded(pixels, above, left)
    out = np.empty_like(pixels)
    rows = _rows_at_a_time(width)
    places = np.argwhere(kernel)
    weights = kernel[kernel != 0]
    for top in range(0, height, rows):
        strip = padded[top : top + rows + 2 * above].astype(np.float32)
        n = len(strip) - 2 * above
        total = _sum(strip, [(slice(y, y + n), slice(3 * x, 3 * (x + width))) for y, x in places], weights)
        out[top : top + n] = as_pixels(total).reshape(n, width, 3)
    return out


def _sum(values: Values, windows: list[tuple[slice, slice]], weights: Kernel) -> Values:
    """The weighted sum of equally large windows of `values`."""
    total = values[windows[0]] * np.float32(weights[0])
    part = np.empty_like(total)
    for window, weight in zip(windows[1:], weights[1:], strict=True):
        np.multiply(values[window], np.float32(weight), out=part)
        total += part
    return total


def _padded(pixels: Pixels, above: int, left: int) -> Pixels:
    """The frame reflected beyond its border, as (H + 2 above, (W + 2 left) * 3)."""
    padded = np.pad(pixels, ((above, above), (left, left), (0, 0)), mode="reflect")
    return padded.reshape(len(padded), -1)


def _rows_at_a_time(width: int) -> int:
    return max(16, _STRIP // (width * 3))
