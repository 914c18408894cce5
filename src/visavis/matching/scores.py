"""Comparison scores: similarities, higher = more alike, by the metric that the model's card names.

"euclidean": similarity = 1 - |a - b| on vectors as the model gives them (not normalised), so dlib's customary distance
0.6 is a similarity of 0.4. "cosine": similarity = cosine of the angle between them, distance = 1 - cosine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from visavis.errors import InvalidInput, TemplateMismatch

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.types import Template

    FloatArray = NDArray[np.float64]

Metric = Literal["euclidean", "cosine"]

_BLOCK = 1024  # rows compared at once: bounds the memory of the full cross comparison


def similarity(a: Template, b: Template, metric: Metric) -> float:
    """Similarity of two templates of one model.

    Raises:
        TemplateMismatch: the templates come from different models or settings.
        InvalidInput: different dimensions, or a zero vector under the cosine metric.
    """
    if a.model != b.model:
        raise TemplateMismatch(
            f"templates of {a.model} and {b.model} cannot be compared: "
            "embed both photos with the same model and settings"
        )
    return float(paired_similarity(a.vector[None], b.vector[None], metric)[0])


def paired_similarity(first: ArrayLike, second: ArrayLike, metric: Metric) -> FloatArray:
    """Similarities (n,) of the rows of two (n, d) arrays, row by row."""
    a, b = _comparable(first, second, metric)
    if len(a) != len(b):
        raise InvalidInput(f"paired templates: {len(a)} rows against {len(b)}; pass as many of each")
    if metric == "cosine":
        return np.asarray(np.clip((_unit(a) * _unit(b)).sum(axis=1), -1, 1))
    return np.asarray(1 - np.linalg.norm(a - b, axis=1))


def similarity_matrix(first: ArrayLike, second: ArrayLike, metric: Metric) -> FloatArray:
    """Similarities (n, m) of every row of an (n, d) array with every row of an (m, d) array.

    Raises:
        InvalidInput: not two-dimensional, different d, NaN or infinite values, zero vectors under cosine.
    """
    a, b = _comparable(first, second, metric)
    if metric == "cosine":
        return np.asarray(np.clip(_unit(a) @ _unit(b).T, -1, 1))
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * (a @ b.T)  # in float64: cancels to ~1e-8
    return np.asarray(1 - np.sqrt(np.maximum(squares, 0)))


def cross_scores(templates: ArrayLike, identities: ArrayLike, metric: Metric) -> tuple[FloatArray, FloatArray]:
    """Every comparison among n labelled templates, each once: (mated scores, non-mated scores).

    Args:
        templates: (n, d) vectors of one model.
        identities: (n,) labels; equal labels are mated.
        metric: the model's metric.
    """
    vectors = np.asarray(templates)
    labels = np.unique(np.asarray(identities), return_inverse=True)[1]
    if labels.shape != vectors.shape[:1]:
        raise InvalidInput(f"identities: {labels.shape} labels for templates of shape {vectors.shape}")
    mated, nonmated = [], []
    for start in range(0, len(vectors), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(vectors)))
        scores = similarity_matrix(vectors[rows], vectors[start:], metric)
        later = np.arange(start, len(vectors)) > rows[:, None]
        same = labels[rows, None] == labels[start:]
        mated.append(scores[later & same])
        nonmated.append(scores[later & ~same])
    return np.concatenate(mated), np.concatenate(nonmated)


def distance_of(similarity: float, metric: Metric) -> float:
    """The model's own distance behind a similarity: Euclidean, or 1 - cosine."""
    _check_metric(metric)
    return 1.0 - similarity


def _comparable(first: ArrayLike, second: ArrayLike, metric: Metric) -> tuple[FloatArray, FloatArray]:
    """Both arrays as (rows, d) float64 that the metric can compare."""
    _check_metric(metric)
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not a.shape[1]:
        raise InvalidInput(f"templates: need shapes (n, d) and (m, d) with equal d, got {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InvalidInput("templates: hold NaN or infinite values; embed the photos again")
    return a, b


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not norms.all():
        row = int(np.argmin(norms))
        raise InvalidInput(f"templates: row {row} is a zero vector, which has no direction to take a cosine of")
    return np.asarray(vectors / norms)


def _check_metric(metric: str) -> None:
    if metric not in get_args(Metric):
        raise InvalidInput(f"metric {metric!r}: must be one of {', '.join(get_args(Metric))}")
