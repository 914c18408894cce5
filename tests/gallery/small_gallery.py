"""A gallery in memory that is searched by brute force: what thresholds and identification need of one, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from visavis.errors import TemplateMismatch
from visavis.gallery.types import ModelSpace, Reference
from visavis.matching.scores import similarity_matrix


@dataclass
class SmallTier:
    keys: np.ndarray
    groups: np.ndarray
    rows: np.ndarray
    metric: str

    def members(self):
        return self.keys, self.groups

    def vectors(self, keys):
        return self.rows[np.searchsorted(self.keys, keys)]

    def search_groups(self, queries, k, *, exclude_group=None):
        scores = similarity_matrix(queries, self.rows, self.metric)
        if exclude_group is not None:
            scores[np.asarray(exclude_group)[:, None] == self.groups] = -np.inf
        shape = (len(queries), k)
        hits = SimpleNamespace(keys=np.full(shape, -1), groups=np.full(shape, -1), scores=np.full(shape, -np.inf))
        for row, values in enumerate(scores):
            best: dict[int, int] = {}
            for place in np.argsort(-values, kind="stable"):
                if values[place] > -np.inf:
                    best.setdefault(int(self.groups[place]), int(place))
            for column, (group, place) in enumerate(list(best.items())[:k]):
                hits.keys[row, column], hits.groups[row, column] = self.keys[place], group
                hits.scores[row, column] = values[place]
        return hits


@dataclass
class SmallGallery:
    """References of people 0, 1, 2, ...: `owners` (n,) and `vectors` (n, d)."""

    owners: np.ndarray
    vectors: np.ndarray
    model: ModelSpace
    read_only: bool = False
    version: int = 7
    stored: dict = field(default_factory=dict)
    searches: int = 0

    def space(self, fingerprint):
        if fingerprint != self.model.fingerprint:
            raise TemplateMismatch(f"the gallery has no templates of {fingerprint}")
        return self.model

    def tier(self, model=None):
        self.searches += 1
        return SmallTier(np.arange(len(self.owners)) + 1, self.owners + 100, self.vectors, self.model.metric)

    def count(self):
        return len(np.unique(self.owners)), len(self.owners)

    def threshold(self, fpir, *, model=None):
        return self.stored.get((model, fpir))

    def store_threshold(self, fpir, value, *, model=None):
        assert not self.read_only
        self.stored[model, fpir] = value

    def search(self, vectors, k=10, *, model=None, where=None, groups=False, approximate=False):
        assert groups
        return self.tier(model).search_groups(vectors, k)

    def references(self, *, person=None, keys=None):
        everything = [
            Reference(
                key + 1,
                f"r{key + 1}",
                f"person {owner}",
                f"id {owner}",
                f"{key + 1}.jpg",
                "",
                None,
                {"summary": 0.9},
                "",
                None,
                None,
                False,
                (self.model.fingerprint,),
            )
            for key, owner in enumerate(self.owners.tolist())
        ]
        return [r for r in everything if (person is None or r.person_id == person) and (keys is None or r.key in keys)]

    def templates(self, keys, model=None):
        return self.vectors[np.asarray(keys, dtype=int) - 1]


def space(fingerprint="m@1", metric="euclidean"):
    return ModelSpace(1, fingerprint, 6, metric, "float32", None, active=True)


def crowd(people=60, photos=2, seed=0, fingerprint="m@1", noise=0.3):
    """A gallery of people who are points in space, and a function that photographs one of them again."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people + 50, 6))

    def photograph(person):
        return (centres[person] + noise * rng.normal(size=6)).astype(np.float32)

    owners = np.repeat(np.arange(people), photos)
    return SmallGallery(owners, np.stack([photograph(i) for i in owners]), space(fingerprint)), photograph
