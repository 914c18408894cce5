"""Painting a new plate: sheeting, printed marks, embossed number, holder and screws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from visavis.synthetic.plates.canvas import Array, Canvas
from visavis.synthetic.plates.designs import Design, Mark
from visavis.synthetic.plates.layout import Box, Cell, lay_out, set_line
from visavis.synthetic.plates.noise import clouds
from visavis.synthetic.plates.plate import REGULAR, Plate
from visavis.synthetic.plates.typeface import typeface
from visavis.synthetic.streams import Stream

_LIP = {"none": (0.0, 0.0), "black": (7.0, 7.0), "chrome": (9.0, 9.0), "dealer": (8.0, 24.0)}
"""Width of each holder's rim and of its lower lip, mm."""
_OVERLAP = 2.0
"""How far a holder's rim lies over the plate, mm."""
_BOLT_COLOURS = {"steel": "#a9adb0", "black": "#1c1c1e", "white": "#e9e9e6", "yellow": "#e3bb1c"}
_BOLT_RADIUS = 6.5
_HOLDER_COLOURS = {"black": "#19191b", "chrome": "#c8cbce", "dealer": "#1b1b1e"}
_BUSINESSES = ("AUTOHAUS LINDEN", "CITY MOTORS", "NORTHSIDE AUTO", "GARAGE DUVAL", "PALM CARS", "RIVER GARAGE 24")


@dataclass(frozen=True)
class Word:
    """A text on the plate's plane that is not its number.

    Attributes:
        kind: "design" (printed on the plate) or "dealer" (on its holder).
        text: what it says.
        box: left, top, right, bottom in mm from the plate's top-left corner.
    """

    kind: str
    text: str
    box: Box


@dataclass(frozen=True)
class Print:
    """What stands on a plate: its number and its other words, in mm from the plate's top-left corner."""

    cells: tuple[Cell, ...]
    words: tuple[Word, ...]
    ground: str
    ink: str


def outline(plate: Plate) -> Box:
    """Left, top, right, bottom of plate and holder in mm from the plate's top-left corner."""
    width, height = plate.design.size
    rim, lip = _LIP[plate.frame]
    return -rim, -rim, width + rim, height + lip


def compose(plate: Plate) -> Print:
    """Decide all words of a plate and where they stand."""
    layout = plate.design
    ground, ink = layout.paints[plate.paint % len(layout.paints)]
    face = layout.face if plate.face == REGULAR else plate.face
    words = [
        Word("design", _chosen(plate, mark.texts, number), mark.box)
        for number, mark in enumerate(layout.marks)
        if mark.kind == "word"
    ]
    if plate.frame == "dealer":
        width, height = layout.size
        words.append(Word("dealer", dealer(plate), (width * 0.12, height + 6, width * 0.88, height + 18)))
    return Print(lay_out(layout, plate.text, typeface(face)), tuple(words), ground, ink)


def dealer(plate: Plate) -> str:
    """The advert on a dealer's holder: a business and its telephone number."""
    rng = Stream(plate.car_seed, ("dealer",)).generator()
    name = _BUSINESSES[rng.integers(len(_BUSINESSES))]
    return f"{name} 555-{rng.integers(1000, 10000)}"


def painted(plate: Plate, printing: Print, scale: float) -> Canvas:
    """A new plate with its holder.

    Args:
        plate: the plate.
        printing: its words, of `compose`.
        scale: texels per mm.
    """
    left, top, right, bottom = outline(plate)
    rest = 3 / scale  # empty texels all around, so that edges fade
    canvas = Canvas.blank((left - rest, top - rest, right + rest, bottom + rest), scale)
    edge = canvas.rectangle((0, 0, *plate.design.size), plate.design.radius)
    _sheet(canvas, edge, plate, printing.ground)
    for number, mark in enumerate(plate.design.marks):
        _MARKS[mark.kind](canvas, mark, _Job(plate, printing, number))
    canvas.colour[canvas.alpha == 0] = 0
    _number(canvas, plate.design, printing)
    if plate.frame != "none":
        _holder(canvas, plate, printing)
    if plate.bolts != "none":
        for x, y in plate.design.bolts:
            _bolt(canvas, x, y, plate.bolts, plate.grime_seed)
    return canvas


