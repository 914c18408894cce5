"""Short cuts: shaved, cropped, combed to a side, back or forward, curly, and what baldness leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.dome import azimuth_of
from visavis.synthetic.look.hair.cap import cap_material, cap_mesh
from visavis.synthetic.look.hair.curls import curl_material, shell
from visavis.synthetic.look.hair.flow import Fall, away_from
from visavis.synthetic.look.hair.locks import layer, part_line, sites
from visavis.synthetic.look.hair.parts import Parts, locks_look
from visavis.synthetic.look.hair.scalp import HairFactors, hairline

Array = NDArray[np.float64]
Rng = np.random.Generator


def bald(person: HairFactors, rng: Rng) -> Parts:
    """Nothing."""
    return []


def buzz(person: HairFactors, rng: Rng) -> Parts:
    """Cropped by a machine."""
    return [(cap_mesh(person, rng.uniform(1.0, 3.0), ramp=14.0), cap_material(person, 9.0, 0.9, "cropped"))]


def _cut_lengths(points: Array, person: HairFactors, rng: Rng, top: float, side: float) -> Array:
    """(n,) lengths from `side` over the ears to `top` on top; clipped short at sideburns and nape."""
    share = np.clip((points[:, 1] - 35.0) / 50.0, 0.0, 1.0)
    above = points[:, 1] - hairline(azimuth_of(points), person)
    edge = np.where(points[:, 1] < 40.0, np.clip(0.3 + above / 50.0, 0.3, 1.0), 1.0)
    return np.asarray((side + (top - side) * share) * edge * rng.uniform(0.82, 1.15, len(points)))


def crew(person: HairFactors, rng: Rng) -> Parts:
    """Brushed forward and up, with short sides."""
    part = part_line(rng.normal(0, 8), -52.0, -56.0)
    lean = np.array([rng.normal(0, 0.3), 0, rng.uniform(-0.3, 0.3)])
    fall = Fall(away_from(part, lean), 0.25, 0.3, 5 + 8 * person.hair_volume)
    roots = sites(person, rng, 420)
    top = rng.uniform(22, 36)
    length = _cut_lengths(roots, person, rng, top, rng.uniform(10, 16))
    locks = layer(roots, length, fall, rng, 3, 18.0, 0.2, 0.2, lift=(length / top) ** 1.5, shade=0.9, deep=0.1)
    return [(cap_mesh(person, 3.0, occlusion=0.9), cap_material(person, 7.0)), (locks, locks_look(person))]


def side_part(person: HairFactors, rng: Rng) -> Parts:
    """Combed to both sides of a parting."""
    side = rng.choice([-1.0, 1.0]) * rng.uniform(22, 38)
    part = part_line(side, 80.0, -40.0)
    fall = Fall(away_from(part, np.array([0, 0, rng.uniform(-0.7, -0.2)])), 0.35, 0.5, 6 + 8 * person.hair_volume)
    roots = sites(person, rng, 400)
    length = _cut_lengths(roots, person, rng, rng.uniform(60, 85), rng.uniform(20, 32))
    locks = layer(roots, length, fall, rng, 4, 22.0, 0.1, 0.07, lift=np.clip(length / 60, 0.2, 1.2) ** 1.5, deep=0.2)
    return [(cap_mesh(person, 3.0), cap_material(person, 7.0)), (locks, locks_look(person))]


def fringe(person: HairFactors, rng: Rng) -> Parts:
    """Combed forward from the whorl, cut straight above the brows."""
    part = part_line(rng.normal(0, 6), -48.0, -54.0)
    fall = Fall(
        away_from(part, np.array([rng.normal(0, 0.15), 0, 0.0])), 0.7, 0.45, 6 + 7 * person.hair_volume, open_face=0.0
    )
    roots = sites(person, rng, 380)
    length = _cut_lengths(roots, person, rng, rng.uniform(62, 80), rng.uniform(32, 46))
    locks = layer(
        roots, length, fall, rng, 5, 24.0, 0.1, 0.05, lift=np.clip(length / 60, 0.3, 1.1), deep=0.2,
        ends=rng.uniform(19, 34) + rng.normal(0, 2.0, len(roots)),
    )  # fmt: skip
    return [(cap_mesh(person, 3.0), cap_material(person, 6.0)), (locks, locks_look(person))]


def _backwards(points: Array) -> Array:
    """Comb to the back, and down behind."""
    down = 0.25 - 0.012 * np.maximum(-points[:, 2], 0.0)
    return np.stack([np.zeros_like(down), down, -np.ones_like(down)], axis=-1)


def swept_back(person: HairFactors, rng: Rng) -> Parts:
    """Combed back from the forehead."""
    fall = Fall(_backwards, 0.3, 0.5, 6 + 9 * person.hair_volume)
    roots = sites(person, rng, 400)
    length = _cut_lengths(roots, person, rng, rng.uniform(70, 100), rng.uniform(24, 50))
    locks = layer(roots, length, fall, rng, 5, 22.0, 0.1, 0.07, lift=np.clip(length / 70, 0.2, 1.2), deep=0.2)
    return [(cap_mesh(person, 3.0), cap_material(person, 7.0)), (locks, locks_look(person, sheen=0.14))]


def curly_short(person: HairFactors, rng: Rng) -> Parts:
    """Short curls all over."""
    part = part_line(rng.normal(0, 10), -30.0, -56.0)
    fall = Fall(away_from(part, np.zeros(3)), 0.3, 0.3, 12 + 14 * person.hair_volume)
    roots = sites(person, rng, 370)
    length = _cut_lengths(roots, person, rng, rng.uniform(44, 66), rng.uniform(24, 34))
    locks = layer(
        roots, length, fall, rng, 7, 11.0, 0.8, 0.45, lift=length / 50 * rng.uniform(0.6, 1.1, len(roots)), deep=0.4,
        wave=4.0 + 4.0 * person.hair_curl, curl=30.0,
    )  # fmt: skip
    return [(cap_mesh(person, 7.0), cap_material(person, 7.0)), (locks, locks_look(person, "curly", 0.07))]


def afro(person: HairFactors, rng: Rng) -> Parts:
    """A ball of tight curls."""
    seed = int(rng.integers(2**31))
    height = rng.uniform(10, 18) + 36.0 * person.hair_volume**1.5
    covers = ((1.0, 0.86, 0.55), (0.62, 0.94, 0.85), (0.3, 1.0, 1.0))
    return [
        (shell(person, seed, height * share, 1.5 + 0.06 * height, light), curl_material(person, cover))
        for cover, share, light in covers
    ]


def receding(person: HairFactors, rng: Rng) -> Parts:
    """A short cut with bare temples and a thin crown."""
    return (crew, swept_back, side_part)[int(rng.integers(3))](person, rng)


def horseshoe(person: HairFactors, rng: Rng) -> Parts:
    """A ring of short hair around a bald top."""
    part = part_line(0.0, -20.0, -56.0)
    fall = Fall(away_from(part, np.array([0, 0, -0.4])), 0.6, 0.4, 3 + 4 * person.hair_volume)
    roots = sites(person, rng, 420)
    locks = layer(
        roots, rng.uniform(14, 26) * rng.uniform(0.8, 1.2, len(roots)), fall, rng, 3, 16.0, 0.15, 0.15, deep=0.15
    )
    return [(cap_mesh(person, 2.0), cap_material(person, 10.0, 0.95)), (locks, locks_look(person))]
