"""The step that changes the exposure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator

from visavis.degrade.frames import Pixels, as_pixels, check_frame
from visavis.ranges import number
from visavis.srgb import linear_light, srgb


@dataclass(frozen=True, slots=True)
class Exposure:
    """Less or more light, times 2^stops in linear light; what exceeds white is lost.

    Attributes:
        stops: -10..10; -1 = half of the light.
    """

    stops: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "stops", number("Exposure.stops", self.stops, -10, 10))

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 sRGB frame, darker or brighter."""
        return _curve(self.stops)[check_frame(pixels)]


@lru_cache(maxsize=64)
def _curve(stops: float) -> Pixels:
    """(256,) the new value of each old one: sRGB to linear light, times 2^stops, and back."""
    return as_pixels(255 * srgb(linear_light(np.arange(256) / 255) * 2.0**stops))
