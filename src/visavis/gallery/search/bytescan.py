"""A quick search of int8 templates for few queries: faiss reads the codes as they are, at the speed of the memory.

faiss compares a query of whole numbers with the codes, exactly, and keeps the best few of every block. What it found is
scored with the query itself, and a bound on the scores of what it left out tells whether the answer is certain; where
it is not, the search by panels has to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.gallery.search.blocks import BLOCK
from visavis.gallery.search.library import faiss_library, one_thread
from visavis.gallery.search.threads import share_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from visavis.gallery.search.panels import Questions
    from visavis.gallery.search.vectors import ByteVectors
    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float32]

_MOST_QUERIES = 64  # for more it is quicker to decode once for all of them
_MOST_WANTED = 1024
_LEAST_ROWS = 4096
_TOP = 127
_ROUNDING = 1e-6  # far more than float32 decoding and sums of squares lose, relative to 1 or to the longest row
_SPARE = 64  # more than asked for: what codes lose, references of the same people and of an excluded group


def widths(questions: Questions, vectors: ByteVectors) -> tuple[int, ...]:
    """How many rows of every block to ask for, at first and where that leaves doubts; none if panels are quicker."""
    first = 8 * questions.k + _SPARE
    if len(questions) > _MOST_QUERIES or first > _MOST_WANTED or vectors.blocks.count < _LEAST_ROWS:
        return ()
    return first, _MOST_WANTED


def scan_bytes(
    questions: Questions, vectors: ByteVectors, metric: Metric, mask: NDArray[np.bool_] | None, wanted: int
) -> tuple[Integers, Integers, NDArray[np.float64]]:
    """Rows that may be the best, and how good those may be that are not among them.

    Args:
        questions: q queries.
        vectors: n rows.
        metric: how they are compared.
        mask: (n,) which rows may be found.
        wanted: rows of every block.

    Returns: (p,) queries, (p,) rows, and (q,) the highest score that any other row may have; -inf if there is none.
    """
    codes, step, lost = _coded(questions, vectors.scale, metric)
    values, rows = _search_blocks(vectors.blocks.indexes(), codes, wanted, mask)  # (q, blocks, wanted)
    values = np.where(rows < 0, -np.inf, -values if metric == "euclidean" else values)
    cut = values[:, :, -1].max(axis=1)
    values, rows = values.reshape(len(codes), -1), rows.reshape(len(codes), -1)
    order = np.argsort(-values, axis=1)[:, : wanted + 1]
    if order.shape[1] > wanted:
        cut = np.maximum(cut, values[np.arange(len(codes)), order[:, wanted]])
    rows = np.take_along_axis(rows, order[:, :wanted], axis=1)
    query, place = np.nonzero(rows >= 0)
    return query, rows[query, place], _highest_score(cut.astype(np.float64), step, lost, vectors, metric)


def _coded(
    questions: Questions, scale: float, metric: Metric
) -> tuple[Floats, NDArray[np.float64], NDArray[np.float64]]:
    """Queries as codes (q, d), their steps (q,), and what the codes lose, as lengths (q,) in steps.

    faiss compares whole numbers, and it would cut off the rest of a query's numbers by itself.
    """
    vectors = questions.queries.astype(np.float64)
    if metric == "cosine":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        steps = np.abs(vectors).max(axis=1) / _TOP
    else:
        steps = np.full(len(vectors), scale)
    vectors /= steps[:, None]
    codes = np.clip(np.rint(vectors), -_TOP, _TOP)
    return codes.astype(np.float32), steps, np.linalg.norm(vectors - codes, axis=1)


def _search_blocks(
    indexes: Sequence[tuple[int, Any]], left: Floats, wanted: int, mask: NDArray[np.bool_] | None
) -> tuple[Floats, Integers]:
    """faiss' scores and rows (q, blocks, wanted) of every block's best; row -1 where a block has fewer."""
    faiss = faiss_library()

    def work(blocks: Iterator[tuple[int, Any]]) -> list[tuple[Floats, Integers]]:
        with one_thread(faiss):
            return [_search_block(faiss, index, start, left, wanted, mask) for start, index in blocks]

    shares = share_out(work, indexes, left.size * len(indexes) * BLOCK)
    values, rows = zip(*(found for share in shares for found in share), strict=True)
    return np.stack(values, axis=1), np.stack(rows, axis=1)


def _search_block(
    faiss: ModuleType, index: Any, start: int, left: Floats, wanted: int, mask: NDArray[np.bool_] | None
) -> tuple[Floats, Integers]:
    choice = None
    if mask is not None:
        bits = np.packbits(mask[start : start + BLOCK], bitorder="little")
        choice = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
    values, places = index.search(left, wanted, params=choice)
    return values, np.where(places < 0, -1, places + start)


def _highest_score(
    cut: NDArray[np.float64],
    step: NDArray[np.float64],
    lost: NDArray[np.float64],
    vectors: ByteVectors,
    metric: Metric,
) -> NDArray[np.float64]:
    """(q,) the highest similarity that a row can have whose score by faiss is `cut` (q,) or lower.

    A query is step * (codes + r) with |r| = lost. By Cauchy and Schwarz, <query, row> differs from step * <codes, row>
    by at most step * lost * |row|; by the triangle inequality, |query - row| from step * |codes - row| by step * lost.
    """
    shortest, longest = vectors.lengths
    if metric == "cosine":
        return step * (cut / np.where(cut > 0, shortest, longest) + lost) + _ROUNDING
    return 1 - step * (np.sqrt(np.maximum(-cut, 0)) - lost - _ROUNDING * longest)