@dataclass(frozen=True)
class _Job:
    """One mark of one plate: what its painter may need."""

    plate: Plate
    printing: Print
    number: int

    def chosen(self, values: Sequence[str]) -> str:
        return _chosen(self.plate, values, self.number)

    def colour(self, mark: Mark) -> str:
        colour = self.chosen(mark.colours)
        return self.printing.ink if colour == "ink" else colour


def _chosen(plate: Plate, values: Sequence[str], number: int) -> str:
    return values[Stream(plate.words, ("mark", number)).integer() % len(values)]


def _sheet(canvas: Canvas, edge: Array, plate: Plate, ground: str) -> None:
    """The blank: reflective sheeting with its faint pattern, on metal with a bent rim where plates are embossed."""
    canvas.alpha[:] = canvas.coverage(edge)
    canvas.fill(np.ones_like(edge), ground)
    cells = clouds(Stream(plate.grime_seed, ("sheet",)).generator(), canvas.x, canvas.y, 3.0, 2)
    canvas.colour *= (1 + 0.018 * cells)[..., None]
    canvas.reflective[:] = 1
    canvas.shine[:] = 0.35 if plate.design.raised else 0.8
    if plate.design.raised:
        rim = plate.design.raised * 0.7
        canvas.relief += rim * _step(edge + 4.5, 1.6)


def _number(canvas: Canvas, layout: Design, printing: Print) -> None:
    """The embossed characters; rollers ink their tops only, so that a bright edge of sheeting stays around them."""
    distance = canvas.characters(printing.cells)
    slope = 1.3
    canvas.relief += layout.raised * _step(-distance - 0.2, slope)
    inked = canvas.coverage(distance)
    canvas.fill(inked, printing.ink)
    canvas.reflective *= 1 - inked
    canvas.shine += inked * (0.55 - canvas.shine)


