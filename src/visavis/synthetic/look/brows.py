"""Brows: hairs that grow from a band over each eye, up at the head of the brow, outward along its tail."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.hair.colour import pigment_and_white
from visavis.synthetic.look.regions import Regions, regions, step
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]


class _Shape(NamedTuple):
    """What no factor sets: where a person's brows begin and end, mm from the middle, and how they slope and taper."""

    head: float
    tail: float
    slope: float
    taper: float


@lru_cache(maxsize=256)
def _shape(seed: int) -> _Shape:
    (first, _), _, (last, _) = anatomy.BROW
    head, tail, slope, taper = Stream(seed, ("brow shape",)).uniforms(4) - 0.5
    return _Shape(first + 5.0 * head, last + 0.5 + 7.0 * tail, 0.14 * slope, 1.0 + 0.7 * taper)


def brow_centre(person: Person, x: ArrayLike) -> NDArray[np.float64]:
    """y of the middle of this person's brow at |x|, mm: moved by `brow_height`, bent by `brow_arch`."""
    own = _shape(person.skin_seed)
    side = np.clip(np.abs(x), own.head, own.tail)
    t = (side - own.head) / (own.tail - own.head)
    bend = np.sin(np.pi * t**1.25) - 0.45  # the ends go down when the arch goes up: the brow bends, it does not rise
    plain = anatomy.brow_line(side) + own.slope * (side - 33.0)
    return np.asarray(plain + person.brow_height + 1.4 * person.brow_arch * bend)


def brow_half_thickness(person: Person, x: ArrayLike) -> NDArray[np.float64]:
    """Half the height of this person's brow at |x|, mm; 0 beyond its ends."""
    own = _shape(person.skin_seed)
    t = (np.abs(x) - own.head) / (own.tail - own.head)
    thin = np.clip(np.array([0.78, 0.5, 0.16]) * own.taper, 0, 1)
    profile = np.interp(t, [-0.02, 0.03, 0.18, 0.42, 0.65, 0.83, 1.0], [0, 0.72, 1.0, 1.0, *thin], right=0)
    return np.asarray(0.5 * anatomy.BROW_THICKNESS * person.brow_thickness * profile)


def brow_mask(person: Person, region: Regions) -> NDArray[np.bool_]:
    """(n,) texels of the two brows."""
    half = brow_half_thickness(person, region.side)
    return np.asarray((np.abs(region.y - brow_centre(person, region.side)) < half) & (region.front > 0.5))


def brow_cover(person: Person, canvas: Canvas) -> tuple[Floats, Floats]:
    """(n,) how much each texel is covered by pigmented hair, and by white hair over that, 0..1."""
    white_share = 0.6 * person.grey**1.5
    strokes, white = _hairs(person, canvas, white_share)
    pigmented = _shadow(person, regions(canvas)) * (1 - 0.7 * white_share)
    pigmented = 1 - (1 - pigmented) * (1 - canvas.strokes(strokes[~white], blur=0.45))
    return pigmented.astype(np.float32), canvas.strokes(strokes[white], blur=0.45)


def brow_colours(person: Person) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3,) linear RGB of a pigmented brow hair, darker than light hair of the head, and of a white one."""
    pigmented, white = pigment_and_white(0.82 * person.hair_colour, person.hair_red)
    return pigmented, white * (0.74, 0.70, 0.64)


def _shadow(person: Person, region: Regions) -> Floats:
    """(n,) hair too fine to be drawn, and the shadow between the hairs, 0..1."""
    out = np.zeros(len(region.x), np.float32)
    own = _shape(person.skin_seed)
    near = np.flatnonzero((region.side < own.tail + 2) & (np.abs(region.y - 18) < 22) & (region.z > 40))
    side = region.side[near]
    half = np.maximum(brow_half_thickness(person, side), 0.05)
    off = np.abs(region.y[near] - brow_centre(person, side)) / half
    inside = step(side, own.head - 2, own.head + 7) * (1 - step(side, own.tail - 8, own.tail))
    out[near] = np.where(off < 3, 0.5 * (0.35 + 0.65 * person.brow_density) * np.exp(-1.1 * off**2) * inside, 0)
    return out


def _hairs(person: Person, canvas: Canvas, white_share: float) -> tuple[Floats, NDArray[np.bool_]]:
    """(m, 9) strokes of both brows, and which of them are white."""
    count = int((300 + 420 * person.brow_density) * (0.5 + 0.5 * person.brow_thickness))
    rng = Stream(person.skin_seed, ("brows",)).generator()
    strokes = np.concatenate([_one_side(person, canvas, rng, sign, count) for sign in (1.0, -1.0)])
    return strokes, rng.random(len(strokes)) < white_share


def _one_side(person: Person, canvas: Canvas, rng: np.random.Generator, sign: float, count: int) -> Floats:
    own = _shape(person.skin_seed)
    # Always the same numbers, so that a thicker brow keeps the hairs of the thinner one.
    t, across, turn, length, ink = rng.random((5, 1100))[:, :count]
    x = own.head - 1.5 + (own.tail - own.head + 1.5) * t**1.08
    across = 2 * across - 1
    across = np.sign(across) * np.abs(across) ** 1.15
    y = brow_centre(person, x) + across * (brow_half_thickness(person, x) + 0.25)
    # Upright at the head; further out the upper hairs lean down and the lower ones up, and they meet.
    along = np.interp(x, [own.head, 19, 26, 40, 54], [1.35, 0.85, 0.42, -0.05, -0.35])
    lean = np.interp(x, [own.head, 22, 40], [-0.1, -0.35, -0.25])
    angle = along + lean * across + 0.5 * (turn - 0.5)
    reach = np.interp(x, [own.head, 20, 40, 58], [4.0, 7.0, 7.2, 4.0]) * (0.6 + 0.6 * length)
    root = np.stack([sign * (x - 0.35 * reach * np.cos(angle)), y - 0.35 * reach * np.sin(angle)])
    tip = np.stack([sign * (x + 0.65 * reach * np.cos(angle)), y + 0.65 * reach * np.sin(angle)])
    dark = (0.5 + 0.5 * ink) * (0.65 + 0.35 * person.brow_density) * np.interp(t, [0, 0.15, 0.9, 1], [0.55, 1, 1, 0.6])
    width = np.full(count, 0.15)
    columns = [canvas.lift(*root), canvas.lift(*tip), np.stack([width, dark, 0.25 * dark], axis=1)]
    return np.asarray(np.concatenate(columns, axis=1), dtype=np.float32)
