"""Text and colours: Pillow's built-in font, wrapped and shortened so that nothing is ever cut off."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image, ImageFont

from visavis.types import Decision

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (28, 32, 38)
FAINT: Colour = (106, 113, 122)
LINE: Colour = (205, 210, 216)
DECISIONS: dict[Decision, Colour] = {
    Decision.NO_MATCH: (176, 74, 50),
    Decision.INCONCLUSIVE: (189, 139, 32),
    Decision.MATCH: (24, 120, 110),
}
"""Told apart by people who confuse red and green, too; the words stand beside them everywhere."""

_ELLIPSIS = "..."
_MISSING = "\uffff"  # no font has it, so it is drawn as the box that stands for what a font lacks


@cache
def font(size: int) -> FreeTypeFont | BitmapFont:
    """Pillow's built-in font at a size in pixels."""
    return ImageFont.load_default(size)


def printable(text: str) -> str:
    """`text` with what the font lacks replaced: accents dropped, other letters and control characters as "?"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if _has(c) else "?" for c in bare)


def width_of(text: str, size: int) -> int:
    """Pixels that one line takes."""
    return int(font(size).getlength(text) + 0.999)


def shorten(text: str, size: int, width: int) -> str:
    """One line of at most `width` pixels; the middle of a long text gives way, because names differ at their ends."""
    text = printable(text)
    if width_of(text, size) <= width:
        return text
    keep = len(text)
    while keep > 0:
        keep -= 1
        head, tail = text[: -(-keep // 2)], text[len(text) - keep // 2 :]
        if width_of(short := f"{head}{_ELLIPSIS}{tail}", size) <= width:
            return short
    return ""


def wrap(text: str, size: int, width: int) -> list[str]:
    """Lines of at most `width` pixels, broken between words; a word that is too long is shortened."""
    lines: list[str] = []
    for word in printable(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(shorten(word, size, width))
    return lines


def line_height(size: int) -> int:
    """Distance of baselines in running text."""
    return round(size * 1.4)


def stack(blocks: list[Image.Image], gap: int) -> Image.Image:
    """Blocks of one width below each other."""
    height = sum(block.height for block in blocks) + gap * (len(blocks) - 1)
    sheet = Image.new("RGB", (blocks[0].width, height), PAPER)
    top = 0
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height + gap
    return sheet


@cache
def _has(character: str) -> bool:
    return character == " " or _mask(character) != _mask(_MISSING)


def _mask(character: str) -> tuple[tuple[int, int], bytes]:
    mask = font(20).getmask(character)
    return mask.size, bytes(mask)
