"""Lips: their colour, the lines across them and the dark line where they meet."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.noise import smooth_noise
from visavis.synthetic.look.regions import Regions, hill, regions, step
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]


class LipPaint(NamedTuple):
    """Lips, for the m texels of `where` among a canvas's n."""

    where: NDArray[np.int64]
    cover: Floats
    """(m,) how much of the colour is the lips'."""
    colour: Floats
    """(m, 3) linear RGB."""
    relief: Floats
    """(m,) height of the lines across the lips, mm."""


def lip_paint(person: Person, canvas: Canvas, skin: Floats) -> LipPaint:
    """The lips of a person whose skin has the plain colour (3,)."""
    region = regions(canvas)
    where = _near(canvas)
    both = np.maximum(region.upper_lip, region.lower_lip)[where]
    from_parting = region.from_parting[where]
    coarse, fine = (_mottling(person, region, where, width) for width in (1.9, 1.2))
    # The border is uneven, and softer at the cupid's bow than a painted line.
    frayed = both + 0.12 * coarse * both * (1 - both) * 4
    cover = np.clip(frayed * (0.97 - 0.12 * float(step(person.age, 50, 75))), 0, 1)
    colour = _colour(person, skin, from_parting, fine)
    relief = 0.11 * (1 + 0.6 * float(step(person.age, 45, 85))) * both * fine
    return LipPaint(where, cover.astype(np.float32), colour, relief.astype(np.float32))


def _colour(person: Person, skin: Floats, from_parting: Floats, fine: Floats) -> Floats:
    """(m, 3) linear RGB over the skin's own colour (3,): darker and redder, the lower lip lighter."""
    dark, red = 0.98 - 0.36 * person.lip_colour, person.lip_redness
    light_skin = 1 - person.tone / 5
    tint = np.array([dark, dark * (0.80 - 0.19 * red), dark * (0.83 - 0.15 * red)]) * skin
    rosy = np.array([0.42, 0.17, 0.15]) * (0.35 + 0.65 * light_skin)
    inner = np.exp(-((from_parting / 4.5) ** 2)) * (from_parting < 0) * (1 - light_skin) * 0.45
    base = tint + (rosy - tint) * inner[:, None]
    base = base * (np.where(from_parting >= 0, 0.90, 1.06) * (1 + 0.06 * fine))[:, None]
    aged = 0.35 * float(step(person.age, 45, 85))
    return np.asarray(base + (skin * np.array([0.9, 0.85, 0.87]) - base) * aged, dtype=np.float32)


@cache
def mouth_shade(canvas: Canvas) -> Floats:
    """(n,) share of the light that reaches the skin around the mouth: dark line, corners, under the lower lip."""
    region = regions(canvas)
    corner_x, corner_y = anatomy.MOUTH_CORNER
    between = 1 - step(region.side, corner_x - 2, corner_x + 1.5)
    line = 0.62 * np.exp(-np.abs(region.from_parting) / 0.9) * between * (region.front > 0.5)
    corners = 0.35 * hill(region.side, region.y, (corner_x + 0.5, corner_y - 0.3), (2.2, 1.5)) * region.front
    under = 0.16 * hill(region.side, region.y, (0, anatomy.LIP_BOTTOM_Y - 3.5), (11, 2.6)) * region.front
    return np.asarray((1 - line) * (1 - corners) * (1 - under), dtype=np.float32)


@cache
def _near(canvas: Canvas) -> NDArray[np.int64]:
    region = regions(canvas)
    return np.flatnonzero(np.maximum(region.upper_lip, region.lower_lip) > 0)


def _mottling(person: Person, region: Regions, where: NDArray[np.int64], width: float) -> Floats:
    """Noise drawn out along the lip's height, fanning out to the corners."""
    along = 0.22 * region.from_parting[where]
    across = region.x[where] * (1 + 0.055 * np.abs(along))
    points = np.stack([across, along, np.zeros_like(along)], axis=1)
    return smooth_noise(points, width, Stream(person.skin_seed, ("lips",)).generator())
