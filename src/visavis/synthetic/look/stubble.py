"""Beards on the skin: the shadow of a shaved one, stubble, short hairs, and the ground under a full beard.

Which parts of the lower face carry hair is decided by the style, the same for the volume that stands off the skin.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.hair.colour import pigment_and_white
from visavis.synthetic.look.noise import smooth_noise
from visavis.synthetic.look.regions import regions, step
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]

_GROWTH = {"none": 0.0, "stubble": 0.55, "moustache": 0.9, "goatee": 0.9, "short": 0.95, "full": 0.95}
"""How much skin the hairs of a style hide where it grows, at full density."""
_GROUND = {"none": 0.0, "stubble": 0.36, "moustache": 0.68, "goatee": 0.66, "short": 0.76, "full": 0.78}
"""The share of that which no single hair shows."""
_ZONES = {
    "none": (0.0, 0.0, 0.0), "stubble": (1.0, 1.0, 1.0), "moustache": (1.0, 0.0, 0.0),
    "goatee": (0.9, 1.0, 0.0), "short": (1.0, 1.0, 1.0), "full": (1.0, 1.0, 1.0),
}  # fmt: skip
"""Moustache, chin, and cheeks with jaw: how much of each a style leaves standing."""


def beard_zones(side: NDArray[np.floating], y: NDArray[np.floating], azimuth: NDArray[np.floating]) -> Floats:
    """(n, 3) how densely hair grows on the moustache, the chin, and the cheeks and jaw of a grown man, 0..1.

    Args:
        side: |x| on the template, mm.
        y: height on the template, mm.
        azimuth: |atan2(x, z)| on the template, radians.
    """
    corner_x, corner_y = anatomy.MOUTH_CORNER
    off_lips = np.maximum(
        step(y - anatomy.lip_top(side), 0.3, 2.0) + step(anatomy.lip_bottom(side) - y, 0.5, 2.5),
        step(side, corner_x + 0.5, corner_x + 3),
    )
    reach = corner_x + 6 + 0.25 * np.maximum(corner_y + 2 - y, 0)
    brim = anatomy.SUBNASALE_Y - 0.5 - 0.008 * side**2  # round the foot of the nose, lower toward the corners
    moustache = step(brim - y, -1.0, 4.0) * step(y, corner_y - 9, corner_y - 3)
    moustache = moustache * step(reach - side, -3, 6) * off_lips * (0.72 + 0.28 * step(side, 1.5, 5))
    below = step(corner_y - 6 - y, 0, 5) * step(y, -124, -113)
    sole_patch = np.maximum(
        step(anatomy.CHIN_FOLD_Y + 2 - y, -2, 4), np.maximum(0.9 * step(6.5 - side, -2, 2), 0.55 * step(side, 14, 22))
    )
    chin = below * step(30 - side, -3, 5) * sole_patch * step(-79 - y, -1, 3)
    chin = np.maximum(
        chin, 0.9 * step(corner_y - y, -3, 2) * step(9 - np.abs(side - corner_x - 4.5), 0, 6) * below**0.2
    )
    line = np.interp(azimuth, [0.3, 0.5, 0.7, 0.9, 1.08, 1.2, 1.3], [-63, -58, -52, -44, -26, -8, 8])
    floor = np.interp(azimuth, [0, 0.6, 1.0, 1.3, 1.5], [-126, -122, -106, -90, -80])
    jaw = step(line - y, -7, 9) * step(y - floor, -4, 8) * (1 - step(azimuth, 1.2, 1.36)) * off_lips
    jaw = jaw * step(side, 17, 27)
    front = 1 - step(azimuth, 1.0, 1.3)
    return np.asarray(np.clip(np.stack([front * moustache, front * chin, jaw], axis=1), 0, 1), dtype=np.float32)


def style_cover(style: str, zones: Floats) -> Floats:
    """(n,) where a style of `BEARD_STYLES` leaves hair standing, 0..1, from `beard_zones`."""
    moustache, chin, jaw = (zones[:, k] * weight for k, weight in enumerate(_ZONES[style]))
    return np.asarray(np.maximum(np.maximum(moustache, chin), jaw), dtype=np.float32)


def shaved_shadow(person: Person, canvas: Canvas) -> Floats:
    """(n,) bluish darkening where a beard would grow: none at masculinity below 0.4, strong for dark hair."""
    grown = float(step(person.masculinity, 0.4, 0.9)) * float(step(person.age, 14, 26))
    dark = (1 - 0.75 * person.hair_colour) * (1 - 0.6 * person.grey)
    return _standing("full", canvas) * np.float32(0.34 * grown * dark * (0.4 + 0.6 * person.beard_density))


def beard_cover(person: Person, canvas: Canvas) -> tuple[Floats, Floats]:
    """(n,) how much each texel is covered by pigmented hair, and by white hair over that, 0..1."""
    where = _standing(person.beard, canvas).copy()
    grown = np.flatnonzero(where > 0.02)
    if not len(grown):
        return np.zeros_like(where), np.zeros_like(where)
    streams = Stream(person.skin_seed, ("beard",))
    patchy = smooth_noise(canvas.points[grown], 7.0, streams.child("patches").generator())
    dense = (0.45 + 0.55 * person.beard_density) * _GROWTH[person.beard]
    edge = where[grown] * (1 - where[grown])
    frayed = where[grown] * (1 + (0.16 - 0.12 * person.beard_density) * patchy) + 0.5 * edge * patchy
    where[grown] = np.clip(dense * frayed, 0, 1)
    strokes = _hairs(person, canvas, grown, where[grown], streams.child("hairs").generator())
    white_share = 0.9 * person.grey
    white = streams.child("white").generator().random(len(strokes)) < white_share
    ground = _GROUND[person.beard] * where**1.3
    pigmented = 1 - (1 - (1 - white_share) * ground) * (1 - canvas.strokes(strokes[~white], blur=0.45))
    hoary = 1 - (1 - 0.75 * white_share * ground) * (1 - canvas.strokes(strokes[white], blur=0.45))
    return pigmented.astype(np.float32), hoary.astype(np.float32)


def beard_colours(person: Person) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3,) linear RGB of a pigmented hair, a little redder than on the head, and of a white one."""
    pigmented, white = pigment_and_white(0.85 * person.hair_colour, min(person.hair_red + 0.05, 1.0))
    return pigmented, white * (0.80, 0.77, 0.72)


