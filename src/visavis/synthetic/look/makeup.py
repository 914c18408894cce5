"""Make-up and the eye's dark outline: lashes' roots, liner, shadow on the lid, colour on the lips."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.regions import Regions, regions, step
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]

_LIPSTICKS = np.array(
    [(0.33, 0.035, 0.04), (0.36, 0.10, 0.10), (0.34, 0.07, 0.11), (0.17, 0.025, 0.04), (0.36, 0.15, 0.12)]
)
_SHADOWS = np.array(
    [(0.13, 0.07, 0.05), (0.16, 0.10, 0.11), (0.10, 0.10, 0.13), (0.28, 0.14, 0.09), (0.20, 0.09, 0.08)]
)


def worn(person: Person) -> float:
    """How much make-up shows, 0 up to a factor of 0.5, then up to 1."""
    return float(np.clip((person.makeup - 0.5) / 0.5, 0, 1))


def lipstick(person: Person) -> Floats:
    """(3,) linear RGB of this person's lipstick: deeper tones on darker skin."""
    return (1 - 0.09 * person.tone) * _choice(person, "lipstick", _LIPSTICKS)


def eye_shadow(person: Person) -> Floats:
    """(3,) linear RGB of this person's eye shadow."""
    return _choice(person, "eye shadow", _SHADOWS)


def shadow_cover(person: Person, region: Regions) -> Floats:
    """(n,) how much eye shadow lies on each texel: densest at the lashes, gone over the crease."""
    if worn(person) == 0:
        return np.zeros_like(region.x)
    fade = 1 - 0.55 * step(region.above_lid, 1, 8)
    return np.asarray(0.6 * worn(person) * region.upper_lid * fade, dtype=np.float32)


def lash_line(person: Person, canvas: Canvas) -> Floats:
    """(n,) darkness of the lashes' roots along both lids, and of liner over them.

    A line finer than a texel becomes wider and paler.
    """
    liner, region, near = worn(person), regions(canvas), _near_eyes(canvas)
    cover = np.zeros(len(region.x), np.float32)
    upper = (0.85 + 0.12 * liner, 0.75 + 0.55 * liner)
    lower = (0.34 + 0.4 * liner, 0.4 + 0.1 * liner)
    for away, (ink, half) in ((region.above_lid[near], upper), (region.below_lid[near], lower)):
        wide = np.hypot(half, 0.5 * canvas.spacing)
        line = ink * min(1.0, 1.35 * half / wide) * np.exp(-(((away - 0.3) / wide) ** 2))
        cover[near] = np.maximum(cover[near], np.where(away > -2.5, line, 0) * region.lids[near])
    return cover


@cache
def lash_shade(canvas: Canvas) -> Floats:
    """(n,) share of light left under the crease and beside the lashes."""
    region = regions(canvas)
    crease = 0.22 * np.exp(-(((region.above_lid - 5.2) / 1.6) ** 2))
    below = 0.12 * np.exp(-(((region.below_lid - 0.8) / 1.6) ** 2))
    return np.asarray(1 - region.lids * np.maximum(crease, below), dtype=np.float32)


@cache
def _near_eyes(canvas: Canvas) -> NDArray[np.int64]:
    region = regions(canvas)
    return np.flatnonzero((np.minimum(region.above_lid, region.below_lid) < 12) & (region.z > 50))


def _choice(person: Person, name: str, colours: NDArray[np.float64]) -> Floats:
    """A colour between two neighbours of the list."""
    at = Stream(person.skin_seed, (name,)).uniform() * (len(colours) - 1)
    first = int(at)
    return np.asarray(colours[first] + (at - first) * (colours[first + 1] - colours[first]), dtype=np.float32)
