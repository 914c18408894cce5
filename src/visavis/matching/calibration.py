"""From score to evidence: calibrated likelihood ratios and error-rate tables, fitted and read.

A likelihood ratio says how much more often a score is seen when two photos show one person than when they show two.
It is fitted by prior-weighted logistic regression and judged by the cost Cllr (Brümmer & du Preez, "Application-
independent evaluation of speaker detection", 2006); its bounds follow from how many comparisons were seen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, overload

import numpy as np

from visavis.errors import InvalidInput, NotCalibrated
from visavis.matching.error_rates import allowed_errors, checked_scores, fmr_threshold, fnmr_threshold

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.error_rates import Scores
    from visavis.models.calibration import Calibration

    Rows = tuple[tuple[float, float], ...]

MIN_ERRORS = 10
"""A rate enters a table only if at least this many of the comparisons seen may be errors at it."""

RIDGE = 1e-6
"""Penalty RIDGE / 2 * slope^2 on standardised scores (at prior 0.5; less at others, as the loss is): keeps the slope
finite when the two kinds are fully separated, and is far below the sampling error of the slope when they are not."""

_MAX_STEPS = 100


def fit_calibration(
    mated: ArrayLike, nonmated: ArrayLike, *, identities: int, source: str, command: str
) -> Calibration:
    """Calibrate a model on comparisons whose truth is known and whose people are in no test.

    Args:
        mated: (m,) similarities of same-person comparisons.
        nonmated: (n,) similarities of different-people comparisons.
        identities: number of people behind them.
        source: the data, for the card.
        command: the command that computed the scores, for the card.

    Returns: slope and intercept of the log likelihood ratio, its bounds, and thresholds at the rates 1, 2 and
        5 x 10^-k that leave room for at least `MIN_ERRORS` errors; nothing is extrapolated beyond them.

    Raises:
        InvalidInput: empty, NaN or infinite scores, or too few for any rate.
        NotCalibrated: the scores do not rise with "same person".
    """
    from visavis.models.calibration import Calibration  # pydantic: not needed to read a calibration

    if identities < 2:
        raise InvalidInput(f"calibration of {identities} identities: needs comparisons of at least two people")
    same = checked_scores("mated scores", mated, finite=True)
    different = checked_scores("non-mated scores", nonmated, finite=True)
    slope, intercept = fit_logistic(same, different)
    low, high = llr_bounds(len(same), len(different))
    llrs = (np.clip(slope * scores + intercept, low, high) for scores in (same, different))
    return Calibration(
        slope=slope,
        intercept=intercept,
        llr_min=low,
        llr_max=high,
        fmr=_table(lambda rate: fmr_threshold(same, different, rate), len(different), "non-mated"),
        fnmr=_table(lambda rate: fnmr_threshold(same, rate), len(same), "mated"),
        mated=len(same),
        nonmated=len(different),
        identities=identities,
        cllr=cllr(*llrs),
        source=source,
        command=command,
    )


def fit_logistic(mated: ArrayLike, nonmated: ArrayLike, prior: float = 0.5) -> tuple[float, float]:
    """Slope and intercept of the natural-log likelihood ratio, by prior-weighted logistic regression.

    Minimises prior * mean(log(1 + exp(-l - t))) over mated plus (1 - prior) * mean(log(1 + exp(l + t))) over
    non-mated scores, with l = slope * score + intercept and t = logit(prior); at prior 0.5 this is Cllr.

    Raises:
        InvalidInput: unusable scores, or all of them equal.
        NotCalibrated: mated scores are not higher than non-mated ones, or Newton's method did not converge.
    """
    same = checked_scores("mated scores", mated, finite=True)
    different = checked_scores("non-mated scores", nonmated, finite=True)
    scores = np.concatenate([same, different])
    centre = float(same.mean() + different.mean()) / 2  # both kinds weigh alike, however many there are
    spread = math.sqrt(((same - centre) ** 2).mean() / 2 + ((different - centre) ** 2).mean() / 2)
    if not spread > np.finfo(float).eps * abs(centre):
        raise InvalidInput("calibration scores: are all equal, so they tell nobody apart; check the templates")
    offset, ridge = _logit(prior), RIDGE * 2 * min(prior, 1 - prior)
    is_mated = np.arange(len(scores)) < len(same)
    weights = np.where(is_mated, prior / len(same), (1 - prior) / len(different))
    scaled_slope, scaled_intercept = _newton((scores - centre) / spread, is_mated, weights, offset, ridge)
    if scaled_slope <= 0:
        raise NotCalibrated(
            "calibration scores: same-person scores are not higher than different-people scores; check the labels, "
            "and that the scores are similarities, not distances"
        )
    return scaled_slope / spread, scaled_intercept - scaled_slope * centre / spread


def llr_bounds(mated: int, nonmated: int) -> tuple[float, float]:
    """The log likelihood ratios that so many comparisons support: (-ln(mated + 1), ln(nonmated + 1)).

    Beyond them a claim would rest on errors rarer than one in all comparisons seen, none of which was observed.
    """
    return -math.log(mated + 1), math.log(nonmated + 1)


@overload
def log_likelihood_ratio(calibration: Calibration, score: float) -> float: ...
@overload
def log_likelihood_ratio(calibration: Calibration, score: Scores) -> Scores: ...
def log_likelihood_ratio(calibration: Calibration, score: float | Scores) -> float | Scores:
    """Natural log of P(score | same person) / P(score | different people), within the calibration's bounds."""
    llr = np.clip(calibration.slope * score + calibration.intercept, calibration.llr_min, calibration.llr_max)
    return llr if isinstance(score, np.ndarray) else float(llr)


