"""A photo as a panel: the part around its face, scaled, with boxes and points drawn on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from visavis.picture.ink import PAPER, Colour

if TYPE_CHECKING:
    from visavis.images import Photo
    from visavis.types import Box, Face

_SHAPES = (0.6, 1.8)
"""Width / height of a panel: what is slimmer or wider is cropped around the face, so that it stays visible."""
_OTHER: Colour = (184, 190, 197)


@dataclass(frozen=True)
class View:
    """The part of a photo that a panel shows: left, top, width, height in pixels of the photo."""

    left: float
    top: float
    width: float
    height: float

    @property
    def shape(self) -> float:
        """Width / height."""
        return self.width / self.height

    def of(self, photo: Photo) -> bool:
        """Whether it is the whole photo."""
        return (self.width, self.height) == (photo.width, photo.height)


def view_around(photo: Photo, box: Box) -> View:
    """The largest part of a photo that has a usable shape and keeps the middle of `box` as central as it can."""
    slim, wide = _SHAPES
    width = min(photo.width, photo.height * wide)
    height = min(photo.height, photo.width / slim)
    left = min(max((box.left + box.right - width) / 2, 0), photo.width - width)
    top = min(max((box.top + box.bottom - height) / 2, 0), photo.height - height)
    return View(left, top, width, height)


def draw_panel(photo: Photo, view: View, height: int, face: Face, others: list[Face], colour: Colour) -> Image.Image:
    """The view at a height in pixels, the chosen face boxed in `colour` with its points, others thin and grey."""
    size = (max(1, round(height * view.shape)), height)
    box = (view.left, view.top, view.left + view.width, view.top + view.height)
    panel = photo.image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    for other in others:
        mark_face(panel, other, view, _OTHER, width=2, plain=True)
    mark_face(panel, face, view, colour, width=3)
    return panel


def mark_face(panel: Image.Image, face: Face, view: View, colour: Colour, *, width: int, plain: bool = False) -> None:
    """Draw a face's box onto a panel that shows `view`; unless `plain`, with its five points and bright edges."""
    draw = ImageDraw.Draw(panel)
    box = face.box
    left, top = to_panel(panel, view, box.left, box.top)
    right, bottom = to_panel(panel, view, box.right, box.bottom)
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    if not plain:
        draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=PAPER, width=width + 2)
    draw.rectangle((left, top, right, bottom), outline=colour, width=width)
    if not plain:
        radius = min(4.0, max(1.5, (right - left) / 30))
        for x, y in face.points.tolist():
            at = to_panel(panel, view, x, y)
            _dot(panel, at, radius + 1.2, PAPER)
            _dot(panel, at, radius, colour)


def to_panel(panel: Image.Image, view: View, x: float, y: float) -> tuple[float, float]:
    """Photo coordinates on a panel; both count from the centre of their top-left pixel."""
    across, down = panel.width / view.width, panel.height / view.height
    return (x + 0.5 - view.left) * across - 0.5, (y + 0.5 - view.top) * down - 0.5


def _dot(panel: Image.Image, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """A disc with smooth edges, which Pillow's own ellipse lacks: drawn four times as large and averaged."""
    left, top = (math.floor(at - radius) for at in centre)
    side = math.ceil(2 * radius) + 2
    x, y = 4 * (centre[0] - left + 0.5), 4 * (centre[1] - top + 0.5)
    mask = Image.new("L", (4 * side, 4 * side))
    ImageDraw.Draw(mask).ellipse((x - 4 * radius, y - 4 * radius, x + 4 * radius, y + 4 * radius), fill=255)
    panel.paste(colour, (left, top), mask.reduce(4))
