"""Eyeballs with a cornea, and the rims of the lids that run inwards to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.mesh import Piece

Array = NDArray[np.float64]

IRIS_RADIUS = 5.9
"""Radius of the iris on the eyeball, mm."""
_SEGMENTS = 20
_RINGS = np.radians([8, 15, 22, 27, 31, 36, 46, 60, 80, 105])
_CORNEA_HEIGHT = 0.75
_UNDER = 2.8
"""mm that the rims of the lids end under the eyeball's surface: wide eyes draw them out."""


def eyeball() -> Piece:
    """The left eyeball; uv is the distance from the pupil as an angle: centre 0.5, 0.5, radius 0.5 at 180 degrees."""
    turn = np.arange(_SEGMENTS) * 2 * np.pi / _SEGMENTS
    angle, turn = (a.reshape(-1) for a in np.broadcast_arrays(_RINGS[:, None], turn))
    angle, turn = np.concatenate([[0.0], angle]), np.concatenate([[0.0], turn])
    radius = anatomy.EYE_RADIUS + _cornea(angle)
    across = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    points = radius[:, None] * np.column_stack([np.sin(angle)[:, None] * across, np.cos(angle)])
    uv = 0.5 + (0.5 * angle / np.pi)[:, None] * across * (1.0, -1.0)
    return Piece(points + np.array(anatomy.EYE_CENTRE), _faces(), uv, "eye")


def _cornea(angle: Array) -> Array:
    edge = np.arcsin(IRIS_RADIUS / anatomy.EYE_RADIUS)
    result: Array = _CORNEA_HEIGHT * np.clip(1.0 - (angle / edge) ** 2, 0.0, None) ** 1.5
    return result


def _faces() -> NDArray[np.int32]:
    ring = np.arange(_SEGMENTS)
    after = np.roll(ring, -1)
    faces = [np.column_stack([np.zeros_like(ring), 1 + ring, 1 + after])]
    for k in range(len(_RINGS) - 1):
        a, b = 1 + k * _SEGMENTS, 1 + (k + 1) * _SEGMENTS
        faces += [np.column_stack([a + ring, b + ring, b + after]), np.column_stack([a + ring, b + after, a + after])]
    return np.concatenate(faces).astype(np.int32)


def lid_rims(margin: Array) -> Array:
    """(2, N, 3) rings behind the lids' margin (N, 3): the edge as thick as a lid, then under the eyeball's surface."""
    centre = np.array(anatomy.EYE_CENTRE)
    away = margin - centre
    radius = np.linalg.norm(away, axis=1, keepdims=True)
    beyond = np.maximum(radius - anatomy.LID_RADIUS, 0.0)
    edge = np.minimum(radius - 0.4, anatomy.EYE_RADIUS + 0.3 + 0.55 * beyond)
    result: Array = centre + away / radius * np.stack([edge, np.full_like(edge, anatomy.EYE_RADIUS - _UNDER)])
    return result