def probability(llr: float, prior: float = 0.5) -> float:
    """Posterior probability of "same person" from a log likelihood ratio and the prior in (0, 1)."""
    return float(np.exp(-np.logaddexp(0, -(llr + _logit(prior)))))


def cllr(mated_llr: ArrayLike, nonmated_llr: ArrayLike) -> float:
    """Log-likelihood-ratio cost in bits: 0 = perfect, 1 = as good as saying nothing, above 1 = misleading."""
    same = checked_scores("mated log likelihood ratios", mated_llr)
    different = checked_scores("non-mated log likelihood ratios", nonmated_llr)
    costs = np.logaddexp(0, -same).mean() + np.logaddexp(0, different).mean()
    return float(costs / (2 * math.log(2)))


def min_cllr(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """The smallest Cllr, in bits, that any rising map from score to likelihood ratio could reach on these scores."""
    return cllr(*pav_llr(mated, nonmated))


def pav_llr(mated: ArrayLike, nonmated: ArrayLike) -> tuple[Scores, Scores]:
    """Optimal log likelihood ratios of the scores themselves, by pooling adjacent violators (PAV).

    Returns: (m,) of the mated and (n,) of the non-mated scores; equal scores share one value, ends may be infinite.
    """
    same, different = checked_scores("mated scores", mated), checked_scores("non-mated scores", nonmated)
    values, place = np.unique(np.concatenate([same, different]), return_inverse=True)
    counts = np.stack([np.bincount(p, minlength=len(values)) for p in (place[: len(same)], place[len(same) :])])
    blocks, block_of_value = _pool_adjacent_violators(counts)
    with np.errstate(divide="ignore"):
        llr = np.log(blocks[0] / len(same)) - np.log(blocks[1] / len(different))
    each = llr[block_of_value][place]
    return each[: len(same)], each[len(same) :]


def threshold_at_fmr(calibration: Calibration, rate: float) -> float:
    """The score that keeps this false-match rate, interpolated in log rate between the rows of the table.

    Raises:
        InvalidInput: the rate does not lie between 0 and 1.
        NotCalibrated: it lies outside the range that the calibration's comparisons support.
    """
    return _threshold(calibration.fmr, rate, "false-match", f"{calibration.nonmated} non-mated")


def threshold_at_fnmr(calibration: Calibration, rate: float) -> float:
    """The score that keeps this false-non-match rate; as `threshold_at_fmr`."""
    return _threshold(calibration.fnmr, rate, "false-non-match", f"{calibration.mated} mated")


def fmr_at_threshold(calibration: Calibration, threshold: float) -> float:
    """The false-match rate at a threshold; beyond the table its upper bound: the smallest rate in it, or 1."""
    return _rate(calibration.fmr, threshold, 1)


def fnmr_at_threshold(calibration: Calibration, threshold: float) -> float:
    """The false-non-match rate at a threshold; beyond the table its upper bound: the smallest rate in it, or 1."""
    return _rate(calibration.fnmr, threshold, -1)


def _logit(prior: float) -> float:
    if not 0 < prior < 1:
        raise InvalidInput(f"prior {prior}: must lie strictly between 0 and 1")
    return math.log(prior) - math.log1p(-prior)


def _newton(
    x: Scores, is_mated: NDArray[np.bool_], weights: Scores, offset: float, ridge: float
) -> tuple[float, float]:
    """Minimise the weighted logistic loss plus ridge over (slope, intercept) by damped Newton steps."""
    design = np.stack([x, np.ones_like(x)])
    penalty = np.array([ridge, 0.0])
    sign = np.where(is_mated, -1.0, 1.0)

    def loss(theta: Scores) -> float:
        return float(weights @ np.logaddexp(0, sign * (theta @ design + offset)) + 0.5 * penalty @ theta**2)

    theta, value = np.zeros(2), loss(np.zeros(2))
    for _ in range(_MAX_STEPS):
        posterior = np.exp(-np.logaddexp(0, -(theta @ design + offset)))
        gradient = design @ (weights * (posterior - is_mated)) + penalty * theta
        hessian = (design * (weights * posterior * (1 - posterior))) @ design.T + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        if np.abs(step).max() <= 1e-8 * (1 + np.abs(theta).max()):
            return float(theta[0]), float(theta[1])
        while loss(theta - step) > value * (1 + 1e-12):
            step = step / 2  # the loss is convex: a short enough Newton step never raises it beyond rounding
        theta = theta - step
        value = loss(theta)
    raise NotCalibrated(f"calibration: the fit did not converge in {_MAX_STEPS} steps; check the scores for outliers")


def _table(threshold: Callable[[float], float], count: int, kind: str) -> Rows:
    """(rate, threshold) at 1, 2, 5 x 10^-k, as far down as `count` comparisons leave `MIN_ERRORS` errors."""
    rates = [float(f"{digit}e-{k}") for k in range(12, 0, -1) for digit in (1, 2, 5)]
    rows = tuple((rate, threshold(rate)) for rate in rates if allowed_errors(rate, count) >= MIN_ERRORS)
    if not rows:
        raise InvalidInput(
            f"calibration: {count} {kind} comparisons support no error rate; pass at least {2 * MIN_ERRORS}, "
            f"{MIN_ERRORS}000 for a rate of 1e-3"
        )
    return rows


def _threshold(rows: Rows, rate: float, name: str, comparisons: str) -> float:
    if not 0 < rate < 1:
        raise InvalidInput(f"{name} rate {rate}: must lie strictly between 0 and 1")
    lowest, highest = rows[0][0], rows[-1][0]
    if not lowest <= rate <= highest:
        raise NotCalibrated(
            f"{name} rate {rate:g}: the calibration's {comparisons} comparisons support {lowest:g} to {highest:g}; "
            "ask for a rate in that range or calibrate the model on more comparisons"
        )
    rates, thresholds = np.array(rows).T
    return float(np.interp(math.log(rate), np.log(rates), thresholds))


def _rate(rows: Rows, threshold: float, sign: int) -> float:
    """Inverse of `_threshold`; sign +1 when errors are scores at or above the threshold, -1 when below."""
    if math.isnan(threshold):
        raise InvalidInput("threshold: is NaN; pass a score")
    rates, thresholds = np.array(rows[::-1]).T
    return float(np.exp(np.interp(sign * threshold, sign * thresholds, np.log(rates), left=0.0)))


def _pool_adjacent_violators(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pool columns of (2, v) counts (mated, non-mated), by rising score, until the share of mated never falls.

    Returns: (2, blocks) pooled counts and the (v,) block of every column.
    """
    pure = np.where(counts[1] == 0, 1, np.where(counts[0] == 0, -1, 0))
    starts = np.flatnonzero(np.r_[True, (pure[1:] != pure[:-1]) | (pure[1:] == 0)])  # runs of one kind pool at once
    merged = np.add.reduceat(counts, starts, axis=1)
    stack: list[tuple[int, int, int]] = []  # (mated, non-mated, runs)
    for m, n in merged.T.tolist():
        block = (m, n, 1)
        while stack and stack[-1][0] * block[1] >= block[0] * stack[-1][1]:  # share before >= share now
            before = stack.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        stack.append(block)
    blocks = np.array([block[:2] for block in stack]).T
    runs = np.repeat(np.arange(len(stack)), [block[2] for block in stack])
    lengths = np.diff(np.r_[starts, counts.shape[1]])
    return blocks, np.repeat(runs, lengths)
