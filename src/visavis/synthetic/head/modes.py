"""The named ways in which heads differ: one smooth displacement field over space each, millimetres per deviation.

Amplitudes follow the feasibility study of this world, rounded; places are those of `anatomy`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import bell, ramp, spot

Array = NDArray[np.float64]

_MOUTH_Y = anatomy.STOMION_Y


class Points(NamedTuple):
    """Places on or near the template, mm."""

    x: Array
    y: Array
    z: Array

    def front(self) -> Array:
        """1 on the face, 0 behind."""
        return ramp(self.z, 15.0, 60.0)

    def side(self, width: float) -> Array:
        """-1 on the right, 1 on the left, smooth over the midline."""
        return np.asarray(np.tanh(self.x / width))

    def spot(self, centre: tuple[float, float, float], sigma: tuple[float, float, float]) -> Array:
        """A soft ball and its mirror image."""
        return spot(self.x, self.y, self.z, centre, sigma)

    def tip(self) -> Array:
        """1 at the tip of the nose."""
        return bell(self.x / 11.0) * bell((self.y - anatomy.NOSE_TIP_Y + 0.5) / 9.0) * ramp(self.z, 92.0, 112.0)

    def wing(self) -> Array:
        """1 at the wings of the nose."""
        return (
            bell((np.abs(self.x) - 13.0) / 7.0) * bell((self.y - anatomy.NOSE_WING[1]) / 8.0) * ramp(self.z, 78.0, 96.0)
        )

    def lip_band(self, middle: float, height: float) -> Array:
        """1 along a horizontal band of the lips."""
        return bell((self.y - middle) / height) * ramp(np.abs(self.x), 29.0, 12.0) * ramp(self.z, 75.0, 90.0)

    def mouth(self, width: float, height: float) -> Array:
        """1 at the mouth, inside too, so that the teeth follow."""
        return bell(self.x / width) * bell((self.y - _MOUTH_Y) / height) * ramp(self.z, 32.0, 70.0)

    def ear(self) -> Array:
        """1 on the ears."""
        outside = ramp(np.abs(self.x), 62.0, 76.0)
        return outside * bell((self.y + 19.0) / 30.0) * ramp(self.z, 24.0, 6.0) * ramp(self.z, -50.0, -20.0)

    def fold(self) -> Array:
        """1 on the cheek's edge beside the line from the nose's wing to the mouth's corner."""
        across = np.abs(self.x) - (19.0 - 0.45 * (42.0 + self.y))
        return bell((across - 4.0) / 4.0) * bell((self.y + 52.0) / 11.0) * self.front()

    def from_eye(self) -> tuple[Array, Array]:
        """Offsets to the side and up from the nearer eye's centre."""
        return np.abs(self.x) - anatomy.EYE_CENTRE[0], self.y - anatomy.EYE_CENTRE[1]


class Mode(NamedTuple):
    """One field of displacement."""

    name: str
    field: Callable[[Points], Array]
    """Places -> (n, 3) mm per standard deviation."""
    free_eyes: bool = False
    """The field is meant to change the eye itself and is not held constant there."""


def stacked(x: Array | float, y: Array | float, z: Array | float) -> Array:
    """(n, 3) of three parts."""
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(float)


def _x(name: str, amount: Callable[[Points], Array]) -> Mode:
    return Mode(name, lambda p: stacked(amount(p), 0.0, 0.0))


def _y(name: str, amount: Callable[[Points], Array]) -> Mode:
    return Mode(name, lambda p: stacked(0.0, amount(p), 0.0))


def _z(name: str, amount: Callable[[Points], Array]) -> Mode:
    return Mode(name, lambda p: stacked(0.0, 0.0, amount(p)))


def _out(name: str, forward: float, amount: Callable[[Points], Array]) -> Mode:
    """Out to both sides, and forward by a share of it."""

    def field(p: Points) -> Array:
        size = amount(p)
        return stacked(p.side(14.0) * size, 0.0, forward * size)

    return Mode(name, field)


def _size(p: Points) -> Array:
    return 0.042 * stacked(p.x, p.y + 30.0, p.z + 10.0)


