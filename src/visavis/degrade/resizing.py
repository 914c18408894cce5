"""Steps that resize, with Pillow's resampling (antialiased when shrinking; `area` averages and `nearest` picks)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.random import Generator
from PIL import Image

from visavis.degrade.frames import Pixels, check_frame
from visavis.errors import InvalidInput
from visavis.ranges import number, one_of, shown, whole

RESAMPLING = MappingProxyType(
    {
        "nearest": Image.Resampling.NEAREST,
        "area": Image.Resampling.BOX,
        "linear": Image.Resampling.BILINEAR,
        "cubic": Image.Resampling.BICUBIC,
        "lanczos": Image.Resampling.LANCZOS,
    }
)
"""Names of the ways to resample, and what they are called in Pillow."""
MAX_SIDE = 20_000
"""Longest side of a resized frame, in pixels."""


def resized(pixels: Pixels, width: int, height: int, method: str) -> Pixels:
    """The (H, W, 3) frame as (height, width, 3)."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), RESAMPLING[method]))


def _scaled(side: int, factor: float) -> int:
    return min(MAX_SIDE, max(1, round(side * factor)))


@dataclass(frozen=True, slots=True)
class Resize:
    """To an exact size.

    Attributes:
        width: 1..20000 pixels.
        height: 1..20000 pixels.
        method: a name of `RESAMPLING`.
    """

    width: int
    height: int
    method: str = "cubic"

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", whole("Resize.width", self.width, 1, MAX_SIDE))
        object.__setattr__(self, "height", whole("Resize.height", self.height, 1, MAX_SIDE))
        one_of("Resize.method", self.method, RESAMPLING)

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame as (height, width, 3)."""
        return resized(check_frame(pixels), self.width, self.height, self.method)


def bicubic_to(size: Any) -> Resize:
    """The plain bicubic resize to (width, height).

    Raises:
        InvalidInput: not two whole numbers, or out of range.
    """
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise InvalidInput(f"size: expected two whole numbers (width, height), got {shown(size)}")
    return Resize(size[0], size[1], "cubic")


@dataclass(frozen=True, slots=True)
class Rescale:
    """Larger or smaller by a factor; each side is held to 1..20000 pixels.

    Attributes:
        factor: 0.01..16 times the width and height.
        method: a name of `RESAMPLING`.
    """

    factor: float
    method: str = "cubic"

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", number("Rescale.factor", self.factor, 0.01, 16))
        one_of("Rescale.method", self.method, RESAMPLING)

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame, each side times `factor`."""
        height, width, _ = check_frame(pixels).shape
        return resized(pixels, _scaled(width, self.factor), _scaled(height, self.factor), self.method)


@dataclass(frozen=True, slots=True)
class ResizeJitter:
    """To another size and back, as by a careless player.

    Attributes:
        factor: of the size in between, 0.01..16.
        method: a name of `RESAMPLING`, used both ways.
    """

    factor: float
    method: str = "linear"

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", number("ResizeJitter.factor", self.factor, 0.01, 16))
        one_of("ResizeJitter.method", self.method, RESAMPLING)

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame, of the same size."""
        height, width, _ = check_frame(pixels).shape
        between = resized(pixels, _scaled(width, self.factor), _scaled(height, self.factor), self.method)
        return resized(between, width, height, self.method)
