"""The nearest of many points, exactly, in blocks: faiss does the comparing, so that n^2 of them stay affordable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Points = NDArray[np.float32]
    IntArray = NDArray[np.int64]
    Progress = Callable[[int, int], None]

_BLOCK = 8192
"""Points compared with all others at once; bounds memory, and is the step of the progress shown."""


def nearest(
    targets: Points, queries: Points, own: IntArray, most: int, progress: Progress | None = None
) -> Iterator[tuple[slice, IntArray, FloatArray]]:
    """The `most` targets nearest to each query, itself left out.

    Args:
        targets: (n, d), best with their mean near the origin.
        queries: (m, d).
        own: (m,) the row of each query among the targets.
        most: k, 0 .. n - 1.
        progress: called with (queries done, m) after every block.

    Yields: by blocks of b queries: which ones, (b, k) their neighbours, nearest first, and (b, k) squared distances,
        whose error is about 1e-7 of the squared length of the points.

    Raises:
        MissingExtra: faiss is not installed.
    """
    index = _faiss().IndexFlatL2(targets.shape[1])
    index.add(targets)
    for start in range(0, len(queries), _BLOCK):
        block = slice(start, min(start + _BLOCK, len(queries)))
        squares, found = index.search(queries[block], most + 1)
        yield block, *_without(own[block], found, squares.astype(np.float64))
        if progress:
            progress(block.stop, len(queries))


def _without(own: IntArray, found: IntArray, squares: FloatArray) -> tuple[IntArray, FloatArray]:
    """One neighbour fewer: the query itself, or the last one where as many others are just as near."""
    out = found == own[:, None]
    out[~out.any(axis=1), -1] = True
    shape = (len(found), found.shape[1] - 1)
    return found[~out].reshape(shape), squares[~out].reshape(shape)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as problem:
        raise MissingExtra('clustering needs faiss: pip install "visavis[cluster]"') from problem
    return faiss