def _eye_size(p: Points) -> Array:
    dx, dy = p.from_eye()
    w = bell(dx / 16.0) * bell(dy / 8.5) * ramp(p.z, 55.0, 72.0)
    return stacked(0.085 * dx * np.sign(p.x) * w, 0.065 * dy * w, 0.0)


def _eye_opening(p: Points) -> Array:
    dx, dy = p.from_eye()
    w = bell(dx / 10.0) * dy * bell(dy / 5.5) * ramp(p.z, 65.0, 76.0)
    return stacked(0.0, 0.15 * w, -0.02 * w * dy)


def _eye_tilt(p: Points) -> Array:
    dx, dy = p.from_eye()
    return stacked(0.0, 0.07 * dx * bell(dx / 16.0) * bell(dy / 8.5) * p.front(), 0.0)


def _hooded(p: Points) -> Array:
    dx, dy = p.from_eye()
    w = bell((dx - 2.0) / 12.0) * bell((dy - 10.5) / 3.4) * p.front()
    return stacked(0.0, -1.0 * w, 1.1 * w)


def _eye_bags(p: Points) -> Array:
    dx, dy = p.from_eye()
    return stacked(0.0, 0.0, 0.8 * bell(dx / 9.0) * bell((dy + 10.0) / 2.8) * p.front())


def _jaw_angle(p: Points) -> Array:
    near = bell((p.y + 70.0) / 19.0) * bell((p.z - 19.0) / 24.0)
    return stacked(1.8 * p.side(20.0) * near, -2.6 * bell((np.abs(p.x) - 50.0) / 18.0) * near, 0.0)


def _neck_width(p: Points) -> Array:
    return stacked(0.06 * p.x * ramp(p.y, -85, -125), 0.0, 0.05 * (p.z + 20.0) * ramp(p.y, -105, -135))


def _broad(p: Points) -> Array:
    """A joint axis: wider lower nose, fuller lips, jaws forward; the other way narrow and straight."""
    jaws = bell(p.x / 30.0) * bell((p.y + 66.0) / 22.0) * p.front()
    nose = bell(p.x / 13.0) * ramp(p.y, -60.0, -47.0) * ramp(p.y, 16.0, -2.0) * ramp(p.z, 80.0, 100.0)
    forward = 1.3 * jaws + 0.9 * p.lip_band(-70.0, 8.0) - 1.0 * nose
    return stacked(1.5 * p.side(6.0) * p.wing(), -0.6 * p.tip(), forward)


def _flat(p: Points) -> Array:
    """A joint axis: middle of the face flatter, cheekbones forward and out; the other way a sharper profile."""
    cheeks = p.spot((46.0, -18.0, 66.0), (13.0, 13.0, 24.0))
    middle = bell(p.x / 14.0) * bell((p.y + 8.0) / 24.0) * ramp(p.z, 82.0, 100.0)
    return stacked(0.9 * p.side(12.0) * cheeks, 0.0, 1.3 * cheeks - 1.5 * middle)


def _robust(p: Points) -> Array:
    """A joint axis: stronger brow, jaw and chin; the other way a rounder forehead and a finer jaw."""
    brow = p.spot((20.0, 17.0, 95.0), (15.0, 6.5, 18.0))
    jaw = p.side(14.0) * ramp(p.y, -45.0, -85.0) * p.front()
    forehead = bell(p.x / 34.0) * bell((p.y - 52.0) / 20.0) * p.front()
    return stacked(1.5 * jaw, -1.2 * ramp(p.y, -75.0, -112.0) * p.front(), 1.3 * brow - 1.2 * forehead)