def _step(distance: Array, slope: float) -> Array:
    """0 below -slope, 1 above slope, smooth between."""
    t = np.clip((distance + slope) / (2 * slope), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _band(canvas: Canvas, mark: Mark, job: _Job) -> None:
    canvas.fill(canvas.coverage(canvas.rectangle(mark.box)), job.colour(mark))


def _fade(canvas: Canvas, mark: Mark, job: _Job) -> None:
    """Full colour at the top of the box, none at its bottom."""
    _, top, _, bottom = mark.box
    share = np.clip((bottom - canvas.y) / (bottom - top), 0, 1)[:, None]
    canvas.fill(share * canvas.coverage(canvas.rectangle(mark.box)), job.colour(mark), 0.85)


def _hills(canvas: Canvas, mark: Mark, job: _Job) -> None:
    """Two ridges of a landscape at the foot of the plate."""
    left, top, right, bottom = mark.box
    t = (canvas.x - left) / (right - left) * 2 * np.pi
    for shift, strength in ((0.0, 0.35), (1.9, 0.55)):
        ridge = np.sin(1.3 * t + shift) + 0.5 * np.sin(3.1 * t + 2 * shift) + 0.2 * np.sin(7.3 * t)
        height = top + (bottom - top) * (0.35 + 0.25 * strength - 0.14 * ridge)
        canvas.fill(canvas.coverage(height - canvas.y[:, None]), job.colour(mark), strength)


def _ring(canvas: Canvas, mark: Mark, job: _Job) -> None:
    """Twelve plain dots on a circle."""
    left, top, right, bottom = mark.box
    reach = (right - left) / 2
    for turn in np.arange(12) * np.pi / 6:
        x, y = (left + right) / 2 + reach * np.sin(turn), (top + bottom) / 2 - reach * np.cos(turn)
        canvas.fill(canvas.coverage(canvas.disc(x, y, reach * 0.12)), job.colour(mark))


def _foil(canvas: Canvas, mark: Mark, job: _Job) -> None:
    """A security foil that shimmers in all colours."""
    inside = canvas.coverage(canvas.rectangle(mark.box, 2))
    canvas.fill(inside, job.colour(mark))
    phase = 0.35 * (canvas.x[None] + canvas.y[:, None])
    for band, shift in enumerate((0.0, 2.1, 4.2)):
        canvas.colour[..., band] += inside * 0.18 * np.sin(phase + shift)


def _word(canvas: Canvas, mark: Mark, job: _Job) -> None:
    text = job.chosen(mark.texts)
    distance = canvas.characters(set_line(text, mark.box, typeface(mark.face)))
    canvas.fill(canvas.coverage(distance), job.colour(mark))


def _seals(canvas: Canvas, mark: Mark, job: _Job) -> None:
    """Two round stickers in the first gap of the number, the upper one coloured."""
    x = first_gap(job.plate.text, job.printing.cells)
    top, bottom = job.printing.cells[0].box[1::2]
    for y, colour in (((top * 0.7 + bottom * 0.3), job.colour(mark)), (top * 0.22 + bottom * 0.78, "#c9cdd0")):
        canvas.fill(canvas.coverage(canvas.disc(x, y, 13)), "#d9dcdd")
        canvas.fill(canvas.coverage(canvas.disc(x, y, 11.5)), colour)
        canvas.fill(canvas.coverage(np.abs(canvas.disc(x, y, 6)) - 0.7), "#e8eaea", 0.8)


def _border(canvas: Canvas, mark: Mark, job: _Job) -> None:
    """A line along the plate's edge."""
    distance = canvas.rectangle((0, 0, *job.plate.design.size), job.plate.design.radius)
    canvas.fill(canvas.coverage(np.abs(distance + 2.5 + mark.width / 2) - mark.width / 2), job.colour(mark))


_MARKS: dict[str, Callable[[Canvas, Mark, _Job], None]] = {
    "band": _band,
    "fade": _fade,
    "hills": _hills,
    "ring": _ring,
    "foil": _foil,
    "word": _word,
    "seals": _seals,
    "border": _border,
}


def first_gap(text: str, cells: Sequence[Cell]) -> float:
    """Middle of the first blank of a number, mm."""
    before, after = (cells[text.index(" ") + k].box for k in (-1, 0))
    return (before[2] + after[0]) / 2


def _holder(canvas: Canvas, plate: Plate, printing: Print) -> None:
    """The rim of plastic or chrome around the plate, and the advert on a dealer's lower lip."""
    width, height = plate.design.size
    outer = canvas.rectangle(outline(plate), plate.design.radius + _LIP[plate.frame][0] * 0.6)
    hole = (_OVERLAP, _OVERLAP, width - _OVERLAP, height - _OVERLAP)
    inner = canvas.rectangle(hole, max(plate.design.radius - _OVERLAP, 1))
    distance = np.maximum(outer, -inner)
    share = canvas.coverage(distance)
    canvas.alpha[:] = np.maximum(canvas.alpha, share)
    canvas.fill(share, _HOLDER_COLOURS[plate.frame])
    canvas.reflective *= 1 - share
    canvas.relief += share * (2.2 * _step(-distance - 1.5, 1.6) - canvas.relief)
    canvas.shine += share * ((1.6 if plate.frame == "chrome" else 0.5) - canvas.shine)
    shade = np.clip(1 - inner / -4, 0, 1) * (inner < 0)  # the rim keeps light from the plate's edge
    canvas.colour *= (1 - 0.35 * shade * (1 - share))[..., None]
    for word in printing.words:
        if word.kind == "dealer":
            ink = canvas.coverage(canvas.characters(set_line(word.text, word.box, typeface("wide"))))
            canvas.fill(ink, "#e4e5e3")


def _bolt(canvas: Canvas, x: float, y: float, kind: str, seed: int) -> None:
    """A screw's head: a dome with a slot, a washer's shadow around it."""
    distance = canvas.disc(x, y, _BOLT_RADIUS)
    near = distance < 6
    canvas.colour *= (1 - 0.45 * np.exp(-np.maximum(distance, 0) / 1.8) * near)[..., None]
    head = canvas.coverage(distance)
    canvas.fill(head, _BOLT_COLOURS[kind])
    canvas.reflective *= 1 - head
    canvas.shine += head * (1.0 - canvas.shine)
    dome = 2.6 * np.sqrt(np.clip(1 - ((distance + _BOLT_RADIUS) / (_BOLT_RADIUS * 1.15)) ** 2, 0, 1))
    canvas.relief += head * (dome - canvas.relief)
    if kind in ("steel", "black"):
        turn = Stream(seed, ("slot", round(x), round(y))).uniform() * np.pi
        across = (canvas.x - x) * np.sin(turn) + ((canvas.y - y) * np.cos(turn))[:, None]
        slot = canvas.coverage(np.maximum(np.abs(across) - 0.7, distance + 1.2))
        canvas.fill(slot, "#0d0d0e", 0.8)
