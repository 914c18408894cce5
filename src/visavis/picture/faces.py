"""The picture of a photo's faces, numbered as `--face` counts them."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from visavis.picture.ink import INK, PAPER, Colour, font, line_height, shorten, stack, width_of
from visavis.picture.panel import View, mark_face, to_panel

if TYPE_CHECKING:
    from visavis.images import Photo
    from visavis.types import Face, Faces

_SMALLEST, _LARGEST = 480, 1600
"""Sides in pixels: the longer one of the picture is brought between them."""
_COLOUR: Colour = (24, 120, 110)
_NARROWEST = 320  # room for the caption
_TEXT = 16


def faces_picture(photo: Photo, faces: Faces) -> Image.Image:
    """The photo with the box, points, number and detection score of every face, and a caption.

    Returns: RGB; the photo's longer side is brought to between 480 and 1600 pixels.
    """
    longer = max(photo.width, photo.height)
    scale = min(max(longer, _SMALLEST), _LARGEST) / longer
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    panel = photo.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    view = View(0, 0, photo.width, photo.height)
    for face in reversed(list(faces)):  # the largest last, over its neighbours
        mark_face(panel, face, view, _COLOUR, width=2)
        _label(panel, face, view)
    caption = _caption(photo, len(faces), max(panel.width, _NARROWEST))
    framed = Image.new("RGB", (caption.width, panel.height), PAPER)
    framed.paste(panel, (0, 0))
    return stack([framed, caption], 0)


def _label(panel: Image.Image, face: Face, view: View) -> None:
    """Number and score above the box, moved into the picture where it would leave it."""
    text = f"{face.index}: {face.score:.2f}"
    left, top = to_panel(panel, view, face.box.left, face.box.top)
    width, height = width_of(text, _TEXT) + 8, _TEXT + 6
    left = min(max(left - 1, 0), panel.width - width)
    top = min(max(top - height, 0), panel.height - height)
    draw = ImageDraw.Draw(panel)
    draw.rectangle((left, top, left + width, top + height), fill=_COLOUR)
    draw.text((left + 4, top + height / 2), text, PAPER, font(_TEXT), anchor="lm")


def _caption(photo: Photo, count: int, width: int) -> Image.Image:
    block = Image.new("RGB", (width, line_height(_TEXT) + 12), PAPER)
    name = PurePath(photo.source).name or photo.source
    found = f"{count or 'no'} face{'' if count == 1 else 's'}"
    facts = f"{found}, {photo.width} x {photo.height} px: "
    text = facts + shorten(name, _TEXT, width - 16 - width_of(facts, _TEXT))
    ImageDraw.Draw(block).text((8, block.height / 2), text, INK, font(_TEXT), anchor="lm")
    return block
