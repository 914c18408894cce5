"""Where hair grows: the hairline around the head, and how much the skin near it is darkened by roots and stubble."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.look.dome import azimuth_of, ring_on

Array = NDArray[np.float64]

_DEGREES = np.array([0.0, 12, 24, 34, 42, 50, 58, 64, 68, 71, 77, 80, 84, 90, 97, 103, 109, 118, 135, 160, 180])
# Front, temple, the slope down to the sideburn, the sideburn, over the ear, behind the ear, the nape.
_LINE = np.array(
    [0.0, 0.5, 0, -2, -8, -20, -36, -50, -68, -86, -89, -74, -53, -50, -52, -62, -88, -108, -120, -124, -121]
)
_TEMPLE = np.array([0.0, 4, 11, 15, 14, 9, 5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
"""How far a fully receding hairline stands back, mm."""
_WHORL = np.array([0.0, 108.0, -45.0])
"""Where a receding head of hair thins out first besides the temples, mm."""
_FALL = 26.0
"""mm over which a receded hairline's top thins out."""


class HairFactors(Protocol):
    """The factors of a person that hair reads; see `visavis.synthetic.person.Person` for their ranges."""

    @property
    def hair_style(self) -> str: ...
    @property
    def hair_colour(self) -> float: ...
    @property
    def hair_red(self) -> float: ...
    @property
    def grey(self) -> float: ...
    @property
    def hairline(self) -> float: ...
    @property
    def recession(self) -> float: ...
    @property
    def hair_curl(self) -> float: ...
    @property
    def hair_volume(self) -> float: ...
    @property
    def hair_seed(self) -> int: ...


def hairline(azimuth: ArrayLike, person: HairFactors) -> Array:
    """Height of the hairline on the scalp.

    Args:
        azimuth: angles around the vertical axis through the ear canals, atan2(x, z), radians.
        person: reads hair_style, hairline, recession and hair_seed.

    Returns:
        y in mm in the frame of the template, of the shape of `azimuth`; above it hair grows.
    """
    turn = np.degrees(np.abs(np.asarray(azimuth, dtype=float)))
    turn = np.minimum(turn, 360.0 - turn)
    high = person.recession * 1.0 + (0.5 if person.hair_style == "receding" else 0.0)
    line = anatomy.HAIRLINE_Y + _LINE + person.hairline * np.clip(1.4 - _DEGREES / 60.0, 0.0, 1.0) + high * _TEMPLE
    peak = 5.0 * np.sin(person.hair_seed % 997) * np.exp(-((turn / 9.0) ** 2))
    return np.asarray(np.interp(turn, _DEGREES, line) - peak)


def on_hairline(turn: Array, person: HairFactors, above: ArrayLike) -> Array:
    """(n, 3) points of the scalp `above` mm over the hairline at azimuths (n,)."""
    return ring_on(turn, hairline(turn, person) + np.asarray(above, dtype=float), 0.6)


def growth(points: Array, person: HairFactors, soft: float = 9.0) -> Array:
    """(n,) density 0..1 of hair at (n, 3) points in mm: 0.5 on the hairline, ramping over `soft` mm on either side."""
    above = points[:, 1] - hairline(azimuth_of(points), person)
    dense = np.clip(0.5 + above / (2 * soft), 0.0, 1.0)
    if person.hair_style == "horseshoe":
        dense = dense * _crown(points)
    elif person.hair_style == "receding":
        away = np.linalg.norm(points - _WHORL, axis=-1)
        dense = dense * (1.0 - (0.3 + 0.5 * person.recession) * np.exp(-((away / 42.0) ** 2)))
    return np.asarray(dense)


def hair_shade(points_mm: ArrayLike, person: HairFactors) -> Array:
    """How much roots, stubble and the shadow of the hair darken the skin.

    Args:
        points_mm: (n, 3) points of the skin in the frame of the template, mm.
        person: reads the hair factors.

    Returns:
        (n,) from 0, bare skin, to 1, scalp under hair; paint it with the hair's colour.
    """
    points = np.asarray(points_mm, dtype=float)
    strength = {"bald": 0.0, "buzz": 0.85, "receding": 0.9, "horseshoe": 0.9}.get(person.hair_style, 1.0)
    if strength == 0.0:
        return np.zeros(len(points))
    behind_ears = np.clip((-30.0 - points[:, 1]) / 20.0, 0, 1) * (points[:, 2] > -20.0)
    return np.asarray(strength * growth(points, person, soft=7.0) * (1.0 - behind_ears))


def _crown(points: Array) -> Array:
    """0 on the bald top of a horseshoe, 1 on the ring of hair around it."""
    limit = np.interp(np.abs(azimuth_of(points)), [0.0, 1.0, 1.2, 2.0, np.pi], [-60.0, 30.0, 60.0, 66.0, 52.0])
    return np.asarray(np.clip((limit - points[:, 1]) / _FALL + 0.5, 0.0, 1.0))
