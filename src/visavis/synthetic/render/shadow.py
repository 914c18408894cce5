"""Shadows of the key light: a depth map seen from the light, read back with soft edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.render.arrays import frozen
from visavis.synthetic.render.compiled import compiled
from visavis.synthetic.render.raster import alpha_at
from visavis.synthetic.render.surface import Surface

TEXEL = 0.0029
"""Metres per texel of the map."""
_LARGEST = 256
_STEEPEST = 0.2
"""Cosine to the light below which a plane counts as no steeper: the surface turns away there."""


@dataclass(frozen=True, eq=False, slots=True)
class Shadow:
    """What the key light sees.

    Attributes:
        height: (n, m) float32 greatest height toward the light of anything over each texel, metres; -inf = nothing.
        frame: (3, 4) float64: texel column, texel row and height of a world point = frame @ (x, y, z, 1).
    """

    height: NDArray[np.float32]
    frame: NDArray[np.float64]

    @classmethod
    def cast(cls, surfaces: Sequence[Surface], direction: NDArray[np.float64], texel: float = TEXEL) -> Shadow:
        """The shadow map of solid surfaces under a light from unit `direction`; translucent ones cast none."""
        solid = [surface for surface in surfaces if surface.material.opacity >= 1.0 and len(surface.faces)]
        frame, size = _frame(solid, direction, texel)
        height = np.full(size, -np.inf, np.float32)
        for surface in solid:
            material = surface.material
            _add(
                surface.vertices, frame, surface.faces, surface.uv, material.packed, material.alpha is not None, height
            )
        height.setflags(write=False)
        return cls(height, frame)


def _frame(
    surfaces: Sequence[Surface], direction: NDArray[np.float64], texel: float
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The map's frame and its (rows, columns), wide enough for all surfaces."""
    aside = np.array([1.0, 0.0, 0.0]) if abs(direction[1]) > 0.9 else np.array([0.0, 1.0, 0.0])
    across = np.cross(aside, direction)
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(direction, across), direction])
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for surface in surfaces:
        _bounds(surface.vertices, axes, low, high)
    if not surfaces:
        low = high = np.zeros(3)
    span = high - low
    texel = max(texel, float(span[:2].max()) / (_LARGEST - 7))
    columns, rows = (int(extent / texel) + 7 for extent in span[:2])
    scale = np.array([1 / texel, 1 / texel, 1.0])
    shift = np.array([3.0, 3.0, 0.0]) - low * np.array([1 / texel, 1 / texel, 0.0])
    return frozen("frame", np.column_stack([axes * scale[:, None], shift]), np.float64, (3, 4)), (rows, columns)


@compiled
def _bounds(vertices, axes, low, high):  # type: ignore[no-untyped-def]
    """Widen `low` and `high` to hold the vertices along each of the axes."""
    for axis in range(3):
        least, most = low[axis], high[axis]
        for v in range(vertices.shape[0]):
            place = axes[axis, 0] * vertices[v, 0] + axes[axis, 1] * vertices[v, 1] + axes[axis, 2] * vertices[v, 2]
            least, most = min(least, place), max(most, place)
        low[axis], high[axis] = least, most


@compiled
def _add(vertices, frame, faces, uv, texture, cut_out, height):  # type: ignore[no-untyped-def]
    placed = np.empty((vertices.shape[0], 3))
    _place(vertices, frame, placed)
    _cast(placed, faces, uv, texture, cut_out, height)


@compiled
def _place(vertices, frame, placed):  # type: ignore[no-untyped-def]
    for v in range(vertices.shape[0]):
        x, y, z = vertices[v, 0], vertices[v, 1], vertices[v, 2]
        for axis in range(3):
            placed[v, axis] = frame[axis, 0] * x + frame[axis, 1] * y + frame[axis, 2] * z + frame[axis, 3]


