"""Small pictures that the tests of this room share."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from tests.fuzz.mutate import SIZE, samples

WIDTH, HEIGHT = SIZE
SAMPLES = {sample.name: sample.data for sample in samples()}
SEVERAL = ("gif-animated", "webp-animated", "apng", "tiff-pages", "mpo")
BY_NAME = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)

rgb_arrays = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


def noise(*shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Random uint8 values, the same at every run."""
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The image as Pillow encodes it."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


class Pipe(io.RawIOBase):
    """A stream that cannot be rewound and gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece, self.rest = self.rest[:100], self.rest[100:]
        buffer[: len(piece)] = piece
        return len(piece)
