"""Marks: moles, freckles, the spots of age and the odd blemish, each at its own place on the face."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.regions import regions
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]


def freckles(person: Person, canvas: Canvas) -> Floats:
    """(n,) pigment of the freckles, 0..1: on the nose and the cheeks first, none up to a factor of 0.6."""
    shown = float(np.clip((person.freckles - 0.6) / 0.4, 0, 1)) ** 1.6
    spots = _spots(person, canvas, "freckles", 900, (0.5, 1.4), (0.2, 0.8))
    return canvas.strokes(spots[: int(900 * shown)])


def moles(person: Person, canvas: Canvas) -> Floats:
    """(n,) pigment of the moles, 0..1."""
    return canvas.strokes(_spots(person, canvas, "moles", 6, (0.8, 1.7), (0.55, 0.95))[: person.moles])


def age_spots(person: Person, canvas: Canvas) -> Floats:
    """(n,) pigment of the spots that long years of sun leave on temples, cheeks and forehead, 0..1."""
    aged = float(np.clip((person.age - 48) / 37, 0, 1))
    return canvas.strokes(_spots(person, canvas, "age spots", 44, (1.2, 3.8), (0.15, 0.6))[: int(44 * aged)])


def blemishes(person: Person, canvas: Canvas) -> Floats:
    """(n,) redness of pimples and small veins, 0..1: more on rough skin."""
    spots = _spots(person, canvas, "blemishes", 30, (0.7, 2.4), (0.1, 0.55))
    return canvas.strokes(spots[: int(4 + 26 * person.roughness)])


def _spots(
    person: Person, canvas: Canvas, kind: str, count: int, size: tuple[float, float], ink: tuple[float, float]
) -> Floats:
    """(count, 9) round strokes where this kind occurs; small ones are commoner, and the first ones stay the first."""
    chances = _chances(canvas, kind)
    draws = Stream(person.skin_seed, (kind,)).generator().random((count, 6))
    places = np.minimum(np.searchsorted(chances, draws[:, 0]), len(chances) - 1)
    at = canvas.points[places] + (draws[:, 1:4] - 0.5) * canvas.spacing
    width = size[0] + (size[1] - size[0]) * draws[:, 4] ** 2
    depth = ink[0] + (ink[1] - ink[0]) * draws[:, 5] ** 1.5
    return np.column_stack([at, at, width, depth, depth]).astype(np.float32)


@cache
def _chances(canvas: Canvas, kind: str) -> NDArray[np.float64]:
    """(n,) cumulative chance that a spot of this kind lies at a texel or one before it."""
    r = regions(canvas)
    lips = np.maximum(r.upper_lip, r.lower_lip)
    weight = {
        "freckles": 0.15 + r.cheeks + 0.8 * r.nose + 0.35 * r.forehead,
        "moles": 0.25 + r.cheeks + r.chin + 0.6 * r.mouth_surround + 0.4 * r.forehead,
        "age spots": r.temples + 0.7 * r.cheeks + 0.6 * r.forehead,
        "blemishes": 0.2 + r.cheeks + 0.7 * r.chin + 0.6 * r.forehead + r.nose_tip,
    }[kind] * (r.front * (1 - r.neck) * (1 - lips) * (1 - r.nostrils) * (1 - r.upper_lid))
    total = np.cumsum(weight, dtype=np.float64)
    return np.asarray(total / total[-1])
