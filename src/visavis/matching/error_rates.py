"""False-match and false-non-match rates, and the thresholds that keep them (ISO/IEC 19795-1).

A comparison is accepted iff its score >= threshold. Both thresholds here are conservative: the rate asked for is
never exceeded on the scores given, ties included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Scores = NDArray[np.float64]


def checked_scores(name: str, values: ArrayLike, *, finite: bool = False) -> Scores:
    """`values` as a non-empty (n,) float64 array without NaN (and without infinities if `finite`).

    Raises:
        InvalidInput: wrong shape, empty, or forbidden values.
    """
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1 or not scores.size:
        raise InvalidInput(f"{name}: needs at least one score in a one-dimensional array, got shape {scores.shape}")
    if np.isnan(scores).any() or (finite and np.isinf(scores).any()):
        kind = "NaN or infinite values" if finite else "NaN"
        raise InvalidInput(f"{name}: holds {kind}; leave comparisons that were never made out, or count them as errors")
    return scores


@overload
def fmr(nonmated: ArrayLike, threshold: float) -> float: ...
@overload
def fmr(nonmated: ArrayLike, threshold: Scores) -> Scores: ...
def fmr(nonmated: ArrayLike, threshold: Any) -> Any:
    """False-match rate: share of non-mated scores >= threshold; one rate per threshold."""
    scores = np.sort(checked_scores("non-mated scores", nonmated))
    return (len(scores) - np.searchsorted(scores, _not_nan(threshold), side="left")) / len(scores)


@overload
def fnmr(mated: ArrayLike, threshold: float) -> float: ...
@overload
def fnmr(mated: ArrayLike, threshold: Scores) -> Scores: ...
def fnmr(mated: ArrayLike, threshold: Any) -> Any:
    """False-non-match rate: share of mated scores < threshold; one rate per threshold."""
    scores = np.sort(checked_scores("mated scores", mated))
    return np.searchsorted(scores, _not_nan(threshold), side="left") / len(scores)


def allowed_errors(rate: float, count: int) -> int:
    """The largest number of errors k among `count` comparisons with k / count <= rate, exact in floating point.

    Raises:
        InvalidInput: the rate does not lie strictly between 0 and 1.
    """
    if not 0 < rate < 1:
        raise InvalidInput(f"error rate {rate}: must lie strictly between 0 and 1")
    guess = int(rate * count)
    return max(k for k in (guess - 1, guess, guess + 1) if k / count <= rate)


def highest_rejected(nonmated: ArrayLike, rate: float) -> float:
    """The lowest score that a threshold must exceed to keep FMR <= rate: one of the non-mated scores."""
    scores = checked_scores("non-mated scores", nonmated)
    place = len(scores) - 1 - allowed_errors(rate, len(scores))
    return float(np.partition(scores, place)[place])


def fmr_threshold(mated: ArrayLike, nonmated: ArrayLike, rate: float) -> float:
    """The smallest observed score T with FMR(T) <= rate (just above every score when none is left to observe)."""
    bound = highest_rejected(checked_scores("non-mated scores", nonmated, finite=True), rate)
    observed = np.concatenate([checked_scores("mated scores", mated), np.asarray(nonmated, dtype=np.float64)])
    above = observed[observed > bound]
    return float(above.min() if above.size else np.nextafter(bound, np.inf))


def fnmr_threshold(mated: ArrayLike, rate: float) -> float:
    """The largest score T with FNMR(T) <= rate."""
    genuine = checked_scores("mated scores", mated)
    k = allowed_errors(rate, len(genuine))
    return float(np.partition(genuine, k)[k])


def _not_nan(threshold: Any) -> Any:
    if np.isnan(threshold).any():
        raise InvalidInput("threshold: is NaN; pass a finite score or an infinity")
    return threshold
