"""Lines along which hair falls: from the root over the head and, when long, down to the shoulders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.look.dome import azimuth_of, dome
from visavis.synthetic.look.torso import above_torso

Array = NDArray[np.float64]
Comb = Callable[[Array], Array]
"""From (n, 3) points in mm to (n, 3) directions in which the hair is combed there, of any length."""

_FACE_Y = np.array([-230.0, -170, -115, -70, -30, 5, 35, 55, 70, 86, 110])
_FACE_OPEN = np.array([12.0, 22, 40, 57, 64, 64, 57, 44, 26, 0, 0])


@dataclass(frozen=True)
class Fall:
    """How hair falls.

    Attributes:
        comb: directions near the scalp.
        gravity: weight of falling against being combed; 1 hangs, 0.2 is held by product.
        stiffness: share of its last direction that a step keeps, 0..1; high values make wide bows.
        lift: height above the scalp that a lock rises to, mm.
        open_face: factor on the angle that is kept free around the face; 0 lets hair fall over the face.
        over_ears: whether hair passes over the ears rather than behind them.
        divide: z in mm behind which hair falls to the back and before which it falls to the chest.
    """

    comb: Comb
    gravity: float = 0.6
    stiffness: float = 0.5
    lift: float = 6.0
    open_face: float = 1.0
    over_ears: bool = True
    divide: float = -22.0


def trace(roots: Array, length: ArrayLike, fall: Fall, steps: int, lift: ArrayLike = 1.0) -> Array:
    """Follow hair from its roots.

    Args:
        roots: (n, 3) points in mm.
        length: (n,) or one number, mm.
        fall: how the hair falls.
        steps: pieces per line.
        lift: (n,) or one number, factor on `fall.lift`.

    Returns:
        (n, steps + 1, 3) points in mm from root to tip.
    """
    ball = dome()
    points = np.array(roots, dtype=float)
    stride = (np.broadcast_to(np.asarray(length, dtype=float), points.shape[:1]) / steps)[:, None]
    rise = fall.lift * np.broadcast_to(np.asarray(lift, dtype=float), points.shape[:1])
    heading = fall.comb(points)
    heading = heading / _norm(heading)
    line = [points]
    for k in range(1, steps + 1):
        normal = ball.normals(points)
        wish = fall.comb(points)
        wish = wish / _norm(wish)
        # What hangs from an overhang or beyond the scalp no longer feels the comb.
        held = np.clip(normal[:, 1:2] * 2.2 + 0.55, 0.0, 1.0)
        wish = wish * held * (1.0 - 0.8 * fall.gravity * (1 - held)) + _down(points, fall.divide) * (
            fall.gravity * (1.0 - 0.55 * held)
        )
        heading = fall.stiffness * heading + (1.0 - fall.stiffness) * wish / _norm(wish)
        heading = heading / _norm(heading)
        points = points + stride * heading
        target = rise * (1.0 - np.exp(-k * stride[:, 0] / 14.0)) + 0.8
        settled = _settle(points, target, held[:, 0], fall)
        heading = settled - line[-1]
        heading = heading / _norm(heading)
        points = settled
        line.append(points)
    return _rounded(np.stack(line, axis=1))


def _rounded(lines: Array) -> Array:
    """Lines whose kinks, where hair meets a shoulder, are worn off."""
    for _ in range(2):
        inner = 0.25 * lines[:, :-2] + 0.5 * lines[:, 1:-1] + 0.25 * lines[:, 2:]
        lines = np.concatenate([lines[:, :1], inner, lines[:, -1:]], axis=1)
    return lines


def _settle(points: Array, target: Array, held: Array, fall: Fall) -> Array:
    """Points laid onto the scalp where hair is held, and kept out of head, face, ears and shoulders everywhere."""
    points = _keep_face_free(points, fall)
    ball = dome()
    height = ball.height(points)
    clear = target + (_ear_bump(points) if fall.over_ears else 0.0)
    onto = np.where(height > clear, height + (clear - height) * held, clear)
    on_head = np.clip((points[:, 1] + 100.0) / 30.0, 0.0, 1.0)
    points = ball.at_height(points, height + (onto - height) * on_head)
    points = _off_the_neck(points, target)
    above, normal = above_torso(points)
    # Hair slides off a shoulder forwards or backwards, hardly sideways.
    slide = normal * np.array([0.25, 1.0, 1.0])
    return np.asarray(points + slide * np.maximum(target * 0.7 + 3.0 - above, 0.0)[:, None])


def _down(points: Array, divide: float) -> Array:
    """(n, 3) the way hanging hair takes: straight down, and before the shoulders to the chest or to the back."""
    near = np.clip(1.0 - np.abs(points[:, 1] + 125.0) / 75.0, 0.0, 1.0)
    return np.stack(
        [
            -0.06 * near * np.sign(points[:, 0]),
            np.full(len(points), -1.0),
            0.75 * near * np.tanh((points[:, 2] - divide) / 12.0),
        ],
        axis=-1,
    )


def _keep_face_free(points: Array, fall: Fall) -> Array:
    """Turn points out of the window of the face."""
    azimuth = azimuth_of(points)
    least = np.radians(np.interp(points[:, 1], _FACE_Y, _FACE_OPEN)) * fall.open_face
    if not fall.over_ears:
        behind = np.clip(1.0 - np.abs(points[:, 1] + 20.0) / 60.0, 0.0, 1.0) ** 0.5
        least = np.maximum(least, np.radians(104.0) * behind)
    side = np.where(points[:, 0] >= 0, 1.0, -1.0)
    turned = side * np.maximum(np.abs(azimuth), least)
    radius = np.hypot(points[:, 0], points[:, 2])
    # Hair hanging before the chest lies outside the face's window and is left alone.
    return np.stack([radius * np.sin(turned), points[:, 1], radius * np.cos(turned)], axis=-1)


def _ear_bump(points: Array) -> Array:
    """(n,) mm by which hair stands off over the ears."""
    turn = np.abs(azimuth_of(points))
    return np.asarray(17.0 * np.exp(-(((turn - 1.72) / 0.38) ** 2) - (((points[:, 1] + 17.0) / 36.0) ** 2)))


def _off_the_neck(points: Array, target: Array) -> Array:
    """Points pushed out of the neck's cylinder below the head."""
    out = points[:, [0, 2]] - np.array([0.0, -26.0])
    distance = np.hypot(out[:, 0], out[:, 1])
    reach = np.where(points[:, 1] < -55.0, 57.0 + target, 0.0)
    scale = np.maximum(reach / np.maximum(distance, 1e-6), 1.0)
    return np.stack([out[:, 0] * scale, points[:, 1], out[:, 1] * scale - 26.0], axis=-1)


def away_from(part: Array, lean: Array) -> Comb:
    """Comb away from a parting.

    Args:
        part: (2, 3) its ends, mm; equal ends make a whorl.
        lean: (3,) added to the unit direction, such as (0, 0, -0.5) to comb backwards.
    """
    start, along = part[0], part[1] - part[0]
    squared = max(float(along @ along), 1e-6)

    def comb(points: Array) -> Array:
        place = np.clip((points - start) @ along / squared, 0.0, 1.0)
        away = points - (start + place[:, None] * along)
        # The way along the surface: what of it points into the head is not combed.
        normal = dome().normals(points)
        away = away / _norm(away) + lean
        return np.asarray(away - normal * np.einsum("ij,ij->i", away, normal)[:, None] + 1e-6)

    return comb


def hanging(points: Array) -> Array:
    """Not combed at all: straight down."""
    return np.broadcast_to(np.array([0.0, -1.0, 0.0]), points.shape)


def _norm(vectors: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None] + 1e-9)
