"""Where those stand whom a photo is compared with: the gallery, and in a dry run what it would hold by now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from visavis.errors import InvalidInput, PersonNotFound
from visavis.gallery.enrolment.guard import Match
from visavis.gallery.search import SearchTier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.gallery import Gallery
    from visavis.matching import Metric
    from visavis.types import Box

    Vectors = NDArray[np.float32]

_NEAREST = 6
"""People looked at for each photo: its own, and enough others to see a template that matches everybody."""
_MOST_OWN = 256
"""References of one person that a photo is compared with, the latest."""
_SAME_FACE = 0.5
"""Intersection over union of boxes in one photo from which on they are one face."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A face of a photo that is somebody's reference already.

    Attributes:
        reference: its id.
        person: name.
        source: where the photo came from.
        box: the face; None if nobody knows.
    """

    reference: str
    person: str
    source: str
    box: Box | None

    def is_face(self, box: Box) -> bool:
        """Whether this box in the same photo is the same face."""
        return self.box is None or _overlap(self.box, box) >= _SAME_FACE


@dataclass(frozen=True, eq=False, slots=True)
class Own:
    """What a person has already: (m, d) templates, and the person's stable id if enrolled."""

    vectors: Vectors
    id: str | None = None


class Book(Protocol):
    """Enrolled people."""

    def taken(self, digests: Collection[str]) -> list[tuple[str, Taken]]:
        """(digest, reference) of everything made of these photos."""

    def own(self, person: str) -> Own:
        """What a person has in here."""

    def named(self, vectors: Vectors, threshold: float) -> list[list[Match]]:
        """For each template the people whose most similar reference reaches the threshold."""

    def __len__(self) -> int:
        """Number of references."""


class GalleryBook:
    """A gallery, in step with its store at every question."""

    def __init__(self, gallery: Gallery, model: str, dimension: int) -> None:
        self._gallery, self._model = gallery, model
        self._nobody = np.zeros((0, dimension), np.float32)
        self._names = {person.name for person in gallery.people()}

    def __len__(self) -> int:
        return len(self._gallery.tier(self._model))

    def enter(self, names: Collection[str]) -> None:
        """These people are enrolled by now."""
        self._names.update(names)

    def taken(self, digests: Collection[str]) -> list[tuple[str, Taken]]:
        """See `Book`."""
        if not digests:
            return []
        found = self._gallery.references(photos=sorted(digests))
        return [(one.photo, Taken(one.id, one.person, one.source, one.box)) for one in found]

    def own(self, person: str) -> Own:
        """See `Book`."""
        if person not in self._names:
            return Own(self._nobody)
        try:
            references = self._gallery.references(person=person)
        except PersonNotFound:  # renamed or forgotten since
            return Own(self._nobody)
        tier = self._gallery.tier(self._model)
        keys = np.array([one.key for one in references if self._model in one.models], dtype=np.int64)
        return Own(self._vectors(tier, keys[-_MOST_OWN:]), references[0].person_id if references else None)

    def _vectors(self, tier: SearchTier, keys: NDArray[np.int64]) -> Vectors:
        if not len(keys):
            return self._nobody
        try:
            return tier.vectors(keys)
        except InvalidInput:  # some were forgotten a moment ago
            return tier.vectors(keys[np.isin(keys, tier.keys)])

    def named(self, vectors: Vectors, threshold: float) -> list[list[Match]]:
        """See `Book`."""
        found: list[list[Match]] = [[] for _ in vectors]
        tier = self._gallery.tier(self._model)
        if not len(tier):
            return found
        hits = tier.search_groups(vectors, _NEAREST)
        rows, places = np.nonzero((hits.keys >= 0) & (hits.scores >= threshold))
        keys = hits.keys[rows, places]
        if not len(keys):
            return found
        known = {one.key: one for one in self._gallery.references(keys=np.unique(keys).tolist())}
        for row, place, key, vector in zip(rows, places, keys.tolist(), tier.vectors(keys), strict=True):
            if key in known:  # else forgotten a moment ago
                one = known[key]
                found[row].append(Match(one.person, one.person_id, float(hits.scores[row, place]), vector))
        return found


class ShadowBook:
    """What a dry run would have enrolled."""

    def __init__(self, dimension: int, metric: Metric) -> None:
        self._tier = SearchTier(dimension, metric, "float32", None)
        self._nobody = np.zeros((0, dimension), np.float32)
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._keys: dict[str, list[int]] = {}
        self._taken: dict[str, list[Taken]] = {}

    def __len__(self) -> int:
        return len(self._tier)

    def enter(self, rows: Sequence[tuple[str, Taken, Vectors]]) -> None:
        """(digest, reference, template) of photos that would be enrolled by now."""
        if not rows:
            return
        first = len(self._tier)
        groups = []
        for key, (digest, taken, _) in enumerate(rows, start=first):
            if taken.person not in self._numbers:
                self._numbers[taken.person] = len(self._names)
                self._names.append(taken.person)
            groups.append(self._numbers[taken.person])
            self._keys.setdefault(taken.person, []).append(key)
            self._taken.setdefault(digest, []).append(taken)
        vectors = np.stack([vector for *_, vector in rows])
        self._tier.put(np.arange(first, first + len(rows)), np.array(groups), vectors)

    def taken(self, digests: Collection[str]) -> list[tuple[str, Taken]]:
        """See `Book`."""
        return [(digest, one) for digest in digests for one in self._taken.get(digest, ())]

    def own(self, person: str) -> Own:
        """See `Book`."""
        keys = self._keys.get(person, [])[-_MOST_OWN:]
        return Own(self._tier.vectors(np.array(keys, dtype=np.int64)) if keys else self._nobody)

    def named(self, vectors: Vectors, threshold: float) -> list[list[Match]]:
        """See `Book`."""
        found: list[list[Match]] = [[] for _ in vectors]
        if not len(self._tier):
            return found
        hits = self._tier.search_groups(vectors, _NEAREST)
        for row, place in zip(*np.nonzero((hits.keys >= 0) & (hits.scores >= threshold)), strict=True):
            vector = self._tier.vectors(hits.keys[row, place : place + 1])[0]
            name = self._names[hits.groups[row, place]]
            found[row].append(Match(name, None, float(hits.scores[row, place]), vector))
        return found


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a.area + b.area - shared)
