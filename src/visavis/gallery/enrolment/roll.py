"""Everybody whom a photo is compared with: those in the books, and those accepted since, who wait to be written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.gallery.enrolment.books import Book, GalleryBook, Own, ShadowBook, Taken
from visavis.gallery.enrolment.former import Present, former_names
from visavis.gallery.enrolment.guard import Match
from visavis.gallery.enrolment.limits import IdentityLimits, identity_limits, naming_threshold
from visavis.gallery.thresholds import find_calibration
from visavis.matching.scores import similarity_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.gallery import Gallery
    from visavis.matching import Metric

    Vectors = NDArray[np.float32]

_GROWN = 0.05
"""Growth from which on the gallery's threshold is asked for again."""


@dataclass(frozen=True, eq=False, slots=True)
class Waiting:
    """A face that was accepted and is to be written with its batch.

    Attributes:
        digest: of its photo.
        taken: the reference that it becomes.
        vector: (d,) template.
    """

    digest: str
    taken: Taken
    vector: Vectors


class Roll:
    """See the module's text.

    Args:
        gallery: None if there is none yet.
        model: fingerprint.
        dimension: numbers per template.
        metric: how they are compared.
        dry_run: what is accepted is never written, and still counts.
    """

    def __init__(
        self, gallery: Gallery | None, model: str, dimension: int, metric: Metric, *, dry_run: bool = False
    ) -> None:
        self.calibration = find_calibration(model)
        self.metric: Metric = metric
        self.limits: IdentityLimits | None = None
        self._gallery, self._model = gallery, model
        self._enrolled = None if gallery is None else GalleryBook(gallery, model, dimension)
        self._shadow = ShadowBook(dimension, metric) if dry_run else None
        self._apart = () if gallery is None else tuple(frozenset(pair[:2]) for pair in gallery.apart())
        self._former = {} if gallery is None else former_names(gallery)
        self._waiting: list[Waiting] = []
        self._measured = -1

    @property
    def _books(self) -> tuple[Book, ...]:
        return tuple(book for book in (self._enrolled, self._shadow) if book is not None)

    def accept(self, waiting: Waiting) -> None:
        """A face passed: from now on others are compared with it, too."""
        self._waiting.append(waiting)

    def settle(self) -> None:
        """The batch is written, or in a dry run would be."""
        if self._shadow is not None:
            self._shadow.enter([(one.digest, one.taken, one.vector) for one in self._waiting])
        elif self._enrolled is not None:
            self._enrolled.enter({one.taken.person for one in self._waiting})
        self._waiting.clear()

    def measure(self, coming: int) -> None:
        """Bring the limits up to date with the number of references, of which so many are coming."""
        if self.calibration is None:
            return
        size = coming + sum(map(len, self._books))
        if self.limits is None or size > self._measured * (1 + _GROWN):
            may_set = self._shadow is None  # a dry run writes nothing
            named = naming_threshold(self._gallery, self.calibration, self._model, size, may_set=may_set)
            self.limits, self._measured = identity_limits(self.calibration, self.metric, named), size

    def enrolled(self, digests: Collection[str]) -> dict[str, list[Taken]]:
        """References made of these photos, by digest, that are written."""
        found: dict[str, list[Taken]] = {}
        for book in self._books:
            for digest, taken in book.taken(digests):
                found.setdefault(digest, []).append(taken)
        return found

    def waiting(self, digest: str) -> list[Taken]:
        """References made of a photo that are not written yet."""
        return [one.taken for one in self._waiting if one.digest == digest]

    def own(self, person: str) -> Own:
        """What a person has already."""
        there = [book.own(person) for book in self._books]
        here = [one.vector[None] for one in self._waiting if one.taken.person == person]
        vectors = [*(own.vectors for own in there if len(own.vectors)), *here]
        id_ = next((own.id for own in there if own.id), None)
        return Own(np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32), id_)

    def now(self, person: str, own: Own) -> Present | None:
        """Who is meant by a name that nobody has any more; None if somebody has it, or nobody had."""
        return None if own.id or len(own.vectors) else self._former.get(person)

    def named(self, vectors: Vectors) -> list[list[Match]]:
        """For each template everybody in the books who would be named."""
        if self.limits is None:
            return [[] for _ in vectors]
        lists = [book.named(vectors, self.limits.named) for book in self._books]
        return [[match for part in lists for match in part[row]] for row in range(len(vectors))]

    def others(self, person: str, vectors: Vectors, named: Sequence[Sequence[Match]]) -> list[list[Match]]:
        """For each template those who would be named and are not this person, waiting ones too; best first."""
        waiting = self._waiting_others(person, vectors)
        return [
            sorted([match for match in (*there, *here) if match.person != person], key=lambda match: -match.similarity)
            for there, here in zip(named, waiting, strict=True)
        ]

    def apart(self, own: Own) -> frozenset[str]:
        """Ids of those who were declared to be somebody else than this person, however alike."""
        return frozenset(id_ for pair in self._apart if own.id in pair for id_ in pair if id_ != own.id)

    def _waiting_others(self, person: str, vectors: Vectors) -> list[list[Match]]:
        strangers = [one for one in self._waiting if one.taken.person != person]
        if not strangers or self.limits is None:
            return [[] for _ in vectors]
        scores = similarity_matrix(vectors, np.stack([one.vector for one in strangers]), self.metric)
        found = []
        for values in scores:
            best: dict[str, Match] = {}
            for place in np.flatnonzero(values >= self.limits.named):
                name, value = strangers[place].taken.person, float(values[place])
                if name not in best or value > best[name].similarity:
                    best[name] = Match(name, None, value, strangers[place].vector)
            found.append(list(best.values()))
        return found
