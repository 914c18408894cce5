"""What is worn on a head follows its shape: the displacement of the scalp, carried to points around it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import PARTS, Head
from visavis.synthetic.look.dome import CENTRE, directions, dome
from visavis.synthetic.render import Surface

Array = NDArray[np.float64]

_ROWS, _COLUMNS, _NEAREST = 13, 25, 10
_REACH = 11.0
"""mm over which the displacement of the surface is averaged."""


class Same:
    """A head as the key of a cache: equal to itself alone, since its arrays cannot be hashed."""

    def __init__(self, head: Head) -> None:
        self.head = head

    def __hash__(self) -> int:
        return id(self.head)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.head is self.head


def carried(points_mm: Array, head: Head, shaped: Array) -> NDArray[np.float32]:
    """Points of the template's neighbourhood moved along with a shaped head.

    Args:
        points_mm: (n, 3) mm in the frame of the template.
        head: whose template that is.
        shaped: (V, 3) vertices of the person, m.

    Returns:
        (n, 3) metres. Below the chin the displacement fades, to nothing on the shoulders.
    """
    index, weight = _anchors(Same(head))
    moved = np.einsum("agk,agkc->agc", weight, (shaped[index] - head.template[index])) * 1000.0
    ray = points_mm - CENTRE
    polar = np.arccos(np.clip(ray[:, 1] / np.linalg.norm(ray, axis=1), -1, 1)) * ((_ROWS - 1) / np.pi)
    turn = (np.arctan2(ray[:, 0], ray[:, 2]) / (2 * np.pi) + 0.5) * (_COLUMNS - 1)
    r, c = np.minimum(polar.astype(np.intp), _ROWS - 2), np.minimum(turn.astype(np.intp), _COLUMNS - 2)
    fr, fc = (polar - r)[:, None], (turn - c)[:, None]
    shift = (moved[r, c] * (1 - fc) + moved[r, c + 1] * fc) * (1 - fr) + (
        moved[r + 1, c] * (1 - fc) + moved[r + 1, c + 1] * fc
    ) * fr
    share = np.clip((points_mm[:, 1] + 190.0) / 90.0, 0.0, 1.0)[:, None]
    return np.asarray((points_mm + shift * share) * 1e-3, dtype=np.float32)


def head_share(points_mm: Array) -> Array:
    """(n,) how far points turn with the head rather than stay with the shoulders: 1 on the head, 0 on the chest."""
    share = np.clip((points_mm[:, 1] + 185.0) / 95.0, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share))


def moved(surface: Surface, head_move: Array, body_move: Array) -> Surface:
    """Hair or headgear at rest carried along with head and body: long hair stays on the shoulders.

    Args:
        surface: at rest, m.
        head_move: (4, 4) of the neck joint from rest to the pose, m.
        body_move: (4, 4) of the root joint.
    """
    share = head_share(surface.vertices.astype(np.float64) * 1000.0)[:, None].astype(np.float32)
    head, body = (np.asarray(move, dtype=np.float32) for move in (head_move, body_move))
    vertices = share * (surface.vertices @ head[:3, :3].T + head[:3, 3])
    vertices += (1 - share) * (surface.vertices @ body[:3, :3].T + body[:3, 3])
    normals = surface.normals
    if normals is not None:
        normals = share * (normals @ head[:3, :3].T) + (1 - share) * (normals @ body[:3, :3].T)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.float32(1e-6))
    return replace(surface, vertices=vertices, normals=normals)


@lru_cache(maxsize=4)
def _anchors(key: Same) -> tuple[NDArray[np.intp], Array]:
    """Vertices (rows, columns, k) near each direction from the middle of the head, and their weights."""
    head = key.head
    polar, turn = np.meshgrid(np.linspace(0, np.pi, _ROWS), np.linspace(-np.pi, np.pi, _COLUMNS), indexing="ij")
    places = dome().at_height((CENTRE + 90.0 * directions(polar, turn)).reshape(-1, 3), 0.0)
    skin = np.unique(head.faces[head.part == PARTS.index("skin")])
    skin = np.setdiff1d(skin, np.concatenate([head.regions["left_ear"], head.regions["right_ear"]]))
    apart = np.linalg.norm(places[:, None] - head.template[skin][None] * 1000.0, axis=-1)
    nearest = np.argpartition(apart, _NEAREST, axis=1)[:, :_NEAREST]
    distance = np.take_along_axis(apart, nearest, axis=1)
    weight = np.exp(-(((distance - distance.min(axis=1, keepdims=True)) / _REACH) ** 2))
    weight /= weight.sum(axis=1, keepdims=True)
    shape = (_ROWS, _COLUMNS, _NEAREST)
    return skin[nearest].reshape(shape), weight.reshape(shape)
