"""Rods and plates: the parts that spectacles and the loops of masks are built of."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Piece = tuple[Array, NDArray[np.int32]]
"""(V, 3) points in mm and (F, 3) faces."""


def rod(
    line: Array, across: ArrayLike, thick: ArrayLike, closed: bool = False, up: ArrayLike = (0.0, 0.0, 1.0)
) -> Piece:
    """A bar of rectangular section with bevelled normals along a line.

    Args:
        line: (n, 3) mm.
        across: width at right angles to `up` and the line, mm; one number or (n,).
        thick: depth along `up`, mm; one number or (n,).
        closed: whether the last point is followed by the first.
        up: (3,) direction of the thickness.
    """
    n = len(line)
    along = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0) if closed else np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, np.asarray(up, dtype=float))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    top = np.cross(side, along)
    w, t = (np.broadcast_to(np.asarray(value, dtype=float) / 2, n)[:, None] for value in (across, thick))
    points = np.stack(
        [line + w * side + t * top, line + w * side - t * top, line - w * side - t * top, line - w * side + t * top], 1
    )
    i = np.arange(n if closed else n - 1)
    j = (i + 1) % n
    faces = []
    for a, b in ((0, 1), (1, 2), (2, 3), (3, 0)):
        faces += [np.stack([4 * i + a, 4 * j + a, 4 * i + b], -1), np.stack([4 * i + b, 4 * j + a, 4 * j + b], -1)]
    return points.reshape(-1, 3), np.concatenate(faces).astype(np.int32)


def plate(rim: Array, middle: Array) -> Piece:
    """A fan of triangles that closes a rim (n, 3) around its middle (3,)."""
    n = len(rim)
    i = np.arange(n)
    return np.vstack([middle, rim]), np.stack([0 * i, 1 + i, 1 + (i + 1) % n], -1).astype(np.int32)


def united(pieces: list[Piece]) -> Piece:
    """All pieces as one."""
    starts = np.cumsum([0] + [len(points) for points, _ in pieces[:-1]])
    faces = [faces + start for (_, faces), start in zip(pieces, starts, strict=True)]
    return np.concatenate([points for points, _ in pieces]), np.concatenate(faces).astype(np.int32)
