"""Average linkage of any number of faces, exactly: the two groups nearest on average are joined, until none are near.

No n x n matrix: every group knows the few groups nearest to it, and how near all others are at least. From both follows
a bound below which it has no neighbour; the group with the lowest bound is looked at again, until its bound is met by a
neighbour, and no pair anywhere is nearer (Müllner, "Modern hierarchical, agglomerative clustering algorithms", 2011,
generic algorithm). Bounds last because average linkage is reducible: joining two groups brings neither nearer to a
third. A constraint that keeps groups apart keeps what they grow into apart, which leaves it so. A group that has used
up what it knows searches again, together with others that are about to.

Distances are means of squared distances, in float64; only the search is in float32, so pairs that differ by less than
about 1e-6 may be taken in either order.
"""

from __future__ import annotations

from heapq import heappop, heappush, nsmallest
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

_KNOWN = 64
"""Neighbours that a first search gives each group; one that searches again asks for more each time."""
_MOST_KNOWN = 256
"""Neighbours that a group remembers, unless it had to look deeper to find one that it may be joined with."""
_AT_ONCE = 256
"""Groups that search together."""
_SLACK = 1e-5
"""Squared distance by which the search may err, for points of length about 1; what it finds is measured again."""
_NOBODY = np.zeros(0, np.int64)


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
    joining.run()
    return joining.labels()


class _Joining:
    """The groups so far, and what each knows of the others.

    Of a living group g: every other living group is in `_near[g]`, as itself or as what it was before it grew, or is at
    least at the distance `_beyond[g]`, or beyond the limit for ever. `_bound[g]` is the lower end of where its nearest
    neighbour is; infinity once it is known to have none.
    """

    def __init__(self, groups: Groups, limit: float, apart: Apart) -> None:
        count = len(groups)
        self._groups, self._limit, self._apart = groups, limit, apart
        self._parent = np.arange(count)
        self._near = [_NOBODY] * count
        self._beyond = np.full(count, -np.inf)
        self._bound = np.full(count, -np.inf)
        self._depth = np.full(count, _KNOWN)
        self._waiting: set[int] = set()
        self._heap: list[tuple[float, int]] = []

    def labels(self) -> IntArray:
        roots = self._roots(np.arange(len(self._parent)))
        _, first, places = np.unique(roots, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[places])

    def run(self) -> None:
        """Join until no pair within the limit is left."""
        while self._heap:
            bound, group = heappop(self._heap)
            if bound != self._bound[group] or self._parent[group] != group:
                continue  # it has been looked at again since, or is part of another
            if group in self._waiting:
                self.search(np.array(nsmallest(_AT_ONCE, self._waiting, key=lambda g: (self._bound[g], g))))
                continue
            distance, neighbour = self._look(group)
            if neighbour >= 0 and distance <= bound:
                self._join(group, neighbour)
            else:
                self._put(group, distance, waits=neighbour < 0)

    def search(self, rows: IntArray, progress: Progress | None = None) -> None:
        """Let these groups look for their nearest neighbours among all that may still be joined."""
        open_ones = np.flatnonzero((self._parent == np.arange(len(self._parent))) & (self._bound < np.inf))
        most = min(len(open_ones) - 1, int(self._depth[rows].max(initial=0)))
        if most < 1:
            for group in rows.tolist():
                self._close(group)
            return
        targets, queries = self._groups.as_targets(open_ones), self._groups.as_queries(rows)
        for block, found, squares in nearest(targets, queries, np.searchsorted(open_ones, rows), most, progress):
            self._learn(rows[block], open_ones[found], squares, everybody=most == len(open_ones) - 1)
        self._depth[rows] = 2 * most  # more, too, because all that was found might be forbidden

    def _learn(self, rows: IntArray, found: IntArray, squares: FloatArray, *, everybody: bool) -> None:
        """Take up what a search found: (b, k) neighbours of b groups, nearest first."""
        near = squares + self._groups.spreads[rows][:, None] <= self._limit + _SLACK
        counts = near.sum(axis=1)
        last = self._groups.distances(rows, found[:, -1])
        self._beyond[rows] = np.where(near[:, -1] & (not everybody), last, np.inf)
        exact = np.full(near.shape, np.inf)
        exact[near] = self._groups.distances(np.repeat(rows, counts), found[near])
        nearest_of = exact.min(axis=1)
        for place, group in enumerate(rows.tolist()):
            if nearest_of[place] <= self._limit:
                self._near[group] = found[place, : counts[place]].copy()
                self._waiting.discard(group)
                self._bound[group] = nearest_of[place]
                heappush(self._heap, (float(nearest_of[place]), group))
            else:
                self._close(group)

    def _look(self, group: int) -> tuple[float, int]:
        """The distance of a group's nearest neighbour, and which it is; -1 if it may be one that it does not know."""
        near = self._roots(self._near[group])
        near = _distinct(near[near != group])
        near = near[~self._apart.forbidden(group, near)]
        distance = self._groups.distances_from(group, near)
        order = np.argsort(distance, kind="stable")
        if len(order) > (enough := max(_MOST_KNOWN, self._depth[group])):
            self._beyond[group] = min(self._beyond[group], distance[order[enough]])
            order = order[:enough]
        order = order[distance[order] <= self._limit]
        self._near[group] = near[order]
        beyond = float(self._beyond[group])
        if len(order) and distance[order[0]] <= beyond:
            return float(distance[order[0]]), int(near[order[0]])
        return beyond, -1

    def _put(self, group: int, bound: float, *, waits: bool) -> None:
        """Look at the group again when no other has a lower bound."""
        if bound > self._limit or bound == np.inf:
            self._close(group)
            return
        (self._waiting.add if waits else self._waiting.discard)(group)
        self._bound[group] = bound
        heappush(self._heap, (bound, group))

    def _close(self, group: int) -> None:
        """Nothing is within the limit of it, and nothing ever will be."""
        self._bound[group], self._near[group] = np.inf, _NOBODY
        self._waiting.discard(group)

    def _join(self, group: int, neighbour: int) -> None:
        keep, gone = group, neighbour
        if self._groups.sizes[gone] > self._groups.sizes[keep]:
            keep, gone = gone, keep  # the smaller one moves, so that nobody moves more than log n times
        self._groups.join(keep, gone)
        self._apart.join(keep, gone)
        self._parent[gone] = keep
        self._near[keep] = np.concatenate([self._near[keep], self._near[gone]])
        self._near[gone] = _NOBODY
        self._beyond[keep] = min(self._beyond[keep], self._beyond[gone])
        self._depth[keep] = min(max(self._depth[keep], self._depth[gone]), _MOST_KNOWN)
        for one in (keep, gone):
            self._waiting.discard(one)
        distance, nearest_one = self._look(keep)
        self._put(keep, distance, waits=nearest_one < 0)

    def _roots(self, groups: IntArray) -> IntArray:
        """What groups have become part of."""
        roots = self._parent[groups]
        while ((higher := self._parent[roots]) != roots).any():
            roots = higher
        return np.asarray(roots)


def _distinct(groups: IntArray) -> IntArray:
    """As `np.unique`, which takes longer for a few."""
    ordered = np.sort(groups)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) > 1 else ordered
