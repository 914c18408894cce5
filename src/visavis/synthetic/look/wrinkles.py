"""Wrinkles and folds: grooves along the lines in which faces fold, deepening with age."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.noise import smooth_noise
from visavis.synthetic.look.regions import Regions, step
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]


def grooves(person: Person, canvas: Canvas) -> Floats:
    """(n,) depth of the skin's folds, mm, 0 where there is none."""
    rng = Stream(person.skin_seed, ("wrinkles",)).generator()
    aged = float(np.clip((person.age - 24) / 50, 0, 1.2))
    aged *= 0.75 + 0.45 * aged  # lines cut in faster late in life
    drawn = [*_forehead(rng, aged), *_frown(rng, aged)]
    for sign in (1.0, -1.0):
        drawn += [*_around_eye(rng, aged, sign), *_around_mouth(rng, aged, sign)]
    drawn += _neck(rng, aged)
    return canvas.strokes(np.concatenate([_lifted(canvas, *line) for line in drawn]), union=False, blur=0.5)


def crepe(person: Person, canvas: Canvas, region: Regions) -> Floats:
    """(n,) depth of the net of fine lines in old skin, mm: cheeks, around mouth and eyes, neck."""
    aged = float(step(person.age, 48, 84))
    out = np.zeros(len(region.x), np.float32)
    if aged == 0:
        return out
    where = np.maximum(np.maximum(region.cheeks, region.mouth_surround), 0.6 * region.forehead)
    where = np.maximum(where, 0.8 * np.maximum(region.under_eye, region.neck))
    near = np.flatnonzero(where > 0.05)
    # Lines run across the pull of gravity on the neck and the brow, and down the cheeks.
    stretch = np.array([1.0, 0.55, 1.0], np.float32)
    stream = Stream(person.skin_seed, ("crepe",))
    for size, depth in ((6.0, 0.20), (3.4, 0.13)):
        net = smooth_noise(canvas.points[near] * stretch, size, stream.child(int(size)).generator())
        out[near] += depth * aged * where[near] * np.exp(-((net / 0.22) ** 2))
    return out


def sagging(person: Person, region: Regions) -> Floats:
    """(n,) height of the soft swellings of age, mm: bags under the eyes, the pouch beside the mouth, the jowl."""
    aged = float(np.clip((person.age - 35) / 45, 0, 1))
    bag = np.exp(-0.5 * ((region.below_lid - 7.5) / 2.6) ** 2) * step(region.side, 17, 26)
    bag = bag * (1 - step(region.side, 38, 47))
    jowl = np.exp(-0.5 * (((region.side - 36) / 6) ** 2 + ((region.y + 88) / 9) ** 2)) * region.front
    return np.asarray(aged * (0.9 * bag + 1.1 * jowl), dtype=np.float32)


Line = tuple[Floats, Floats, float, Floats]
"""x, y along the groove, its half width and its depth at every point, mm."""


def _line(points: list[tuple[float, float]], width: float, depth: float, *, count: int = 12) -> Line:
    """A smooth groove through points, shallow at both ends."""
    x, y = (_smoothing(len(points), count) @ np.array(points)).T
    t = np.linspace(0.03, 0.97, count)
    return x.astype(np.float32), y.astype(np.float32), width, (depth * np.sin(np.pi * t) ** 0.6).astype(np.float32)


@cache
def _smoothing(points: int, count: int) -> NDArray[np.float64]:
    """(count, points) matrix: the values along the least-squares cubic (at most) through evenly spaced points."""
    powers = np.arange(min(3, points - 1) + 1)
    known, wanted = (np.linspace(0, 1, n)[:, None] ** powers for n in (points, count))
    return np.asarray(wanted @ np.linalg.pinv(known))


def _lifted(canvas: Canvas, x: Floats, y: Floats, width: float, depth: Floats) -> Floats:
    points = canvas.lift(x, y)
    wide = np.full(len(x) - 1, width, np.float32)
    return np.column_stack([points[:-1], points[1:], wide, depth[:-1], depth[1:]])


def _forehead(rng: np.random.Generator, aged: float) -> list[Line]:
    strength = rng.uniform(0.3, 1.0)
    lines = []
    for row in range(5):
        y = 31 + 7.2 * row + rng.uniform(-1.5, 1.5)
        left, right = rng.uniform(-42, -22), rng.uniform(22, 42)
        bend, wave = rng.uniform(0.5, 4), rng.uniform(-1.2, 1.2, 5)
        points = [(x, y - bend * (x / 30) ** 2 + w) for x, w in zip(np.linspace(left, right, 5), wave, strict=True)]
        depth = 0.52 * max(aged - 0.1 * row * rng.uniform(0.3, 1), 0) * strength
        x, y_, width, profile = _line(points, 0.9, depth, count=20)
        broken = np.clip(0.75 + 0.5 * rng.standard_normal(4), 0, 1.2)
        lines.append((x, y_, width, (profile * np.interp(np.linspace(0, 3, 20), range(4), broken)).astype(np.float32)))
    return lines


