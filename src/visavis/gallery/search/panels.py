"""The exact search: every row, panel by panel, in memory that depends on neither queries nor rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.gallery.search.blocks import BLOCK
from visavis.gallery.search.gains import few, gains, slacks
from visavis.gallery.search.shortlist import Shortlist
from visavis.gallery.search.threads import share_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from visavis.gallery.search.gains import Panel
    from visavis.gallery.search.vectors import Vectors
    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]

_PRODUCTS = 1 << 22  # gains in memory at once: 16 MB
_NUMBERS = 1 << 19  # of rows that are copied for a panel of single products: 2 MB, so that they stay in the cache
_MORE_NUMBERS = 1 << 22  # for one of matrix products, each of which waits for its threads: 16 MB
_FIRST = 1 << 11  # pairs of the first panel
_PATIENCE = 1 << 13  # rows after which few groups are suspicious
_NARROWEST = 64


@dataclass(frozen=True, eq=False, slots=True)
class Questions:
    """Queries ready for the product.

    Attributes:
        queries: (q, d) as they were asked.
        left: (q, d) float32, prepared.
        squares: (q,) their squared lengths (of unit vectors under cosine).
        k: wanted of each.
        by_group: the k best groups, by their best row.
        exclude: (q,) group that is not to be found; -1 = none.
    """

    queries: NDArray[np.float32]
    left: NDArray[np.float32]
    squares: NDArray[np.float64]
    k: int
    by_group: bool
    exclude: Integers | None

    def __len__(self) -> int:
        return len(self.queries)

    def __getitem__(self, chosen: Integers | slice) -> Questions:
        exclude = None if self.exclude is None else self.exclude[chosen]
        return Questions(self.queries[chosen], self.left[chosen], self.squares[chosen], self.k, self.by_group, exclude)


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """What is searched.

    Attributes:
        vectors: of n rows.
        groups: (n,) of the rows.
        metric: how vectors are compared.
        rows: (m,) rising, search these rows only: the way for few.
        mask: (n,) which rows may be found: the way for many.
    """

    vectors: Vectors
    groups: Integers
    metric: Metric
    rows: Integers | None = None
    mask: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.groups) if self.rows is None else len(self.rows)

    def group_counts(self, questions: Questions) -> Integers:
        """(q,) how many groups each query may find."""
        rows = self.groups if self.rows is None else self.groups[self.rows]
        there = np.unique(rows if self.mask is None else rows[self.mask])
        counts = np.full(len(questions), len(there))
        return counts if questions.exclude is None else counts - np.isin(questions.exclude, there)

    def found(self, questions: Questions, query: Integers, row: Integers) -> NDArray[np.bool_]:
        """Which pairs (m,) of query and row may be found, mask and excluded groups considered."""
        keep = np.ones(len(row), dtype=bool) if self.mask is None else self.mask[row]
        if questions.exclude is not None:
            keep &= self.groups[row] != questions.exclude[query]
        return keep


def ask(
    queries: NDArray[np.float32], metric: Metric, factor: float, k: int, *, by_group: bool, exclude: Integers | None
) -> Questions:
    """Prepare queries (q, d) whose lengths were checked."""
    exact = queries.astype(np.float64)
    if metric == "cosine":
        exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    squares = np.einsum("ij,ij->i", exact, exact)
    return Questions(queries, (factor * exact).astype(np.float32), squares, k, by_group, exclude)


def search_panels(questions: Questions, field: Field) -> tuple[Integers, Integers]:
    """Pairs of query and row among which are the k best of every query, ties included.

    Returns: (p,) queries and (p,) rows.
    """

    def work(parts: Iterator[range]) -> tuple[Integers, Integers]:
        return _Worker(questions, field).pairs(parts)

    parts = [range(start, min(start + BLOCK, len(field))) for start in range(0, len(field), BLOCK)]
    products = questions.left.size * len(field) if few(questions.left) else 0  # a matrix product brings its threads
    queries, rows = zip(*share_out(work, parts, products), strict=True)
    return np.concatenate(queries), np.concatenate(rows)


class _Worker:
    """One thread's way through parts of the rows, with a shortlist and memory of its own."""

    def __init__(self, questions: Questions, field: Field) -> None:
        self._questions, self._field = questions, field
        self._best = Shortlist(len(questions), questions.k, questions.by_group)
        copied = (_NUMBERS if few(questions.left) else _MORE_NUMBERS) // questions.left.shape[1]
        widest = BLOCK if field.rows is None and not field.vectors.decodes else copied
        self._widest = max(_NARROWEST, min(widest, _PRODUCTS // len(questions)))
        self._until_count = _PATIENCE if questions.by_group else len(field) + 1
        self._gains = np.empty(self._widest * len(questions), np.float32)
        self._high = np.empty(self._widest * len(questions), bool)
        copies = field.rows is not None or field.vectors.decodes
        self._vectors = np.empty(self._widest * questions.left.shape[1] if copies else 0, np.float32)

    def pairs(self, parts: Iterator[range]) -> tuple[Integers, Integers]:
        """Queries and rows that may be among the best."""
        width = max(_FIRST // len(self._questions), 4 * self._questions.k)  # all of the first panel is a candidate
        for part in parts:
            start = part.start
            while start < part.stop:
                width = min(width, self._widest)
                stop = min(start + width, part.stop)
                self._look_at(start, stop)
                self._count_groups(stop - start)
                start, width = stop, 2 * width
        return self._best.pairs()

    def _count_groups(self, rows: int) -> None:
        """When many rows have not shown enough groups, there may be too few: then all rows would stay candidates."""
        self._until_count -= rows
        if self._until_count <= 0 and np.isneginf(self._best.bar).any():
            self._best.limit(self._field.group_counts(self._questions))
            self._until_count = len(self._field)

    def _look_at(self, start: int, stop: int) -> None:
        questions, field = self._questions, self._field
        panel = self._panel(start, stop)
        gain = gains(questions.left, panel, field.metric, self._gains)
        high = self._high[: gain.size].reshape(gain.shape)
        np.greater_equal(gain, self._best.bar[:, None], out=high)
        query, column = np.divmod(np.flatnonzero(high), gain.shape[1])
        row = column + start if field.rows is None else field.rows[column + start]
        if field.mask is not None or questions.exclude is not None:
            keep = field.found(questions, query, row)
            query, column, row = query[keep], column[keep], row[keep]
        slack = slacks(questions.squares[query], panel[1][column], questions.left.shape[1], field.metric)
        self._best.add(query, row, field.groups[row], gain[query, column], slack)

    def _panel(self, start: int, stop: int) -> Panel:
        if self._field.rows is None:
            return self._field.vectors.panel(start, stop, self._vectors)
        return self._field.vectors.gather(self._field.rows[start:stop], self._vectors)
