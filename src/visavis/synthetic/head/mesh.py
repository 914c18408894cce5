"""Pieces of a triangle mesh: strips between rows of vertices, mirroring, joining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Faces = NDArray[np.int32]

PARTS = ("skin", "eye", "mouth", "teeth", "tongue")
"""What a triangle belongs to, by the number in `Head.part`; every part has a texture of its own."""


class Piece(NamedTuple):
    """A bit of mesh in template millimetres."""

    vertices: Array
    """(V, 3) mm."""
    faces: Faces
    """(F, 3), counter-clockwise seen from outside."""
    uv: Array
    """(V, 2) in [0, 1], v down."""
    part: str
    """One of `PARTS`."""


def grid_faces(index: NDArray[np.int64], vertices: Array, keep: NDArray[np.bool_] | None = None) -> Faces:
    """(F, 3) triangles of a grid of vertex numbers (R, C).

    Rows run down and columns to the right as seen from outside. `keep` (R-1, C-1) leaves cells out.
    """
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    first, second = np.stack([a, b, c], -1), np.stack([a, c, d], -1)
    cells = np.ones(a.shape, dtype=bool) if keep is None else keep
    faces = np.concatenate([first[cells], second[cells]])
    return proper(faces, vertices)


def proper(faces: NDArray[np.int64], vertices: Array) -> Faces:
    """The faces that have an area (a pole's cells lose one triangle)."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    result: Faces = faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-9].astype(np.int32)
    return result


def mirrored(piece: Piece, flip_u: bool = True) -> Piece:
    """The same piece on the subject's right."""
    uv = np.column_stack([1.0 - piece.uv[:, 0], piece.uv[:, 1]]) if flip_u else piece.uv
    return Piece(piece.vertices * (-1.0, 1.0, 1.0), piece.faces[:, ::-1].copy(), uv, piece.part)


def joined(pieces: Sequence[Piece]) -> tuple[Array, Faces, Array, NDArray[np.uint8]]:
    """Vertices (V, 3), faces (F, 3), uv (V, 2) and part numbers (F,) of all pieces, in their order."""
    starts = np.cumsum([0, *(len(piece.vertices) for piece in pieces)])
    faces = [piece.faces + start for piece, start in zip(pieces, starts[:-1], strict=True)]
    parts = [np.full(len(piece.faces), PARTS.index(piece.part)) for piece in pieces]
    return (
        np.concatenate([piece.vertices for piece in pieces]),
        np.concatenate(faces).astype(np.int32),
        np.concatenate([piece.uv for piece in pieces]),
        np.concatenate(parts).astype(np.uint8),
    )


def welded(vertices: Array, groups: NDArray[np.int64]) -> NDArray[np.int32]:
    """(V,) the first vertex of the same group at the same place; seams of the texture vanish in it."""
    keys = np.column_stack([np.round(vertices / 1e-5).astype(np.int64), groups])
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first[inverse.reshape(-1)].astype(np.int32)


def mirror(vertices: Array, faces: Faces, part: NDArray[np.uint8]) -> NDArray[np.int32]:
    """(V,) for each vertex the one of the same part at the mirrored place (x to -x), to within 1e-4 mm."""
    owner = np.zeros(len(vertices), dtype=np.int64)
    owner[faces] = part[:, None]
    places = np.column_stack([owner, np.round(vertices / 1e-4)]).astype(np.int64)
    _, name = np.unique(np.concatenate([places, places * (1, -1, 1, 1)]), axis=0, return_inverse=True)
    here, there = np.split(name.reshape(-1), 2)
    first = np.zeros(name.max() + 1, dtype=np.int32)
    first[here[::-1]] = np.arange(len(vertices), dtype=np.int32)[::-1]
    return first[there]
