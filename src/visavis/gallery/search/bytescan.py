"""A quick search of int8 templates for few queries: faiss reads the codes as they are, at the speed of the memory.

faiss keeps the best few of every block by its own float32 scores. What it found is scored exactly, and a bound on the
scores of what it left out tells whether the answer is certain; where it is not, the search by panels has to answer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.gallery.search.blocks import BLOCK, faiss_library
from visavis.gallery.search.gains import rounding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from visavis.gallery.search.panels import Questions
    from visavis.gallery.search.vectors import ByteVectors
    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float32]

_MOST_QUERIES = 8  # from here on it is quicker to decode once for all of them
_MOST_WANTED = 256
_LEAST_ROWS = 4096
_SPARE = 32  # more rows than asked for: references of the same people, and of an excluded group
_WORTH_A_THREAD = 1 << 24  # codes to read


def pays(questions: Questions, vectors: ByteVectors) -> bool:
    """Whether this search is quicker than the one by panels."""
    return (
        len(questions) <= _MOST_QUERIES and _wanted(questions) <= _MOST_WANTED and vectors.blocks.count >= _LEAST_ROWS
    )


def scan_bytes(
    questions: Questions, vectors: ByteVectors, metric: Metric, mask: NDArray[np.bool_] | None
) -> tuple[Integers, Integers, NDArray[np.float64]]:
    """Rows that may be the best, and how good those may be that are not among them.

    Args:
        questions: q queries.
        vectors: n rows.
        metric: how they are compared.
        mask: (n,) which rows may be found.

    Returns: (p,) queries, (p,) rows, and (q,) the highest score that any other row may have; -inf if there is none.
    """
    left = questions.left
    if metric == "euclidean":  # distances in steps of the codes
        left = (questions.queries / np.float64(vectors.scale)).astype(np.float32)
    wanted = _wanted(questions)
    values, rows = _search_blocks(vectors.blocks.indexes(), left, wanted, mask)  # (q, blocks, wanted)
    values = np.where(rows < 0, -np.inf, -values if metric == "euclidean" else values)
    cut = values[:, :, -1].max(axis=1)
    values, rows = values.reshape(len(left), -1), rows.reshape(len(left), -1)
    order = np.argsort(-values, axis=1)[:, : wanted + 1]
    if order.shape[1] > wanted:
        cut = np.maximum(cut, values[np.arange(len(left)), order[:, wanted]])
    rows = np.take_along_axis(rows, order[:, :wanted], axis=1)
    query, place = np.nonzero(rows >= 0)
    return query, rows[query, place], _highest_score(cut.astype(np.float64), questions, vectors, metric)


def _wanted(questions: Questions) -> int:
    return (4 if questions.by_group else 1) * questions.k + _SPARE


def _search_blocks(
    indexes: Sequence[tuple[int, Any]], left: Floats, wanted: int, mask: NDArray[np.bool_] | None
) -> tuple[Floats, Integers]:
    """faiss' scores and rows (q, blocks, wanted) of every block's best; row -1 where a block has fewer."""
    faiss = faiss_library()

    def search(block: tuple[int, Any]) -> tuple[Floats, Integers]:
        start, index = block
        choice = None
        if mask is not None:
            bits = np.packbits(mask[start : start + BLOCK], bitorder="little")
            choice = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        values, places = index.search(left, wanted, params=choice)
        return values, np.where(places < 0, -1, places + start)

    threads = min(faiss.omp_get_max_threads(), len(indexes))
    if threads < 2 or left.size * len(indexes) * BLOCK < _WORTH_A_THREAD:
        found = [search(block) for block in indexes]
    else:  # faiss would share out queries, not rows; its own threads stay out of the way
        with ThreadPoolExecutor(threads, initializer=faiss.omp_set_num_threads, initargs=(1,)) as pool:
            found = list(pool.map(search, indexes))
    return np.stack([values for values, _ in found], axis=1), np.stack([rows for _, rows in found], axis=1)


def _highest_score(
    cut: NDArray[np.float64], questions: Questions, vectors: ByteVectors, metric: Metric
) -> NDArray[np.float64]:
    """(q,) the highest similarity that a row can have whose score by faiss, rounded as it is, is not above `cut`."""
    error = rounding(questions.left.shape[1])
    shortest, longest = vectors.lengths
    if metric == "cosine":
        product = cut + error * longest
        return product / np.where(product > 0, shortest, longest)
    distance = vectors.scale * np.sqrt(np.maximum(-cut, 0) * (1 - error))
    lost = 2.0**-22 * (np.sqrt(questions.squares) + vectors.scale * longest)
    return 1 - (distance - lost)
