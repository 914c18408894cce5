"""The cap: short hair on the scalp itself, the base under every other layer, with a soft irregular hairline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.dome import CENTRE, dome
from visavis.synthetic.look.hair.colour import paleness, pigment_and_white
from visavis.synthetic.look.hair.mesh import Mesh, cap_directions, cap_grid
from visavis.synthetic.look.hair.scalp import HairFactors, growth
from visavis.synthetic.look.hair.strands import HAIR, streaks
from visavis.synthetic.render import Material

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

_HEIGHT, _WIDTH = 112, 320


@dataclass(frozen=True, eq=False)
class Texels:
    """Where each texel of the cap lies and what grows there: a look common to all.

    Attributes:
        points: (h * w, 3) of the scalp, mm.
        shade: (h, w) brightness, about 1.
        lot: (h, w) uniform number in 0..1, for grey.
        fray: (h, w) from -0.5 to 0.5: who grows first where hair is thin.
        tilt: (h, w, 2) slopes of the relief.
        occlusion: (h, w) light that reaches the hollows.
    """

    points: Array
    shade: Floats
    lot: Floats
    fray: Array
    tilt: Floats | None = None
    occlusion: Floats | None = None


def hair_texture(texels: Texels, person: HairFactors) -> Floats:
    """(h, w, 3) linear RGB of the texels in the colours of a person."""
    colours = pigment_and_white(person.hair_colour, person.hair_red, person.grey)
    dark, white = (colour.astype(np.float32) for colour in colours)
    pale = paleness(texels.lot, person.grey)[..., None]
    return np.asarray((dark + pale * (white - dark)) * texels.shade[..., None])


def cap_mesh(person: HairFactors, thickness: float, ramp: float = 24.0, occlusion: float = 0.8) -> Mesh:
    """The cap of a person.

    Args:
        person: reads the hairline.
        thickness: mm above the scalp away from the hairline.
        ramp: mm over which it rises from the hairline.
        occlusion: ambient light that reaches it.
    """
    points, normals, faces, uv = cap_grid()
    dense = growth(points, person, soft=ramp)
    rise = 0.5 + thickness * np.clip(2.0 * dense - 0.7, 0.0, 1.0)
    # Faces that lie on bare skin everywhere would only cost time.
    kept = faces[(dense[faces] > 0.02).any(axis=1)]
    return Mesh(dome().at_height(points, rise), kept, uv, normals, np.full(len(points), occlusion))


def cap_material(person: HairFactors, soft: float, solid: float = 1.0, grain: str = "combed") -> Material:
    """The look of the cap.

    Args:
        person: reads the hairline and the colours.
        soft: mm over which hair thins out at the hairline.
        solid: density away from the hairline; below 1 the scalp shows between the hairs.
        grain: "combed" strands or "cropped" stubble.
    """
    texels = _texels(grain)
    dense = growth(texels.points, person, soft).reshape(texels.fray.shape)
    alpha = np.clip(
        2.6 * (dense * solid - 0.5) + 0.5 + 1.1 * texels.fray * (1.0 - np.clip(dense - 0.35, 0, 1) * solid), 0, 1
    )
    return Material(
        name="scalp hair",
        albedo=hair_texture(texels, person),
        parsing=HAIR,
        alpha=alpha.astype(np.float32),
        gloss=texels.shade,
        wrap=(0.25, 0.22, 0.2),
        specular=0.05 if grain == "combed" else 0.015,
        strands=grain == "combed",
        two_sided=False,
    )


@cache
def _texels(grain: str) -> Texels:
    rng = np.random.default_rng(72)
    u, v = np.meshgrid((np.arange(_WIDTH) + 0.5) / _WIDTH, (np.arange(_HEIGHT) + 0.5) / _HEIGHT)
    directions = cap_directions(u, v)
    points = dome().at_height((CENTRE + 90.0 * directions).reshape(-1, 3), 0.0)
    shade, lot = streaks(_HEIGHT, _WIDTH, rng, 1.5)
    if grain == "cropped":
        lot = 0.5 + 0.45 * (rng.random(shade.shape) - 0.5)
        shade = 0.55 + 0.8 * rng.random(shade.shape)
    fray = rng.random(shade.shape) - 0.5 if grain == "cropped" else lot - 0.5
    return Texels(points, (0.94 * shade).astype(np.float32), lot.astype(np.float32), fray)
