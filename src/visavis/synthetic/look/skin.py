"""The skin of a person: colour, classes, relief, shade and shine over the head's texture.

Pigment and blood are summed per texel and turned into colour once, as exponents of what each swallows; hair, lips and
make-up are laid over that. The relief is one height field in millimetres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look import brows, complexion, lips, makeup, marks, stubble, wrinkles
from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.hair.colour import hair_colour
from visavis.synthetic.look.hair.scalp import hair_shade
from visavis.synthetic.look.layers import lay, tinted
from visavis.synthetic.look.noise import smooth_noise
from visavis.synthetic.look.regions import Regions, regions, step
from visavis.synthetic.look.tone import skin_rgb
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render.surface import Material
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]


class _Cover(NamedTuple):
    """(n,) what colour, relief and shine all need; hair as (pigmented, white)."""

    brows: tuple[Floats, Floats]
    beard: tuple[Floats, Floats]
    lips: lips.LipPaint
    grooves: Floats
    moles: Floats
    grain: Floats
    """Noise of the finest scale, of mean 0 and standard deviation 1."""


def skin_material(person: Person, texels: Canvas, hair_of: Person | None = None) -> Material:
    """The skin of a person.

    Args:
        person: its tone, undertone, age, masculinity, brows, lips, freckles, moles, roughness, skin_seed, colour of
            hair, beard and makeup are read.
        texels: where the texels lie; `canvas()` of the stand-in head, or any other.
        hair_of: whose hair casts its shade on the scalp; None = the person's own.
    """
    region = regions(texels)
    grain = Stream(person.skin_seed, ("grain",)).generator()
    cover = _Cover(
        brows.brow_cover(person, texels),
        stubble.beard_cover(person, texels),
        lips.lip_paint(person, texels, skin_rgb(person.tone, person.undertone)),
        np.maximum(wrinkles.grooves(person, texels), wrinkles.crepe(person, texels, region)),
        marks.moles(person, texels),
        smooth_noise(texels.points, max(0.9, 1.6 * texels.spacing), grain),
    )
    return Material(
        name="skin",
        albedo=texels.spread(_colour(person, hair_of or person, texels, cover)),
        parsing=texels.spread(_classes(person, region)),
        tilt=texels.tilt(_relief(person, texels, cover)),
        occlusion=texels.spread(_shade(texels, cover)),
        gloss=texels.spread(_shine(person, region, cover)),
        wrap=(0.35, 0.16, 0.10),
        warmth=0.25,
        specular=0.028,
        shininess=(24.0, 96.0),
        lobe=0.75,
    )


def _classes(person: Person, region: Regions) -> NDArray[np.uint8]:
    classes = region.parsing.copy()
    hairy = brows.brow_mask(person, region)
    classes[hairy & (region.x > 0)] = PARSING.index("left_brow")
    classes[hairy & (region.x <= 0)] = PARSING.index("right_brow")
    return classes


def _colour(person: Person, hair_of: Person, canvas: Canvas, cover: _Cover) -> Floats:
    """(n, 3) linear RGB."""
    region = regions(canvas)
    skin = skin_rgb(person.tone, person.undertone)
    deep = 0.16 * (1 - 0.6 * person.tone / 5) * region.under_eye + stubble.shaved_shadow(person, canvas)
    melanin = complexion.pigment(person, canvas) + 1.25 * cover.moles + 0.32 * cover.grooves
    colour = tinted(skin, melanin, complexion.blood(person, canvas) + 0.6 * cover.grooves, deep)
    lay(colour, makeup.shadow_cover(person, region), makeup.eye_shadow(person))
    mouth = cover.lips.colour + 0.7 * makeup.worn(person) * (makeup.lipstick(person) - cover.lips.colour)
    colour[cover.lips.where] += cover.lips.cover[:, None] * (mouth - colour[cover.lips.where])
    lay(colour, np.float32(0.85) * region.nostrils, 0.10 * skin)
    lay(colour, np.float32(0.8) * region.rim, np.array([0.62, 0.44, 0.42]) * skin)
    lay(colour, makeup.lash_line(person, canvas), np.array([0.014, 0.010, 0.009]))
    scalp = np.float32(0.8) * hair_shade(canvas.points, hair_of).astype(np.float32) * (1 - region.ears)
    lay(colour, scalp, hair_colour(hair_of.hair_colour, hair_of.hair_red, hair_of.grey))
    for covers, colours in (
        (cover.beard, stubble.beard_colours(person)),
        (cover.brows, brows.brow_colours(person)),
    ):
        for hairs, ink in zip(covers, colours, strict=True):
            lay(colour, hairs, ink)
    return np.asarray(np.clip(colour, 0.002, 0.95, out=colour))


def _relief(person: Person, canvas: Canvas, cover: _Cover) -> Floats:
    """(n,) height over the head's own surface, mm."""
    region = regions(canvas)
    coarse = smooth_noise(canvas.points, 5.5, Stream(person.skin_seed, ("relief",)).generator())
    where = (0.45 + 0.55 * np.maximum(region.cheeks, region.nose)) * (1 - region.upper_lid)
    rough = (0.4 + 0.8 * person.roughness) * (1 + 0.5 * float(step(person.age, 40, 80)))
    height = rough * where * (0.055 * cover.grain + 0.06 * coarse)
    height[cover.lips.where] = height[cover.lips.where] * (1 - cover.lips.cover) + cover.lips.relief
    height += 0.35 * cover.moles - cover.grooves + wrinkles.sagging(person, region)
    return np.asarray(height + 0.22 * (cover.brows[0] + cover.brows[1]) + 0.18 * (cover.beard[0] + cover.beard[1]))


def _shade(canvas: Canvas, cover: _Cover) -> Floats:
    """(n,) share of ambient light that reaches the texel, beyond what the head's shape already blocks."""
    shade = lips.mouth_shade(canvas) * makeup.lash_shade(canvas) * (1 - 0.75 * regions(canvas).nostrils)
    return np.asarray(np.clip(shade * (1 - np.minimum(0.45 * cover.grooves, 0.5)), 0.05, 1))


def _shine(person: Person, region: Regions, cover: _Cover) -> Floats:
    """(n,) factor of the specular light: oily brow and nose, moist lips, dull hair."""
    shine = 1.0 + 1.0 * region.t_zone + 0.25 * region.cheeks + 0.15 * region.upper_lid
    shine *= (1 + 0.12 * cover.grain) * (1.1 - 0.35 * float(step(person.age, 35, 80)))
    moist = 0.9 + 1.2 * makeup.worn(person)
    shine[cover.lips.where] += (moist - 0.5 * shine[cover.lips.where]) * cover.lips.cover
    hair = np.maximum(np.maximum(*cover.beard), np.maximum(*cover.brows))
    shine *= (1 - 0.7 * hair - 0.5 * np.minimum(cover.grooves, 1)) * (1 - 0.8 * region.nostrils)
    return np.asarray(np.clip(shine, 0, 3))
