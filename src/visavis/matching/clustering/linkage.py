"""Average linkage of any number of faces, exactly: the two groups nearest on average are joined, until none are near.

Groups that are each other's nearest are joined at once, wherever they are; average linkage being reducible (joining two
groups brings neither nearer to a third), that gives the tree that joining one pair at a time gives (Bruynooghe, 1977;
Sumengen et al., "Scaling hierarchical agglomerative clustering to billion-sized datasets", 2021). A constraint that
keeps groups apart keeps what they grow into apart, which leaves it reducible.

No n x n matrix: each group knows the few groups nearest to it, and how near all others may be at most. When joining has
used up what a group knows, it searches again. Distances are means of squared distances, in float64; only the search is
in float32, so pairs that differ by less than about 1e-6 may be taken in either order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visavis.matching.clustering.nearest import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.clustering.apart import Apart
    from visavis.matching.clustering.groups import Groups
    from visavis.matching.clustering.nearest import Progress

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_KNOWN = 32
"""Neighbours that a first search gives each group."""
_SLACK = 1e-5
"""Squared distance by which the search may err, for points of length about 1; what it finds is measured again."""


def average_linkage(groups: Groups, limit: float, apart: Apart, progress: Progress | None = None) -> IntArray:
    """Join groups whose mean squared distance is at most `limit`, nearest first, unless they must stay apart.

    Args:
        groups: m groups to start from; joined in place.
        limit: of the mean squared distance; infinity joins all that may be joined.
        apart: constraints among the m groups; joined in place.
        progress: called with (groups searched, m) while the first search runs, which is most of the work.

    Returns: (m,) labels 0, 1, .. of what each group became part of, by first occurrence.

    Raises:
        MissingExtra: faiss is not installed.
    """
    joining = _Joining(groups, limit, apart)
    joining.search(np.arange(len(groups)), progress)
    while True:
        while joining.join():
            pass
        if not len(blocked := joining.blocked()):
            return joining.labels()
        joining.search(blocked)


class _Joining:
    """The groups so far, the neighbours they know, and what they do not know.

    `_first`, `_second`, `_distance` are the known pairs of living groups, each once, that are near and may be joined.
    `_beyond` is, for every group, the least distance at which a group may be that it does not know.
    """

    def __init__(self, groups: Groups, limit: float, apart: Apart) -> None:
        count = len(groups)
        self._groups, self._limit, self._apart = groups, limit, apart
        self._parent = np.arange(count)
        self._beyond = np.full(count, -np.inf)
        self._known = np.full(count, _KNOWN)
        self._first, self._second = np.zeros((2, 0), np.int64)
        self._distance = np.zeros(0)

    def labels(self) -> IntArray:
        roots = self._parent
        while (roots != roots[roots]).any():
            roots = roots[roots]
        _, first, places = np.unique(roots, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[places])

    def blocked(self) -> IntArray:
        """Living groups that may have a nearer neighbour than those they know."""
        living = self._parent == np.arange(len(self._parent))
        return np.flatnonzero(living & (self._beyond <= self._limit) & (self._nearest() > self._beyond))

    def join(self) -> bool:
        """Join all pairs that are each other's nearest; whether there were any."""
        pairs = self._reciprocal()
        if not len(pairs):
            return False
        keep, gone = self._first[pairs], self._second[pairs]
        self._groups.join(keep, gone)
        for one, other in zip(keep.tolist(), gone.tolist(), strict=True):
            self._apart.join(one, other)
        self._parent[gone] = keep
        self._beyond[keep] = np.minimum(self._beyond[keep], self._beyond[gone])
        self._known[keep] = _KNOWN
        self._follow(keep)
        return True

    def search(self, rows: IntArray, progress: Progress | None = None) -> None:
        """Let these groups look for their nearest neighbours among all that may still be joined."""
        living = self._joinable()
        most = min(len(living) - 1, int(self._known[rows].max(initial=0)))
        if most < 1:
            self._beyond[rows] = np.inf
            return
        targets, queries = self._groups.as_targets(living), self._groups.as_queries(rows)
        own = np.searchsorted(living, rows)
        first, second = [], []
        for block, found, squares in nearest(targets, queries, own, most, progress):
            asked = rows[block]
            near = squares + self._groups.spreads[asked][:, None] <= self._limit + _SLACK
            neighbours = living[found]
            complete = (most == len(living) - 1) | ~near[:, -1]
            last = self._groups.distances(asked, neighbours[:, -1])
            self._beyond[asked] = np.where(complete, np.inf, last)
            first.append(np.repeat(asked, near.sum(axis=1)))
            second.append(neighbours[near])
        self._known[rows] = 2 * most  # should all that was found be forbidden, the next search goes deeper
        codes = self._codes(np.concatenate(first), np.concatenate(second))
        self._add_pairs(np.setdiff1d(codes, self._codes(self._first, self._second)))

    def _joinable(self) -> IntArray:
        """Living groups, less those that know all their neighbours and have none: nothing will ever come near them."""
        living = self._parent == np.arange(len(self._parent))
        return np.flatnonzero(living & ((self._beyond <= self._limit) | (self._nearest() < np.inf)))

    def _nearest(self) -> FloatArray:
        """Distance of every group's nearest known neighbour."""
        least = np.full(len(self._parent), np.inf)
        np.minimum.at(least, self._first, self._distance)
        np.minimum.at(least, self._second, self._distance)
        return least

    def _reciprocal(self) -> IntArray:
        """Pairs that are nearest to each other beyond doubt, no group in two of them."""
        least = self._nearest()
        sure = np.where(least <= self._beyond, least, -np.inf)
        mutual = (self._distance == sure[self._first]) & (self._distance == sure[self._second])
        pairs = np.flatnonzero(mutual)
        # Of equally near ones, as among copies of a photo, those that a hash prefers: it splits them evenly.
        rank = _mixed(self._first[pairs], self._second[pairs])
        top = np.zeros(len(self._parent), np.uint64)
        np.maximum.at(top, self._first[pairs], rank)
        np.maximum.at(top, self._second[pairs], rank)
        return np.asarray(pairs[(rank == top[self._first[pairs]]) & (rank == top[self._second[pairs]])])

    def _follow(self, changed: IntArray) -> None:
        """Carry the known pairs over to the groups that their ends became part of; measure those of changed groups."""
        fresh = np.zeros(len(self._parent), bool)
        fresh[changed] = True
        first, second = self._parent[self._first], self._parent[self._second]
        touched = fresh[first] | fresh[second]
        codes = self._codes(first[touched], second[touched])
        self._first, self._second, self._distance = first[~touched], second[~touched], self._distance[~touched]
        self._add_pairs(_distinct(codes))

    def _codes(self, first: IntArray, second: IntArray) -> IntArray:
        """One number for each pair of two groups, whichever comes first."""
        other = first != second
        low, high = np.minimum(first, second)[other], np.maximum(first, second)[other]
        return np.asarray(low * len(self._parent) + high)

    def _add_pairs(self, codes: IntArray) -> None:
        """Make these pairs known, if they are near and may be joined; none of them is known yet."""
        first, second = np.divmod(codes, len(self._parent))
        distance = self._groups.distances(first, second)
        usable = distance <= self._limit
        usable[usable] = ~self._apart.forbidden(first[usable], second[usable])
        self._first = np.concatenate([self._first, first[usable]])
        self._second = np.concatenate([self._second, second[usable]])
        self._distance = np.concatenate([self._distance, distance[usable]])


def _distinct(codes: IntArray) -> IntArray:
    """As `np.unique`, which is slower where few values repeat."""
    codes = np.sort(codes)
    return codes[np.r_[True, codes[1:] != codes[:-1]]] if len(codes) else codes


def _mixed(first: IntArray, second: IntArray) -> NDArray[np.uint64]:
    """A number for every pair that looks random, different for different pairs (SplitMix64's finaliser)."""
    word = first.astype(np.uint64) << np.uint64(32) | second.astype(np.uint64)
    word = (word + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)))
