"""Studio paper and near walls."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from visavis.synthetic.background.canvas import Canvas
from visavis.synthetic.background.palette import FACADES, PAPERS, THINGS, WALLS, WOODS, pick


def studio(canvas: Canvas, rng: Generator) -> None:
    """Paper or cloth with a pool of light behind the sitter."""
    canvas.light[:] = pick(rng, PAPERS, 0.08)
    pool = canvas.pool(rng.uniform(-0.4, 0.4), rng.uniform(0.1, 0.7), rng.uniform(0.3, 1.2))
    canvas.lit(rng.uniform(0.4, 0.9) + rng.uniform(0.1, 0.6) * pool)
    if rng.random() < 0.4:  # painted cloth
        canvas.lit(np.exp(rng.uniform(0.03, 0.12) * canvas.noise(rng, 3, 1, 4)))
    canvas.lit(np.exp(rng.uniform(-0.3, 0.3) * canvas.x + 0 * canvas.y[:, None]))


def wall(canvas: Canvas, rng: Generator) -> None:
    """Plaster, brick, boards or tiles close behind, hardly blurred."""
    kind = rng.choice(("plaster", "brick", "boards", "tiles"))
    if kind == "plaster":
        canvas.light[:] = pick(rng, WALLS)
        canvas.lit(np.exp(rng.uniform(0.02, 0.12) * canvas.noise(rng, 4, 1, 4)))
    elif kind == "boards":
        _boards(canvas, rng)
    else:
        _bricks(canvas, rng, kind == "tiles")
    if rng.random() < 0.3:
        x, y = rng.uniform(-0.8, 0.5), rng.uniform(0, 0.5)
        canvas.rectangle((x, x + rng.uniform(0.1, 0.3)), (y, y + rng.uniform(0.1, 0.4)), pick(rng, THINGS))
    slope = rng.uniform(-0.5, 0.5)
    canvas.lit(np.exp(slope * canvas.x + rng.uniform(-0.4, 0.1) * canvas.y[:, None]).astype(np.float32))


def _boards(canvas: Canvas, rng: Generator) -> None:
    wood = pick(rng, f"{WOODS} d8d3c8 8f9a9c")
    edges = np.arange(-1.4, 1.5, rng.uniform(0.08, 0.2))
    shade = np.exp(rng.normal(0, 0.15, (len(edges) - 1, 1))).astype(np.float32)
    canvas.skyline(edges, np.full(len(edges) - 1, -1.0), wood * shade, 3)
    canvas.lit(np.exp(0.1 * canvas.noise(rng, 3, 0.12, 2)))
    canvas.grid(edges, [-1], (0.008, 3), wood * np.float32(0.25))


def _bricks(canvas: Canvas, rng: Generator, tiles: bool) -> None:
    face = pick(rng, "e8e6e1 cfd3d1 b9c2c0 46607a 3f5a44" if tiles else FACADES)
    joint = face * np.float32(1.3 if rng.random() < 0.5 else 0.5)
    high = rng.uniform(0.06, 0.12)
    wide = high if tiles else 2.6 * high
    starts = np.arange(-1.4, 1.5, wide)
    rows = np.arange(-0.1 - high * rng.random(), 1.1, high)
    for row, y in enumerate(rows):  # bricks, and between them the mortar
        edges = np.stack([starts, starts + wide - 0.008], axis=1).ravel() + (0 if tiles else 0.5 * wide * (row % 2))
        shade = np.exp(rng.normal(0, 0.05 if tiles else 0.18, (len(edges) - 1, 1))).astype(np.float32) * face
        shade[1::2] = joint
        canvas.skyline(edges, np.full(len(shade), y), shade, y + high)
    canvas.grid([-3], rows - 0.004, (6, 0.008), joint)
    canvas.lit(np.exp(0.06 * canvas.noise(rng, 5, 1, 3)))