def _age(p: Points) -> Array:
    """Sagging: jowls, hollow temples and cheeks, thinner lips, a longer tip of the nose and lobe; +2 is about 80."""
    jowl = p.spot((36.0, -95.0, 62.0), (10.0, 10.0, 20.0))
    hollow = p.spot((44.0, -48.0, 72.0), (9.0, 11.0, 20.0))
    temple = p.spot((62.0, 22.0, 60.0), (9.0, 13.0, 20.0))
    fold = p.spot((25.0, -52.0, 88.0), (5.5, 9.0, 15.0))
    down = 1.8 * jowl + 1.0 * p.tip() + 1.5 * p.ear() * ramp(p.y, -15.0, -45.0) + 0.8 * fold
    forward = 0.8 * fold - 0.7 * hollow - 0.9 * p.lip_band(-70.0, 6.5)
    return stacked(p.side(8.0) * (jowl - 1.1 * hollow - temple), -down, forward)


NAMED = (
    Mode("size", _size, free_eyes=True),
    _x("head_width", lambda p: 0.03 * p.x),
    _x("face_width", lambda p: 0.045 * p.x * ramp(p.y, 55, -10) * ramp(p.z, -30, 40)),
    _x("jaw_width", lambda p: 0.06 * p.x * ramp(p.y, -40, -85) * ramp(p.z, -25, 10)),
    _x("chin_width", lambda p: 0.075 * p.x * ramp(p.y, -82, -108) * ramp(p.z, 40, 75)),
    _z("head_depth", lambda p: 0.035 * np.minimum(p.z, 0.0) * ramp(p.y, -60, 0)),
    _y("head_height", lambda p: 3.6 * ramp(p.y, 40, 118)),
    _y("lower_face_length", lambda p: -3.2 * ramp(p.y, -50, -112) * p.front()),
    _y("midface_length", lambda p: -2.8 * ramp(p.y, -6, -50) * ramp(p.z, 0, 60)),
    _y("forehead_height", lambda p: 3.0 * ramp(p.y, 20, 75)),
    _z("forehead_slope", lambda p: -4.5 * ramp(p.y, 22, 95) * p.front()),
    _z("forehead_bulge", lambda p: 2.2 * bell(p.x / 34) * bell((p.y - 46) / 17) * p.front()),
    _out("cheekbones", 0.6, lambda p: 2.1 * p.spot((52.0, -18.0, 60.0), (14.0, 9.0, 22.0))),
    _out("cheek_fullness", 0.5, lambda p: 3.6 * p.spot((46.0, -54.0, 66.0), (15.0, 17.0, 28.0))),
    _y("chin_fullness", lambda p: -4.0 * bell(p.x / 30) * bell((p.z - 52) / 20) * ramp(p.y, -90, -112)),
    _z("brow_ridge", lambda p: 2.1 * p.spot((21.0, 17.0, 95.0), (15.0, 6.0, 18.0))),
    _y("brow_bone_height", lambda p: 1.9 * p.spot((30.0, 18.0, 88.0), (17.0, 7.0, 24.0))),
    _x("eye_spacing", lambda p: 2.3 * p.side(16) * bell((p.y + 1) / 15) * ramp(np.abs(p.x), 64, 40) * p.front()),
    _z("eye_depth", lambda p: -1.8 * p.spot((32.0, 0.0, 80.0), (18.0, 12.0, 25.0))),
    _y("eye_height", lambda p: 1.6 * p.spot((32.0, 0.0, 80.0), (20.0, 12.0, 25.0))),
    Mode("eye_size", _eye_size, free_eyes=True),
    Mode("eye_opening", _eye_opening, free_eyes=True),
    Mode("eye_tilt", _eye_tilt, free_eyes=True),
    Mode("hooded_lids", _hooded, free_eyes=True),
    Mode("eye_bags", _eye_bags, free_eyes=True),
    _y("nose_length", lambda p: -2.8 * bell(p.x / 15) * ramp(p.y, 2, -36) * ramp(p.y, -62, -48) * ramp(p.z, 82, 100)),
    _x("nose_width", lambda p: 2.1 * p.side(6) * p.wing()),
    _z(
        "nose_projection", lambda p: 2.4 * bell(p.x / 12) * ramp(p.y, 0, -36) * ramp(p.y, -56, -46) * ramp(p.z, 84, 106)
    ),
    _z("bridge_height", lambda p: 2.2 * bell(p.x / 8) * bell((p.y - 1) / 12) * ramp(p.z, 78, 92)),
    _x("bridge_width", lambda p: 1.8 * p.side(5) * bell(p.x / 11) * bell((p.y + 12) / 15) * ramp(p.z, 80, 96)),
    _z("nose_hump", lambda p: 1.6 * bell(p.x / 6) * bell((p.y + 15) / 8) * ramp(p.z, 86, 102)),
    Mode("tip_rotation", lambda p: stacked(0.0, 2.2 * p.tip(), 0.4 * p.tip())),
    _x("tip_width", lambda p: 1.2 * p.side(4) * bell(p.x / 10) * bell((p.y + 38) / 7) * ramp(p.z, 100, 112)),
    _y("wing_height", lambda p: 1.3 * p.wing()),
    Mode("wing_size", lambda p: stacked(0.0, -0.5 * p.wing(), 1.4 * p.wing())),
    _x("mouth_width", lambda p: 0.065 * p.x * p.mouth(34, 16)),
    _y("mouth_height", lambda p: 2.0 * p.mouth(30, 13)),
    _y("mouth_curve", lambda p: 0.8 * (bell((np.abs(p.x) - 26) / 9) - 0.4 * bell(p.x / 10)) * p.mouth(60, 10)),
    Mode("upper_lip", lambda p: stacked(0.0, 1.5 * p.lip_band(-61.5, 3.0), 0.5 * p.lip_band(-64.5, 3.0))),
    Mode("lower_lip", lambda p: stacked(0.0, -1.7 * p.lip_band(-79.0, 3.6), 0.6 * p.lip_band(-74.0, 3.6))),
    _z("lip_projection", lambda p: 1.9 * p.mouth(24, 10)),
    _y("cupid_bow", lambda p: 0.9 * (bell((np.abs(p.x) - 6) / 3) - bell(p.x / 3)) * p.lip_band(-61.0, 3.0)),
    _z("upper_jaw", lambda p: 2.0 * bell(p.x / 28) * bell((p.y + 56) / 16) * ramp(p.z, 30, 75)),
    _z("chin_projection", lambda p: 3.1 * bell(p.x / 24) * ramp(p.y, -78, -104) * ramp(p.z, 35, 75)),
    _y("chin_height", lambda p: -1.9 * bell(p.x / 22) * ramp(p.y, -84, -108) * ramp(p.z, 35, 70)),
    _z("chin_fold", lambda p: -1.3 * bell(p.x / 15) * bell((p.y + 88) / 5) * p.front()),
    _z("chin_cleft", lambda p: -0.6 * bell(p.x / 2.6) * bell((p.y + 102) / 6) * ramp(p.z, 80, 92)),
    Mode("jaw_angle", _jaw_angle),
    _x("temples", lambda p: 1.8 * p.side(20) * bell((p.y - 26) / 18) * bell((p.z - 45) / 32)),
    Mode("nasolabial", lambda p: stacked(0.0, -0.4 * p.fold(), 0.9 * p.fold())),
    Mode("ear_size", lambda p: stacked(0.0, 0.06 * (p.y + 19) * p.ear(), 0.05 * p.z * p.ear())),
    _x("ear_out", lambda p: 2.6 * p.side(10) * p.ear() * ramp(p.z, 14.0, -18.0)),
    _y("ear_lobe", lambda p: -1.8 * p.ear() * ramp(p.y, -30, -48)),
    Mode("neck_width", _neck_width),
    _x("nose_bend", lambda p: bell(p.x / 14) * ramp(p.y, 2, -36) * ramp(p.y, -60, -48) * ramp(p.z, 84, 102)),
    _y("mouth_skew", lambda p: 0.02 * p.x * p.mouth(34, 14)),
    _x("jaw_skew", lambda p: 0.8 * ramp(p.y, -50, -110) * p.front()),
    _y("eye_skew", lambda p: 0.42 * p.side(18) * bell((p.y - 6) / 16) * p.front()),
    Mode("broad", _broad),
    Mode("flat", _flat),
    Mode("robust", _robust),
    Mode("age", _age),
)
