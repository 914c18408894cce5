"""Synthetic templates of people with several photos each, to measure searches with: numbers only, no faces.

A photo's template is the unit vector along its person's place plus the photo's own deviation. Places spread with the
spectrum 1 / (1 + i / 16) over directions i of 128 (stretched for other dimensions), deviations with exp(-i / 45), both
as templates of real photos do, in a rotated space, so that all numbers of a template spread alike. Two photos of one
person have a cosine of 0.65, give or take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

BLOCK = 1 << 16
_MOST_PHOTOS = 15
_DEVIATION = 0.54  # mean square of the deviation where that of the place is 1


@dataclass(frozen=True, eq=False, slots=True)
class Probes:
    """Photos to search with.

    Attributes:
        templates: (q, d) unit vectors.
        people: (q,) who is on each; -1 = nobody who is enrolled.
    """

    templates: Floats
    people: Integers


class Crowd:
    """People and `count` reference templates of theirs, 1 to 15 each, made block by block and always the same.

    Args:
        count: reference templates.
        dimension: numbers per template.
        seed: of everything random.
    """

    def __init__(self, count: int, dimension: int, seed: int = 0) -> None:
        rng = np.random.default_rng([seed, dimension])
        at = np.arange(dimension) * 128 / dimension
        place, deviation = 1 / (1 + at / 16), np.exp(-at / 45)
        self._place = np.sqrt(place / place.sum()).astype(np.float32)
        self._deviation = np.sqrt(_DEVIATION * deviation / deviation.sum()).astype(np.float32)
        self._rotation = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0].astype(np.float32)
        photos = rng.integers(1, _MOST_PHOTOS + 1, count)
        self.owners: Integers = np.repeat(np.arange(count), photos)[:count]
        self.effective_dimension = float(place.sum() ** 2 / (place**2).sum())
        self._seed = seed
        self._places = self._spread(np.random.default_rng([seed, 1]), int(self.owners[-1]) + 1, self._place)

    def __len__(self) -> int:
        return len(self.owners)

    def blocks(self) -> Iterator[tuple[int, Floats]]:
        """First row and templates (r, d) of every block."""
        for start in range(0, len(self), BLOCK):
            rng = np.random.default_rng([self._seed, 2, start])
            yield start, self._photos(self._places[self.owners[start : start + BLOCK]], rng)

    def templates(self) -> Floats:
        """All of them (n, d)."""
        everything = np.empty((len(self), len(self._place)), np.float32)
        for start, block in self.blocks():
            everything[start : start + len(block)] = block
        return everything

    def probes(self, count: int, strangers: float = 0.25, seed: int = 0, poor: float = 1.0) -> Probes:
        """New photos: of people who are enrolled first, then of strangers.

        Args:
            count: photos.
            strangers: share of people who are not enrolled.
            seed: other photos for another one.
            poor: how many times as far as usual the photos deviate from their people.
        """
        rng = np.random.default_rng([self._seed, 3, seed])
        mated = count - round(strangers * count)
        people = np.r_[rng.choice(self.owners, mated), np.full(count - mated, -1)]
        unknown = self._spread(rng, count - mated, self._place)
        return Probes(self._photos(np.concatenate([self._places[people[:mated]], unknown]), rng, poor), people)

    def _photos(self, places: Floats, rng: np.random.Generator, poor: float = 1.0) -> Floats:
        photos = places + poor * self._spread(rng, len(places), self._deviation)
        photos /= np.linalg.norm(photos, axis=1, keepdims=True)
        return np.asarray(photos @ self._rotation, np.float32)

    def _spread(self, rng: np.random.Generator, count: int, size: Floats) -> Floats:
        return rng.standard_normal((count, len(size)), dtype=np.float32) * size
