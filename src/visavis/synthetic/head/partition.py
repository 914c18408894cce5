"""Walls inside the head: whatever gap a pixel finds beside an eyeball or an ear, it never sees through to the back."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.skull import skull

Array = NDArray[np.float64]
Faces = NDArray[np.int32]

_BEHIND_THE_SKIN = 0.94
_LOWEST, _HIGHEST, _FOREMOST = -95.0, 112.0, 52.0
_ORBIT_RADIUS, _ORBIT_DEPTH = 15.5, 5.0
"""mm around and behind the middle of the eyeball."""


@cache
def partition() -> tuple[Array, Faces]:
    """(n, 3) points in template mm and (m, 3) triangles of all walls."""
    points: list[Array] = []
    faces: list[Faces] = []
    for wall, triangles in (_across(), _along(), _orbit(1.0), _orbit(-1.0)):
        faces.append(triangles + sum(map(len, points)))
        points.append(wall)
    return np.concatenate(points), np.concatenate(faces).astype(np.int32)


def _across() -> tuple[Array, Faces]:
    """From ear to ear, and a little into the ears' folds."""
    heights = np.linspace(_LOWEST, _HIGHEST, 42)
    centre, length = anatomy.EAR_CENTRE, anatomy.EAR_LENGTH
    ear = (heights > centre[1] - 0.35 * length) & (heights < centre[1] + 0.56 * length)
    edges = []
    for side in (1.0, -1.0):
        edge = skull(side * np.pi / 2, heights) * [_BEHIND_THE_SKIN, 1.0, 1.0]
        edge[ear, 0] = side * (np.abs(edge[ear, 0]) / _BEHIND_THE_SKIN + 4.0)
        edge[:, 2] = centre[2] - 8.0
        edges.append(edge)
    return _ladder(*edges)


def _along() -> tuple[Array, Faces]:
    """Along the midline, as far forward as the mouth leaves room."""
    heights = np.linspace(_LOWEST, _HIGHEST, 24)
    front, back = skull(0.0, heights) * _BEHIND_THE_SKIN, skull(np.pi, heights) * _BEHIND_THE_SKIN
    front[:, 1] = back[:, 1] = heights
    front[:, 2] = np.minimum(front[:, 2], _FOREMOST)
    return _ladder(front, back)


def _orbit(side: float) -> tuple[Array, Faces]:
    """A disc behind the eyeball."""
    x, y, z = anatomy.EYE_CENTRE
    turn = np.linspace(0, 2 * np.pi, 13)[:-1]
    rim = np.stack([_ORBIT_RADIUS * np.cos(turn), 0.8 * _ORBIT_RADIUS * np.sin(turn), np.zeros(12)], axis=-1)
    points = np.concatenate([np.zeros((1, 3)), rim]) + np.array([side * x, y, z - _ORBIT_DEPTH])
    corner = np.arange(12)
    return points, np.stack([np.zeros(12, int), 1 + corner, 1 + (corner + 1) % 12], axis=-1).astype(np.int32)


def _ladder(first: Array, second: Array) -> tuple[Array, Faces]:
    """A strip between two lines of points."""
    steps = 2 * np.arange(len(first) - 1)[:, None, None] + np.array([(0, 1, 3), (0, 3, 2)])
    return np.stack([first, second], axis=1).reshape(-1, 3), steps.reshape(-1, 3).astype(np.int32)
