"""Steps that add noise: of the electronics (Gaussian) and of light itself (Poisson)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from visavis.degrade.frames import Pixels, as_pixels, check_frame
from visavis.ranges import generator, number, truth


@dataclass(frozen=True, slots=True)
class GaussianNoise:
    """Noise of one strength everywhere.

    Attributes:
        sigma: standard deviation on the 0..255 scale, 0..128.
        grey: True = the same value in all three channels, False = colour noise, drawn for each channel.
    """

    sigma: float
    grey: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", number("GaussianNoise.sigma", self.sigma, 0, 128))
        truth("GaussianNoise.grey", self.grey)

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame with noise from `rng`."""
        height, width, channels = check_frame(pixels).shape
        noise = generator("rng", rng).standard_normal((height, width, 1 if self.grey else channels), dtype=np.float32)
        noise *= np.float32(self.sigma)
        return as_pixels(noise + pixels)


@dataclass(frozen=True, slots=True)
class PoissonNoise:
    """Shot noise x + scale * (Poisson(x) - x): its variance is scale^2 times the value x on the 0..255 scale.

    Attributes:
        scale: 0..16; 1 = one photon per grey level.
        grey: True = noise of the mean of the three channels, the same in all; False = drawn for each channel.
    """

    scale: float = 1.0
    grey: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", number("PoissonNoise.scale", self.scale, 0, 16))
        truth("PoissonNoise.grey", self.grey)

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame with noise from `rng`."""
        check_frame(pixels)
        light = pixels.mean(axis=2, keepdims=True, dtype=np.float32) if self.grey else pixels.astype(np.float32)
        noise = generator("rng", rng).poisson(light).astype(np.float32)
        noise -= light
        noise *= np.float32(self.scale)
        return as_pixels(noise + pixels)


@dataclass(frozen=True, slots=True)
class SensorNoise:
    """Noise of a camera: read noise everywhere and shot noise that grows with the light, both nearly Gaussian.

    Its variance at the value x is read^2 + shot^2 x (Foi et al., "Practical Poissonian-Gaussian Noise Modeling and
    Fitting for Single-Image Raw-Data", 2008).

    Attributes:
        read: standard deviation in the dark on the 0..255 scale, 0..128.
        shot: 0..16; 1 = one photon per grey level.
        grey: True = the same draw for all three channels, False = one for each.
    """

    read: float
    shot: float
    grey: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", number("SensorNoise.read", self.read, 0, 128))
        object.__setattr__(self, "shot", number("SensorNoise.shot", self.shot, 0, 16))
        truth("SensorNoise.grey", self.grey)

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame with noise from `rng`."""
        height, width, channels = check_frame(pixels).shape
        noise = generator("rng", rng).standard_normal((height, width, 1 if self.grey else channels), dtype=np.float32)
        sigma = np.sqrt(self.read**2 + self.shot**2 * np.arange(256)).astype(np.float32)
        return as_pixels(noise * sigma[pixels] + pixels)
