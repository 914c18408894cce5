"""Years on the road: fading, scratches, rust, dents, dust and mud, laid over a painted canvas."""

from __future__ import annotations

import numpy as np

from visavis.synthetic.plates.canvas import Array, Canvas
from visavis.synthetic.plates.colours import linear
from visavis.synthetic.plates.noise import clouds, smooth_noise
from visavis.synthetic.plates.plate import Plate
from visavis.synthetic.streams import Stream

_MUD = ("#6b5a45", "#7d7468", "#57493a", "#8a7f6e")
_SPLASHES = 160


def weather(canvas: Canvas, plate: Plate) -> None:
    """Age a new plate by its factors `wear`, `bend` and `dirt`; nothing changes where they are 0."""
    stream = Stream(plate.grime_seed)
    if plate.wear:
        _fade(canvas, plate.wear, stream.child("fade").generator())
        _scratch(canvas, plate.wear, stream.child("scratches").generator())
        _rust(canvas, plate, stream.child("rust").generator())
    if plate.bend:
        dents = clouds(stream.child("dents").generator(), canvas.x, canvas.y, 170.0, 2)
        canvas.relief += np.float32(plate.bend) * dents
    if plate.dirt:
        _soil(canvas, plate, stream)


def _fade(canvas: Canvas, wear: float, rng: np.random.Generator) -> None:
    """Sun: sheeting yellows, ink greys and flakes off in places."""
    patches = clouds(rng, canvas.x, canvas.y, 60.0, 4)
    grey = canvas.colour.mean(axis=2, keepdims=True)
    share = np.clip(wear * (0.25 + 0.2 * patches), 0, 0.6)[..., None]
    canvas.colour += share * (0.75 * grey + 0.1 - canvas.colour) * np.float32(0.8)
    flakes = clouds(rng, canvas.x, canvas.y, 7.0, 3)
    bare = np.clip((flakes - (1.35 - 0.55 * wear)) * 6, 0, 1) * (1 - canvas.reflective)
    canvas.fill(bare, "#b9bab6", 0.8)
    canvas.shine *= 1 - 0.5 * wear


def _scratch(canvas: Canvas, wear: float, rng: np.random.Generator) -> None:
    """Thin bright lines, most of them along the plate."""
    width, height = canvas.x[-1], canvas.y[-1]
    lines = rng.uniform(size=(14, 5))
    for k, (x, y, turn, length, depth) in enumerate(lines):
        if k >= 14 * wear:
            break
        angle = (turn - 0.5) * 1.2
        along = (canvas.x - x * width) * np.cos(angle) + ((canvas.y - y * height) * np.sin(angle))[:, None]
        across = -(canvas.x - x * width) * np.sin(angle) + ((canvas.y - y * height) * np.cos(angle))[:, None]
        distance = np.maximum(np.abs(across) - 0.25, np.abs(along) - (10 + 60 * length))
        canvas.fill(canvas.coverage(distance.astype(np.float32)), "#c9c8c2", 0.15 + 0.35 * depth)


def _rust(canvas: Canvas, plate: Plate, rng: np.random.Generator) -> None:
    """Brown rings and tears below the screws."""
    stains = clouds(rng, canvas.x, canvas.y, 9.0, 3)
    if plate.bolts not in ("steel", "black"):
        return
    for x, y in plate.design.bolts:
        around = np.exp(-np.maximum(canvas.disc(x, y, 5.5), 0) / 3.0)
        below = np.exp(-np.abs(canvas.x - x) / 2.5) * np.exp(-np.abs(canvas.y - y - 8) / 12)[:, None]
        share = np.clip(plate.wear**1.5 * (around + 0.9 * below) * (0.6 + 0.7 * stains), 0, 0.85)
        canvas.fill(share * canvas.alpha, "#6e3c1c")


def _soil(canvas: Canvas, plate: Plate, stream: Stream) -> None:
    """A film of dust that thickens towards the bottom and in corners, rain streaks in it, and splashes of mud."""
    dirt = np.float32(plate.dirt)
    mud = _MUD[stream.child("mud").integer() % len(_MUD)]
    film = clouds(stream.child("film").generator(), canvas.x, canvas.y, 90.0, 5)
    streaks = smooth_noise(stream.child("streaks").generator(), canvas.x, canvas.y, 5.0, 150.0)
    height = plate.design.size[1]
    low = np.clip(canvas.y / height, 0, 1.2)[:, None] ** 2
    amount = dirt * (0.28 + 0.34 * film + 0.35 * low + 0.12 * streaks) + 0.35 * dirt * _corners(canvas)
    share = np.clip(amount, 0, 0.82)
    splashes = _splashes(canvas, stream.child("splashes").generator(), plate.dirt)
    share = np.maximum(share, splashes * np.clip(0.55 + 0.5 * dirt, 0, 0.9))
    canvas.colour += share[..., None] * (linear(mud) * (1 + 0.15 * film[..., None]) - canvas.colour)
    canvas.reflective *= 1 - share
    canvas.shine *= np.clip(1 - 1.6 * share, 0, 1)


def _corners(canvas: Canvas) -> Array:
    """Where relief falls away: dirt stays at the foot of raised characters and rims."""
    relief = canvas.relief
    blurred = relief
    reach = max(1, round(1.2 * canvas.scale))
    for axis in (0, 1):
        blurred = (np.roll(blurred, reach, axis) + blurred + np.roll(blurred, -reach, axis)) / 3
    return np.asarray(np.clip(blurred - relief, 0, 1), dtype=np.float32)


def _splashes(canvas: Canvas, rng: np.random.Generator, dirt: float) -> Array:
    """(h, w) coverage of drops of mud: many small ones, a few large ones, more of them below."""
    left, right, top, bottom = canvas.x[0], canvas.x[-1], canvas.y[0], canvas.y[-1]
    drops = rng.uniform(size=(_SPLASHES, 4))
    turns = rng.uniform(0, 2 * np.pi, (_SPLASHES, 2))
    total = np.zeros_like(canvas.alpha)
    for (u, v, size, shape), (two, three) in zip(drops[: int(_SPLASHES * dirt**1.3)], turns, strict=False):
        x, y = left + u * (right - left), top + np.sqrt(v) * (bottom - top)
        radius = 0.5 + 4.5 * size**5
        rows = np.flatnonzero(np.abs(canvas.y - y) < 2.5 * radius + 1)
        columns = np.flatnonzero(np.abs(canvas.x - x) < 1.5 * radius + 1)
        if not (rows.size and columns.size):
            continue
        across = canvas.x[columns] - x
        down = (canvas.y[rows] - y)[:, None] / (1 + shape)
        angle = np.arctan2(down, across)
        ragged = radius * (1 + 0.16 * np.sin(2 * angle + two) + 0.22 * np.sin(3 * angle + three))
        window = np.ix_(rows, columns)
        total[window] = np.maximum(total[window], canvas.coverage(np.hypot(across, down) - ragged))
    return total
