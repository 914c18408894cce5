"""A surgical face mask: cloth stretched over nose, cheeks and chin of a posed head."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head import PARTS, Head
from visavis.synthetic.look.follow import Same
from visavis.synthetic.look.frame_parts import rod, united
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Material, Surface

Array = NDArray[np.float64]

_ROWS, _COLUMNS = 19, 29
_AXIS = 15.0
"""z in mm of the vertical axis that the mask is wrapped around."""
_SIDE = np.radians(66.0)
_OFF = 2.0
"""mm between the skin and the cloth."""
MASK_COLOURS = ((0.30, 0.52, 0.68), (0.78, 0.78, 0.77), (0.02, 0.02, 0.022), (0.55, 0.66, 0.60))
"""Linear RGB of common masks: blue, white, black, green."""


def mask_surfaces(head: Head, posed: Array, colour: Sequence[float] = MASK_COLOURS[0]) -> tuple[Surface, ...]:
    """A mask on a head in any pose; nothing needs to be moved afterwards.

    Args:
        head: the head model.
        posed: (V, 3) its vertices with expression and pose, m; the mask follows the jaw.
        colour: linear RGB in [0, 1].

    Raises:
        InvalidInput: a colour out of range.
    """
    paint = np.asarray(colour, dtype=float)
    if paint.shape != (3,) or not ((paint >= 0) & (paint <= 1)).all():
        raise InvalidInput(f"mask colour {colour!r}: needs three numbers in [0, 1], linear RGB")
    turn, shift = _rest_of(head, np.asarray(posed, dtype=float))
    points = (posed - shift) @ turn * 1000.0
    cloth = _cloth(head, points)
    loops = _loops(head, points, cloth)
    uv = np.stack(np.meshgrid(np.linspace(0, 1, _COLUMNS), np.linspace(0, 1, _ROWS)), axis=-1).reshape(-1, 2)
    i, j = np.meshgrid(np.arange(_ROWS - 1), np.arange(_COLUMNS - 1), indexing="ij")
    a = (i * _COLUMNS + j).ravel()
    faces = np.concatenate(
        [np.stack([a, a + _COLUMNS, a + 1], -1), np.stack([a + 1, a + _COLUMNS, a + _COLUMNS + 1], -1)]
    )

    def back(millimetres: Array) -> NDArray[np.float32]:
        return np.asarray(millimetres.reshape(-1, 3) * 1e-3 @ turn.T + shift, dtype=np.float32)

    strings = united(loops)
    return (
        Surface(back(cloth), faces.astype(np.int32), uv.astype(np.float32), _material(paint)),
        Surface(
            back(strings[0]), strings[1], np.full((len(strings[0]), 2), 0.02, np.float32), _material(0.5 + 0.3 * paint)
        ),
    )


def _rest_of(head: Head, posed: Array) -> tuple[Array, Array]:
    """Rotation and shift (m) that the skull made from the template to the pose (Kabsch, 1976)."""
    index = head.regions["scalp"]
    rest, now = head.template[index], posed[index]
    middle, here = rest.mean(axis=0), now.mean(axis=0)
    u, _, vt = np.linalg.svd((rest - middle).T @ (now - here))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    turn = vt.T @ flip @ u.T
    return turn, here - turn @ middle


@cache
def _pleats() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tilt and occlusion of three folds across the cloth."""
    v, u = np.meshgrid((np.arange(96) + 0.5) / 96, (np.arange(96) + 0.5) / 96, indexing="ij")
    height, dark = np.zeros_like(v), np.ones_like(v)
    for at in (0.33, 0.5, 0.67):
        bow = at + 0.05 * (at - 0.4) * np.cos((u - 0.5) * np.pi) ** 2
        height += 1.6 / (1 + np.exp((v - bow) / 0.006)) * np.clip(np.minimum(u, 1 - u) * 9, 0, 1)
        dark -= 0.25 * np.exp(-(((v - bow - 0.01) / 0.012) ** 2))
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    height += 0.5 / (1 + np.exp((edge - 0.045) / 0.004))
    slope_v, slope_u = np.gradient(height)
    return np.stack([slope_u, slope_v], -1).astype(np.float32), np.clip(dark, 0.5, 1).astype(np.float32)