@compiled
def _cast(placed, faces, uv, texture, cut_out, height):  # type: ignore[no-untyped-def]
    """Raise `height` at the texel centres under each triangle, whichever way it faces."""
    rows, columns = height.shape
    for f in range(faces.shape[0]):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        xi, yi, xj, yj, xk, yk = placed[i, 0], placed[i, 1], placed[j, 0], placed[j, 1], placed[k, 0], placed[k, 1]
        left, right = max(0, int(np.ceil(min(xi, xj, xk)))), min(columns - 1, int(np.floor(max(xi, xj, xk))))
        top, bottom = max(0, int(np.ceil(min(yi, yj, yk)))), min(rows - 1, int(np.floor(max(yi, yj, yk))))
        if left > right or top > bottom:
            continue
        area = (xj - xi) * (yk - yi) - (yj - yi) * (xk - xi)
        if area == 0.0:
            continue
        # Weights of the corners and the height, each linear in column and row.
        ai, bi, aj, bj = (yj - yk) / area, (xk - xj) / area, (yk - yi) / area, (xi - xk) / area
        for y in range(top, bottom + 1):
            row_i, row_j = bi * (y - yk) - ai * xk, bj * (y - yk) - aj * xk
            for x in range(left, right + 1):
                si, sj = ai * x + row_i, aj * x + row_j
                sk = 1.0 - si - sj
                if si < 0.0 or sj < 0.0 or sk < 0.0:
                    continue
                high = si * placed[i, 2] + sj * placed[j, 2] + sk * placed[k, 2]
                if high <= height[y, x]:
                    continue
                if cut_out:
                    u = si * uv[i, 0] + sj * uv[j, 0] + sk * uv[k, 0]
                    v = si * uv[i, 1] + sj * uv[j, 1] + sk * uv[k, 1]
                    if alpha_at(texture, u, v) < 0.5:
                        continue
                height[y, x] = high


@compiled
def light_arriving(height, frame, point, normal, soft):  # type: ignore[no-untyped-def]
    """Share of the light that reaches a world point, 0..1: a tent-weighted 3 x 3 comparison with soft range.

    Each texel is compared with the plane through the point, so that a slanted surface does not shade itself.
    """
    rows, columns = height.shape
    px, py, pz = point[0], point[1], point[2]
    x = frame[0, 0] * px + frame[0, 1] * py + frame[0, 2] * pz + frame[0, 3]
    y = frame[1, 0] * px + frame[1, 1] * py + frame[1, 2] * pz + frame[1, 3]
    own = frame[2, 0] * px + frame[2, 1] * py + frame[2, 2] * pz + frame[2, 3]
    scale = frame[0, 0] * frame[0, 0] + frame[0, 1] * frame[0, 1] + frame[0, 2] * frame[0, 2]
    toward = frame[2, 0] * normal[0] + frame[2, 1] * normal[1] + frame[2, 2] * normal[2]
    steep = -1.0 / (scale * max(_STEEPEST, toward))
    rise_x = steep * (frame[0, 0] * normal[0] + frame[0, 1] * normal[1] + frame[0, 2] * normal[2])
    rise_y = steep * (frame[1, 0] * normal[0] + frame[1, 1] * normal[1] + frame[1, 2] * normal[2])
    # Beyond the map nothing stands: its border of three texels is empty, so the nearest window answers the same.
    column, row = int(min(max(x, 1.0), columns - 3.0)), int(min(max(y, 1.0), rows - 3.0))
    s, t = min(max(x - column, 0.0), 1.0), min(max(y - row, 0.0), 1.0)
    column, row = column - 1, row - 1
    fade, lit = 1.0 / soft, 0.0
    for b in range(4):
        weight_y = 1.0 - t if b == 0 else (t if b == 3 else 1.0)
        level = own + rise_x * (column - x) + rise_y * (row + b - y)
        for a in range(4):
            weight = 1.0 - s if a == 0 else (s if a == 3 else 1.0)
            above = (height[row + b, column + a] - level - rise_x * a) * fade
            lit += weight_y * weight * (1.0 - min(max(above, 0.0), 1.0))
    return lit / 9.0
