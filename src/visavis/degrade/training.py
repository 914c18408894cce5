"""The training chain: two stages of blur, resizing and noise, then JPEG.

Ranges and probabilities are those of Real-ESRGAN (Wang et al., "Training Real-World Blind Super-Resolution with Pure
Synthetic Data", 2021; its published x4 training options). As FANVIDv2 has it, there are no sinc filters and JPEG comes
once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from numpy.random import Generator

from visavis.degrade.blur import KernelBlur
from visavis.degrade.jpeg import Jpeg
from visavis.degrade.noise import GaussianNoise, PoissonNoise
from visavis.degrade.plan import Step
from visavis.degrade.recipe import Recipe
from visavis.degrade.resizing import Rescale, Resize, bicubic_to
from visavis.ranges import whole

MAX_SIDE = 16_000
"""Longest side of a result, in pixels."""


@dataclass(frozen=True)
class _Ranges:
    """What one of the two stages draws from."""

    blur: float
    """Probability of blur."""
    sigma: tuple[float, float]
    resize: tuple[float, float, float]
    """Probabilities of growing, shrinking and staying."""
    factor: tuple[float, float]
    noise: tuple[float, float]
    """Sigma of Gaussian noise."""
    photons: tuple[float, float]
    """Scale of Poisson noise."""


_FIRST = _Ranges(1.0, (0.2, 3.0), (0.2, 0.7, 0.1), (0.15, 1.5), (1, 30), (0.05, 3.0))
_SECOND = _Ranges(0.8, (0.2, 1.5), (0.3, 0.4, 0.3), (0.3, 1.2), (1, 25), (0.05, 2.5))

_KERNELS = (
    ("gaussian", False, 0.45),
    ("gaussian", True, 0.25),
    ("generalised", False, 0.12),
    ("generalised", True, 0.03),
    ("plateau", False, 0.12),
    ("plateau", True, 0.03),
)
"""Shape, whether it is stretched along one direction, and probability."""
_MAX_BETA = {"gaussian": 1.0, "generalised": 4.0, "plateau": 2.0}
_MIN_BETA = {"gaussian": 1.0, "generalised": 0.5, "plateau": 1.0}
_METHODS = ("nearest", "linear", "cubic", "area")
_GREY = 0.4
"""Probability that noise is the same in all channels."""


def training(size: tuple[int, int]) -> Recipe:
    """The two-stage chain that restorers and robust networks train on; the result has exactly `size`.

    Draw it once for a group of frames (`Recipe.draw_sequence` with `group`), so that blur and noise stay what they are
    over time, as in a real clip. With all stages but `downsample` off it is a plain bicubic resize.

    Args:
        size: width and height of the result in pixels, 1..16000 (the second stage may grow it to 1.2 times); a quarter
            of the frame's for x4 restoration.

    Raises:
        InvalidInput: a size out of range.
    """
    downsample = bicubic_to(size)
    for name, side in (("width", downsample.width), ("height", downsample.height)):
        whole(f"training {name}", side, 1, MAX_SIDE)
    stages = ("blur", "resize", "noise", "second blur", "second resize", "second noise", "downsample", "jpeg")
    return Recipe("training", stages, partial(_draw, downsample))


def _draw(downsample: Resize, rng: Generator) -> Iterator[tuple[str, Step]]:
    yield "blur", _blur(_FIRST, rng)
    yield "resize", Rescale(_factor(_FIRST, rng), _method(rng))
    yield "noise", _noise(_FIRST, rng)
    if rng.random() < _SECOND.blur:
        yield "second blur", _blur(_SECOND, rng)
    factor = _factor(_SECOND, rng)  # of the final size
    width, height = (max(1, round(side * factor)) for side in (downsample.width, downsample.height))
    yield "second resize", Resize(width, height, _method(rng))
    yield "second noise", _noise(_SECOND, rng)
    yield "downsample", downsample
    yield "jpeg", Jpeg(int(rng.integers(30, 95, endpoint=True)))


def _blur(ranges: _Ranges, rng: Generator) -> KernelBlur:
    shape, stretched, _ = _KERNELS[rng.choice(len(_KERNELS), p=[kernel[2] for kernel in _KERNELS])]
    size = int(2 * rng.integers(3, 10, endpoint=True) + 1)
    sigma = rng.uniform(*ranges.sigma)
    low, high = _MIN_BETA[shape], _MAX_BETA[shape]
    beta = rng.uniform(low, 1) if rng.random() < 0.5 else rng.uniform(1, high)
    if not stretched:
        return KernelBlur(shape, size, sigma, sigma, 0.0, beta)
    return KernelBlur(shape, size, sigma, rng.uniform(*ranges.sigma), rng.uniform(-180, 180), beta)


def _factor(ranges: _Ranges, rng: Generator) -> float:
    grow, shrink, _ = ranges.resize
    chance = rng.random()
    if chance < grow:
        return rng.uniform(1, ranges.factor[1])
    return rng.uniform(ranges.factor[0], 1) if chance < grow + shrink else 1.0


def _method(rng: Generator) -> str:
    return str(rng.choice(_METHODS))


def _noise(ranges: _Ranges, rng: Generator) -> Step:
    grey = bool(rng.random() < _GREY)
    if rng.random() < 0.5:
        return GaussianNoise(rng.uniform(*ranges.noise), grey)
    return PoissonNoise(rng.uniform(*ranges.photons), grey)
