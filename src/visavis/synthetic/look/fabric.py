"""Cloth: colours with a pattern, folds and knitting, painted over the unrolled torso (u around, v down)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.torso import ring_points

Array = NDArray[np.floating]
Rng = np.random.Generator

_SIZE = (112, 256)
PATTERNS = ("plain", "plain", "plain", "stripes", "checks", "melange", "print")


@dataclass(frozen=True, eq=False)
class Pattern:
    """Colours of a cloth.

    Attributes:
        albedo: (h, w, 3) linear RGB.
        height: (h, w) relief in texels, such as the edge of a lapel.
        colours: (2, 3) those it was made of.
    """

    albedo: Array
    height: Array
    colours: Array

    @classmethod
    def plain(cls, first: Array, second: Array, size: tuple[int, int] = _SIZE) -> Pattern:
        """One colour."""
        flat = np.broadcast_to(np.asarray(first, dtype=np.float32), (*size, 3)).copy()
        return cls(flat, np.zeros(size, np.float32), np.stack([first, second]))

    def painted(self, mask: Array, colour: Array, rise: float = 0.0) -> Pattern:
        """The pattern with a colour where `mask` (h, w) in 0..1 says so, raised by some texels."""
        share = np.asarray(mask, dtype=np.float32)
        albedo = self.albedo + share[..., None] * (np.asarray(colour, dtype=np.float32) - self.albedo)
        return replace(self, albedo=albedo, height=self.height + np.float32(rise) * share)

    def with_placket(self) -> Pattern:
        """A row of buttons down the front."""
        across, down = _front(self.height.shape)
        strip = _inside(3.2 - np.abs(across), 1.2)
        pattern = replace(self, height=self.height + 0.5 * strip)
        buttons = _inside(1.15 - np.hypot(across * 0.55, (down + 3.0) % 17.0 - 8.5), 0.8)
        return pattern.painted(buttons, np.clip(self.colours[0] * 0.5 + 0.08, 0, 1), 0.4)

    def with_neckline(self, below: Array, depth: float) -> Pattern:
        """A V down to the torso's level `depth` through which a shirt of another colour shows."""
        across, down = _front(self.height.shape)
        edge = 17.0 * (1.0 - down / (depth * self.height.shape[0] / 10.0)) - np.abs(across)
        return self.painted(_inside(3.0 - np.abs(edge), 1.0), 0.92 * self.colours[0], 0.7).painted(
            _inside(edge, 0.8), below, -0.8
        )

    def with_lapels(self, shirt: Array, tie: bool, rng: Rng) -> Pattern:
        """A jacket open over a shirt."""
        across, down = _front(self.height.shape)
        rows = self.height.shape[0]
        edge = 15.0 * (1.0 - down / (0.72 * rows)) - np.abs(across)
        lapel = edge + np.interp(down, [0, 0.3 * rows, 0.36 * rows, 0.72 * rows], [7.0, 17.0, 12.0, 1.0])
        pattern = self.painted(_inside(lapel, 0.8), 0.93 * self.colours[0], 0.9).painted(
            _inside(edge, 0.8), shirt, -1.0
        )
        if tie:
            colour = rng.uniform(0.02, 0.35, 3) * rng.uniform(0.3, 1.0)
            band = np.minimum(np.interp(down, [0, 10, 14, 80], [4.0, 3.0, 3.6, 6.0]) - np.abs(across), edge)
            pattern = pattern.painted(_inside(band, 0.7), colour, 0.7)
        return pattern


def pattern(colours: Array, rng: Rng, kinds: Sequence[str] = PATTERNS) -> Pattern:
    """A pattern of two colours, of a kind drawn from `kinds`."""
    kind = kinds[int(rng.integers(len(kinds)))]
    base = Pattern.plain(colours[0], colours[1])
    x, y = _cut_out()
    if kind == "stripes":
        return base.painted(_wave(y, rng.uniform(16, 60), rng.uniform(0.2, 0.55)), colours[1])
    if kind == "pinstripes":
        return base.painted(0.6 * _wave(x, rng.uniform(9, 18), 0.25), colours[1])
    if kind == "checks":
        period, share = rng.uniform(14, 48), rng.uniform(0.25, 0.5)
        return base.painted(0.5 * _wave(y, period, share) + 0.5 * _wave(x, period, share), colours[1])
    if kind == "melange":
        return base.painted(
            np.clip(0.3 + 0.13 * np.roll(_threads(), int(rng.integers(_SIZE[1])), axis=1), 0, 1), colours[1]
        )
    if kind == "print":
        across, down = _front(_SIZE)
        spot = np.hypot(across / rng.uniform(14, 24), (down - 62.0) / rng.uniform(8, 16))
        return base.painted(0.9 * _inside(1.0 - spot, 0.05), colours[1])
    return base


