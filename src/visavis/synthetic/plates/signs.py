"""Texts that are no plates: stickers on the car, boards in the street, telephone numbers, names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from visavis.synthetic.plates.canvas import Canvas
from visavis.synthetic.plates.layout import Box, set_line
from visavis.synthetic.plates.plane import Plane, place, rotation
from visavis.synthetic.plates.plate import Plate
from visavis.synthetic.plates.typeface import FACES, typeface
from visavis.synthetic.streams import Stream

_COLOURS = (
    *(("#f4f4f0", "#1b1b1d"), ("#1d4f9c", "#f4f4f0"), ("#1f6b3f", "#f4f4f0"), ("#f1c926", "#1b1b1d")),
    *(("#b8252a", "#f4f4f0"), ("#232327", "#f0e9d2"), ("#e8732a", "#ffffff")),
)
_STREETS = (
    "MILL LANE",
    "HIGH STREET",
    "RUE DU PORT",
    "LINDENWEG",
    "5TH AVENUE",
    "VIA ROMA",
    "STATION ROAD",
    "CALLE SOL",
)
_ADVERTS = ("SALE 50 OFF", "FRESH BREAD", "TAXI", "PIZZA 24H", "BABY ON BOARD", "FOR SALE", "CAR WASH", "WE DELIVER")


@dataclass(frozen=True, eq=False)
class Sign:
    """A small board with a text.

    Attributes:
        kind: "sticker" (on the car, in the plate's plane) or "board" (anywhere).
        text: what it says.
        box: left, top, right, bottom of the board on its plane, mm.
        post: length of the post below a board, mm; 0 = none.
        plane: where it stands.
        ground: "#rrggbb" of the board.
        ink: "#rrggbb" of the words.
        face: name of the typeface.
    """

    kind: str
    text: str
    box: Box
    post: float
    plane: Plane
    ground: str
    ink: str
    face: str

    def extent(self, margin: float = 0.0) -> Box:
        """Left, top, right, bottom in pixels of board and post."""
        left, top, right, bottom = self.box
        return extent(self.plane, (left, top, right, bottom + self.post), margin)

    def is_inside(self, size: tuple[int, int]) -> bool:
        """Whether all of the board lies in the picture of that width and height."""
        left, top, right, bottom = extent(self.plane, self.box)
        return left >= 0 and top >= 0 and right <= size[0] - 1 and bottom <= size[1] - 1

    def painted(self, scale: float) -> Canvas:
        """The board with its words, `scale` texels per mm."""
        left, top, right, bottom = self.box
        height, rest = bottom - top, 3 / scale
        canvas = Canvas.blank((left - rest, top - rest, right + rest, bottom + self.post + rest), scale)
        if self.post:
            middle = (left + right) / 2
            post = canvas.rectangle((middle - 11, bottom, middle + 11, bottom + self.post))
            canvas.alpha[:] = canvas.coverage(post)
            canvas.fill(canvas.alpha, "#8d9093")
            canvas.relief += 12 * np.sqrt(np.clip(1 - ((canvas.x - middle) / 13) ** 2, 0, 1))
        edge = canvas.rectangle(self.box, height * 0.12)
        board = canvas.coverage(edge)
        canvas.alpha[:] = np.maximum(canvas.alpha, board)
        canvas.relief *= 1 - board
        canvas.fill(board, self.ground)
        line = canvas.coverage(np.abs(edge + height * 0.07) - height * 0.02)
        canvas.fill(line, self.ink)
        area = (left + height * 0.25, top + height * 0.25, right - height * 0.25, bottom - height * 0.25)
        canvas.fill(canvas.coverage(canvas.characters(set_line(self.text, area, typeface(self.face)))), self.ink)
        canvas.shine[:] = 0.3
        return canvas


def signs_of(plate: Plate, plane: Plane, plate_box: Box, size: tuple[int, int]) -> tuple[Sign, ...]:
    """The signs of a picture: up to `plate.signs`, as many as find room beside the plate and each other.

    Args:
        plate: its sign factors decide.
        plane: of the plate.
        plate_box: plate with holder, mm from the plate's centre.
        size: width and height of the picture.
    """
    taken = [extent(plane, plate_box, 6)]
    found: list[Sign] = []
    for number in range(plate.signs):
        rng = Stream(plate.signs_seed, ("sign", number)).generator()
        for sign in _attempts(rng, plane, plate_box, size):
            if not sign.plane.is_in_front(sign.box) or not sign.is_inside(size):
                continue
            room = sign.extent(3)
            if not any(overlap(room, other) for other in taken):
                taken.append(room)
                found.append(sign)
                break
    return tuple(found)


def _attempts(rng: np.random.Generator, plane: Plane, plate_box: Box, size: tuple[int, int]) -> Iterator[Sign]:
    """One sign at different places."""
    sticker = bool(rng.random() < 0.7)
    text = _telephone(rng) if rng.random() < 0.4 else _one_of(rng, _ADVERTS if sticker else _STREETS)
    ground, ink = _COLOURS[rng.integers(len(_COLOURS))]
    face = _one_of(rng, tuple(FACES))
    shape = 0.62 * len(text) + 0.9
    for _ in range(8):
        if sticker:
            height = rng.uniform(40, 75)
            x, y = rng.uniform(-1.3, 1.3) * plate_box[2], rng.uniform(-3.5, 2.5) * plate_box[3]
            box = (x - height * shape / 2, y - height / 2, x + height * shape / 2, y + height / 2)
            yield Sign("sticker", text, box, 0.0, plane, ground, ink, face)
        else:
            turn = rotation(rng.normal(0, 20), 0, rng.normal(0, 2))
            spot = (rng.uniform(0.2, 0.36), rng.uniform(-0.98, 0.98), rng.uniform(-0.95, 0.5))
            box = (-100 * shape / 2, -50.0, 100 * shape / 2, 50.0)
            board = place(box, turn, 4000, spot, size)
            post = float(board.to_millimetres((board.to_pixels((0, 0))[0], size[1]))[1])
            yield Sign("board", text, box, post, board, ground, ink, face)


def _telephone(rng: np.random.Generator) -> str:
    return f"0{rng.integers(1, 10)}{rng.integers(10, 100)}-555-{rng.integers(1000, 10000)}"


def _one_of(rng: np.random.Generator, values: tuple[str, ...]) -> str:
    return values[rng.integers(len(values))]


def extent(plane: Plane, box: Box, margin: float = 0.0) -> Box:
    """Left, top, right, bottom in pixels that a box of a plane takes in the picture."""
    corners = plane.quads(box)[0]
    (left, top), (right, bottom) = corners.min(axis=0) - margin, corners.max(axis=0) + margin
    return float(left), float(top), float(right), float(bottom)


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes share any room."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
