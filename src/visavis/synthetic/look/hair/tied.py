"""Tied hair: everything combed tightly to a knot, with a tail or a bun there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.dome import CENTRE, dome
from visavis.synthetic.look.hair.flow import Fall, hanging, trace
from visavis.synthetic.look.hair.locks import waved
from visavis.synthetic.look.hair.mesh import Mesh, lifted, ribbons, sheet
from visavis.synthetic.look.hair.scalp import HairFactors, on_hairline
from visavis.synthetic.look.hair.strands import TILES, curtain_u, tile

Array = NDArray[np.float64]
Rng = np.random.Generator


def knot_at(height: float) -> Array:
    """(3,) mm: the point behind the head where hair is tied, at this y."""
    back = dome().at_height(np.array([(0.0, height, -100.0)]), 0.0)[0]
    return np.asarray(back)


def pulled(person: HairFactors, knot: Array, rng: Rng, slack: float) -> list[Mesh]:
    """Hair combed from the hairline to the knot.

    Args:
        person: reads the hairline.
        knot: (3,) mm.
        rng: the person's own.
        slack: mm the hair stands off half way.
    """
    edge = np.linspace(-np.pi, np.pi, 57)
    roots = on_hairline(edge, person, -0.5)
    folds = 7.0
    skin = sheet(_arcs(roots, knot, 10, slack, 0.4), curtain_u(len(edge), folds), 0.85, v_end=0.62)
    turn = rng.uniform(-np.pi, np.pi, 46)
    above = rng.uniform(0.0, 0.45, 46) ** 1.5
    start = _arcs(on_hairline(turn, person, 3.0), knot, 20, slack, 0.6)
    first = (above * 20).astype(int)
    lines = np.stack([np.stack([np.interp(np.linspace(f, 20, 9), np.arange(21), line[:, c]) for c in range(3)], -1)
                      for line, f in zip(start, first, strict=True)])  # fmt: skip
    lines = dome().at_height(lines.reshape(-1, 3), dome().height(lines.reshape(-1, 3)) + 1.0).reshape(lines.shape)
    locks = ribbons(lines, rng.uniform(10, 20, 46), tile(rng.integers(0, TILES, 46)), rng.normal(0, 0.08, 46), 0.95)
    return [skin, lifted(locks)]


def tail(person: HairFactors, knot: Array, rng: Rng, length: float) -> Mesh:
    """Locks that hang from the knot."""
    count, steps = 34, 12
    out = dome().normals(knot[None])[0]
    start = knot + 14.0 * out
    roots = start + rng.normal(0.0, 3.5, (count, 3))
    spread = rng.normal(0.0, 0.3, (count, 3))

    def comb(points: Array) -> Array:
        gone = np.linalg.norm(points - start, axis=1)[:, None]
        return np.asarray(
            (out * 1.2 + np.array([0, 0.5, 0]) + spread) * np.exp(-gone / 35.0) + np.array([0, -0.6, 0]) + 0.12 * spread
        )

    fall = Fall(comb, 0.8, 0.6, 10.0)
    lengths = length * rng.uniform(0.75, 1.05, count)
    lines = trace(roots, lengths, fall, steps)
    lines = waved(lines, lengths, 2.0 + 9.0 * person.hair_curl, rng.uniform(60, 120), rng)
    return ribbons(
        lines, rng.uniform(16, 28, count), tile(rng.integers(0, TILES, count)), rng.normal(0, 0.6, count), 0.95, 0.8
    )


def bun(knot: Array, rng: Rng, radius: float) -> list[Mesh]:
    """A coil of hair on the knot."""
    out = dome().normals(knot[None])[0]
    side = np.array([1.0, 0.0, 0.0])
    up = np.cross(out, side)
    middle = knot + out * radius * 0.55
    turn, level = np.meshgrid(np.linspace(0, 2 * np.pi, 25), np.linspace(0.15, np.pi - 0.05, 9), indexing="ij")
    shell = _ball(middle, (side, up, out), turn + 0.9 * level, level, radius * 0.94)
    meshes = [sheet(shell, curtain_u(25, 4.0), 0.8, v_end=0.6)]
    count = 26
    from_, sweep, where = rng.uniform(0, 2 * np.pi, count), rng.uniform(1.6, 3.2, count), rng.uniform(0.3, 2.2, count)
    t = np.linspace(0, 1, 8)[None, :]
    around = from_[:, None] + sweep[:, None] * t
    height = np.clip(where[:, None] + rng.normal(0, 0.5, count)[:, None] * t, 0.15, np.pi - 0.2)
    coils = _ball(middle, (side, up, out), around, height, radius * rng.uniform(0.95, 1.06, count)[:, None])
    away = coils - middle
    mesh = ribbons(coils, radius * rng.uniform(0.35, 0.6, count), tile(rng.integers(0, TILES, count)), 0.0, 0.95)
    outward = np.repeat(away.reshape(-1, 3), 2, axis=0)
    meshes.append(
        Mesh(mesh.points, mesh.faces, mesh.uv, outward / np.linalg.norm(outward, axis=1, keepdims=True), mesh.occlusion)
    )
    return [lifted(mesh) for mesh in meshes]


def wisps(person: HairFactors, rng: Rng) -> Mesh:
    """Fine strands that came loose at the temples and the nape."""
    count = int(rng.integers(3, 9))
    turn = np.where(rng.random(count) < 0.7, rng.uniform(0.75, 1.25, count), rng.uniform(2.2, 3.1, count)) * rng.choice(
        [-1, 1], count
    )
    fall = Fall(hanging, 1.0, 0.6, 4.0, 0.9)
    length = rng.uniform(18, 65, count)
    lines = trace(on_hairline(turn, person, 1.0), length, fall, 8)
    lines = waved(lines, length, 3.0, 45.0, rng)
    return lifted(ribbons(lines, rng.uniform(1.0, 2.2, count), tile(rng.integers(0, TILES, count)), 0.0, 0.9))


def _arcs(roots: Array, knot: Array, steps: int, slack: float, rise: float) -> Array:
    """(n, steps + 1, 3) lines over the scalp from roots to the knot."""
    a = roots - CENTRE
    b = knot - CENTRE
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b, -1, 1))[:, None, None]
    t = np.linspace(0.0, 0.97, steps + 1)[None, :, None]
    ray = (np.sin((1 - t) * angle) * a[:, None] + np.sin(t * angle) * b) / np.maximum(np.sin(angle), 0.05)
    height = rise + slack * np.sin(np.pi * np.clip(t, 0, 1)) ** 0.7 + 7.0 * t**3
    points = dome().at_height((CENTRE + 90.0 * ray).reshape(-1, 3), 0.0).reshape(ray.shape)
    out = points - CENTRE
    return np.asarray(points + out / np.linalg.norm(out, axis=-1, keepdims=True) * height)


def _ball(middle: Array, axes: tuple[Array, Array, Array], turn: Array, level: Array, radius: Array | float) -> Array:
    """Points of a flattened ball: turn around its third axis, level from that axis."""
    side, up, out = axes
    r = np.asarray(radius) * np.ones_like(turn)
    return np.asarray(
        middle
        + (r * np.sin(level) * np.cos(turn))[..., None] * side
        + (r * np.sin(level) * np.sin(turn))[..., None] * up
        + (0.8 * r * np.cos(level))[..., None] * out
    )
