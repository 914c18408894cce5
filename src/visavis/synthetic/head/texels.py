"""Where each texel of the skin's texture lies on the template, for painting by place."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head.template import template

Array = NDArray[np.float64]


@cache
def texel_positions(height: int, width: int) -> tuple[Array, NDArray[np.bool_]]:
    """Template position in mm (height, width, 3) at each texel's centre, and whether a triangle of skin covers it.

    Texels off the skin hold the position of the nearest covered texel to their left or right in the row, so that
    filtering over an edge meets no foreign colour. Arrays are read-only and shared.

    Raises: InvalidInput: a side outside 16..4096.
    """
    if not (16 <= height <= 4096 and 16 <= width <= 4096):
        raise InvalidInput(f"a texture of {height} x {width} texels: each side must be in 16..4096")
    mesh = template()
    faces = mesh.faces[mesh.part == 0]
    corners = mesh.uv[faces] * (width, height) - 0.5
    positions, covered = np.zeros((height, width, 3)), np.zeros((height, width), dtype=bool)
    low = np.maximum(np.ceil(corners.min(axis=1) - 1e-6), 0).astype(int)
    high = np.minimum(np.floor(corners.max(axis=1) + 1e-6), (width - 1, height - 1)).astype(int)
    size = high - low + 1
    for step_y in range(int(size[:, 1].max(initial=0))):
        for step_x in range(int(size[:, 0].max(initial=0))):
            some = np.flatnonzero((size[:, 0] > step_x) & (size[:, 1] > step_y))
            if some.size:
                _paint(positions, covered, mesh.vertices[faces[some]], corners[some], low[some] + (step_x, step_y))
    _spread(positions, covered)
    positions.setflags(write=False)
    covered.setflags(write=False)
    return positions, covered


def _paint(
    positions: Array, covered: NDArray[np.bool_], triangles: Array, corners: Array, at: NDArray[np.int64]
) -> None:
    a, b, c = (corners[:, k] for k in range(3))
    u, v, p = b - a, c - a, at - a
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    area = np.where(np.abs(area) < 1e-12, np.inf, area)
    s = (p[:, 0] * v[:, 1] - p[:, 1] * v[:, 0]) / area
    t = (u[:, 0] * p[:, 1] - u[:, 1] * p[:, 0]) / area
    inside = (s >= -1e-6) & (t >= -1e-6) & (s + t <= 1 + 1e-6) & np.isfinite(area)
    s, t, at, triangles = s[inside, None], t[inside, None], at[inside], triangles[inside]
    positions[at[:, 1], at[:, 0]] = triangles[:, 0] * (1 - s - t) + triangles[:, 1] * s + triangles[:, 2] * t
    covered[at[:, 1], at[:, 0]] = True


def _spread(positions: Array, covered: NDArray[np.bool_]) -> None:
    """Fill uncovered texels from the nearest covered one in their row; rows without any from the row above."""
    columns = np.arange(covered.shape[1])
    for row, mask in enumerate(covered):
        known = columns[mask]
        if known.size:
            right = np.clip(np.searchsorted(known, columns), 0, known.size - 1)
            left = np.maximum(right - 1, 0)
            nearer = np.where(
                np.abs(known[left] - columns) <= np.abs(known[right] - columns), known[left], known[right]
            )
            positions[row] = positions[row, nearer]
        elif row:
            positions[row] = positions[row - 1]
