"""Tight curls: shells around the scalp that grow sparser outwards, and small curls that break the outline."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.dome import CENTRE, dome
from visavis.synthetic.look.hair.cap import Texels, hair_texture
from visavis.synthetic.look.hair.mesh import Mesh, cap_directions, cap_grid
from visavis.synthetic.look.hair.scalp import HairFactors, growth
from visavis.synthetic.look.hair.strands import HAIR
from visavis.synthetic.render import Material

Array = NDArray[np.float64]
Rng = np.random.Generator

_HEIGHT, _WIDTH = 128, 384


def lumps(points: Array, rng: Rng, size: float) -> Array:
    """(n,) smooth noise of about unit deviation at (n, 3) points, lumps about `size` mm apart."""
    waves = rng.normal(0.0, 2.2 / size, (10, 3))
    return np.asarray(np.sin(points @ waves.T + rng.uniform(0, 2 * np.pi, 10)).sum(axis=1) * 0.45)


def shell(person: HairFactors, rng_seed: int, height: float, lump: float, occlusion: float) -> Mesh:
    """A ball of hair around the head.

    Args:
        person: reads the hairline.
        rng_seed: of the lumps; equal in all shells of a head.
        height: mm above the scalp.
        lump: depth of the lumps, mm.
        occlusion: ambient light that reaches it.
    """
    points, normals, faces, uv = cap_grid()
    rng = np.random.default_rng(rng_seed)
    dense = growth(points, person, soft=26.0)
    # Gravity and pillows flatten the back; the ball is wider than high.
    round_ = 1.0 + 0.1 * normals[:, 1] - 0.15 * np.clip(-normals[:, 2], 0, 1)
    rise = height * round_ * np.clip(1.9 * dense - 0.72, 0.0, 1.0) ** 0.6 + lump * lumps(points, rng, 26.0) * np.clip(
        dense - 0.3, 0, 1
    )
    raised = dome().at_height(points, np.maximum(rise, 0.5))
    kept = faces[(dense[faces] > 0.3).any(axis=1)]
    shade = occlusion * (0.8 + 0.2 * np.clip(lumps(points, np.random.default_rng(rng_seed), 26.0), -1, 1))
    return Mesh(raised, kept, uv, normals, np.clip(shade, 0, 1))


def curl_material(person: HairFactors, cover: float, soft: float = 5.0) -> Material:
    """The look of a shell.

    Args:
        person: reads the hairline and the colours.
        cover: share of the shell that is hair, 0 to 1.
        soft: mm over which hair thins out at the hairline.
    """
    texels = _curled()
    dense = growth(texels.points, person, soft).reshape(texels.fray.shape)
    alpha = np.clip((cover * np.clip(2.6 * dense - 0.6, 0, 1) - (0.5 - texels.fray)) * 5.0 + 0.5, 0.0, 1.0)
    if cover >= 1.0:
        alpha = np.clip((dense - 0.45 + 0.4 * texels.fray) * 6.0 + 0.5, 0.0, 1.0)
    return Material(
        name="curls",
        albedo=hair_texture(texels, person),
        parsing=HAIR,
        alpha=alpha.astype(np.float32),
        tilt=texels.tilt,
        occlusion=texels.occlusion,
        wrap=(0.25, 0.22, 0.2),
        specular=0.03,
        shininess=(6.0, 16.0),
        two_sided=True,
    )


@cache
def _curled() -> Texels:
    rng = np.random.default_rng(73)
    u, v = np.meshgrid((np.arange(_WIDTH) + 0.5) / _WIDTH, (np.arange(_HEIGHT) + 0.5) / _HEIGHT)
    points = dome().at_height((CENTRE + 90.0 * cap_directions(u, v)).reshape(-1, 3), 0.0)
    # Rings of many phases: a wave whose phase wanders quickly reads as coils, not as spots.
    phase = 5.0 * lumps(points, rng, 16.0) + 4.0 * lumps(points, rng, 7.0)
    coils = 0.5 * np.sin(phase) + 0.5 * np.sin(0.7 * phase + 9.0 * lumps(points, rng, 22.0))
    coils = (coils + 0.35 * rng.standard_normal(len(points))).reshape(u.shape)
    rank = np.argsort(np.argsort(coils.ravel())).reshape(u.shape) / coils.size
    slope_v, slope_u = np.gradient(coils)
    return Texels(
        points,
        (0.7 + 0.6 * rank).astype(np.float32),
        rng.random(u.shape).astype(np.float32),
        rank - 0.5,
        np.clip(np.stack([slope_u, slope_v], -1) * 0.7, -0.9, 0.9).astype(np.float32),
        (0.45 + 0.55 * rank).astype(np.float32),
    )
