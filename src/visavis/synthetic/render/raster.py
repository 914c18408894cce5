"""Which triangle each pixel sees: a z-buffer over edge functions in double precision.

An edge function is antisymmetric in exact floating-point arithmetic when its ends swap, so two triangles that share an
edge never both claim or both leave out a pixel; a pixel exactly on an edge goes to the triangle for which that edge is
a top or left one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.render.camera import NEAR, Camera
from visavis.synthetic.render.compiled import compiled
from visavis.synthetic.render.surface import ALPHA, Surface

_GUARD = 1e7
"""Pixels: a vertex farther out than this would cost the edge functions their precision; its triangles are left out."""


@dataclass(frozen=True, eq=False, slots=True)
class Hits:
    """What each pixel of (h, w) sees.

    Attributes:
        inverse_depth: (h, w) float32, 1 / metres along the viewing axis; 0 where nothing is.
        surface: (h, w) int16 number of the surface, -1 where nothing is.
        face: (h, w) int32 row of its faces, -1 where nothing is.
        weights: (h, w, 2) float32 perspective-correct barycentric weights of the face's first two corners.
    """

    inverse_depth: NDArray[np.float32]
    surface: NDArray[np.int16]
    face: NDArray[np.int32]
    weights: NDArray[np.float32]

    @classmethod
    def nothing(cls, height: int, width: int) -> Hits:
        """Pixels that see nothing yet."""
        size = (height, width)
        return cls(
            np.zeros(size, np.float32), np.full(size, -1, np.int16), np.full(size, -1, np.int32),
            np.zeros((*size, 2), np.float32),
        )  # fmt: skip

    def add(self, number: int, surface: Surface, camera: Camera, samples: int = 1) -> None:
        """Draw a surface under this number; pixels that already see something nearer keep it.

        Args:
            number: what to write into `surface`.
            surface: the mesh.
            camera: of (h, w) pixels.
            samples: pixels per side that will be averaged into one; spreads the cut-out's thresholds over them.
        """
        material = surface.material
        _add(
            surface.vertices, camera.rotation, camera.position, camera.focal, *camera.centre,
            surface.faces, surface.uv, material.packed, material.alpha is not None, material.two_sided,
            samples, number, self.inverse_depth, self.surface, self.face, self.weights,
        )  # fmt: skip


@compiled
def _add(  # type: ignore[no-untyped-def]
    vertices, rotation, position, focal, centre_x, centre_y, faces, uv, texture, cut_out, two_sided,
    samples, number, inverse_depth, surface, face, weights,
):  # fmt: skip
    screen = np.empty((vertices.shape[0], 3))
    _project(vertices, rotation, position, focal, centre_x, centre_y, screen)
    _fill(screen, faces, uv, texture, cut_out, two_sided, samples, number, inverse_depth, surface, face, weights)


@compiled
def _project(vertices, rotation, position, focal, centre_x, centre_y, screen):  # type: ignore[no-untyped-def]
    """Pixel x, y and 1 / depth of each vertex; 1 / depth is 0 for those too near or too far out."""
    for v in range(vertices.shape[0]):
        x, y, z = vertices[v, 0] - position[0], vertices[v, 1] - position[1], vertices[v, 2] - position[2]
        depth = -(rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z)
        screen[v, 2] = 0.0
        if depth >= NEAR:
            scale = focal / depth
            screen[v, 0] = centre_x + scale * (rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z)
            screen[v, 1] = centre_y - scale * (rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z)
            if abs(screen[v, 0]) < _GUARD and abs(screen[v, 1]) < _GUARD:
                screen[v, 2] = 1.0 / depth


@compiled
def _fill(  # type: ignore[no-untyped-def]
    screen, faces, uv, texture, cut_out, two_sided, samples, number, inverse_depth, surface, face, weights
):
    height, width = inverse_depth.shape
    for f in range(faces.shape[0]):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        wi, wj, wk = screen[i, 2], screen[j, 2], screen[k, 2]
        if wi == 0.0 or wj == 0.0 or wk == 0.0:
            continue
        xi, yi, xj, yj, xk, yk = screen[i, 0], screen[i, 1], screen[j, 0], screen[j, 1], screen[k, 0], screen[k, 1]
        left, right = max(0, int(np.ceil(min(xi, xj, xk)))), min(width - 1, int(np.floor(max(xi, xj, xk))))
        top, bottom = max(0, int(np.ceil(min(yi, yj, yk)))), min(height - 1, int(np.floor(max(yi, yj, yk))))
        if left > right or top > bottom:
            continue
        # Edge function of the edge opposite each corner, A x + B y + C; y points down, so a front face has area < 0.
        ai, bi, ci = yj - yk, xk - xj, xj * yk - yj * xk
        aj, bj, cj = yk - yi, xi - xk, xk * yi - yk * xi
        ak, bk, ck = yi - yj, xj - xi, xi * yj - yi * xj
        area = bi * ak - ai * bk
        if area == 0.0 or (area > 0.0 and not two_sided):
            continue
        if area < 0.0:
            ai, bi, ci, aj, bj, cj, ak, bk, ck = -ai, -bi, -ci, -aj, -bj, -cj, -ak, -bk, -ck
        tie_i, tie_j, tie_k = _owns(ai, bi), _owns(aj, bj), _owns(ak, bk)
        for y in range(top, bottom + 1):
            row_i, row_j, row_k = bi * y + ci, bj * y + cj, bk * y + ck
            for x in range(left, right + 1):
                ei, ej, ek = ai * x + row_i, aj * x + row_j, ak * x + row_k
                if ei < 0.0 or ej < 0.0 or ek < 0.0:
                    continue
                if (ei == 0.0 and not tie_i) or (ej == 0.0 and not tie_j) or (ek == 0.0 and not tie_k):
                    continue
                si, sj, sk = ei * wi, ej * wj, ek * wk
                near = (si + sj + sk) / (ei + ej + ek)
                if not near > inverse_depth[y, x]:
                    continue
                share = 1.0 / (si + sj + sk)
                si, sj = si * share, sj * share
                if cut_out:
                    u = si * uv[i, 0] + sj * uv[j, 0] + (1.0 - si - sj) * uv[k, 0]
                    v = si * uv[i, 1] + sj * uv[j, 1] + (1.0 - si - sj) * uv[k, 1]
                    if alpha_at(texture, u, v) <= _threshold(x, y, samples, number):
                        continue
                inverse_depth[y, x] = near
                surface[y, x] = number
                face[y, x] = f
                weights[y, x, 0] = si
                weights[y, x, 1] = sj


@compiled
def _owns(a, b):  # type: ignore[no-untyped-def]
    """Whether pixels exactly on an edge with inward normal (a, b) belong to it: left edges and level top edges do."""
    return a > 0.0 or (a == 0.0 and b > 0.0)


@compiled
def alpha_at(texture, u, v):  # type: ignore[no-untyped-def]
    """Bilinear alpha of a packed texture; beyond the border the border's texel."""
    height, width = texture.shape[:2]
    x, y = min(max(u * width - 0.5, 0.0), width - 1.0), min(max(v * height - 0.5, 0.0), height - 1.0)
    column, row = int(x), int(y)
    s, t = x - column, y - row
    right, below = min(column + 1, width - 1), min(row + 1, height - 1)
    upper = texture[row, column, ALPHA] * (1.0 - s) + texture[row, right, ALPHA] * s
    lower = texture[below, column, ALPHA] * (1.0 - s) + texture[below, right, ALPHA] * s
    return upper * (1.0 - t) + lower * t


@compiled
def _threshold(x, y, samples, number):  # type: ignore[no-untyped-def]
    """Alpha above which a sample sees a cut-out surface, in (0, 1): stratified over the samples of one pixel."""
    column, row = x // samples, y // samples
    # Interleaved gradient noise (Jimenez, 2014): neighbours differ much, so edges dissolve without clumps.
    noise = 52.9829189 * ((0.06711056 * (column + 5.588238 * number) + 0.00583715 * (row + 5.588238 * number)) % 1.0)
    cells = samples * samples
    rank = ((x % samples) * samples + (y % samples) * (samples + 1) + (column + row)) % cells
    # A single sample has no neighbours to average with: faint strands stay out rather than becoming specks. Many have
    # grades enough of their own, and a little noise only hides their steps.
    return 0.3 + 0.4 * (noise % 1.0) if samples == 1 else (rank + 0.35 + 0.3 * (noise % 1.0)) / cells
