"""Frames to degrade, made from numbers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from visavis.degrade.frames import Pixels


def picture(width: int = 40, height: int = 32, seed: int = 0) -> Pixels:
    """A smooth (height, width, 3) picture with some edges."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 236, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    pixels = np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    pixels[height // 3 : height // 2, width // 4 : width // 2] = (250, 10, 128)
    return pixels


def flat(value: int, side: int = 200) -> Pixels:
    """One grey everywhere."""
    return np.full((side, side, 3), value, np.uint8)
