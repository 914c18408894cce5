"""What a face does: displacement fields on the template, one unit = the full movement.

Left and right are the subject's. Lids turn round the eyeball; lips are told apart by the row they belong to, not by
where they are, because closed lips touch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import bell, ramp, spot
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.lids import blink
from visavis.synthetic.head.rig import POSITIONS, lower_mouth
from visavis.synthetic.head.template import Template

Array = NDArray[np.float64]

JAW_OPEN_DEGREES = 13.0
_MOUTH_Y, _CORNER = anatomy.STOMION_Y, anatomy.MOUTH_CORNER[0] + 0.4


class Ground(NamedTuple):
    """What the movements are made from: positions and memberships of all vertices."""

    x: Array
    y: Array
    z: Array
    jaw: Array
    """0..1 share of the lower jaw."""
    lower: Array
    """1 below the line where the lips meet, 0 above."""
    soft: Array
    """0 on eyeballs, teeth, tongue and deep inside the mouth, 1 on skin."""


def expressions(head: Template) -> tuple[tuple[str, ...], Array]:
    """Names and (V, 3, E) fields in mm of all movements."""
    ground = _ground(head)
    fields = {name: np.stack(np.broadcast_arrays(*make(ground)), axis=-1) for name, make in _MOVES.items()}
    fields["jaw_open"] = _jaw_open(head, ground)
    for side, name in ((1.0, "blink_left"), (-1.0, "blink_right")):
        fields[name] = blink(head, side)
    fields["squint"] = fields["squint"] + 0.28 * (fields["blink_left"] + fields["blink_right"])
    fields["eyes_wide"] = fields["eyes_wide"] - 0.22 * (fields["blink_left"] + fields["blink_right"])
    return tuple(fields), np.stack(list(fields.values()), axis=-1)


def _ground(head: Template) -> Ground:
    plan = layout()
    lower = np.zeros(len(head.vertices))
    lower[head.grid[plan.rows["parting_lower"] :]] = 1.0
    soft = np.ones(len(head.vertices))
    for name in ("left_eye", "right_eye", "teeth", "tongue"):
        soft[head.pieces[name]] = 0.0
    n = head.pieces["lips"].shape[1]
    for ring in head.pieces["lips"]:
        lower[ring[n // 2 :]] = 1.0
    bag = head.pieces["bag"].reshape(-1, n + 1)
    lower[bag[:, n // 2 : n]] = 1.0
    soft[bag] = np.array([1.0, 0.8, 0.5, 0.2, 0.0, 0.0])[:, None]
    x, y, z = head.vertices.T
    return Ground(x, y, z, lower_mouth(head), lower, soft)


def _jaw_open(head: Template, g: Ground) -> Array:
    angle = np.radians(JAW_OPEN_DEGREES)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    away = head.vertices - POSITIONS[2]
    move = g.jaw[:, None] * (away @ turn.T - away)
    corner = bell((np.abs(g.x) - 26.0) / 7.0) * bell((g.y - _MOUTH_Y) / 9.0) * ramp(g.z, 50.0, 75.0) * g.soft
    move[:, 0] -= 3.4 * np.sign(g.x) * corner  # an open mouth is narrower
    move[:, 0] -= 1.6 * np.tanh(g.x / 20) * spot(g.x, g.y, g.z, (44, -60, 66), (12, 18, 24)) * g.soft
    result: Array = move
    return result


def _side(g: Ground, side: float) -> Array:
    """1 on that side of the face, 0 on the other, smooth over the midline."""
    return ramp(side * g.x, -7.0, 7.0)


def _corner(g: Ground, height: float = 10.0) -> Array:
    return bell((np.abs(g.x) - 26.0) / 11.0) * bell((g.y - _MOUTH_Y) / height) * ramp(g.z, 45.0, 72.0) * g.soft


def _smile(g: Ground, side: float) -> tuple[Array, Array, Array]:
    """The corner goes out, up and back along the teeth; the lips follow in a curve; the cheek bulges over the fold."""
    w = _side(g, side) * g.soft
    x = np.abs(g.x)
    along = np.where(x < _CORNER, np.clip(x / _CORNER, 0.0, 1.0) ** 1.5, bell((x - _CORNER) / 11.0))
    pull = along * bell((g.y - _MOUTH_Y) / 12.0) * ramp(g.z, 45.0, 72.0) * w
    cheek = spot(g.x, g.y, g.z, (38.0, -34.0, 80.0), (12.0, 11.0, 22.0)) * w
    fold = bell((x - 33.5 + 0.55 * (g.y + 60.0)) / 3.2) * bell((g.y + 57.0) / 10.0) * ramp(g.z, 45.0, 70.0) * w
    upper, lower = _gape(g, False) * w, _gape(g, True) * w
    dy = 5.4 * pull + 0.8 * upper - 0.5 * lower + 2.4 * cheek
    return side * (5.2 * pull + 0.6 * cheek), dy, -4.2 * pull - 1.0 * (upper + lower) + 2.8 * cheek - 1.7 * fold


def _gape(g: Ground, lower: bool) -> Array:
    """1 along the middle of one lip, falling to 0 at the corners as a lens does."""
    member = g.lower if lower else 1.0 - g.lower
    lens = np.clip(1.0 - (g.x / _CORNER) ** 2, 0.0, None) ** 0.8
    beyond = bell(np.maximum(_MOUTH_Y - 6.0 - g.y if lower else g.y - _MOUTH_Y - 4.0, 0.0) / 5.0)
    return member * lens * beyond * ramp(g.z, 70.0, 86.0) * g.soft


def _lip(g: Ground, lower: bool, centre: float = 0.0, width: float = 16.0, height: float = 7.0) -> Array:
    member = g.lower if lower else 1.0 - g.lower
    middle = _MOUTH_Y + (-4.5 if lower else 4.0)
    return (
        member
        * bell((np.abs(g.x) - centre) / width)
        * bell((g.y - middle) / height)
        * ramp(np.abs(g.x), _CORNER, 20.0)
        * ramp(g.z, 70.0, 86.0)
        * g.soft
    )


def _open_smile(g: Ground) -> tuple[Array, Array, Array]:
    left, right = _smile(g, 1.0), _smile(g, -1.0)
    upper, lower = _gape(g, False), _gape(g, True)
    dy = 0.6 * (left[1] + right[1]) + 3.4 * upper - 4.2 * lower
    return 0.8 * (left[0] + right[0]), dy, 0.7 * (left[2] + right[2]) - 0.8 * (upper + lower)


def _pucker(g: Ground) -> tuple[Array, Array, Array]:
    w = bell((g.y - _MOUTH_Y) / 13.0) * ramp(g.z, 45.0, 72.0) * g.soft
    lips = bell(g.x / 17.0) * w
    inwards = -0.34 * g.x * bell(g.x / 30.0) * w
    swell = (g.y - _MOUTH_Y) * 0.12 * lips
    return inwards, swell, 5.5 * lips * (1 - 0.25 * (np.abs(g.x) / 20.0) ** 2)


def _funnel(g: Ground) -> tuple[Array, Array, Array]:
    dx, dy, dz = _pucker(g)
    open_lips = 2.6 * _lip(g, False, 0.0, 9.0) - 4.0 * _lip(g, True, 0.0, 9.0)
    return 0.75 * dx, dy + open_lips, 0.8 * dz


def _press(g: Ground) -> tuple[Array, Array, Array]:
    lips = bell(g.x / 24.0) * bell((g.y - _MOUTH_Y) / 8.0) * ramp(g.z, 70.0, 86.0) * g.soft
    return 0.03 * g.x * lips, -0.30 * (g.y - _MOUTH_Y) * lips, -2.0 * lips


def _brows(g: Ground, inner: float, outer: float, height: float) -> Array:
    """Lift in mm of the forehead's skin around the brow."""
    x = np.abs(g.x)
    amount = inner + (outer - inner) * ramp(x, 14.0, 46.0)
    fall = np.where(g.y > height, bell((g.y - height) / 17.0), bell((g.y - height) / 6.0))
    return amount * fall * ramp(x, 66.0, 50.0) * ramp(g.z, 40.0, 68.0) * g.soft * (1 - _lid_zone(g))


