"""Vertex normals: the mean of the faces around each vertex, weighted by their area."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.render.arrays import frozen
from visavis.synthetic.render.compiled import compiled
from visavis.synthetic.render.surface import Floats


def vertex_normals(vertices: Floats, faces: NDArray[np.int32], weld: NDArray[np.int32] | None = None) -> Floats:
    """(V, 3) unit normals of a mesh (V, 3) float32; (0, 0, 1) where a vertex has no face with an area.

    Args:
        vertices: (V, 3) float32.
        faces: (F, 3) int32, rows of `vertices`.
        weld: (V,) int32 vertex whose normal each one shares, to hide seams of the texture; None = its own.
    """
    normals = np.zeros(vertices.shape, np.float32)
    shared = np.arange(len(vertices)) if weld is None else weld
    _accumulate(
        frozen("vertices", vertices, np.float32, (None, 3)), frozen("faces", faces, np.int32, (None, 3)),
        frozen("weld", shared, np.int32, (len(vertices),)), normals,
    )  # fmt: skip
    return normals


@compiled
def _accumulate(vertices, faces, weld, normals):  # type: ignore[no-untyped-def]
    for f in range(faces.shape[0]):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        bx, by, bz = vertices[k, 0] - vertices[i, 0], vertices[k, 1] - vertices[i, 1], vertices[k, 2] - vertices[i, 2]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for v in (weld[i], weld[j], weld[k]):
            normals[v, 0] += nx
            normals[v, 1] += ny
            normals[v, 2] += nz
    for v in range(normals.shape[0]):
        if weld[v] != v:
            continue
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0.0:
            normals[v, 0], normals[v, 1], normals[v, 2] = x / length, y / length, z / length
        else:
            normals[v, 2] = 1.0
    for v in range(normals.shape[0]):
        if weld[v] != v:
            for axis in range(3):
                normals[v, axis] = normals[weld[v], axis]
