"""The compound degradation of FANVIDv2: how high-resolution clips become the 320 x 180 of the benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from numpy.random import Generator

from visavis.degrade.blur import BoxBlur, GaussianBlur
from visavis.degrade.jpeg import Jpeg
from visavis.degrade.noise import GaussianNoise, PoissonNoise
from visavis.degrade.plan import Step
from visavis.degrade.recipe import Recipe
from visavis.degrade.resizing import Resize, ResizeJitter, bicubic_to


def fanvid_v2(size: tuple[int, int] = (320, 180)) -> Recipe:
    """Blur, resize jitter, noise, JPEG, then bicubic to exactly `size`, as FANVIDv2 describes it.

    Blur (in every second frame): Gaussian with probability 0.7, width 3, 5 or 7, sigma in 0.2..2; else a horizontal
    box of that width. Jitter: 0.5..1.5 times the size and back. Noise (in every second frame): Gaussian with
    probability 0.7, sigma in 1..15; else Poisson, which the paper leaves at that: one photon per grey level here.
    JPEG quality 30..95. With all stages but `downsample` off it is a plain bicubic resize.

    Args:
        size: width and height of the result in pixels, 1..20000.

    Raises:
        InvalidInput: a size out of range.
    """
    stages = ("blur", "jitter", "noise", "jpeg", "downsample")
    return Recipe("fanvid-v2", stages, partial(_draw, bicubic_to(size)))


def _draw(downsample: Resize, rng: Generator) -> Iterator[tuple[str, Step]]:
    if rng.random() < 0.5:
        size = int(rng.choice((3, 5, 7)))
        gaussian = rng.random() < 0.7
        yield "blur", GaussianBlur(rng.uniform(0.2, 2.0), size) if gaussian else BoxBlur(size)
    method = str(rng.choice(("linear", "cubic", "area", "lanczos")))
    yield "jitter", ResizeJitter(rng.uniform(0.5, 1.5), method)
    if rng.random() < 0.5:
        yield "noise", GaussianNoise(rng.uniform(1, 15)) if rng.random() < 0.7 else PoissonNoise()
    yield "jpeg", Jpeg(int(rng.integers(30, 95, endpoint=True)))
    yield "downsample", downsample