def _material(paint: Array) -> Material:
    tilt, dark = _pleats()
    albedo = np.broadcast_to(np.clip(paint, 0, 1).astype(np.float32), (*dark.shape, 3))
    return Material(
        name="mask", albedo=albedo, parsing=PARSING.index("cloth"), tilt=tilt, occlusion=dark, wrap=(0.3, 0.3, 0.3),
        specular=0.02, shininess=(5.0, 20.0), two_sided=True,
    )  # fmt: skip


def _cloth(head: Head, points: Array) -> Array:
    """(rows, columns, 3) mm: a membrane around the axis, stretched over what it covers."""
    skin = _front(Same(head))
    x, y, z = points[skin].T
    middle = float(points[head.regions["nose"], 0].mean())
    chin = points[skin[np.abs(head.template[skin, 0]) < 0.012], :]
    foremost = chin[:, 2] > min(80.0, float(chin[:, 2].max()) - 15.0)  # of whatever chin there is
    low = float(chin[foremost, 1].min()) - 5.0
    azimuth = np.linspace(-_SIDE, _SIDE, _COLUMNS)
    share = np.abs(azimuth / _SIDE)
    top = -16.0 + 10.0 * np.exp(-((azimuth / 0.16) ** 2)) - 15.0 * share**2
    bottom = low * (1 - 0.36 * share**2.2)
    v = np.linspace(0, 1, _ROWS)[:, None]
    height = top + (bottom - top) * v
    radius = np.hypot(x - middle, z - _AXIS)
    around = np.arctan2(x - middle, z - _AXIS)
    surface = _highest(around, y, radius, azimuth, height)
    cloth = surface.copy()
    for _ in range(60):
        smooth = cloth.copy()
        smooth[1:-1, 1:-1] = (cloth[:-2, 1:-1] + cloth[2:, 1:-1] + cloth[1:-1, :-2] + cloth[1:-1, 2:]) / 4
        smooth[0, 1:-1] = (cloth[0, :-2] + cloth[0, 2:]) / 2
        smooth[-1, 1:-1] = (cloth[-1, :-2] + cloth[-1, 2:]) / 2
        cloth = np.maximum(smooth, surface)
    cloth[-1] -= 6.0
    return np.stack([middle + cloth * np.sin(azimuth), height, _AXIS + cloth * np.cos(azimuth)], axis=-1)


@lru_cache(maxsize=4)
def _front(key: Same) -> NDArray[np.intp]:
    """Vertices of the skin before the ears."""
    head = key.head
    skin = np.unique(head.faces[head.part == PARTS.index("skin")])
    return np.asarray(skin[head.template[skin, 2] > 0.0])


def _highest(around: Array, y: Array, radius: Array, azimuth: Array, height: Array) -> Array:
    """(rows, columns) how far the face reaches near each node."""
    step = azimuth[1] - azimuth[0]
    reach = np.empty(height.shape)
    for column, turn in enumerate(azimuth):
        near = np.abs(around - turn) < 1.1 * step
        apart = np.abs(y[near][None, :] - height[:, column][:, None])
        candidate = np.where(apart < 5.5, radius[near][None, :], 0.0)
        reach[:, column] = candidate.max(axis=1)
        empty = reach[:, column] == 0.0
        reach[empty, column] = radius[near][apart.argmin(axis=1)][empty]
    return reach + _OFF


def _loops(head: Head, points: Array, cloth: Array) -> list[tuple[Array, NDArray[np.int32]]]:
    """Two elastic strings around the ears."""
    loops = []
    for column, side, name in ((-1, 1.0, "left_ear"), (0, -1.0, "right_ear")):
        ear = points[head.regions[name]]
        high, back, low = ear[:, 1].max(), ear[:, 2].min(), ear[:, 1].min()
        x = side * (np.abs(ear[:, 0]).min() + 2.0)
        top, bottom = cloth[1, column], cloth[-3, column]
        line = np.array([
            top, (x + side * 2, high - 3.0, 12.0), (x, high - 6.0, back + 10.0), (x, (high + low) / 2, back + 3.0),
            (x - side * 2, low + 8.0, back + 12.0), (x, low, 14.0), bottom,
        ])  # fmt: skip
        loops.append(rod(line, 1.6, 1.6, up=(1.0, 0.0, 0.0)))
    return loops
