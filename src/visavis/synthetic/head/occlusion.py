"""How much of the sky a point of the head sees: the average head's hiding places, and this person's own hollows."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import ramp
from visavis.synthetic.head.model import Head
from visavis.synthetic.head.template import Template, template

Array = NDArray[np.float64]

_DIRECTIONS, _PIXEL = 40, 2.4
_HOLLOWS = ((3, 0.15), (12, 0.060))
"""Steps of smoothing and darkening per mm that a point lies below the smoothed skin."""


def occlusion(head: Head, shaped: Array) -> NDArray[np.float32]:
    """(V,) ambient visibility in 0.1..1 of a shaped or posed stand-in head (V, 3), metres.

    Two parts: what hides the sky on the average head (baked once per process), and how far a point of this person lies
    below the smoothed skin around it, at two scales. A head of another layout is given 1 everywhere.
    """
    mesh = template()
    if len(shaped) != len(mesh.vertices):
        return np.ones(len(shaped), dtype=np.float32)
    light = _baked().copy()
    points = shaped[mesh.grid] * 1e3
    normals = head.normals(shaped)[mesh.grid]
    hollow, smooth, done = np.ones(mesh.grid.shape), points, 0
    for steps, strength in _HOLLOWS:
        for _ in range(steps - done):
            smooth = _blur(smooth)
        done = steps
        hollow *= 1.0 - np.clip(strength * np.einsum("rcd,rcd->rc", smooth - points, normals), 0.0, 0.5)
    light[mesh.grid] *= np.maximum(hollow, 0.4)
    return np.clip(light, 0.1, 1.0).astype(np.float32)


def _blur(points: Array) -> Array:
    """One binomial step along rows and columns; columns wrap round the head."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    points = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    around = np.concatenate([points[:, -2:-1], points, points[:, 1:2]], axis=1)
    return 0.25 * around[:, :-2] + 0.5 * around[:, 1:-1] + 0.25 * around[:, 2:]


@cache
def _baked() -> Array:
    """(V,) visibility on the average head."""
    mesh = template()
    light = _visibility(mesh) ** 1.15
    light[mesh.grid] = _blur(light[mesh.grid][..., None])[..., 0]
    x, y, z = mesh.vertices.T
    rings = mesh.pieces["bag"].reshape(6, -1)
    light[rings] = np.array([0.69, 0.67, 0.65, 0.6, 0.5, 0.4])[:, None]
    light[mesh.pieces["lips"]] = np.array([0.62, 0.5])[:, None]
    for side in ("left", "right"):
        light[mesh.pieces[f"{side}_rim"]] = np.array([0.72, 0.35])[:, None]
        index = mesh.pieces[f"{side}_eye"]
        across, up = np.abs(x[index]) - anatomy.EYE_CENTRE[0], y[index] - anatomy.EYE_CENTRE[1]
        light[index] = np.clip(1.0 - 0.075 * np.maximum(up + 1.0, 0) - 0.022 * np.abs(across), 0.3, 1.0)
    light[mesh.pieces["teeth"]] = 0.9 * ramp(z[mesh.pieces["teeth"]], 55.0, 92.0) + 0.1
    light[mesh.pieces["tongue"]] = 0.5 + 0.5 * ramp(z[mesh.pieces["tongue"]], 40.0, 88.0)
    return np.clip(light, 0.1, 1.0)


def _visibility(mesh: Template) -> Array:
    """(V,) cosine-weighted share of the sky over each vertex, from depth maps along directions of one half of it.

    The head is its own mirror image, so the other half of the sky is what the mirrored vertices see.
    """
    cloud, normals = _cloud(mesh), _normals(mesh)
    seen, total = np.zeros(len(mesh.vertices)), np.full(len(mesh.vertices), 1e-9)
    for direction in _sphere(_DIRECTIONS):
        cosine = normals @ direction
        facing = np.flatnonzero(cosine > 0.05)
        right = np.cross(direction, (0.0, 0.0, 1.0) if abs(direction[2]) < 0.9 else (0.0, 1.0, 0.0))
        frame = np.stack([right, np.cross(direction, right), direction])
        frame /= np.linalg.norm(frame, axis=1, keepdims=True)
        across, up, depth = frame @ cloud.T
        pixel = _pixels(up) * 256 + _pixels(across)
        nearest = np.full(256 * 256, -np.inf)
        np.maximum.at(nearest, pixel, depth)
        weight = cosine[facing]
        slack = np.minimum(1.8 + _PIXEL * np.sqrt(1 - np.minimum(weight, 1.0) ** 2) / weight, 10.0)
        seen[facing] += weight * (depth[facing] >= nearest[pixel[facing]] - slack)
        total[facing] += weight
    result: Array = (seen + seen[mesh.mirror]) / (total + total[mesh.mirror])
    return result


def _pixels(along: Array) -> NDArray[np.int64]:
    result: NDArray[np.int64] = np.minimum((along - along.min()) / _PIXEL, 255).astype(np.int64)
    return result


def _cloud(mesh: Template) -> Array:
    """(n, 3) the vertices, then the triangles' centres and the middles of their long edges."""
    corners = mesh.vertices[mesh.faces]
    middles = [corners[:, [k, k - 1]].mean(axis=1) for k in range(3)]
    long = [np.linalg.norm(corners[:, k] - corners[:, k - 1], axis=1) > 1.5 * _PIXEL for k in range(3)]
    return np.concatenate(
        [mesh.vertices, corners.mean(axis=1), *(m[far] for m, far in zip(middles, long, strict=True))]
    )


def _sphere(count: int) -> Array:
    """(count, 3) directions spread evenly (Fibonacci)."""
    k = np.arange(count) + 0.5
    height, turn = 1.0 - 2.0 * k / len(k), k * np.pi * (3.0 - np.sqrt(5.0))
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(turn), height, radius * np.sin(turn)], axis=-1)


def _normals(mesh: Template) -> Array:
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    areas, total = np.cross(b - a, c - a), np.zeros_like(mesh.vertices)
    for k in range(3):
        np.add.at(total, mesh.weld[mesh.faces[:, k]], areas)
    total = total[mesh.weld]
    result: Array = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return result
