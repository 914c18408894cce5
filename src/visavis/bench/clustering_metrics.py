"""How well a clustering agrees with the truth, as pure functions.

Labels are any values; equal ones belong together, and only which are equal matters. All measures come from the counts
of faces for each pair (person, cluster) that occurs, so memory grows with the faces, not with their square.

A face in no cluster, label `UNASSIGNED` (-1) among whole numbers, counts as a cluster of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A precision and a recall, in [0, 1]."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """Their harmonic mean; 0 if both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def to_dict(self) -> dict[str, float]:
        """JSON-ready."""
        return {"precision": self.precision, "recall": self.recall, "f": self.f}


def pairwise(truth: ArrayLike, clusters: ArrayLike) -> Agreement:
    """Over pairs of faces: the share of those put together that show one person, and of those that do put together.

    A share of no pairs is 1: nothing was put together wrongly, or nothing was to be put together.
    """
    table = _table(truth, clusters)
    both, put, same = _pairs(table.counts), _pairs(table.in_cluster), _pairs(table.of_person)
    return Agreement(both / put if put else 1.0, both / same if same else 1.0)


def bcubed(truth: ArrayLike, clusters: ArrayLike) -> Agreement:
    """BCubed (Bagga & Baldwin, 1998), over faces: how many of its cluster show its person, how many of these are there.

    Means over faces, each counting itself. Unlike over pairs, a large person does not drown the others.
    """
    table = _table(truth, clusters)
    shares = (table.in_cluster[table.cluster], table.of_person[table.person])
    precision, recall = (float((table.counts * (table.counts / share)).sum() / table.total) for share in shares)
    return Agreement(precision, recall)


def normalized_mutual_information(truth: ArrayLike, clusters: ArrayLike) -> float:
    """Mutual information over the arithmetic mean of both entropies, in [0, 1]; 1 if both are one and the same."""
    table = _table(truth, clusters)
    entropies = _entropy(table.of_person, table.total), _entropy(table.in_cluster, table.total)
    mean = sum(entropies) / 2
    if not mean:
        return 1.0
    mutual = sum(entropies) - _entropy(table.counts, table.total)
    return float(min(max(mutual / mean, 0.0), 1.0))


@dataclass(frozen=True, eq=False, slots=True)
class _Table:
    """The pairs (person, cluster) that occur: k of them, p people, c clusters, `total` faces."""

    person: IntArray
    cluster: IntArray
    counts: IntArray
    of_person: IntArray
    in_cluster: IntArray
    total: int


def _table(truth: ArrayLike, clusters: ArrayLike) -> _Table:
    people, groups = np.asarray(truth), np.asarray(clusters)
    if people.ndim != 1 or people.shape != groups.shape or not people.size:
        raise InvalidInput(
            f"labels: need as many of people as of clusters, and one at least: {people.shape} against {groups.shape}"
        )
    person = np.unique(people, return_inverse=True)[1]
    cluster = np.unique(_singles_apart(groups), return_inverse=True)[1]
    of_person, in_cluster = np.bincount(person), np.bincount(cluster)
    codes, counts = np.unique(person * len(in_cluster) + cluster, return_counts=True)
    return _Table(*np.divmod(codes, len(in_cluster)), counts, of_person, in_cluster, len(people))


def _singles_apart(clusters: NDArray[Any]) -> NDArray[Any]:
    """Every unassigned face a cluster of its own."""
    if clusters.dtype.kind not in "iu":
        return clusters
    apart = clusters.astype(np.int64)
    alone = apart == -1
    apart[alone] = apart.max() + 1 + np.arange(alone.sum())
    return apart


def _pairs(counts: IntArray) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _entropy(counts: IntArray, total: int) -> float:
    shares = counts / total
    return float(-(shares * np.log(shares)).sum())
