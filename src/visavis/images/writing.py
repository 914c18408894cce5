"""From pictures to encoded bytes and files."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import PurePath
from typing import Any

import numpy as np
from PIL import Image

from visavis.errors import InvalidInput
from visavis.images.loading import load
from visavis.images.photo import Photo
from visavis.storage import write_atomic

_OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "TIFF": {"compression": "tiff_deflate"},
    "BMP": {},
}
_SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}


def encode(image: Photo | Image.Image | np.ndarray[Any, Any], image_format: str = "PNG") -> bytes:
    """The picture as the bytes of a file, without metadata (no place, no camera). PNG, TIFF and BMP lose nothing.

    Args:
        image: what `load` accepts as a picture; transparency is laid on white.
        image_format: PNG, JPEG, WEBP, TIFF or BMP.

    Raises:
        InvalidInput: an unknown format, or one that cannot hold a picture of this size.
    """
    if image_format not in _OPTIONS:
        raise InvalidInput(f"image format {image_format!r} cannot be written; use one of {', '.join(_OPTIONS)}")
    photo = load(image)
    bare = photo.image.copy()
    bare.info = {}
    buffer = BytesIO()
    try:
        bare.save(buffer, image_format, **_OPTIONS[image_format])
    except Exception as error:  # encoders, like decoders, raise what they please
        raise InvalidInput(
            f"{photo.source}: {photo.width} x {photo.height} pixels cannot be written as {image_format} ({error}); "
            "use PNG or scale it down"
        ) from error
    return buffer.getvalue()


def save(image: Photo | Image.Image | np.ndarray[Any, Any], path: str | os.PathLike[str]) -> None:
    """Write the picture to `path`, in the format that its suffix names, atomically.

    Raises:
        InvalidInput: the suffix names no format that can be written, or the format cannot hold the picture.
        StorageError: the file could not be written; nothing partial is left.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InvalidInput(f"{os.fspath(path)}: suffix {suffix!r} names no image format; use {', '.join(_SUFFIXES)}")
    write_atomic(path, encode(image, _SUFFIXES[suffix]))
