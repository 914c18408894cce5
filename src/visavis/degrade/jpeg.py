"""The step that compresses."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.random import Generator
from PIL import Image

from visavis.degrade.frames import Pixels, check_frame
from visavis.errors import InvalidInput
from visavis.ranges import whole

MAX_SIDE = 65_500
"""Longest side that libjpeg writes, in pixels."""


@dataclass(frozen=True, slots=True)
class Jpeg:
    """Baseline JPEG with halved colour resolution (4:2:0), as cameras write it.

    Attributes:
        quality: 1 (worst) to 100, on libjpeg's scale.
    """

    quality: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "quality", whole("Jpeg.quality", self.quality, 1, 100))

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame after compression."""
        height, width, _ = check_frame(pixels).shape
        if max(height, width) > MAX_SIDE:
            raise InvalidInput(
                f"frame: JPEG holds 1..{MAX_SIDE} pixels a side, got {width} x {height}; resize it before"
            )
        file = BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=self.quality, subsampling="4:2:0")
        with Image.open(file) as image:
            return np.asarray(image)
