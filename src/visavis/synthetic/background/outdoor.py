"""Parks, streets, shores and lights at night."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from visavis.synthetic.background.canvas import Canvas, Reach
from visavis.synthetic.background.indoor import lights
from visavis.synthetic.background.palette import (
    BARK,
    CARS,
    DARKS,
    FACADES,
    GLASS,
    GRASS,
    LAMPS,
    LEAVES,
    ROADS,
    SIGNALS,
    SKIES,
    THINGS,
    Light,
    colours,
    pick,
)  # fmt: skip


def sky(canvas: Canvas, rng: Generator, horizon: float) -> None:
    """A clear, hazy or overcast sky, brighter towards the horizon."""
    top, low = colours(str(rng.choice(SKIES))) * np.float32(rng.uniform(0.8, 1.25))
    t = np.clip((canvas.y + 0.1) / (0.1 + max(horizon, 0.2)), 0, 1)[:, None, None] ** np.float32(rng.uniform(0.7, 1.5))
    canvas.light[:] = top + t * (low - top)
    share = 0.2 * (canvas.noise(rng, 2, 2.0, 4) - np.float32(rng.uniform(-1.5, 1.5)))
    canvas.cover(np.clip(share, 0, 0.7), colours("f4f3f0")[0] * np.float32(rng.uniform(0.8, 1.2)))


def park(canvas: Canvas, rng: Generator) -> None:
    """Trees and lawn, sun through the leaves."""
    horizon = rng.uniform(0.5, 0.9)
    sky(canvas, rng, horizon)
    sun = np.float32(rng.uniform(0.55, 1.15))
    haze = pick(rng, "a8b4b8 b4b8a8")
    layers = int(rng.integers(1, 4))
    for layer in range(layers):  # each nearer, with finer lumps and less haze
        edge = rng.uniform(-0.6, 0.35) + 0.12 * layer + 0.1 * canvas.noise(rng, 3)[0]
        lumps = np.exp(0.42 * canvas.noise(rng, 5 + 3 * layer, 1.0, 2) - 0.2)
        gaps = np.clip(1.1 - 0.5 * np.maximum(0, canvas.noise(rng, 9) - np.float32(rng.uniform(1, 2.5))), 0, 1)
        leaves = pick(rng, LEAVES, 0.2) * sun
        leaves = leaves + np.float32(0.12 * (layers - layer)) * (haze - leaves)
        canvas.cover(canvas.below(edge, 3) * gaps, leaves * lumps[..., None])
    for _ in range(int(rng.integers(0, 4))):
        x, wide = rng.uniform(-0.95, 0.95), rng.uniform(0.02, 0.09)
        canvas.rectangle((x, x + wide), (-1, horizon + 0.03), pick(rng, BARK), 0.9)
    lawn = np.exp(0.2 * canvas.noise(rng, 5, 4, 2) + 0.5 * canvas.noise(rng, 1))[..., None]
    canvas.cover(canvas.below(horizon, 2), pick(rng, GRASS) * sun * lawn)
    if rng.random() < 0.5:
        y = rng.uniform(horizon, 1.1)
        canvas.rectangle((-3, 3), (y, y + rng.uniform(0.05, 0.3)), pick(rng, "b8aa90 c4bba8 8f8a82"), 0.8, 2)
    if rng.random() < 0.7:
        _sparkle(canvas, rng, horizon)
    _sunlight(canvas, rng)


def street(canvas: Canvas, rng: Generator) -> None:
    """House fronts with windows, a road, cars as soft patches, perhaps a tree."""
    horizon = rng.uniform(0.6, 0.9)
    sky(canvas, rng, horizon)
    sheen = np.exp(0.4 * canvas.noise(rng, 6))  # some windows reflect the sky, some do not
    x = -1.3
    while x < 1.2:
        wide = rng.uniform(0.25, 0.8)
        if rng.random() < 0.85:
            _house(canvas, rng, (x, x + wide), (rng.uniform(-0.6, 0.4), horizon), sheen)
        x += wide
    road = pick(rng, ROADS)
    canvas.rectangle((-3, 3), (horizon, 2), road * np.float32(1.2))
    canvas.rectangle((-3, 3), (horizon + rng.uniform(0.08, 0.2), 2), road * np.float32(0.8))
    for _ in range(int(rng.integers(0, 5))):
        _car(canvas, rng, rng.uniform(-1.1, 0.9), horizon + rng.uniform(-0.05, 0.08))
    for _ in range(int(rng.integers(0, 3))):
        _tree(canvas, rng, rng.uniform(-0.9, 0.9), horizon)
    canvas.lit(np.exp(0.05 * canvas.noise(rng, 4, 1, 3)))
    _sunlight(canvas, rng)
    if rng.random() < 0.4:
        lights(canvas, rng, f"{LAMPS} fff2e0 fff2e0 ff5a3c", int(rng.integers(2, 12)), horizon)


def shore(canvas: Canvas, rng: Generator) -> None:
    """Sky, sea or hills, sand or meadow."""
    horizon = rng.uniform(0.35, 0.75)
    sky(canvas, rng, horizon)
    if rng.random() < 0.7:
        for layer in range(int(rng.integers(1, 3))):
            hills = horizon - 0.1 + 0.05 * layer + 0.06 * canvas.noise(rng, 2)[1]
            canvas.cover(canvas.below(hills), pick(rng, "8c9cae 7d8f94 93a08c 6f7f6a") * np.float32(0.9))
    sea = pick(rng, "5f8aa6 4a7690 7fa0ae 6d8c96") if rng.random() < 0.7 else pick(rng, GRASS)
    canvas.cover(canvas.below(horizon), sea * np.exp(0.12 * canvas.noise(rng, 8, 5, 2))[..., None])
    beach = horizon + rng.uniform(0.1, 0.4) + 0.03 * canvas.noise(rng, 2)[2]
    sand = pick(rng, "cdbb98 d8c9a8 b9a888 e0d6c0") * np.exp(0.06 * canvas.noise(rng, 6, 3, 2))[..., None]
    canvas.cover(canvas.below(beach, 1.5), sand)
    _sunlight(canvas, rng)


def night(canvas: Canvas, rng: Generator) -> None:
    """The dark with lights: discs of a few colours, patches of lit walls."""
    canvas.light[:] = pick(rng, DARKS) * np.float32(rng.uniform(0.6, 1.6))
    canvas.lit(np.exp(0.5 * canvas.noise(rng, 3, 1, 2)))
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(-1.1, 0.9), rng.uniform(-0.2, 0.8)
        size = rng.uniform(0.05, 0.4, 2)
        canvas.rectangle((x, x + size[0]), (y, y + size[1]), pick(rng, f"{THINGS} {DARKS}") * np.float32(0.25), 0.8, 2)
    for _ in range(int(rng.integers(0, 3))):
        canvas.glow(
            rng.uniform(-0.8, 0.8), rng.uniform(0, 0.7), rng.uniform(0.1, 0.4), pick(rng, LAMPS) * np.float32(0.2)
        )
    mood = LAMPS if rng.random() < 0.5 else f"{LAMPS} {LAMPS} {SIGNALS}"
    lights(canvas, rng, mood, int(rng.integers(12, 40)), rng.uniform(0.4, 0.8))


def _house(canvas: Canvas, rng: Generator, across: Reach, down: Reach, sheen: Light) -> None:
    canvas.rectangle(across, down, pick(rng, FACADES) * np.float32(rng.uniform(0.5, 1.0)))
    glass = pick(rng, GLASS) * sheen[..., None]
    step_x, step_y = rng.uniform(0.07, 0.16), rng.uniform(0.1, 0.2)
    left, top = np.arange(across[0] + 0.03, across[1] - 0.05, step_x), np.arange(down[0] + 0.05, down[1] - 0.15, step_y)
    size = rng.uniform(0.4, 0.75) * step_x, rng.uniform(0.5, 0.75) * step_y
    canvas.grid(left, top, size, glass, 0.85)
    canvas.rectangle(across, (down[1] - 0.11, down[1]), pick(rng, f"{THINGS} {GLASS}") * np.float32(0.7))
    canvas.rectangle(across, (down[1] - 0.13, down[1] - 0.11), pick(rng, THINGS))


def _car(canvas: Canvas, rng: Generator, x: float, y: float) -> None:
    high, paint = rng.uniform(0.06, 0.14), pick(rng, CARS)
    canvas.rectangle((x, x + 2.6 * high), (y - 0.4 * high, y + 0.5 * high), paint)
    canvas.rectangle((x + 0.4 * high, x + 2 * high), (y - high, y - 0.4 * high), paint * np.float32(0.4))
    canvas.rectangle((x, x + 2.6 * high), (y + 0.5 * high, y + 0.7 * high), pick(rng, DARKS), 0.8, 1.5)


def _tree(canvas: Canvas, rng: Generator, x: float, floor: float) -> None:
    y, size = rng.uniform(-0.05, 0.35), rng.uniform(0.15, 0.35)
    canvas.rectangle((x - 0.02, x + 0.02), (y, floor), pick(rng, BARK))
    for place in rng.normal((x, y), 0.5 * size, (22, 2)).tolist():
        canvas.disc(place[0], place[1], size * rng.uniform(0.15, 0.35), pick(rng, LEAVES, 0.35), 0.75, 0.7)


def _sparkle(canvas: Canvas, rng: Generator, horizon: float) -> None:
    """Bits of sky between leaves, each a disc as large as the blur."""
    bright = pick(rng, "fdfbe8 eef4fa f6f2c8 dfe8c0") * np.float32(rng.uniform(0.7, 1.4))
    middle, spread, size = rng.uniform(-0.8, 0.8), rng.uniform(0.15, 0.6), canvas.blur * rng.uniform(0.7, 1.1)
    for _ in range(int(rng.integers(8, 30))):
        x, y = float(rng.normal(middle, spread)), rng.uniform(-0.1, horizon)
        canvas.point_light(x, y, size * rng.uniform(0.8, 1.1), bright * np.float32(rng.uniform(0.04, 0.4)))


def _sunlight(canvas: Canvas, rng: Generator) -> None:
    """Slightly more light on one side, as the sun or an open space gives it."""
    canvas.lit(np.exp(rng.uniform(-0.25, 0.25) * canvas.x + 0 * canvas.y[:, None]))