def _lid_zone(g: Ground) -> Array:
    cx = anatomy.EYE_CENTRE[0]
    return bell((np.abs(g.x) - cx) / 13.0) * ramp(g.y, 12.0, 6.0)


def _brow_down(g: Ground) -> tuple[Array, Array, Array]:
    lift = _brows(g, -4.2, -1.4, 15.0)
    knit = spot(g.x, g.y, g.z, (13.0, 16.0, 94.0), (10.0, 8.0, 18.0)) * g.soft
    return -2.0 * np.tanh(g.x / 6.0) * knit, lift, 1.1 * knit


def _nose_wrinkle(g: Ground) -> tuple[Array, Array, Array]:
    wing = bell((np.abs(g.x) - 15.0) / 7.0) * bell((g.y + 42.0) / 9.0) * ramp(g.z, 72.0, 90.0) * g.soft
    upper = _lip(g, False, 10.0, 10.0, 6.0)
    bridge = bell(g.x / 11.0) * bell((g.y + 5.0) / 7.0) * ramp(g.z, 80.0, 95.0) * g.soft
    dy = 2.6 * wing + 2.0 * upper + 1.4 * bridge + 0.6 * _brows(g, -4.0, 0.0, 15.0)
    return 0.6 * np.tanh(g.x / 6) * wing, dy, 0.9 * wing + 0.7 * bridge


