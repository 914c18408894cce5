"""One float32 product bounds the similarity of every pair, so that candidates are found quickly and none is missed.

The gain of a pair is an upper bound, in exact arithmetic and up to a constant per query, of its value

    cosine     <a, b> / (|a| |b|)            euclidean     2 <a, b> - |b|^2, which is |a|^2 - |a - b|^2

and exceeds it by at most its slack. A sum of d products in float32 errs by at most d 2^-24 |a| |b|, in whatever order a
library adds (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); half as much again and 32 steps of
rounding cover lengths and scaling. Whoever keeps every pair whose gain reaches the k-th best lower bound keeps the k
best pairs, ties included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.scores import Metric

    Floats = NDArray[np.float32]
    Panel = tuple[Floats, Floats]
    """(r, d) vectors, and (r,) what their products are combined with, see `terms`."""


_FEW = 4
_CACHED = 1 << 17  # numbers of vectors that stay in the cache for the next query


def rounding(dimension: int) -> float:
    """Relative error of a product of two vectors in float32, their lengths and scaling included."""
    return (1.5 * dimension + 32) * 2.0**-24


def terms(squares: NDArray[np.float64], dimension: int, metric: Metric) -> Floats:
    """What the product with each row is combined with: multiplied under cosine, subtracted under euclidean.

    Args:
        squares: (n,) squared lengths of the rows.
        dimension: numbers per row.
        metric: how they are compared.
    """
    if metric == "cosine":
        return (1 / np.sqrt(squares)).astype(np.float32)
    return (squares * (1 - 2 * rounding(dimension))).astype(np.float32)


def gains(left: Floats, panel: Panel, metric: Metric, out: Floats) -> Floats:
    """Gains (q, r) of q queries with r rows.

    Args:
        left: (q, d) unit vectors under cosine, twice the queries under euclidean.
        panel: the rows.
        metric: how they are compared.
        out: q * r numbers or more, overwritten.
    """
    vectors, term = panel
    result = out[: len(left) * len(vectors)].reshape(len(left), len(vectors))
    if few(left):
        _products(left, vectors, result)
    else:
        np.matmul(left, vectors.T, out=result)
    return np.multiply(result, term, out=result) if metric == "cosine" else np.subtract(result, term, out=result)


def few(left: Floats) -> bool:
    """Whether single dot products, at the speed of the memory and in one thread, are quicker than a matrix product.

    BLAS shares out every product among threads that wait for each other, and on a busy machine they wait long.
    """
    return len(left) <= _FEW


def _products(left: Floats, vectors: Floats, result: Floats) -> None:
    step = len(vectors) if len(left) == 1 else max(1, _CACHED // left.shape[1])
    for start in range(0, len(vectors), step):
        part = vectors[start : start + step]
        for query, row in zip(left, result, strict=True):
            np.einsum("ij,j->i", part, query, out=row[start : start + step])


def slacks(squares: NDArray[np.float64], term: Floats, dimension: int, metric: Metric) -> NDArray[np.float64]:
    """How much lower than its gain the value of each pair may be (m,).

    Args:
        squares: (m,) squared length of each pair's query.
        term: (m,) of each pair's row.
        dimension: numbers per template.
        metric: how they are compared.
    """
    error = rounding(dimension)
    if metric == "cosine":
        return np.full(len(squares), 2 * error)
    return 4 * error * (squares + (1 + 4 * error) * term) + 1e-30
