"""Measures of comparison scores, as pure functions (ISO/IEC 19795-1; sheet of protocols for face verification).

Scores are similarities, accepted iff >= threshold. Wherever only the order of scores matters, a strictly rising map of
all scores changes nothing; ties are counted, never broken. `fmr`, `fnmr` and their thresholds live in
`visavis.matching.error_rates`; likelihood-ratio costs in `visavis.matching.calibration`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import InvalidInput
from visavis.matching.error_rates import allowed_errors, checked_scores, fmr, fnmr, highest_rejected

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.error_rates import Scores
    from visavis.matching.scores import Metric

    Flags = NDArray[np.bool_]
    Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class DetCurve:
    """Both error rates at every threshold that matters, by rising threshold.

    Attributes:
        thresholds: (k,) the distinct observed scores, then infinity for "reject all".
        fmr: (k,) falling from 1 to 0.
        fnmr: (k,) rising from 0 to 1.
    """

    thresholds: Scores
    fmr: Scores
    fnmr: Scores

    @property
    def tmr(self) -> Scores:
        """True-match rate 1 - FNMR: with `fmr`, the ROC curve."""
        return 1 - self.fnmr


@dataclass(frozen=True, eq=False, slots=True)
class FoldAccuracy:
    """Accuracy of each fold at the threshold chosen on the other folds.

    Attributes:
        folds: (k,) fold labels.
        accuracies: (k,) share of right decisions in each fold.
        thresholds: (k,) threshold used on each fold.
        decisions: (n,) True where the pair was called "same" by its fold's threshold.
        correct: (n,) True where that is right; False for every pair without a score.
    """

    folds: Labels
    accuracies: Scores
    thresholds: Scores
    decisions: Flags
    correct: Flags

    @property
    def mean(self) -> float:
        """Mean over folds."""
        return float(self.accuracies.mean())

    @property
    def std(self) -> float:
        """Standard deviation over folds (n - 1 in the denominator, as LFW's rules have it)."""
        return float(self.accuracies.std(ddof=1))

    @property
    def stderr(self) -> float:
        """Standard error of the mean: std / sqrt(folds)."""
        return self.std / math.sqrt(len(self.accuracies))


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval: [low, high] at `level`."""

    low: float
    high: float
    level: float


def det_curve(mated: ArrayLike, nonmated: ArrayLike) -> DetCurve:
    """FMR and FNMR at every distinct score and beyond the last."""
    same, different = checked_scores("mated scores", mated), checked_scores("non-mated scores", nonmated)
    thresholds = np.unique(np.concatenate([same, different]))
    at = DetCurve(thresholds, fmr(different, thresholds), fnmr(same, thresholds))
    return DetCurve(np.r_[thresholds, np.inf], np.r_[at.fmr, 0.0], np.r_[at.fnmr, 1.0])


def fnmr_at_fmr(mated: ArrayLike, nonmated: ArrayLike, rate: float) -> float:
    """FNMR at the smallest threshold whose FMR does not exceed `rate` (FNMR@FMR=rate; 1 - it is TAR@FAR).

    Infinite scores of comparisons that failed count as errors at every threshold (mated -inf, non-mated +inf).

    Raises:
        InvalidInput: the rate is below 1 / number of non-mated scores, so that no error could be seen at it.
    """
    different = checked_scores("non-mated scores", nonmated)
    if not allowed_errors(rate, len(different)):
        raise InvalidInput(
            f"FNMR@FMR={rate:g}: {len(different)} non-mated comparisons cannot show a rate below 1/{len(different)}; "
            "ask for a higher rate or add comparisons"
        )
    return float((checked_scores("mated scores", mated) <= highest_rejected(different, rate)).mean())


def auc(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Probability that a mated score exceeds a non-mated one, a tie counting half."""
    same, different = checked_scores("mated scores", mated), np.sort(checked_scores("non-mated scores", nonmated))
    below, not_above = (np.searchsorted(different, same, side=side).sum() for side in ("left", "right"))
    return float((below + not_above) / (2 * len(same) * len(different)))


def eer(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Equal error rate: where FMR and FNMR cross, linearly interpolated along the DET curve."""
    curve = det_curve(mated, nonmated)
    gap = curve.fmr - curve.fnmr  # falls from 1 to -1
    after = int(np.argmax(gap <= 0))
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(curve.fmr[after - 1] + share * (curve.fmr[after] - curve.fmr[after - 1]))


def fold_accuracy(scores: ArrayLike, same: ArrayLike, folds: ArrayLike, grid: ArrayLike | None = None) -> FoldAccuracy:
    """Accuracy fold by fold, each at the threshold that is best on all other folds (LFW's protocol).

    Args:
        scores: (n,) similarities; NaN = no comparison could be made, which counts as wrong whatever the label.
        same: (n,) True for mated pairs.
        folds: (n,) fold of each pair, at least two distinct.
        grid: thresholds to choose from, the first best one winning, as public scripts do (`squared_distance_grid`);
            None: the observed scores, the middle one of the equally best winning.
    """
    values, truth, fold_of = _labelled(scores, same, folds)
    names = np.unique(fold_of)
    if len(names) < 2:
        raise InvalidInput("folds: need at least two, to choose the threshold on other pairs than are judged")
    thresholds = np.array([_best_threshold(values[rest], truth[rest], grid) for rest in (fold_of != f for f in names)])
    with np.errstate(invalid="ignore"):
        decisions = values >= thresholds[np.searchsorted(names, fold_of)]
    correct = (decisions == truth) & ~np.isnan(values)
    accuracies = np.array([correct[fold_of == name].mean() for name in names])
    return FoldAccuracy(names, accuracies, thresholds, decisions, correct)


def squared_distance_grid(metric: Metric) -> Scores:
    """The customary thresholds 0, 0.01 .. 3.99 on squared Euclidean distance, as similarities of `metric`.

    For "cosine" the distance is that of unit vectors, 2 - 2 cos.
    """
    squares = np.arange(400) / 100
    return 1 - squares / 2 if metric == "cosine" else 1 - np.sqrt(squares)


def error_versus_reject(
    mated: ArrayLike, quality: ArrayLike, threshold: float, rejected: ArrayLike
) -> NDArray[np.float64]:
    """Error-versus-reject curve: FNMR at a fixed threshold when the comparisons of lowest quality are left out.

    Args:
        mated: (m,) mated scores.
        quality: (m,) quality of each comparison (customarily the lower of its two samples).
        threshold: the fixed threshold.
        rejected: (k,) shares in [0, 1) of comparisons left out, lowest quality first.

    Returns: (k,) FNMR of the rest; among equal qualities, the expectation over which are left out.
    """
    scores, worth = checked_scores("mated scores", mated), checked_scores("quality", quality)
    shares = np.atleast_1d(np.asarray(rejected, dtype=np.float64))
    if scores.shape != worth.shape:
        raise InvalidInput(f"quality: {worth.shape} values for {scores.shape} scores")
    if not ((shares >= 0) & (shares < 1)).all():
        raise InvalidInput("rejected shares: must lie in [0, 1)")
    _, level, size = np.unique(worth, return_inverse=True, return_counts=True)
    errors = (np.bincount(level, weights=scores < threshold) / size)[level]  # shared evenly among equal qualities
    kept_errors = np.cumsum(errors[np.argsort(-level)])
    kept = len(scores) - np.floor(shares * len(scores)).astype(int)
    return np.asarray(kept_errors[kept - 1] / kept)


def identity_interval(
    values: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """Bootstrap confidence interval of a mean over pairs, drawing people rather than pairs.

    Every draw takes as many people as there are, with replacement; a pair weighs the product of how often its two
    people were drawn (a mated pair: how often its one person was). Pairs that share a person thus vary together, so
    the interval errs on the wide side, unlike one over pairs (pigeonhole bootstrap: Owen, 2007).

    Args:
        values: (n,) what is averaged, for instance 1 where a decision was right.
        first: (n,) identity label of the first photo.
        second: (n,) identity label of the second photo.
        level: confidence level in (0, 1).
        draws: bootstrap draws.
        seed: of the random generator.
    """
    what = checked_scores("values", values, finite=True)
    people, place = np.unique(np.concatenate([np.asarray(first), np.asarray(second)]), return_inverse=True)
    if place.shape != (2 * len(what),):
        raise InvalidInput(f"identities: need one first and one second label for each of {len(what)} pairs")
    a, b = place[: len(what)], place[len(what) :]
    rng, means = np.random.default_rng(seed), []
    for _ in range(draws):
        drawn = np.bincount(rng.integers(len(people), size=len(people)), minlength=len(people))
        weights = np.where(a == b, drawn[a], drawn[a] * drawn[b])
        if total := weights.sum():
            means.append(float(weights @ what / total))
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail]) if means else (math.nan, math.nan)
    return Interval(float(low), float(high), level)


def _labelled(scores: ArrayLike, same: ArrayLike, folds: ArrayLike) -> tuple[Scores, Flags, Labels]:
    values = np.asarray(scores, dtype=np.float64)
    truth, fold_of = np.asarray(same, dtype=bool), np.asarray(folds, dtype=np.int64)
    if values.ndim != 1 or not values.size or not values.shape == truth.shape == fold_of.shape:
        raise InvalidInput(
            "scores, labels and folds: need equal, non-empty shapes (n,), "
            f"got {values.shape}, {truth.shape}, {fold_of.shape}"
        )
    return values, truth, fold_of


def _best_threshold(scores: Scores, same: Flags, grid: ArrayLike | None) -> float:
    """The threshold with most right decisions; pairs without a score are wrong at any and do not vote."""
    seen = ~np.isnan(scores)
    mated, nonmated = np.sort(scores[seen & same]), np.sort(scores[seen & ~same])
    thresholds = np.r_[np.unique(scores[seen]), np.inf] if grid is None else checked_scores("threshold grid", grid)
    right = len(mated) - np.searchsorted(mated, thresholds) + np.searchsorted(nonmated, thresholds)
    best = np.flatnonzero(right == right.max())
    return float(thresholds[best[0] if grid is not None else best[(len(best) - 1) // 2]])
