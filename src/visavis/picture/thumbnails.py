"""Small pictures of faces for pages: cut out of their photos, square, as JPEG without metadata."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from visavis.images import Photo, load

if TYPE_CHECKING:
    from visavis.images import ImageSource
    from visavis.types import Box

SIDE = 128
"""Pixels; pages show them smaller, so that they are sharp on dense screens."""
_MARGIN = 0.35
"""Of the box's longer side, on every side: enough to know a head by."""
_QUALITY = 82
_GROUND = (128, 128, 128)


def thumbnail(source: ImageSource, box: Box | None = None, side: int = SIDE) -> bytes:
    """A face as a JPEG of `side` x `side` pixels.

    Args:
        source: the photo.
        box: the face in it; None = the whole photo, fitted in.
        side: in pixels.

    Raises:
        ImageError: the photo cannot be used.
    """
    photo = load(source)
    buffer = BytesIO()
    small = _cut(photo, box).resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.info = {}
    small.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _cut(photo: Photo, box: Box | None) -> Image.Image:
    """The square around a face, moved into the photo and no larger than it; the whole photo made square without one."""
    if box is None:
        return ImageOps.pad(photo.image, (max(photo.image.size),) * 2, color=_GROUND)
    side = min(round(max(box.width, box.height) * (1 + 2 * _MARGIN)), *photo.image.size)
    left, top = (
        min(max(round(middle - side / 2), 0), length - side)
        for middle, length in zip(
            ((box.left + box.right) / 2, (box.top + box.bottom) / 2), photo.image.size, strict=True
        )
    )
    return photo.image.crop((left, top, left + side, top + side))