@cache
def _standing(style: str, canvas: Canvas) -> Floats:
    region = regions(canvas)
    return style_cover(style, beard_zones(region.side, region.y, region.azimuth))


def _hairs(person: Person, canvas: Canvas, grown: NDArray[np.int64], where: Floats, rng: np.random.Generator) -> Floats:
    """(m, 9) strokes rooted all over the bearded texels, combed down and outward."""
    count = int(4500 * np.clip((1.4 / canvas.spacing) ** 1.3, 0.6, 4.0))
    cumulative = np.cumsum(where.astype(np.float64))
    roots = np.searchsorted(cumulative, rng.random(count) * cumulative[-1])
    length = {"stubble": 1.1, "short": 3.2}.get(person.beard, 5.0) * (0.6 + 0.8 * rng.random(count))
    start = (
        canvas.points[grown[np.minimum(roots, len(where) - 1)]] + rng.uniform(-0.6, 0.6, (count, 3)) * canvas.spacing
    )
    outward = np.sign(start[:, 0]) * np.clip(np.abs(start[:, 0]) / 40, 0, 1)
    comb = np.stack([0.45 * outward, -np.ones(count), -0.25 * np.abs(outward)], axis=1)
    comb += 0.4 * rng.standard_normal((count, 3))
    comb /= np.linalg.norm(comb, axis=1, keepdims=True)
    ink = (0.45 + 0.5 * rng.random(count)) * (0.5 + 0.5 * person.beard_density)
    width = np.full(count, 0.2)
    return np.asarray(np.column_stack([start, start + comb * length[:, None], width, ink, 0.5 * ink]), dtype=np.float32)
