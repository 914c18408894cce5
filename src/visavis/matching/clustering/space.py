"""Where faces are clustered: points whose squared Euclidean distances order pairs as the model's similarities do.

Squared distances, because their mean over two groups follows from a few sums that each group carries along, whatever
its size (see `groups`): that makes average linkage exact at any number of faces. FaceNet clusters on them, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput
from visavis.matching.scores import Metric

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


def checked_templates(templates: ArrayLike) -> NDArray[np.floating]:
    """Templates as an array (n, d) of floats that can be clustered.

    Raises:
        InvalidInput: another shape, or NaN or infinite values.
    """
    rows = np.asarray(templates)
    rows = rows if rows.dtype == np.float32 else rows.astype(np.float64)
    if rows.ndim != 2 or (len(rows) and not rows.shape[1]):
        raise InvalidInput(f"templates: need the shape (n, d), got {rows.shape}")
    if not (finite := np.isfinite(rows).all(axis=1)).all():
        row = int(np.argmin(finite))
        raise InvalidInput(f"templates: row {row} holds NaN or infinite values; embed that photo again")
    return rows


def points_of(templates: ArrayLike, metric: Metric) -> FloatArray:
    """(n, d) templates as points, (n, d) float64: as they are for "euclidean", as unit vectors for "cosine".

    The origin is moved to their mean, which changes no distance and leaves float32 more digits for them.

    Raises:
        InvalidInput: zero vectors under "cosine", an unknown metric, or as `checked_templates`.
    """
    ranges.one_of("metric", metric, ("euclidean", "cosine"))
    points = np.array(checked_templates(templates), dtype=np.float64)
    if metric == "cosine":
        norms = np.linalg.norm(points, axis=1, keepdims=True)
        if not norms.all():
            raise InvalidInput(f"templates: row {int(np.argmin(norms))} is a zero vector, which has no direction")
        points /= norms
    if len(points):
        points -= points.mean(axis=0)
    return points


def squared_distance_at(similarity: float, metric: Metric) -> float:
    """The squared distance of two points whose templates have this similarity; below 0 where no two can have it."""
    if metric == "cosine":
        return 2 * (1 - similarity)
    return (1 - similarity) * abs(1 - similarity)


def similarity_at(squared_distance: FloatArray, metric: Metric) -> FloatArray:
    """The inverse of `squared_distance_at`, for arrays."""
    squares = np.maximum(squared_distance, 0)
    return 1 - squares / 2 if metric == "cosine" else 1 - np.sqrt(squares)


def canonical_order(templates: NDArray[np.floating]) -> NDArray[np.int64]:
    """(n,) an order that depends on the templates alone, so that shuffling the faces changes no result."""
    rows = np.ascontiguousarray(templates)
    if not rows.size:
        return np.arange(len(rows))
    return np.argsort(rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel(), kind="stable")
