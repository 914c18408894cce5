"""What a search found, and how found candidates become an answer: exact scores, one order, short rows filled up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.matching.scores import paired_similarity

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]

_PAIRS = 1 << 21  # numbers compared at once in float64: bounds the memory


@dataclass(frozen=True, eq=False, slots=True)
class Hits:
    """The k best of each of q queries, best first; rows that found fewer end in -1, -1, -inf.

    Attributes:
        keys: (q, k) int64 reference keys.
        groups: (q, k) int64 person keys.
        scores: (q, k) float64 similarities, as `visavis.matching.scores` defines them.
    """

    keys: Integers
    groups: Integers
    scores: NDArray[np.float64]

    @classmethod
    def none(cls, queries: int, k: int) -> Hits:
        """Nothing found."""
        shape = (queries, k)
        return cls(np.full(shape, -1, np.int64), np.full(shape, -1, np.int64), np.full(shape, -np.inf))

    def __len__(self) -> int:
        return len(self.keys)

    def put(self, rows: Integers | slice, other: Hits) -> None:
        """Replace some rows by those of `other`, which may be shorter."""
        width = other.keys.shape[1]
        for own, new in ((self.keys, other.keys), (self.groups, other.groups), (self.scores, other.scores)):
            own[rows, :width] = new


def exact_scores(
    queries: NDArray[np.float32],
    query: Integers,
    rows: Integers,
    vectors: Callable[[Integers], NDArray[np.float32]],
    metric: Metric,
) -> NDArray[np.float64]:
    """Similarities (m,) in float64, each from its own pair alone: the same whatever else is searched.

    Args:
        queries: (q, d).
        query: (m,) which query each pair has.
        rows: (m,) which row of the tier.
        vectors: gives the vectors of rows.
        metric: how they are compared.
    """
    scores = np.empty(len(rows))
    step = max(1, _PAIRS // queries.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        scores[part] = paired_similarity(queries[query[part]], vectors(rows[part]), metric)
    return scores


def best_hits(
    shape: tuple[int, int],
    query: Integers,
    keys: Integers,
    groups: Integers,
    scores: NDArray[np.float64],
    by_group: bool,
) -> Hits:
    """The best candidates of each query: by falling score, and by rising key where scores are equal.

    Args:
        shape: (q, k) of the answer.
        query: (m,) whose candidate each one is.
        keys: (m,) reference keys.
        groups: (m,) person keys.
        scores: (m,) similarities.
        by_group: keep the best reference of each group only.
    """
    hits = Hits.none(*shape)
    if by_group:
        order = np.lexsort((keys, -scores, groups, query))
        query, keys, groups, scores = query[order], keys[order], groups[order], scores[order]
        best = starts(query, groups)
        query, keys, groups, scores = query[best], keys[best], groups[best], scores[best]
    order = np.lexsort((keys, -scores, query))
    query = query[order]
    place = np.arange(len(query)) - np.searchsorted(query, query)
    order, query, place = (values[place < shape[1]] for values in (order, query, place))
    hits.keys[query, place], hits.groups[query, place] = keys[order], groups[order]
    hits.scores[query, place] = scores[order]
    return hits


def starts(*columns: Integers) -> NDArray[np.bool_]:
    """(m,) where a new combination begins in sorted columns."""
    new = np.ones(len(columns[0]), dtype=bool)
    if len(new):
        new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return new
