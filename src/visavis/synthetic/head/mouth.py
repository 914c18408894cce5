"""Inside the lips: the wet inner lips, the bag of the mouth, two arches of teeth and the tongue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.mesh import Piece, grid_faces

Array = NDArray[np.float64]

# Rings behind the parting: how far back (mm), how far up or down (mm), scale of x.
INNER_LIPS = np.array([(1.3, 0.35, 1.0), (3.4, 0.9, 0.99)])
_BAG = np.array([(3.4, 0.9, 0.99), (6.0, 6.5, 1.04), (13.0, 10.0, 1.18), (26.0, 11.0, 1.2), (40.0, 7.0, 0.7)])
_TEETH = 33
_ARCH_Z = 96.3
"""Front of the upper incisors."""


def rings(loop: Array, table: Array) -> Array:
    """(K, N, 3) rings behind the loop round the mouth: its first half the upper lip, its second half the lower."""
    half = len(loop) // 2
    side = np.where(np.arange(len(loop)) < half, 1.0, -1.0)
    corner = np.sqrt(np.clip(1.0 - (loop[:, 0] / (anatomy.MOUTH_CORNER[0] + 0.5)) ** 2, 0.0, 1.0))
    back, spread, scale = table.T[:, :, None]
    deep = np.clip((back - 3.4) / 3.1, 0.0, 1.0)  # behind the lips the bag is as high at the corners as in the middle
    height = (0.25 + 0.75 * corner) * (1 - deep) + (0.75 + 0.25 * corner) * deep
    middle = loop[:, 1] * (1 - np.minimum(back / 30, 1)) + anatomy.STOMION_Y * np.minimum(back / 30, 1)
    return np.stack([loop[:, 0] * scale, middle + side * spread * height, loop[:, 2] - back], axis=-1)


def bag(loop: Array) -> Piece:
    """The bag from the end of the inner lips to the throat; u runs round the loop, v from lips to throat."""
    layers = rings(loop, _BAG)
    layers = np.concatenate([layers, layers[-1:].mean(axis=1, keepdims=True) + np.zeros_like(layers[-1:])])
    layers = np.concatenate([layers, layers[:, :1]], axis=1)
    rows, columns = layers.shape[:2]
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    vertices = layers.reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(rows, columns)
    return Piece(vertices, grid_faces(index, vertices), np.column_stack([u.ravel(), v.ravel()]), "mouth")


def teeth() -> Piece:
    """Upper and lower arch; v: upper gum 0, necks 0.2, edges 0.5; lower edges 0.5, necks 0.8, gum 1. u across."""
    upper = _arch(np.array([-55.0, -60.5, -64.5, -70.3, -70.6]), _ARCH_Z, back=(-1.5, 0.0, 0.6, 0.0, -2.0))
    lower = _arch(np.array([-70.0, -70.4, -75.0, -79.0, -85.0]), _ARCH_Z - 2.3, back=(-2.0, 0.0, 0.4, 0.0, -1.5))
    v = np.concatenate([[0.0, 0.2, 0.33, 0.48, 0.5], [0.5, 0.52, 0.67, 0.8, 1.0]])
    vertices = np.concatenate([upper, lower]).reshape(-1, 3)
    u = np.broadcast_to(np.linspace(0, 1, _TEETH), (len(v), _TEETH))
    index = np.arange(len(vertices)).reshape(-1, _TEETH)
    faces = np.concatenate([grid_faces(index[:5], vertices), grid_faces(index[5:], vertices)])
    return Piece(vertices, faces, np.column_stack([u.ravel(), np.repeat(v, _TEETH)]), "teeth")


def _arch(heights: Array, front: float, back: tuple[float, ...]) -> Array:
    """(K, _TEETH, 3) rows of an arch of teeth at these heights, pushed forward by `back`."""
    s = np.linspace(-1, 1, _TEETH)
    x = 30.0 * np.sin(s * 1.35) / np.sin(1.35)
    z = front - 36.0 * (1 - np.cos(s * 1.35)) / (1 - np.cos(1.35))
    z = np.asarray(back)[:, None] + z
    return np.stack([*np.broadcast_arrays(x, heights[:, None], z)], axis=-1)


def tongue() -> Piece:
    """A blunt wedge behind the lower teeth; u across, v from tip to root."""
    v, u = np.meshgrid(np.linspace(0, 1, 8), np.linspace(0, 1, 9), indexing="ij")
    across = 2 * u - 1
    round_tip = np.sqrt(1 - (1 - np.minimum(v * 2.2, 1)) ** 2)
    x = 17.0 * across * (0.25 + 0.75 * round_tip)
    y = -78.0 + 10.0 * round_tip - 3.5 * across**2 - 1.2 * np.exp(-((across / 0.18) ** 2))
    z = 89.0 - 42.0 * v - 5.0 * across**2 * (1 - v)
    vertices = np.stack([x, y, z], axis=-1)[::-1].reshape(-1, 3)  # root first, so that rows run down the front
    index = np.arange(len(vertices)).reshape(8, 9)
    uv = np.stack([u, v], axis=-1)[::-1].reshape(-1, 2)
    return Piece(vertices, grid_faces(index, vertices), uv, "tongue")