def _frown(rng: np.random.Generator, aged: float) -> list[Line]:
    lines = []
    for sign in (-1, 1):
        x, depth = sign * rng.uniform(4, 6.5), 0.5 * max(aged - 0.1, 0) * rng.uniform(0, 1)
        lines.append(_line([(x, 8 + rng.uniform(0, 3)), (x * 1.05, 15), (x * 1.3, 21 + rng.uniform(0, 5))], 0.9, depth))
    lines.append(_line([(-7, 5), (0, 3.6), (7, 5)], 1.0, 0.4 * max(aged - 0.2, 0) * rng.uniform(0, 1)))
    return lines


def _around_eye(rng: np.random.Generator, aged: float, sign: float) -> list[Line]:
    outer_x, outer_y = anatomy.EYE_OUTER_CORNER
    strength = rng.uniform(0.4, 1.0)
    lines = []
    for ray in range(4):
        angle = np.radians(38 - 24 * ray + rng.uniform(-7, 7))
        start, reach = 4.5 + rng.uniform(0, 1.5), rng.uniform(7, 14)
        bend = rng.uniform(-0.15, 0.05)
        points = [
            (sign * (outer_x + r * np.cos(angle + bend * k)), outer_y + r * np.sin(angle + bend * k))
            for k, r in enumerate((start, start + 0.5 * reach, start + reach))
        ]
        lines.append(_line(points, 0.75, 0.46 * max(aged - 0.05, 0) * strength * rng.uniform(0.5, 1)))
    trough = [(sign * 17.5, -7.0), (sign * 23, -12.5), (sign * 31, -15.8), (sign * 39, -15.0)]
    lines.append(_line(trough, 1.5, 0.14 + 0.42 * aged * rng.uniform(0.5, 1)))
    for step_down in (2.8, 5.2):
        fine = [(sign * x, float(anatomy.lower_lid(x)) - step_down - rng.uniform(0, 1)) for x in (22, 30, 38, 46)]
        lines.append(_line(fine, 0.7, 0.03 + 0.22 * aged * rng.uniform(0.4, 1)))
    return lines


def _around_mouth(rng: np.random.Generator, aged: float, sign: float) -> list[Line]:
    corner_x, corner_y = anatomy.MOUTH_CORNER
    wing_x, wing_y = anatomy.NOSE_WING
    end = rng.uniform(-80, -72)
    fold = [(wing_x + 3.2, wing_y + 4), (25, -51), (31.5, -61), (corner_x + 6.5, end)]
    lines = [_line([(sign * x, y) for x, y in fold], 1.2, 0.12 + 0.5 * aged * rng.uniform(0.5, 1), count=16)]
    lines.append(
        _line([(sign * (x + 0.6), y) for x, y in fold], 3.6, 0.22 + 0.8 * aged * rng.uniform(0.5, 1), count=16)
    )
    down = [(corner_x + 1.2, corner_y - 2.5), (corner_x + 2.6, corner_y - 11), (corner_x + 1.5, corner_y - 21)]
    lines.append(_line([(sign * x, y) for x, y in down], 1.3, 0.6 * max(aged - 0.3, 0) * rng.uniform(0.3, 1)))
    for k in range(5):
        x = 3.5 + 4.4 * k + rng.uniform(-1, 1)
        top = float(anatomy.lip_top(x))
        points = [(sign * x, top + 0.3), (sign * x * 1.04, top + 2.5), (sign * x * 1.06, top + rng.uniform(4, 6.5))]
        lines.append(_line(points, 0.6, 0.28 * max(aged - 0.45, 0) * rng.uniform(0.3, 1)))
    return lines


def _neck(rng: np.random.Generator, aged: float) -> list[Line]:
    lines = []
    for y in (-131.0, -145.0):
        height = y + rng.uniform(-4, 4)
        points = [(x, height - 0.006 * x * x) for x in np.linspace(-34, 34, 6)]
        lines.append(_line(points, 1.4, 0.1 + 0.4 * aged * rng.uniform(0.4, 1), count=18))
    return lines
