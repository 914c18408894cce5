"""Rooms, offices, cafes and shelves behind a sitter."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from visavis.synthetic.background.canvas import Canvas, Reach
from visavis.synthetic.background.palette import (
    BOOKS,
    DARKS,
    DAYLIGHT,
    FRAMES,
    LAMPS,
    LEAVES,
    POTS,
    THINGS,
    WALLS,
    WOODS,
    Light,
    colours,
    pick,
)  # fmt: skip


def room(canvas: Canvas, rng: Generator) -> None:
    """A lived-in room: wall, window or door, furniture, a lamp."""
    side = float(rng.choice((-1.0, 1.0)))  # where the light comes from
    wall = pick(rng, WALLS)
    canvas.light[:] = wall
    if rng.random() < 0.6:  # a second wall, turned away from the light
        corner = side * rng.uniform(-0.9, 0.9)
        canvas.rectangle((corner, 3) if side < 0 else (-3, corner), (-1, 2), wall * np.float32(rng.uniform(0.55, 0.85)))
    floor = rng.uniform(0.75, 1.25)
    canvas.rectangle((-3, 3), (floor, 2), pick(rng, WOODS) * np.float32(1.1))
    canvas.rectangle((-3, 3), (floor - 0.035, floor), wall * np.float32(1.05))
    if rng.random() < 0.65:
        _pictures(canvas, rng)
    if rng.random() < 0.5:
        _door(canvas, rng, -side * rng.uniform(0.25, 0.85), floor)
    if rng.random() < 0.45:
        _bookcase(canvas, rng, side * rng.uniform(0.1, 0.8), rng.uniform(0.3, 0.7))
    if rng.random() < 0.6:
        _furniture(canvas, rng, floor)
    daylight(canvas, rng, side)
    if rng.random() < 0.55:
        _window(canvas, rng, side * rng.uniform(0.35, 0.9))
    if rng.random() < 0.4:
        _lamp(canvas, rng, -side * rng.uniform(0.2, 0.8))
    if rng.random() < 0.35:
        _plant(canvas, rng, float(rng.choice((-1.0, 1.0))) * rng.uniform(0.35, 0.7), floor)


def office(canvas: Canvas, rng: Generator) -> None:
    """A large bright room: rows of ceiling lights, partitions, desks and screens, perhaps a glass front."""
    horizon, ceiling = rng.uniform(0.4, 0.6), rng.uniform(0.08, 0.3)
    canvas.light[:] = pick(rng, WALLS) * np.float32(0.85)
    if rng.random() < 0.4:
        _glass_front(canvas, rng, ceiling, horizon)
    canvas.rectangle((-3, 3), (-1, ceiling), pick(rng, "d8d9d6 b9bcbd e6e4df 9a9c9c") * np.float32(0.8))
    for _ in range(2):  # partitions, doors, cupboards at two distances
        edges = np.cumsum(rng.uniform(0.02, 0.25, 16)) - 1.3
        tops = horizon - rng.uniform(-0.3, 0.4, 15)
        tints = np.array([pick(rng, f"{WALLS} {WALLS} {THINGS} {WOODS}", 0.2) for _ in range(15)])
        canvas.skyline(edges, tops, tints * np.float32(0.75), horizon + 0.15)
    canvas.rectangle((-3, 3), (horizon + rng.uniform(0.12, 0.3), 2), pick(rng, "8d8f90 6b6e72 a89f92 54585c 7b7064"))
    for _ in range(int(rng.integers(3, 8))):
        _desk(canvas, rng, horizon)
    daylight(canvas, rng, float(rng.choice((-1.0, 1.0))))
    _ceiling_lights(canvas, rng, ceiling)


def cafe(canvas: Canvas, rng: Generator) -> None:
    """A warm dim room with hanging lamps, bottles on shelves and a bright door."""
    canvas.light[:] = pick(rng, f"{WOODS} {DARKS} 5a4a3e 6e6259") * np.float32(0.6)
    canvas.lit(np.exp(0.35 * canvas.noise(rng, 3, 1.0, 3)))
    for _ in range(int(rng.integers(1, 4))):
        top, x, wide = rng.uniform(0.0, 0.5), rng.uniform(-1.0, 0.3), rng.uniform(0.4, 1.2)
        _row_of_books(canvas, rng, (x, x + wide), (top, top + 0.14), 0.03)
        canvas.rectangle((x, x + wide), (top + 0.13, top + 0.15), pick(rng, WOODS))
    counter = rng.uniform(0.65, 0.9)
    canvas.rectangle((-3, 3), (counter, 2), pick(rng, f"{WOODS} {DARKS}") * np.float32(0.7))
    canvas.rectangle((-3, 3), (counter, counter + 0.03), pick(rng, WOODS))
    if rng.random() < 0.6:
        x, wide = rng.uniform(-0.8, 0.5), rng.uniform(0.15, 0.4)
        canvas.grid(
            x + np.arange(3) * wide / 3, [rng.uniform(-0.1, 0.2)], (wide / 3 - 0.01, 0.5), _day(rng) * np.float32(0.6)
        )
    daylight(canvas, rng, float(rng.choice((-1.0, 1.0))))
    y, warm = rng.uniform(-0.02, 0.3), pick(rng, LAMPS)
    for x in np.cumsum(rng.uniform(0.06, 0.4, 10)) - 1.1:
        power = np.float32(rng.uniform(0.7, 2.2))
        canvas.glow(x, y + 0.02, 0.12, warm * power * np.float32(0.2))
        canvas.point_light(x, y + rng.normal(0, 0.03), 0.8 * canvas.blur + 0.012, warm * power)
    lights(canvas, rng, LAMPS, int(rng.integers(0, 14)), rng.uniform(0.3, 0.7))


def shelves(canvas: Canvas, rng: Generator) -> None:
    """A wall of shelves: books, boxes, gaps."""
    canvas.light[:] = pick(rng, f"{WOODS} {DARKS} d9d3c8") * np.float32(0.4)
    step = rng.uniform(0.2, 0.36)
    board = pick(rng, f"{WOODS} e4ded2 efece6")
    starts = np.arange(rng.uniform(-0.35, -0.1), 1.1, step)
    for top in starts:
        _row_of_books(canvas, rng, (-1.3, 1.3), (top, top + step - 0.02))
    canvas.grid([-3], starts - 0.03, (6, 0.03), board)
    canvas.grid(np.arange(rng.uniform(-1.3, -0.7), 1.3, rng.uniform(0.5, 0.9)), [-1], (0.03, 3), board)
    daylight(canvas, rng, float(rng.choice((-1.0, 1.0))))


def daylight(canvas: Canvas, rng: Generator, side: float) -> None:
    """Light from one side that fades across the room, less of it near the floor."""
    fade = np.exp(-rng.uniform(0.2, 0.9) * (0.9 - side * canvas.x)) * rng.uniform(0.9, 1.5)
    down = 1 - rng.uniform(0.0, 0.35) * canvas.y
    uneven = np.exp(0.04 * canvas.noise(rng, 2) + 0.012 * canvas.noise(rng, 7, 1.0, 2))
    canvas.lit(uneven * np.outer(down, fade).astype(np.float32))


def lights(canvas: Canvas, rng: Generator, palette: str, count: int, horizon: float) -> None:
    """Points of light, each a disc as large as the blur, most of them near one height."""
    size = canvas.blur * rng.uniform(0.75, 1.2)
    for _ in range(count):
        x, y = rng.uniform(-1, 1), horizon - abs(rng.normal(0, 0.25)) + rng.normal(0, 0.03)
        power = np.float32(np.exp(rng.normal(-0.7, 0.8)))
        canvas.point_light(
            x, y, size * rng.uniform(0.7, 1.1), pick(rng, palette) * power * np.float32(rng.uniform(0.25, 0.75))
        )


def _row_of_books(canvas: Canvas, rng: Generator, across: Reach, down: Reach, thick: float = 0.045) -> None:
    """Books (or bottles) between two ends, standing on `down[1]`, with gaps."""
    widths = thick * rng.uniform(0.4, 1.6, int((across[1] - across[0]) / thick))
    gap = rng.random(len(widths)) < 0.12
    edges = np.concatenate([[0.0], np.cumsum(np.where(gap, 2.5 * widths, widths))]) + across[0]
    tops = np.where(gap, down[1], down[0] + (down[1] - down[0]) * rng.uniform(0.08, 0.45, len(widths)))
    canvas.skyline(edges, tops, many(rng, BOOKS, len(widths)), down[1])


def many(rng: Generator, palette: str, count: int, spread: float = 0.3) -> Light:
    """(count, 3) colours of a palette, each a little brighter or darker."""
    table = colours(palette)
    change = np.exp(spread * rng.standard_normal((count, 1), dtype=np.float32))
    return np.asarray(table[rng.integers(len(table), size=count)] * change)


def _bookcase(canvas: Canvas, rng: Generator, x: float, width: float) -> None:
    step, top, board = rng.uniform(0.14, 0.24), rng.uniform(-0.1, 0.2), pick(rng, WOODS)
    for k in range(int(rng.integers(1, 5))):
        y = top + k * step
        _row_of_books(canvas, rng, (x - width / 2, x + width / 2), (y, y + step - 0.015))
        canvas.rectangle((x - width / 2, x + width / 2), (y + step - 0.02, y + step), board)


def _pictures(canvas: Canvas, rng: Generator) -> None:
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(-0.9, 0.7), rng.uniform(-0.15, 0.35)
        wide, high, frame = rng.uniform(0.12, 0.4), rng.uniform(0.12, 0.4), rng.uniform(0.01, 0.025)
        canvas.rectangle((x, x + wide), (y, y + high), pick(rng, FRAMES))
        for inset, palette in ((frame, "e9e4da d6cfbf f4f2ee"), (frame + 0.2 * min(wide, high), THINGS)):
            reach = (x + inset, x + wide - inset), (y + inset, y + high - inset)
            canvas.rectangle(*reach, pick(rng, palette, 0.2))


def _door(canvas: Canvas, rng: Generator, x: float, floor: float) -> None:
    wide, top = rng.uniform(0.3, 0.5), rng.uniform(-0.2, 0.15)
    canvas.rectangle((x - 0.03, x + wide + 0.03), (top - 0.03, floor), pick(rng, "f1ece2 e8e6e1 8a6242 d8d3c8"))
    canvas.rectangle((x, x + wide), (top, floor), pick(rng, f"{WOODS} e4ddd0 {DARKS} {DARKS}"))
    if rng.random() < 0.5:  # another room, lit
        canvas.rectangle((x + 0.3 * wide, x + wide), (top, floor), pick(rng, WALLS) * np.float32(rng.uniform(0.5, 1.2)))


def _furniture(canvas: Canvas, rng: Generator, floor: float) -> None:
    x, wide, top = rng.uniform(-1.1, 0.3), rng.uniform(0.4, 1.0), rng.uniform(0.55, 0.85)
    body = pick(rng, f"{WOODS} {THINGS}")
    canvas.rectangle((x, x + wide), (top, floor + 0.1), body)
    canvas.rectangle((x, x + wide), (top, top + 0.04), body * np.float32(1.4))
    for _ in range(int(rng.integers(0, 6))):
        at, high = x + rng.uniform(0, wide), rng.uniform(0.04, 0.16)
        canvas.rectangle((at, at + rng.uniform(0.03, 0.1)), (top - high, top), pick(rng, THINGS, 0.25))


def _day(rng: Generator) -> Light:
    """What a window lets in: much more light than the room has."""
    return pick(rng, DAYLIGHT, 0.05) * np.float32(rng.uniform(0.9, 3.0))


def _window(canvas: Canvas, rng: Generator, x: float) -> None:
    wide, top, high = rng.uniform(0.25, 0.6), rng.uniform(-0.3, 0.1), rng.uniform(0.5, 0.9)
    day, left, bottom = _day(rng), x - wide / 2, top + high
    canvas.rectangle(
        (left - 0.04, left + wide + 0.04), (top - 0.04, bottom + 0.04), pick(rng, "efece6 d8d3c8") * np.float32(0.8)
    )
    canvas.rectangle((left, left + wide), (top, bottom), day)
    garden = bottom - high * rng.uniform(0.0, 0.6)
    canvas.rectangle((left, left + wide), (garden, bottom), day * pick(rng, "b8c8a0 c8ccd0 a8b890"), focus=2.5)
    canvas.grid(
        left + wide * np.arange(1, rng.integers(1, 4)) / 3,
        [top],
        (0.015, high),
        pick(rng, "d8d6d0 f1ece2") * np.float32(0.7),
    )
    if rng.random() < 0.6:
        _curtain(canvas, rng, left - rng.uniform(0.05, 0.1), top)
    canvas.glow(x, top + high / 2, rng.uniform(0.3, 0.6), day * np.float32(0.1))


def _curtain(canvas: Canvas, rng: Generator, x: float, top: float) -> None:
    folds = int(rng.integers(4, 9))
    edges = x + np.concatenate([[0.0], np.cumsum(rng.uniform(0.015, 0.045, folds))])
    cloth = pick(rng, WALLS) * np.exp(rng.normal(0, 0.3, (folds, 1))).astype(np.float32)
    canvas.skyline(edges, np.full(folds, top - 0.08), cloth, 2)


def _lamp(canvas: Canvas, rng: Generator, x: float) -> None:
    y, size, warm = rng.uniform(0.1, 0.5), rng.uniform(0.04, 0.1), pick(rng, LAMPS)
    canvas.glow(x, y, 5 * size, warm * np.float32(rng.uniform(0.2, 0.5)))
    canvas.rectangle(
        (x - size, x + size), (y - 0.8 * size, y + 0.8 * size), warm * np.float32(rng.uniform(1.2, 2.5)), focus=1.5
    )
    canvas.rectangle((x - 0.008, x + 0.008), (y + 0.8 * size, y + 0.5), pick(rng, DARKS))


def _plant(canvas: Canvas, rng: Generator, x: float, floor: float) -> None:
    top, size = rng.uniform(0.3, 0.65), rng.uniform(0.1, 0.2)
    canvas.rectangle((x - 0.07, x + 0.07), (top + size, floor + 0.05), pick(rng, POTS) * np.float32(0.7))
    for place in rng.normal((x, top), (0.5 * size, 0.6 * size), (18, 2)).tolist():
        radius = rng.uniform(0.15, 0.35) * size + 0.4 * canvas.blur
        canvas.disc(place[0], place[1], radius, pick(rng, LEAVES, 0.4) * np.float32(0.7), 0.8, 0.7)


def _desk(canvas: Canvas, rng: Generator, horizon: float) -> None:
    x, top = rng.uniform(-1.2, 0.9), horizon + rng.uniform(0.05, 0.4)
    near = 0.5 + 2 * (top - horizon)  # desks further down are nearer and larger
    canvas.rectangle(
        (x, x + 0.5 * near), (top, top + rng.uniform(0.03, 0.3) * near), pick(rng, f"{WOODS} e4e2de b9bcbd 54585c")
    )
    for _ in range(2):
        at = x + rng.uniform(0, 0.35) * near
        screen = pick(rng, "202428 2c3a4a 9fb6cc d5e2ee 303234")
        canvas.rectangle((at, at + 0.13 * near), (top - 0.1 * near, top), screen)
    at = x + rng.uniform(-0.1, 0.4) * near
    canvas.rectangle((at, at + 0.12 * near), (top - 0.06 * near, top + 0.2 * near), pick(rng, f"{DARKS} {THINGS}"))


def _glass_front(canvas: Canvas, rng: Generator, top: float, bottom: float) -> None:
    day = _day(rng)
    canvas.rectangle((-3, 3), (top, bottom + 0.1), day)
    canvas.rectangle((-3, 3), (rng.uniform(top, bottom), bottom + 0.1), day * pick(rng, "a8b0b8 b8c0a8 8f9aa4"), 1, 3)
    step = rng.uniform(0.12, 0.35)
    canvas.grid(np.arange(-1.3, 1.3, step), [top], (0.02, bottom), pick(rng, f"{DARKS} 8f9a9c d8d6d0"))


def _ceiling_lights(canvas: Canvas, rng: Generator, ceiling: float) -> None:
    lamp = pick(rng, "fff8ee f4f8ff ffefd8", 0.03) * np.float32(rng.uniform(1.2, 2.5))
    for row in range(int(rng.integers(1, 4))):  # rows further down are further away and smaller
        size = 0.16 - 0.04 * row
        left = np.arange(-1.3, 1.3, rng.uniform(2.2, 3.2) * size) + rng.uniform(-0.2, 0.2)
        canvas.grid(left, [ceiling * (0.15 + 0.27 * row)], (1.2 * size, 0.2 * size), lamp)
