"""The exact search: every row, panel by panel, in memory that depends on neither queries nor rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.gallery.search.blocks import BLOCK
from visavis.gallery.search.gains import gains, slacks
from visavis.gallery.search.shortlist import Shortlist

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from visavis.gallery.search.gains import Panel
    from visavis.gallery.search.vectors import Vectors
    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]

_PRODUCTS = 1 << 21  # products in memory at once: 8 MB, within the cache of most processors
_NUMBERS = 1 << 20  # of rows that are copied for a panel
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


def ask(
    queries: NDArray[np.float32], metric: Metric, factor: float, k: int, by_group: bool, exclude: Integers | None
) -> Questions:
    """Prepare queries (q, d) whose lengths were checked."""
    exact = queries.astype(np.float64)
    if metric == "cosine":
        exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    squares = np.einsum("ij,ij->i", exact, exact)
    return Questions(queries, (factor * exact).astype(np.float32), squares, k, by_group, exclude)


def search_panels(
    questions: Questions,
    vectors: Vectors,
    groups: Integers,
    metric: Metric,
    *,
    rows: Integers | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[Integers, Integers]:
    """Pairs of query and row among which are the k best of every query, ties included.

    Args:
        questions: q queries.
        vectors: of n rows.
        groups: (n,) of the rows.
        metric: how they are compared.
        rows: (m,) rising, search these rows only: the way for few.
        mask: (n,) which rows may be found: the way for many.

    Returns: (p,) queries and (p,) rows.
    """
    best = Shortlist(len(questions), questions.k, questions.by_group)
    products = np.empty(max(_PRODUCTS, len(questions) * _NARROWEST), np.float32)
    for start, panel in _panels(questions, vectors, len(groups), rows):
        width = len(panel[0])
        gain = gains(questions.left, panel, metric, products)
        query, column = np.divmod(np.flatnonzero(gain >= best.bar[:, None]), width)
        row = column + start if rows is None else rows[column + start]
        keep = _may_be_found(query, row, groups, questions.exclude, mask)
        if keep is not None:
            query, column, row = query[keep], column[keep], row[keep]
        slack = slacks(questions.squares[query], panel[1][column], questions.left.shape[1], metric)
        best.add(query, row, groups[row], gain[query, column], slack)
    return best.pairs()


def _panels(questions: Questions, vectors: Vectors, count: int, rows: Integers | None) -> Iterator[tuple[int, Panel]]:
    """First place and panel after panel; narrow ones at first, until the shortlist has a bar."""
    copied = max(_NARROWEST, _NUMBERS // questions.left.shape[1])
    widest = BLOCK if rows is None and not vectors.decodes else copied
    widest = min(widest, max(_NARROWEST, _PRODUCTS // len(questions)))
    width, start, end = max(_NARROWEST, 4 * questions.k), 0, count if rows is None else len(rows)
    while start < end:
        width = min(width, widest)
        stop = min(start + width, end)
        if rows is None:
            stop = min(stop, (start // BLOCK + 1) * BLOCK)
            yield start, vectors.panel(start, stop)
        else:
            yield start, vectors.gather(rows[start:stop])
        start, width = stop, 2 * width


def _may_be_found(
    query: Integers, row: Integers, groups: Integers, exclude: Integers | None, mask: NDArray[np.bool_] | None
) -> NDArray[np.bool_] | None:
    """Which pairs are allowed; None = all."""
    allowed = None if mask is None else mask[row]
    if exclude is None:
        return allowed
    apart = groups[row] != exclude[query]
    return np.asarray(apart) if allowed is None else np.asarray(apart & allowed)
