"""One background: a few recorded numbers, and the picture they stand for at any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.random import Generator

from visavis.ranges import generator, number, one_of, whole
from visavis.synthetic.background.canvas import Canvas
from visavis.synthetic.background.indoor import cafe, office, room, shelves
from visavis.synthetic.background.outdoor import night, park, shore, street
from visavis.synthetic.background.palette import Light
from visavis.synthetic.background.plain import studio, wall


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a kind is painted, how often it is drawn, and how blurred it is (radii in picture heights)."""

    paint: Callable[[Canvas, Generator], None]
    weight: float
    blur: tuple[float, float] = (0.03, 0.09)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "room": _Kind(room, 5, (0.025, 0.08)),
        "office": _Kind(office, 2.5),
        "cafe": _Kind(cafe, 1.5),
        "shelves": _Kind(shelves, 1.5, (0.02, 0.07)),
        "park": _Kind(park, 4),
        "street": _Kind(street, 3),
        "shore": _Kind(shore, 1.5),
        "night": _Kind(night, 1, (0.02, 0.06)),
        "studio": _Kind(studio, 2),
        "wall": _Kind(wall, 1.5, (0.008, 0.025)),
    }
)
BACKGROUND_KINDS = tuple(_KINDS)
"""What can be behind a person."""
BACKGROUND_PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "indoor": ("room", "office", "cafe", "shelves", "studio", "wall"),
        "outdoor": ("park", "street", "shore", "wall"),
        "low": ("night", "cafe", "room", "street"),
    }
)
"""The kinds that go with each light of a shot."""
MAX_SIDE = 8192
"""Longest side of a rendered background, in pixels."""
_MAX_ASPECT = 6.0
"""Wider or taller pictures are stretched."""


@dataclass(frozen=True, slots=True)
class Background:
    """A background as plain numbers.

    Attributes:
        kind: one of `BACKGROUND_KINDS`.
        seed: 0..2^63 - 1, of everything that is drawn.
        blur: radius of the blur disc in picture heights, 0.005..0.2; portrait lenses give 0.02..0.06.
        warmth: white balance, -1 (blue) .. 1 (amber); 0 = neutral.
        exposure: stops, -4..4.

    Raises:
        InvalidInput: a number out of range, or no such kind.
    """

    kind: str
    seed: int
    blur: float = 0.035
    warmth: float = 0.0
    exposure: float = 0.0

    def __post_init__(self) -> None:
        one_of("background kind", self.kind, BACKGROUND_KINDS)
        object.__setattr__(self, "seed", whole("background seed", self.seed, 0, 2**63 - 1))
        for name, (low, high) in {"blur": (0.005, 0.2), "warmth": (-1, 1), "exposure": (-4, 4)}.items():
            object.__setattr__(self, name, number(f"background {name}", getattr(self, name), low, high))

    @classmethod
    def sample(cls, rng: Generator, kind: str | None = None, place: str | None = None) -> Background:
        """A background of one kind, or of any that is found at a place.

        Args:
            rng: where chance comes from.
            kind: one of `BACKGROUND_KINDS`.
            place: a key of `BACKGROUND_PLACES`, if no kind is given; at `low` light it is one to two stops darker.

        Raises:
            InvalidInput: no such kind or place.
        """
        if place is not None:
            one_of("background place", place, BACKGROUND_PLACES)
        kinds = BACKGROUND_KINDS if place is None else BACKGROUND_PLACES[place]
        weights = np.array([_KINDS[name].weight for name in kinds])
        drawn = str(generator("rng", rng).choice(kinds, p=weights / weights.sum()))
        if kind is not None:
            drawn = one_of("background kind", kind, BACKGROUND_KINDS)
        low, high = _KINDS[drawn].blur
        exposure = np.clip(rng.normal(-0.3, 0.4), -1.3, 0.7)
        if place == "low" and drawn != "night":
            exposure -= rng.uniform(0.8, 2.2)
        return cls(
            kind=drawn,
            seed=int(rng.integers(2**63)),
            blur=float(low * (high / low) ** rng.random()),
            warmth=float(np.clip(rng.normal(0.1, 0.35), -1, 1)),
            exposure=float(exposure),
        )

    def render(self, width: int, height: int) -> Light:
        """(height, width, 3) float32 linear light, 1 = diffuse white; lamps and skies exceed it.

        The scene is the same at every size; wider pictures show more of it.

        Args:
            width: 1..8192 pixels.
            height: 1..8192 pixels.

        Raises:
            InvalidInput: a size out of range.
        """
        width, height = (whole(f"background {n}", v, 1, MAX_SIDE) for n, v in (("width", width), ("height", height)))
        aspect = float(np.clip(width / height, 1 / _MAX_ASPECT, _MAX_ASPECT))
        canvas = Canvas(float(np.clip(1.6 / self.blur, 28, 80)), aspect, max(self.blur, 0.015))
        rng = np.random.default_rng(self.seed)
        turn, lift, roll = rng.normal(0, (0.04, 0.03, 0.015)).clip((-0.09, -0.09, -0.04), (0.09, 0.09, 0.04))
        _KINDS[self.kind].paint(canvas, rng)
        canvas.filtered(2.0**self.exposure * np.exp2(0.35 * self.warmth * np.array([1, 0, -1.3])))
        return canvas.photographed(width, height, float(turn), float(lift), float(roll))
