"""`load`: whatever holds a picture becomes a `Photo`, or an error that says what it holds instead."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from PIL import Image

from visavis.errors import InvalidInput
from visavis.images.arrays import image_from_array
from visavis.images.decoding import decode, decoder_errors, load_pixels
from visavis.images.photo import ImageSource, Limits, Photo
from visavis.images.reading import read_encoded
from visavis.images.upright import upright_rgb

_LONGEST_NAME = 1000  # longer ones are content passed for a path
_DEFAULT_LIMITS = Limits()


def load(source: ImageSource, limits: Limits = _DEFAULT_LIMITS) -> Photo:
    """Decode `source` into an upright 8-bit RGB photo.

    EXIF orientation is applied; transparency is laid on white; of several frames the first is used; 16-bit grey and
    floats are scaled. What had to be decided is in `Photo.notes`. Nothing is shared with `source`, no global state of
    Pillow is touched, and threads may load at once.

    Args:
        source: a path; an encoded file as bytes, bytearray or memoryview; a binary file object (rewound if it can be,
            left open); a PIL image; a Photo, returned as it is; or an array in RGB order, (H, W), (H, W, 1),
            (H, W, 3) or (H, W, 4), of uint8, uint16, bool, or floats in 0..1.
        limits: largest encoded size and pixel count.

    Raises:
        ImageNotFound: the path leads to no file that can be read.
        ImageUnreadable: the content is empty, incomplete, damaged or of a format that cannot be read.
        ImageTooLarge: the content exceeds `limits`.
        InvalidInput: `source` is of another type, or its array has another shape, type or range.
    """
    if isinstance(source, Photo):
        return source
    name = _name_of(source)
    image, notes = _loaded(source, name, limits)
    with decoder_errors(name, f"image of mode {image.mode}"):
        rgb, more = upright_rgb(image, name)
        if rgb is image and (image is source or image.format != "JPEG"):
            rgb = rgb.copy()  # not the caller's, and without the decoder that other readers keep alive
    return Photo(rgb, name, notes + more)


def _loaded(source: Any, name: str, limits: Limits) -> tuple[Image.Image, tuple[str, ...]]:
    if isinstance(source, Image.Image):
        return _ready(source, name, limits), ()
    if isinstance(source, np.ndarray):
        with decoder_errors(name, "array"):
            return image_from_array(source, name, limits), ()
    return decode(read_encoded(source, name, limits), name, limits)


def _ready(image: Image.Image, name: str, limits: Limits) -> Image.Image:
    """A caller's PIL image, perhaps not decoded yet."""
    with decoder_errors(name, f"PIL image of mode {image.mode}"):
        if 0 in image.size:
            raise InvalidInput(f"{name}: size {image.size} holds no pixels; check how it was cropped")
        load_pixels(image, name, limits)
    return image


def _name_of(source: Any) -> str:
    """How messages call a source: short, and free of characters that a terminal could not show or would obey."""
    if isinstance(source, str | os.PathLike):
        name = os.fsdecode(source) or "''"
    else:
        known = getattr(source, "name", None) or getattr(source, "filename", None)
        name = known if isinstance(known, str) else f"<{type(source).__name__}>"
    if len(name) > _LONGEST_NAME:
        name = f"{name[:80]}... ({len(name):,} characters)"
    return name if name.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
