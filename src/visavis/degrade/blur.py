"""Steps that blur: out of focus, boxy, moving, or with the kernels that training chains draw."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, pi

import numpy as np
from numpy.random import Generator

from visavis.degrade import kernels
from visavis.degrade.filters import filtered, separable
from visavis.degrade.frames import Pixels, check_frame
from visavis.ranges import number, odd, one_of

MAX_SIZE = 101
"""Largest kernel, in pixels; wider blurs are done on a smaller frame."""
KERNEL_SHAPES = ("gaussian", "generalised", "plateau")


@dataclass(frozen=True, slots=True)
class GaussianBlur:
    """Gaussian blur.

    Attributes:
        sigma: standard deviation in pixels, 0..50; 0 leaves the frame as it is.
        size: width of the kernel in pixels, odd, 1..101; None = three sigma to each side, 101 at most.
    """

    sigma: float
    size: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", number("GaussianBlur.sigma", self.sigma, 0, 50))
        if self.size is not None:
            object.__setattr__(self, "size", odd("GaussianBlur.size", self.size, 1, MAX_SIZE))

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame, blurred."""
        size = self.size or min(MAX_SIZE, 2 * ceil(3 * self.sigma) + 1)
        taps = kernels.gaussian_taps(self.sigma, size)
        return separable(check_frame(pixels), [(taps, taps)])


@dataclass(frozen=True, slots=True)
class BoxBlur:
    """Horizontal mean, as of an even sideways movement.

    Attributes:
        size: width of the box in pixels, odd, 1..101.
    """

    size: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", odd("BoxBlur.size", self.size, 1, MAX_SIZE))

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame, blurred sideways."""
        return filtered(check_frame(pixels), np.full((1, self.size), 1 / self.size))


@dataclass(frozen=True, slots=True)
class MotionBlur:
    """Even movement along a line while the shutter is open.

    Attributes:
        length: of the way, in pixels, 0..100.
        angle: of the way in degrees, -360..360; 0 = sideways, 90 = up and down, positive turns x towards y (down).
    """

    length: float
    angle: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", number("MotionBlur.length", self.length, 0, MAX_SIZE - 1))
        object.__setattr__(self, "angle", number("MotionBlur.angle", self.angle, -360, 360))

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame, blurred along the line."""
        return filtered(check_frame(pixels), kernels.line(self.length, self.angle * pi / 180))


@dataclass(frozen=True, slots=True)
class KernelBlur:
    """A turned ellipse of weights: Gaussian, generalised Gaussian or plateau (see `visavis.degrade.kernels`).

    Attributes:
        shape: gaussian, generalised or plateau.
        size: width of the kernel in pixels, odd, 1..101.
        sigma_x: spread along the first axis in pixels, 0.05..50.
        sigma_y: spread along the second axis in pixels, 0.05..50.
        angle: turn of the first axis in degrees, -360..360, positive from x towards y (down).
        beta: 0.1..10; the larger, the flatter the middle and the steeper the edge. Not used by gaussian.
    """

    shape: str
    size: int
    sigma_x: float
    sigma_y: float
    angle: float = 0.0
    beta: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", one_of("KernelBlur.shape", self.shape, KERNEL_SHAPES))
        object.__setattr__(self, "size", odd("KernelBlur.size", self.size, 1, MAX_SIZE))
        limits = {"sigma_x": (0.05, 50.0), "sigma_y": (0.05, 50.0), "angle": (-360.0, 360.0), "beta": (0.1, 10.0)}
        for name, (low, high) in limits.items():
            object.__setattr__(self, name, number(f"KernelBlur.{name}", getattr(self, name), low, high))

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame, blurred."""
        turn = self.angle * pi / 180
        kernel = kernels.elliptic(self.shape, self.size, self.sigma_x, self.sigma_y, turn, self.beta)
        return filtered(check_frame(pixels), kernel)
