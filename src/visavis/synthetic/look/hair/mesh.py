"""Triangles of hair: ribbons along lines, sheets between neighbouring lines, and the cap on the scalp."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.look.dome import CENTRE, dome

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in millimetres of the template's frame.

    Attributes:
        points: (V, 3) mm.
        faces: (F, 3) indices.
        uv: (V, 2) place in the texture, v from root to tip.
        normals: (V, 3) unit.
        occlusion: (V,) 1 open, 0 hidden from the sky.
    """

    points: Array
    faces: NDArray[np.int32]
    uv: Array
    normals: Array
    occlusion: Array


def joined(meshes: list[Mesh]) -> Mesh:
    """One mesh of several that share a texture."""
    starts = np.cumsum([0] + [len(mesh.points) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.points for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]).astype(np.int32),
        np.concatenate([mesh.uv for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.occlusion for mesh in meshes]),
    )


def ribbons(
    lines: Array,
    width: ArrayLike,
    tiles: Array,
    twist: ArrayLike = 0.0,
    occlusion: ArrayLike = 1.0,
    roundness: float = 0.55,
) -> Mesh:
    """A strip along every line, facing outwards.

    Args:
        lines: (n, k, 3) mm, root to tip.
        width: (n,) or number, mm at the widest.
        tiles: (n, 2) left and right end in u of each strip's part of the texture.
        twist: (n,) or number, turn about its line, radians.
        occlusion: (n,), (n, k) or number.
        roundness: how much the normals turn from edge to edge, 0 flat.
    """
    n, k = lines.shape[:2]
    along = _unit(np.gradient(lines, axis=1))
    outward = volume_normals(lines.reshape(-1, 3)).reshape(n, k, 3)
    across = _unit(np.cross(along, outward))
    facing = np.cross(across, along)
    turn = np.broadcast_to(np.asarray(twist, dtype=float), n)[:, None, None]
    across = across * np.cos(turn) + facing * np.sin(turn)
    half = (np.broadcast_to(np.asarray(width, dtype=float), n) / 2)[:, None, None]
    points = np.stack([lines - half * across, lines + half * across], axis=2)
    tilt = roundness * np.stack([-across, across], axis=2)
    normals = _unit(0.75 * outward[:, :, None] + 0.25 * facing[:, :, None] + tilt)
    v = np.broadcast_to(np.linspace(0.0, 1.0, k)[None, :, None], (n, k, 2))
    u = np.broadcast_to(tiles[:, None, :], (n, k, 2))
    shade = np.asarray(occlusion, dtype=float)
    shade = np.broadcast_to(shade if shade.ndim == 2 else np.broadcast_to(shade, n)[:, None], (n, k))
    return Mesh(
        points.reshape(-1, 3),
        _ladder_faces(n, k),
        np.stack([u, v], axis=-1).reshape(-1, 2),
        normals.reshape(-1, 3),
        np.repeat(shade.reshape(-1), 2),
    )


def lifted(mesh: Mesh, least: float = 0.3) -> Mesh:
    """The mesh with every point of the upper head at least this far above the scalp, mm: edges of ribbons dip."""
    low = (mesh.points[:, 1] > 0.0) & (dome().height(mesh.points) < least)
    points = mesh.points.copy()
    points[low] = dome().at_height(points[low], least)
    return replace(mesh, points=points)


def sheet(lines: Array, u: Array, occlusion: float = 0.6, longest: float = 60.0, v_end: float = 1.0) -> Mesh:
    """A curtain between neighbouring lines.

    Args:
        lines: (n, k, 3) mm, root to tip, in order.
        u: (n,) place of each line across the texture.
        occlusion: of the whole curtain.
        longest: neighbours further apart than this, mm, are not joined.
        v_end: v at the tips.
    """
    n, k = lines.shape[:2]
    i, j = np.meshgrid(np.arange(n - 1), np.arange(k - 1), indexing="ij")
    a, b = (i * k + j).ravel(), ((i + 1) * k + j).ravel()
    apart = np.linalg.norm(lines[1:] - lines[:-1], axis=-1)
    whole = (np.maximum(apart[:, :-1], apart[:, 1:]) < longest).ravel()
    faces = np.concatenate([np.stack([a, b, a + 1], -1)[whole], np.stack([b, b + 1, a + 1], -1)[whole]])
    uv = np.stack(np.broadcast_arrays(u[:, None], np.linspace(0.0, v_end, k)[None]), axis=-1)
    points = lines.reshape(-1, 3)
    return Mesh(points, faces.astype(np.int32), uv.reshape(-1, 2), volume_normals(points), np.full(n * k, occlusion))


def volume_normals(points: Array) -> Array:
    """(n, 3) normals of a full head of hair: of the scalp on the head, away from the neck below it."""
    outward = dome().normals(points)
    axis = points - np.array([0.0, 0.0, -30.0])
    axis[:, 1] = 0.0
    low = np.clip((-20.0 - points[:, 1]) / 70.0, 0.0, 1.0)[:, None]
    return _unit(outward * (1.0 - low) + _unit(axis) * low)


@cache
def cap_grid(columns: int = 41, rows: int = 18, low: float = 2.25) -> tuple[Array, Array, NDArray[np.int32], Array]:
    """The scalp as a grid around the whorl: points (rows, columns, 3) mm on the skin, normals, faces and uv.

    u runs around the whorl, v from it outwards to the polar angle `low`, so that v follows the growth of the hair.
    """
    directions = cap_directions(np.linspace(0, 1, columns)[None, :], np.linspace(0, 1, rows)[:, None], low)
    points = dome().at_height((CENTRE + 90.0 * directions).reshape(-1, 3), 0.0)
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    faces = np.concatenate([np.stack([a, a + columns, a + 1], -1), np.stack([a + 1, a + columns, a + columns + 1], -1)])
    uv = np.stack(np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows)), axis=-1).reshape(-1, 2)
    return points, dome().normals(points), faces.astype(np.int32), uv


def cap_directions(u: Array, v: Array, low: float = 2.25) -> Array:
    """(..., 3) unit directions from the middle of the head of the cap's u (around) and v (outwards)."""
    polar, turn = np.broadcast_arrays(v * low, (u - 0.5) * 2 * np.pi)
    x, y, z = np.sin(polar) * np.sin(turn), np.cos(polar), np.sin(polar) * np.cos(turn)
    # The whorl lies behind the highest point.
    back = -0.42
    return np.stack([x, y * np.cos(back) - z * np.sin(back), y * np.sin(back) + z * np.cos(back)], axis=-1)


def _ladder_faces(n: int, k: int) -> NDArray[np.int32]:
    """Faces of n strips of k pairs of points."""
    a = 2 * (np.arange(n)[:, None] * k + np.arange(k - 1)[None, :]).ravel()
    return np.concatenate([np.stack([a, a + 1, a + 2], -1), np.stack([a + 1, a + 3, a + 2], -1)]).astype(np.int32)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9))