def _cheek_raise(g: Ground) -> tuple[Array, Array, Array]:
    cheek = spot(g.x, g.y, g.z, (36.0, -27.0, 82.0), (13.0, 9.0, 22.0)) * g.soft
    pouch = bell((np.abs(g.x) - 32.0) / 12.0) * bell((g.y + 10.5) / 3.5) * ramp(g.z, 55.0, 72.0) * g.soft
    return 0.0 * g.x, 2.6 * cheek + 0.9 * pouch, 1.8 * cheek + 0.9 * pouch


def _chin_raise(g: Ground) -> tuple[Array, Array, Array]:
    chin = bell(g.x / 16.0) * bell((g.y + 93.0) / 9.0) * ramp(g.z, 60.0, 85.0) * g.soft
    lower = _lip(g, True, 0.0, 18.0)
    return 0.0 * g.x, 2.4 * chin, 0.8 * chin + 1.4 * lower


def _cheek_puff(g: Ground) -> tuple[Array, Array, Array]:
    cheek = spot(g.x, g.y, g.z, (40.0, -62.0, 72.0), (14.0, 15.0, 26.0)) * g.soft
    return 5.0 * np.tanh(g.x / 12.0) * cheek, 0.0 * g.x, 4.0 * cheek


_Move = Callable[[Ground], tuple[Array, Array, Array]]


def _only_y(amount: Callable[[Ground], Array]) -> _Move:
    def move(g: Ground) -> tuple[Array, Array, Array]:
        return 0.0 * g.x, amount(g), 0.0 * g.x

    return move


def _tongue(g: Ground) -> Array:
    inside = (g.soft == 0) * bell(g.x / 18.0) * (g.y > -80) * (g.y < -68.5) * ramp(g.z, 45, 80) * ramp(g.z, 87.5, 86)
    result: Array = 6.0 * inside
    return result


_MOVES: dict[str, _Move] = {
    "jaw_open": _only_y(lambda g: 0.0 * g.x),
    "lips_part": _only_y(lambda g: 1.6 * _gape(g, False) - 2.6 * _gape(g, True)),
    "smile_left": lambda g: _smile(g, 1.0),
    "smile_right": lambda g: _smile(g, -1.0),
    "open_smile": _open_smile,
    "pucker": _pucker,
    "funnel": _funnel,
    "lip_press": _press,
    "corners_down": lambda g: (0.4 * np.sign(g.x) * _corner(g), -4.2 * _corner(g), -0.6 * _corner(g)),
    "lip_stretch": lambda g: (4.5 * np.sign(g.x) * _corner(g), -1.2 * _corner(g), -2.2 * _corner(g)),
    "upper_lip_raise": lambda g: (0.0 * g.x, 3.4 * _lip(g, False, 7.0, 12.0, 7.0), 0.4 * _lip(g, False)),
    "lower_lip_depress": lambda g: (0.0 * g.x, -4.0 * _lip(g, True, 7.0, 12.0, 8.0), -0.4 * _lip(g, True)),
    "lower_lip_tuck": lambda g: (0.0 * g.x, 2.0 * _lip(g, True, 0.0, 18.0), -3.6 * _lip(g, True, 0.0, 18.0)),
    "chin_raise": _chin_raise,
    "cheek_puff": _cheek_puff,
    "brow_inner_up": _only_y(lambda g: _brows(g, 5.0, 0.6, 18.0)),
    "brow_up": _only_y(lambda g: _brows(g, 5.0, 6.0, 20.0)),
    "brow_down": _brow_down,
    "nose_wrinkle": _nose_wrinkle,
    "cheek_raise": _cheek_raise,
    "squint": _cheek_raise,
    "eyes_wide": _only_y(lambda g: _brows(g, 1.2, 1.2, 16.0)),
    "tongue_up": _only_y(_tongue),
}
