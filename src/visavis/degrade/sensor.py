"""What a camera does to a clean picture: recipes for rendered shots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from numpy.random import Generator

from visavis.degrade.blur import GaussianBlur, MotionBlur
from visavis.degrade.jpeg import Jpeg
from visavis.degrade.light import Exposure
from visavis.degrade.noise import SensorNoise
from visavis.degrade.plan import Step
from visavis.degrade.recipe import Recipe
from visavis.degrade.resizing import ResizeJitter
from visavis.ranges import one_of

_Range = tuple[float, float]


@dataclass(frozen=True)
class _Sensor:
    """What one kind of camera draws from, evenly."""

    moving: float
    """Probability of motion blur."""
    way: _Range
    """Length of the motion in pixels."""
    stops: _Range
    """Exposure; (0, 0) = as rendered."""
    coarse: _Range
    """Share of the resolution that the picture really has; (1, 1) = all."""
    read: _Range
    shot: _Range
    """Noise; see `SensorNoise`. Little of it grows with the value: the sRGB curve evens out the noise of light."""
    blur: _Range
    """Sigma of lens and demosaicing in pixels."""
    quality: tuple[int, int]
    """Of JPEG."""


_KINDS: Mapping[str, _Sensor] = MappingProxyType(
    {
        "camera": _Sensor(0.1, (1.5, 3), (0, 0), (1, 1), (0.4, 2), (0, 0.12), (0.3, 0.7), (80, 97)),
        "phone": _Sensor(0.2, (1.5, 4), (0, 0), (1, 1), (1, 3.5), (0.05, 0.25), (0.3, 0.8), (70, 92)),
        "surveillance": _Sensor(0.3, (1.5, 5), (0, 0), (0.35, 0.8), (2, 6), (0.1, 0.5), (0.4, 1), (35, 75)),
        "low light": _Sensor(0.5, (1.5, 8), (-4, -1), (1, 1), (3, 10), (0.3, 1), (0.4, 0.9), (50, 90)),
    }
)
SENSORS = tuple(_KINDS)
"""Kinds of cameras, from good to bad."""


def sensor(kind: str = "camera") -> Recipe:
    """A camera: motion blur at times, noise, the softness of lens and demosaicing, JPEG.

    The blur comes after the noise, as demosaicing does: the grain of photographs is soft. Lengths are in pixels of the
    picture, whatever its size. The resolution is lost before the noise (`surveillance`), the light before it, too
    (`low light`: one to four stops).

    Args:
        kind: one of `SENSORS`.

    Raises:
        InvalidInput: no such kind.
    """
    one_of("sensor kind", kind, SENSORS)
    stages = ("motion", "exposure", "coarse", "noise", "blur", "jpeg")
    return Recipe(f"sensor {kind}", stages, partial(_draw, _KINDS[kind]))


def _draw(kind: _Sensor, rng: Generator) -> Iterator[tuple[str, Step]]:
    if rng.random() < kind.moving:
        yield "motion", MotionBlur(rng.uniform(*kind.way), rng.uniform(0, 180))
    if kind.stops != (0, 0):
        yield "exposure", Exposure(rng.uniform(*kind.stops))
    if kind.coarse != (1, 1):
        yield "coarse", ResizeJitter(rng.uniform(*kind.coarse), "linear")
    yield "noise", SensorNoise(rng.uniform(*kind.read), rng.uniform(*kind.shot), grey=bool(rng.random() < 0.5))
    yield "blur", GaussianBlur(rng.uniform(*kind.blur), 3)
    yield "jpeg", Jpeg(int(rng.integers(*kind.quality, endpoint=True)))
