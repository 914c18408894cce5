"""Hair that falls freely from a parting or a whorl: short cuts, fringes, bobs and long hair."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.dome import CENTRE, azimuth_of, directions, dome
from visavis.synthetic.look.hair.flow import Fall, trace
from visavis.synthetic.look.hair.mesh import Mesh, lifted, ribbons, sheet
from visavis.synthetic.look.hair.scalp import HairFactors, growth
from visavis.synthetic.look.hair.strands import TILES, curtain_u, tile

Array = NDArray[np.float64]
Rng = np.random.Generator


@cache
def _fibonacci(count: int) -> Array:
    """(count, 3) even directions over the upper two thirds of a ball."""
    k = np.arange(count) + 0.5
    return directions(np.arccos(1 - 1.55 * k / count), np.pi * (1 + 5**0.5) * k)


def sites(person: HairFactors, rng: Rng, count: int, least: float = 0.5) -> Array:
    """(n, 3) roots spread over the hairy scalp, mm; about 0.6 n of `count` lie in it."""
    aim = _fibonacci(count) + rng.normal(0.0, 0.035, (count, 3))
    points = dome().at_height(CENTRE + 90.0 * aim, 0.5)
    return np.asarray(points[growth(points, person, soft=6.0) >= least])


def layer(
    roots: Array, length: Array, fall: Fall, rng: Rng, steps: int, width: float, twist: float = 0.15, bend: float = 0.0,
    lift: Array | float = 1.0, shade: float = 1.0, wave: float = 0.0, curl: float = 40.0, deep: float = 0.35,
    ends: Array | None = None, finer: int = 1,
) -> Mesh:  # fmt: skip
    """Locks from roots.

    Args:
        roots: (n, 3) mm.
        length: (n,) mm.
        fall: how they fall.
        rng: the person's own.
        steps: pieces per lock.
        width: of a lock, mm.
        twist: spread of the locks' turn about their line, radians.
        bend: spread of the direction in which they set out, as a share of the comb.
        lift: (n,) factor on the fall's lift.
        shade: occlusion at the tips; roots are darker.
        wave: amplitude of waves at the tip, mm.
        curl: wavelength of the waves, mm.
        deep: how much darker roots are.
        ends: (n,) y in mm at which locks before the face are cut off.
        finer: pieces into which each step is divided before waves are laid on.
    """
    n = len(roots)
    if bend:
        side = rng.normal(0.0, bend, (n, 3))
        comb = fall.comb

        def uneven(points: Array) -> Array:
            way = comb(points)
            return np.asarray(way / (np.linalg.norm(way, axis=1, keepdims=True) + 1e-9) + side)

        fall = replace(fall, comb=uneven)
    lines = trace(roots, length, fall, steps, lift)
    if finer > 1:
        lines = _resampled(lines, np.broadcast_to(np.linspace(0.0, steps, steps * finer + 1), (n, steps * finer + 1)))
    if wave:
        lines = waved(lines, length, wave, curl, rng)
    if ends is not None:
        lines = trimmed(lines, ends)
    along = np.linspace(0.0, 1.0, lines.shape[1])
    dark = shade * (1.0 - deep + deep * np.clip(along / 0.35, 0, 1))[None, :] * rng.uniform(0.85, 1.0, (n, 1))
    return lifted(
        ribbons(
            lines,
            np.minimum(width, 3.0 + 0.6 * length) * rng.uniform(0.75, 1.25, n),
            tile(rng.integers(0, TILES, n)),
            rng.normal(0.0, twist, n),
            np.clip(dark, 0.0, 1.0),
        )
    )


def trimmed(lines: Array, ends: Array) -> Array:
    """(n, k, 3) lines cut where they first fall below y = `ends` (n,) in front of the face."""
    before = np.abs(azimuth_of(lines)) < 0.95
    below = (lines[..., 1] < ends[:, None]) & before
    k = lines.shape[1]
    last = np.where(below.any(axis=1), np.maximum(below.argmax(axis=1) - 0.5, 1.0), k - 1.0)
    return _resampled(lines, np.linspace(0.0, 1.0, k)[None, :] * last[:, None])


def _resampled(lines: Array, place: Array) -> Array:
    """(n, m, 3) points of lines (n, k, 3) at fractional places (n, m) between their points."""
    i = np.minimum(place.astype(np.intp), lines.shape[1] - 2)
    t = (place - i)[..., None]
    row = np.arange(len(lines))[:, None]
    return np.asarray(lines[row, i] * (1 - t) + lines[row, i + 1] * t)


def waved(lines: Array, length: Array, amplitude: float, curl: float, rng: Rng) -> Array:
    """(n, k, 3) lines with waves that grow towards the tips; neighbouring lines swing alike."""
    n, k = lines.shape[:2]
    along = np.gradient(lines, axis=1)
    along /= np.linalg.norm(along, axis=2, keepdims=True) + 1e-9
    normal = dome().normals(lines.reshape(-1, 3)).reshape(n, k, 3)
    across = np.cross(along, normal)
    s = np.linspace(0.0, 1.0, k)[None, :] * length[:, None]
    root = lines[:, 0]
    phase = root @ np.array([0.05, 0.02, 0.04]) + rng.normal(0.0, 0.6, n)
    grow = amplitude * np.clip(s / 60.0, 0.0, 1.0)
    turn = 2 * np.pi * s / (curl * rng.uniform(0.85, 1.15, (n, 1))) + phase[:, None]
    return np.asarray(
        lines + (grow * np.sin(turn))[..., None] * across + (0.6 * grow * (1 + np.cos(turn)))[..., None] * normal
    )


def part_line(x: float, front: float, back: float) -> Array:
    """(2, 3) ends of a parting on the scalp: x aside, from z = front to z = back, mm."""
    ends = np.array([(x, 64.0 + (88.0 - front) * 1.6, front), (x, 112.0, back)])
    return dome().at_height(ends, 0.0)


def along_part(part: Array, place: Array, offset: Array) -> Array:
    """(n, 3) roots beside a parting.

    Args:
        part: (2, 3) its front and back end, mm.
        place: (n,) 0 at the front of the left side, 0.5 behind, 1 at the front of the right side.
        offset: (n,) mm from the parting.
    """
    fold = 1.0 - np.abs(2.0 * place - 1.0)
    side = np.sign(0.5 - place)
    straight = np.clip(fold / 0.72, 0.0, 1.0)
    turn = np.clip((fold - 0.72) / 0.28, 0.0, 1.0) * np.pi / 2
    base = part[0] + straight[:, None] * (part[1] - part[0])
    away = np.stack([side * np.cos(turn), np.zeros_like(turn), -np.sin(turn)], axis=-1)
    return dome().at_height(base + offset[:, None] * away, 0.5)


def curtain(
    part: Array, length: Array, fall: Fall, steps: int, lift: float, folds: float, shade: float, offset: float = 1.5
) -> Mesh:
    """A closed sheet that falls from a parting: what keeps the background from showing between locks.

    Args:
        part: (2, 3) its ends, mm.
        length: (n,) of each of n lines from the front left around the back to the front right, mm.
        fall: how it falls.
        steps: pieces per line.
        lift: factor on the fall's lift.
        folds: how often the texture runs across.
        shade: occlusion.
        offset: mm from the parting.
    """
    n = len(length)
    roots = along_part(part, np.linspace(0.0, 1.0, n), np.full(n, offset))
    return lifted(sheet(trace(roots, length, fall, steps, lift), curtain_u(n, folds), shade))