def fabric(cloth: Pattern, rng: Rng, ribs: int = 0, fold: float = 1.0) -> tuple[Array, Array, Array]:
    """Albedo (h, w, 3), tilt (h, w, 2) and occlusion (h, w) of a cloth.

    Args:
        cloth: its colours.
        rng: folds and threads.
        ribs: knitted ribs around the body; 0 = woven.
        fold: depth of the folds.
    """
    rows, columns = cloth.height.shape
    height = 1.5 * cloth.height
    if fold:
        bank = _folds()
        for _ in range(3):
            drape = np.roll(bank[rng.integers(len(bank))], rng.integers(columns), axis=1)
            height = height + np.float32(fold * rng.uniform(-1.3, 1.3)) * drape
    if ribs:
        height = height + np.float32(0.35) * np.cos(2 * np.pi * ribs / columns * np.arange(columns, dtype=np.float32))
    start = rng.integers(_SIZE[1])
    thread = 1.0 + np.float32(0.035) * np.roll(_threads(), start, axis=1)[:rows, :columns]
    if cloth.height.shape == _SIZE:
        height = height + _armpits()
    slope_v, slope_u = np.gradient(height)
    occlusion = np.clip(1.0 + np.float32(0.22) * np.minimum(height, 0.0), 0.45, 1.0)
    tilt = np.clip(np.float32(0.8) * np.stack([slope_u, slope_v], -1), -1, 1)
    return cloth.albedo * thread[..., None], tilt, occlusion


@cache
def _folds() -> Array:
    """(n, h, w) relief of folds: ridges that run down and sideways and fade at their ends."""
    rng = np.random.default_rng(77)
    v, u = np.indices(_SIZE, dtype=np.float32)
    bank = np.zeros((8, *_SIZE), np.float32)
    for k in range(len(bank)):
        for _ in range(6):
            u0, v0 = rng.uniform(0, _SIZE[1]), rng.uniform(10, _SIZE[0])
            lean, wide, long = rng.normal(0, 0.7), rng.uniform(3, 9), rng.uniform(15, 45)
            away = (u - u0 - lean * (v - v0) + _SIZE[1] / 2) % _SIZE[1] - _SIZE[1] / 2
            bank[k] += rng.uniform(-1.2, 1.2) * np.exp(-((away / wide) ** 2) - ((v - v0) / long) ** 2)
    return bank


@cache
def _armpits() -> Array:
    """(h, w) relief of the creases between arms and chest."""
    x, y = _cut_out()
    deep = np.exp(-(((np.abs(x - 300.0) - 158.0) / 9.0) ** 2)) * np.clip((y - 560.0) / 60.0, 0.0, 1.0)
    return np.asarray(-4.5 * deep, dtype=np.float32)


@cache
def _threads() -> Array:
    """(h, w) unit noise of the yarn."""
    return np.random.default_rng(78).standard_normal(_SIZE, dtype=np.float32)


def _front(size: tuple[int, int]) -> tuple[Array, Array]:
    """Texels sideways from the middle of the chest and down from the neckline."""
    v, u = np.indices(size, dtype=np.float32)
    return u - np.float32((size[1] - 1) / 2), v


@cache
def _cut_out() -> tuple[Array, Array]:
    """Millimetres across and down of each texel on the flat pieces a garment is cut from."""
    rows, columns = _SIZE
    level, angle = np.meshgrid(
        (np.arange(rows) + 0.5) * 10 / rows, ((np.arange(columns) + 0.5) / columns - 0.5) * 2 * np.pi, indexing="ij"
    )
    points = ring_points(angle, level)
    # Over the shoulders the cloth lies flat: there its depth counts as length.
    x, y = points[..., 0] + 300.0, 300.0 - points[..., 1] - 0.35 * np.abs(points[..., 2] + 30.0)
    return x.astype(np.float32), y.astype(np.float32)


def _inside(distance: Array, soft: float) -> Array:
    """1 where `distance` is positive, 0 where negative, over `soft` texels."""
    return np.asarray(np.clip(0.5 + distance / soft, 0.0, 1.0))


def _wave(x: Array, period: float, share: float) -> Array:
    """Stripes that take up a share of their period, mm."""
    return _inside((share / 2 - np.abs(x / period % 1.0 - 0.5)) * period, 3.5)
