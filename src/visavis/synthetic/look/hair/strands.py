"""The texture of hair: one picture of strands for everybody, coloured for each person.

The picture has two halves. The left one is a wide curtain of strands with uneven tips, for sheets; the right one holds
tiles with one lock each, pointed and frayed, for ribbons. v runs from root to tip.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.hair.colour import paleness, pigment_and_white
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Material

Floats = NDArray[np.float32]
Array = NDArray[np.float64]

HAIR = PARSING.index("hair")
TILES = 8
_TILE, _HEIGHT = 32, 128
_CURTAIN = 256


@dataclass(frozen=True, eq=False)
class Strands:
    """What all heads of hair share.

    Attributes:
        shade: (h, w) brightness of the strands, about 1.
        tint: (h, w, 3) the same per channel: light strands are warmer.
        lot: (h, w) each strand's uniform number in 0..1, for grey.
        alpha: (h, w) where there is hair.
        tilt: (h, w, 2) slopes across and along the strands.
        gloss: (h, w) unevenness of the sheen.
    """

    shade: Floats
    tint: Floats
    lot: Floats
    alpha: Floats
    tilt: Floats
    gloss: Floats


def tile(number: NDArray[np.intp]) -> Array:
    """(n, 2) left and right end in u of locks by number."""
    left = _CURTAIN + (number % TILES) * _TILE
    return np.stack([left + 1.0, left + _TILE - 1.0], axis=-1) / (_CURTAIN + TILES * _TILE)


def curtain_u(count: int, folds: float) -> Array:
    """(count,) u across the curtain, back and forth `folds` times, so that strands keep their width."""
    ramp = np.linspace(0.0, folds, count) % 2.0
    return np.asarray((0.02 + 0.96 * np.where(ramp > 1.0, 2.0 - ramp, ramp)) * _CURTAIN / (_CURTAIN + TILES * _TILE))


@cache
def strands(kind: str = "straight") -> Strands:
    """The shared texture; kinds differ in how the strands run: "straight", "wavy" or "curly"."""
    rng = np.random.default_rng(71)
    width = _CURTAIN + TILES * _TILE
    lean = {"straight": 0.6, "wavy": 2.5, "curly": 6.0}[kind]
    shade, lot = streaks(_HEIGHT, width, rng, lean)
    v = ((np.arange(_HEIGHT) + 0.5) / _HEIGHT)[:, None]
    length = 0.5 * lot + 0.5 * rng.random((1, width)) ** 0.7
    fray = 0.025 * rng.random((1, width))
    curtain = np.clip(np.minimum((0.8 + 0.2 * length - v) * 26.0, (v - fray) * 40.0 + 0.5), 0.0, 1.0)
    locks = np.concatenate([_lock(v, length, k, rng) for k in range(TILES)], axis=1)
    alpha = np.concatenate([curtain[:, :_CURTAIN], locks], axis=1)
    slope = np.gradient(shade, axis=1) * 1.3
    tilt = np.stack([np.clip(slope, -0.7, 0.7), np.zeros_like(slope)], axis=-1)
    shade = shade * np.interp(v, [0.0, 0.15, 0.5, 1.0], [0.8, 0.92, 1.0, 1.08])
    tint = shade[..., None] ** np.array([1.06, 1.0, 0.95])
    gloss = np.clip(0.35 + 0.9 * (shade - 0.45), 0.1, 1.8)
    return Strands(*(np.asarray(a, dtype=np.float32) for a in (shade, tint, lot, alpha, tilt, gloss)))


def streaks(height: int, width: int, rng: np.random.Generator, lean: float) -> tuple[Array, Array]:
    """Brightness and lot of strands that run down a picture.

    Args:
        height: of the picture, pixels.
        width: of the picture, pixels.
        rng: which strands.
        lean: how many pixels strands wander sideways.

    Returns:
        (height, width) brightness with mean 1, and numbers uniform in 0..1.
    """
    v = np.arange(height)[:, None] / height
    wander = sum(
        lean / k * np.sin(2 * np.pi * (k * v * 1.6 + rng.random()) + 0.7 * k * np.sin(np.arange(width) * 0.021 * k))
        for k in (1, 2, 3)
    )
    column = np.arange(width)[None, :] + wander
    fine = _wobbling(column, v, rng, 1.0, 5)
    medium = _wobbling(column, v, rng, 3.4, 4)
    broad = _wobbling(column, v, rng, 11.0, 3)
    lot = np.argsort(np.argsort((0.8 * fine + 0.6 * medium).ravel())).reshape(fine.shape) / fine.size
    return np.clip(1.0 + 0.16 * fine + 0.17 * medium + 0.12 * broad, 0.3, 1.8), lot


def _wobbling(column: Array, v: Array, rng: np.random.Generator, size: float, knots: int) -> Array:
    """Noise of unit deviation: `size` pixels wide across, `knots` values along the strands."""
    table = rng.standard_normal((knots + 1, 1024))
    row = v * (knots - 0.001)
    r, c = np.floor(row).astype(int), np.floor(column / size).astype(int)
    fr, fc = row - r, column / size - c
    fr, fc = fr * fr * (3 - 2 * fr), fc * fc * (3 - 2 * fc)
    c = c % 1023
    upper, lower = (table[r + d, c] * (1 - fc) + table[r + d, c + 1] * fc for d in (0, 1))
    return np.asarray((upper * (1 - fr) + lower * fr) * 1.55)


def _lock(v: Array, length: Array, number: int, rng: np.random.Generator) -> Array:
    """(height, tile) alpha of a lock: strands of uneven length that close to a few points."""
    across = (np.arange(_TILE) + 0.5) / _TILE * 2 - 1
    strand = length[:, _CURTAIN + number * _TILE :][:, :_TILE]
    point = rng.uniform(-0.35, 0.35)
    drift = across[None, :] - point * v**2
    half = np.interp(v, [0.0, 0.14, 0.45, 0.8, 1.0], [0.25, 0.8, 0.86, 0.6, 0.12])
    side = (half + 0.16 * (strand - 0.5) - np.abs(drift)) * 9.0
    tip = (0.60 + 0.40 * strand - v - 0.25 * np.abs(drift)) * 26.0
    start = (v - 0.09 * rng.random(_TILE)[None, :]) * 22.0
    return np.clip(np.minimum(np.minimum(side, tip), start) + 0.5, 0.0, 1.0)


def strand_material(name: str, look: Strands, colour: float, red: float, grey: float, sheen: float) -> Material:
    """The material of locks.

    Args:
        name: of the material.
        look: the shared texture.
        colour: 0 black to 1 light blond.
        red: 0 to 1.
        grey: share of white strands.
        sheen: strength of the highlight.
    """
    return Material(
        name=name,
        albedo=coloured(look, colour, red, grey),
        parsing=HAIR,
        alpha=look.alpha,
        tilt=look.tilt,
        gloss=look.gloss,
        wrap=(0.25, 0.22, 0.2),
        specular=sheen,
        strands=True,
        two_sided=True,
    )


def coloured(look: Strands, colour: float, red: float, grey: float) -> Floats:
    """(h, w, 3) linear RGB of the strands."""
    dark, white = pigment_and_white(colour, red, grey)
    pale = paleness(look.lot, grey)[..., None]
    own = look.tint * dark.astype(np.float32)
    if grey == 0.0:
        return np.asarray(own)
    return np.asarray(own + pale * (np.sqrt(look.tint) * white.astype(np.float32) - own))
