"""A moving plate: frames along a smooth path that never stops at whole pixels, each with its own labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from visavis.ranges import generator, number, whole
from visavis.synthetic.plates.paint import outline
from visavis.synthetic.plates.picture import set_up, take
from visavis.synthetic.plates.plate import Plate, check_side
from visavis.synthetic.plates.sample import PlateSample
from visavis.synthetic.plates.signs import Sign, extent, overlap, signs_of

MAX_FRAMES = 10_000


def plate_clip(
    plate: Plate,
    n_frames: int,
    rng: np.random.Generator,
    *,
    width: int = 1280,
    height: int = 720,
    movement: float = 1.0,
) -> Iterator[PlateSample]:
    """Frames of a car that drives past a shaking camera.

    Boards in the street stand still, stickers ride with the car; a text is labelled while all of it is in the picture.
    Sensor noise is new in every frame. The path depends on `rng` and `n_frames` only.

    Args:
        plate: its first view; later frames change x, y, fill, yaw and the noise.
        n_frames: 1..10000.
        rng: draws the path.
        width: of the frames, 16..4096 pixels.
        height: of the frames, 16..4096 pixels.
        movement: 0 (still, only the noise changes) to 1.

    Raises:
        InvalidInput: a number out of range.
    """
    n_frames, movement = whole("n_frames", n_frames, 1, MAX_FRAMES), number("movement", movement, 0, 1)
    width, height = check_side("width", width), check_side("height", height)
    views = _path(plate, n_frames, generator("rng", rng), movement)
    signs = _lasting_signs(views, width, height)
    return (take(view, width, height, _seen(view, signs, width, height)) for view in views)


def _path(plate: Plate, n_frames: int, rng: np.random.Generator, movement: float) -> list[Plate]:
    """The plate of every frame: an even drive plus a shake of a few hundredths of the free room."""
    across, down, nearer, turn = movement * rng.uniform((-0.7, -0.35, -0.3, -12), (0.7, 0.35, 0.3, 12))
    time = np.linspace(0, 1, n_frames)
    shake = movement * rng.uniform(0.004, 0.02) * _wobble(rng, n_frames)
    seeds = rng.integers(2**31, size=n_frames)
    views = []
    for t, (shake_x, shake_y), seed in zip(time, shake, seeds, strict=True):
        views.append(
            replace(
                plate,
                x=float(np.clip(plate.x + across * t + shake_x, -1, 1)),
                y=float(np.clip(plate.y + down * t + shake_y, -1, 1)),
                fill=float(np.clip(plate.fill * np.exp(nearer * t), 0.02, 0.95)),
                yaw=float(np.clip(plate.yaw + turn * t, -70, 70)),
                sensor_seed=int(seed),
            )
        )
    return views


def _wobble(rng: np.random.Generator, n_frames: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(n_frames, 2) smooth unit noise that is 0 in the first frame."""
    frames = np.arange(n_frames)[:, None]
    rates, phases = rng.uniform(0.15, 0.9, (4, 2)), rng.uniform(0, 2 * np.pi, (4, 2))
    waves = sum(np.sin(rate * frames + phase) - np.sin(phase) for rate, phase in zip(rates, phases, strict=True))
    return np.asarray(waves) / 2


def _lasting_signs(views: list[Plate], width: int, height: int) -> list[Sign]:
    """The signs of the first frame, less the boards that would come to stand before the plate."""
    first = set_up(views[0], width, height)
    signs = signs_of(views[0], first.plane, first.from_centre(outline(views[0])), first.size)
    scenes = [set_up(view, width, height) for view in views]
    rooms = [extent(scene.plane, scene.from_centre(outline(views[0])), 3) for scene in scenes]
    return [sign for sign in signs if not sign.post or not any(overlap(sign.extent(), room) for room in rooms)]


def _seen(view: Plate, signs: list[Sign], width: int, height: int) -> list[Sign]:
    """The signs of one frame: stickers follow the plate's plane."""
    plane = set_up(view, width, height).plane
    return [sign if sign.post else replace(sign, plane=plane) for sign in signs]
