"""Smooth noise in space and strokes on a surface: the two compiled loops that every texture is drawn with.

Both work on lists of points in millimetres, never on the texture's grid, so that a picture of the skin does not depend
on how the head was unwrapped and shows no seam.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.render.compiled import compiled

Floats = NDArray[np.float32]

_TABLE = 4096
# A turn that makes no axis of the lattice meet an axis of the head, so that no grid shows through.
_TURN = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]], dtype=np.float32)
_UNIT = 1.0 / ((1.0 / 3.0) * (26.0 / 35.0) ** 3) ** 0.5
"""One over the standard deviation of uniform values in [-1, 1] interpolated by smoothsteps along three axes."""


def smooth_noise(points: Floats, size: float, rng: np.random.Generator) -> Floats:
    """(n,) noise of mean 0 and standard deviation about 1 at (n, 3) points; blotches are about `size` apart.

    Value noise on a turned cubic lattice (Perlin 1985, with values in place of gradients). The generator gives the
    lattice's values, so that equal generators give equal bytes for any set of points.
    """
    table = rng.uniform(-_UNIT, _UNIT, _TABLE).astype(np.float32)
    return np.asarray(_lattice_noise(points, np.float32(1.0 / size), _TURN, table))


@compiled
def _lattice_noise(points: Floats, scale: float, turn: Floats, table: Floats) -> Floats:
    out = np.empty(len(points), np.float32)
    for k in range(len(points)):
        x, y, z = points[k, 0] * scale, points[k, 1] * scale, points[k, 2] * scale
        a = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z
        b = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z
        c = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
        ia, ib, ic = int(np.floor(a)), int(np.floor(b)), int(np.floor(c))
        fa, fb, fc = a - ia, b - ib, c - ic
        fa, fb, fc = fa * fa * (3 - 2 * fa), fb * fb * (3 - 2 * fb), fc * fc * (3 - 2 * fc)
        # Large primes scatter the corners of the lattice over the table (Teschner et al. 2003).
        a0, b0, c0 = ia * 73856093, ib * 19349663, ic * 83492791
        a1, b1, c1 = a0 + 73856093, b0 + 19349663, c0 + 83492791
        v00 = table[(a0 ^ b0 ^ c0) & 4095] * (1 - fc) + table[(a0 ^ b0 ^ c1) & 4095] * fc
        v01 = table[(a0 ^ b1 ^ c0) & 4095] * (1 - fc) + table[(a0 ^ b1 ^ c1) & 4095] * fc
        v10 = table[(a1 ^ b0 ^ c0) & 4095] * (1 - fc) + table[(a1 ^ b0 ^ c1) & 4095] * fc
        v11 = table[(a1 ^ b1 ^ c0) & 4095] * (1 - fc) + table[(a1 ^ b1 ^ c1) & 4095] * fc
        out[k] = (v00 * (1 - fb) + v01 * fb) * (1 - fa) + (v10 * (1 - fb) + v11 * fb) * fa
    return out


@compiled
def draw_strokes(
    points: Floats,
    cells: NDArray[np.int32],
    order: NDArray[np.int32],
    origin: Floats,
    cell: float,
    strokes: Floats,
    blur: float,
    union: bool,
    out: Floats,
) -> None:
    """Lay strokes onto the points they pass; `out` (n,) is changed in place.

    Args:
        points: (n, 3) mm.
        cells: (nx, ny, nz, 2) first and last+1 place in `order` of each cell's points.
        order: (n,) the points sorted by cell.
        origin: (3,) the low corner of the first cell, mm.
        cell: edge of a cell, mm.
        strokes: (m, 9) start xyz, end xyz, half width in mm, strength at the start and at the end.
        blur: the finest half width that the points can show, mm; thinner strokes become wider and paler alike.
        union: cover like ink (True: 1 - (1 - a)(1 - b)), or keep the deepest groove (False: the larger of both).
        out: (n,) what lies there already.
    """
    sizes = cells.shape
    for s in range(len(strokes)):
        x0, y0, z0, x1, y1, z1 = (
            strokes[s, 0],
            strokes[s, 1],
            strokes[s, 2],
            strokes[s, 3],
            strokes[s, 4],
            strokes[s, 5],
        )
        wide = np.sqrt(strokes[s, 6] ** 2 + blur**2)
        paler = strokes[s, 6] / wide
        reach = 2.2 * wide
        i0 = max(int((min(x0, x1) - reach - origin[0]) / cell), 0)
        j0 = max(int((min(y0, y1) - reach - origin[1]) / cell), 0)
        k0 = max(int((min(z0, z1) - reach - origin[2]) / cell), 0)
        i1 = min(int((max(x0, x1) + reach - origin[0]) / cell), sizes[0] - 1)
        j1 = min(int((max(y0, y1) + reach - origin[1]) / cell), sizes[1] - 1)
        k1 = min(int((max(z0, z1) + reach - origin[2]) / cell), sizes[2] - 1)
        dx, dy, dz = x1 - x0, y1 - y0, z1 - z0
        length = dx * dx + dy * dy + dz * dz
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                for k in range(k0, k1 + 1):
                    for place in range(cells[i, j, k, 0], cells[i, j, k, 1]):
                        p = order[place]
                        px, py, pz = points[p, 0] - x0, points[p, 1] - y0, points[p, 2] - z0
                        t = 0.0
                        if length > 0:
                            t = min(max((px * dx + py * dy + pz * dz) / length, 0.0), 1.0)
                        qx, qy, qz = px - t * dx, py - t * dy, pz - t * dz
                        away = (qx * qx + qy * qy + qz * qz) / (wide * wide)
                        if away < 4.84:
                            ink = paler * (strokes[s, 7] * (1 - t) + strokes[s, 8] * t) * np.exp(-away)
                            if union:
                                out[p] = 1 - (1 - out[p]) * (1 - ink)
                            elif ink > out[p]:
                                out[p] = ink
