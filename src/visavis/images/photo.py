"""A decoded photo, and how large one may be."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, TypeAlias, Union

import numpy as np
from PIL import Image

from visavis.errors import ImageTooLarge, InvalidInput


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one image may take; both are checked before any pixel is decoded.

    Attributes:
        max_bytes: largest encoded file; a source is never read further than this.
        max_pixels: largest width x height. Decoding needs about 4 bytes of memory per pixel.
    """

    max_bytes: int = 256 * 2**20
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        if not (self.max_bytes > 0 and self.max_pixels > 0):
            raise InvalidInput(f"limits {self.max_bytes} bytes, {self.max_pixels} pixels: both must be positive")

    def check_bytes(self, count: int, name: str) -> None:
        """Raise ImageTooLarge when `count` encoded bytes are too many."""
        if count > self.max_bytes:
            raise ImageTooLarge(
                f"{name}: is larger than the limit of {self.max_bytes:,} bytes; "
                "save a smaller copy, or raise Limits.max_bytes if you trust the file"
            )

    def check_pixels(self, width: int, height: int, name: str) -> None:
        """Raise ImageTooLarge when width x height is too much."""
        if width * height > self.max_pixels:
            raise ImageTooLarge(
                f"{name}: {width} x {height} pixels exceed the limit of {self.max_pixels:,}; "
                "scale it down, or raise Limits.max_pixels if you trust the file"
            )


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded image, ready to be looked at.

    Attributes:
        image: mode RGB, 8 bits, upright; not shared with what it was loaded from.
        source: name of the input, for messages.
        notes: what decoding had to decide, for people ("several frames: first frame used").
    """

    image: Image.Image
    source: str = "image"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.image.mode != "RGB":
            raise InvalidInput(f"{self.source}: a Photo needs an RGB image, not {self.image.mode}; use images.load()")

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @cached_property
    def pixels(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """(H, W, 3) uint8 RGB, read-only; unpacked on first use and kept."""
        return np.asarray(self.image)


ImageSource: TypeAlias = Union[  # noqa: UP007 (PathLike[str] | "Photo" cannot be evaluated at run time everywhere)
    str, os.PathLike[str], bytes, bytearray, memoryview, BinaryIO, Image.Image, np.ndarray[Any, Any], Photo
]
"""What `load` accepts: a path, encoded bytes, a binary file object, a PIL image, an array, or a Photo."""
