"""Groups of points that know their mean squared distance to each other from a few sums.

With mean m and spread v (mean squared distance of its points from m), the mean of |a - b|^2 over all a in A, b in B is
|m_A - m_B|^2 + v_A + v_B.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_BLOCK = 1 << 15


@dataclass(eq=False, slots=True)
class Groups:
    """m groups of points; joining changes them in place.

    Attributes:
        sizes: (m,) how many points each has.
        means: (m, d).
        spreads: (m,) see the module's text.
    """

    sizes: FloatArray
    means: FloatArray
    spreads: FloatArray

    @classmethod
    def singles(cls, points: FloatArray) -> Self:
        """Every point of (n, d) a group of its own; the array becomes theirs."""
        return cls(np.ones(len(points)), points, np.zeros(len(points)))

    @classmethod
    def of(cls, points: FloatArray, labels: IntArray, count: int) -> Self:
        """The groups 0 .. count - 1 that (n,) labels make of (n, d) points; none may be empty."""
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(count))
        sizes = np.bincount(labels, minlength=count).astype(np.float64)
        means = np.add.reduceat(points[order], starts, axis=0) / sizes[:, None] if count else points[:0]
        squares = ((points - means[labels]) ** 2).sum(axis=1)
        return cls(sizes, means, np.bincount(labels, squares, count) / sizes)

    def __len__(self) -> int:
        return len(self.sizes)

    def distances(self, first: IntArray, second: IntArray) -> FloatArray:
        """(k,) mean squared distances of the groups `first[i]` and `second[i]`."""
        found = np.empty(len(first))
        for start in range(0, len(first), _BLOCK):
            a, b = first[start : start + _BLOCK], second[start : start + _BLOCK]
            between = self.means[a] - self.means[b]
            found[start : start + _BLOCK] = np.einsum("ij,ij->i", between, between) + self.spreads[a] + self.spreads[b]
        return found

    def distances_from(self, one: int, others: IntArray) -> FloatArray:
        """(k,) mean squared distances of one group from others."""
        between = self.means[others] - self.means[one]
        return np.asarray(np.einsum("ij,ij->i", between, between) + (self.spreads[others] + self.spreads[one]))

    def join(self, keep: int, gone: int) -> None:
        """`keep` from now on holds the points of `gone`, too."""
        total = self.sizes[keep] + self.sizes[gone]
        share = self.sizes[gone] / total
        between = self.means[gone] - self.means[keep]
        within = self.spreads[keep] * (1 - share) + self.spreads[gone] * share
        self.spreads[keep] = within + share * (1 - share) * (between @ between)
        self.means[keep] += share * between
        self.sizes[keep] = total

    def as_targets(self, rows: IntArray) -> NDArray[np.float32]:
        """(k, d + 1) points of some groups, for groups `as_queries` to search.

        The squared distance of a query's point from a target's is that of the groups, less the query's spread.
        """
        points = self.as_queries(rows)
        points[:, -1] = np.sqrt(np.maximum(self.spreads[rows], 0))
        return points

    def as_queries(self, rows: IntArray) -> NDArray[np.float32]:
        """(k, d + 1) points of some groups that search; see `as_targets`."""
        points = np.zeros((len(rows), self.means.shape[1] + 1), np.float32)
        points[:, :-1] = self.means[rows]
        return points
