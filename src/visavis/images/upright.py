"""From any PIL image to RGB, 8 bits, the right way up."""

from __future__ import annotations

import numpy as np
from PIL import ExifTags, Image
from PIL.Image import Transpose

from visavis.errors import ImageUnreadable
from visavis.images.arrays import to_uint8

_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (CIPA DC-008, tag 0x0112); 1 and everything undefined mean "as stored"."""

_WHITE = {"I": 65535, "F": 1}
"""White in 32-bit images: integers are how some readers hand over 16-bit samples, floats run from 0 to 1."""


def upright_rgb(image: Image.Image, name: str) -> tuple[Image.Image, tuple[str, ...]]:
    """A loaded image as RGB, turned as its EXIF orientation says; and notes. Returns `image` itself when it is both."""
    orientation, notes = _orientation(image)
    rgb, more = _rgb(image, name)
    return _turned(rgb, orientation), notes + more


def _orientation(image: Image.Image) -> tuple[int, tuple[str, ...]]:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1), ()
    except Exception:  # damaged EXIF data raises anything, and says nothing about the pixels
        return 1, ("EXIF data is damaged: used as stored, not turned",)


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    if orientation not in _TURNS:
        return image
    turned = image.transpose(_TURNS[orientation])
    turned.info = {key: value for key, value in image.info.items() if key == "icc_profile"}  # not the old orientation
    return turned


def _rgb(image: Image.Image, name: str) -> tuple[Image.Image, tuple[str, ...]]:
    if image.mode.startswith(("I", "F")):
        return _deep_to_rgb(image, name), ()
    if image.has_transparency_data:
        return _on_white(image.convert("RGBA"))
    if image.mode == "CMYK":
        return image.convert("RGB"), ("CMYK: converted without its colour profile",)
    return (image if image.mode == "RGB" else image.convert("RGB")), ()


def _deep_to_rgb(image: Image.Image, name: str) -> Image.Image:
    """Grey of 16 or 32 bits (modes I;16*, I, F), scaled; Pillow's own conversion would clip it at 255."""
    values = np.asarray(image)
    if image.mode in _WHITE and not (values.min() >= 0 and values.max() <= _WHITE[image.mode]):  # NaN included
        raise ImageUnreadable(
            f"{name}: its 32-bit samples are not all within 0..{_WHITE[image.mode]}, so nobody knows what is white; "
            "save it with 8 or 16 bits"
        )
    return Image.fromarray(to_uint8(values.astype(np.uint16) if image.mode == "I" else values, name)).convert("RGB")


def _on_white(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    alpha = image.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return image.convert("RGB"), ()
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=alpha)
    return canvas, ("transparent: laid on white",)
