"""Pairs of query and row that may still be among the k best, while the gallery goes by panel after panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visavis.gallery.search.hits import starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

_PATIENCE = 2  # pairs that may pile up before they are sorted out, in multiples of what has to be kept
_FEW = 256


class Shortlist:
    """Keeps every pair that can be among the k best of its query, given bounds on the pairs' values.

    Args:
        queries: how many there are.
        k: wanted of each.
        by_group: the k best groups, by their best row.

    Attributes:
        bar: (q,) float32; a pair whose gain is below its query's bar need not be added.
    """

    def __init__(self, queries: int, k: int, by_group: bool) -> None:
        self.bar = np.full(queries, -np.inf, np.float32)
        self._wanted, self._by_group = np.full(queries, k), by_group
        self._query = np.empty(0, np.int64)
        self._row = np.empty(0, np.int64)
        self._group = np.empty(0, np.int64)
        self._gain = np.empty(0)
        self._low = np.empty(0)
        self._limit = 0
        self._added: list[tuple[Integers, Integers, Integers, NDArray[np.float64], NDArray[np.float64]]] = []
        self._pending = 0

    def add(
        self,
        query: Integers,
        row: Integers,
        group: Integers,
        gain: NDArray[np.float32],
        slack: NDArray[np.float64],
    ) -> None:
        """Add pairs.

        Args:
            query: (m,) number of the query.
            row: (m,) row of the tier.
            group: (m,) of the row.
            gain: (m,) upper bound of the pair's value.
            slack: (m,) how much lower the value may be.
        """
        if not len(query):
            return
        upper = gain.astype(np.float64)
        self._added.append((query, row, group, upper, upper - slack))
        self._pending += len(query)
        if self._pending > self._limit:
            self._sort_out()

    def limit(self, available: Integers) -> None:
        """Note how many rows or groups there are for each query (q,), so that nobody waits for more."""
        self._wanted = np.minimum(self._wanted, available)
        self._sort_out()

    def pairs(self) -> tuple[Integers, Integers]:
        """(m,) query and (m,) row of every pair that may be among the best."""
        self._sort_out()
        return self._query, self._row

    def _sort_out(self) -> None:
        """Raise the bars to the k-th best lower bounds, and drop the pairs below them."""
        old = (self._query, self._row, self._group, self._gain, self._low)
        parts = [np.concatenate(column) for column in zip(old, *self._added, strict=True)]
        query, row, group, gain, low = parts
        self._added, self._pending = [], 0
        own_bar = np.full(len(query), -np.inf)  # of the pair's group: another row of it is better for sure
        if self._by_group:
            order = np.lexsort((-low, group, query))
            first = starts(query[order], group[order])
            best = order[first]
            own_bar[order] = low[best][np.cumsum(first) - 1]
        else:
            best = np.arange(len(query))
        bar = self._kth(query[best], low[best])
        keep = gain >= np.maximum(bar[query], own_bar)
        self._query, self._row, self._group = query[keep], row[keep], group[keep]
        self._gain, self._low = gain[keep], low[keep]
        self.bar = np.nextafter(bar.astype(np.float32), np.float32(-np.inf))
        self._limit = _PATIENCE * len(self._query) + _FEW

    def _kth(self, query: Integers, low: NDArray[np.float64]) -> NDArray[np.float64]:
        """(q,) the k-th largest of each query's values; -inf where there are fewer, inf where none is wanted."""
        order = np.lexsort((-low, query))
        query = query[order]
        begin = np.searchsorted(query, np.arange(len(self.bar) + 1))
        place = begin[:-1] + self._wanted - 1
        enough = (place < begin[1:]) & (self._wanted > 0)
        bar = np.where(self._wanted > 0, -np.inf, np.inf)
        bar[enough] = low[order[place[enough]]]
        return bar
