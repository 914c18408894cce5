"""How sure an observed error rate is when searches depend on each other.

Clopper-Pearson limits at the effective number of searches n / D. The design effect D is that of errors which come in
clusters: with m_c errors in cluster c, D = sum(m_c^2) / sum(m_c), the variance of the number of errors over its mean
(Kish, "Survey Sampling", 1965; a compound Poisson count).

Searches of a gallery's own references depend on each other in three ways: several references show one person; two
references that are each other's nearest non-mates bring two errors by one comparison; and one reference that many
others resemble brings an error for each. Linking every error to the person it hit covers all three: see
`linked_clusters`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_STEPS = 60
"""Halvings of [0, 1] in search of a limit: far below floating-point error."""


@dataclass(frozen=True, slots=True)
class RateInterval:
    """An error rate that was observed, and where the true one lies.

    Attributes:
        rate: errors / searches.
        low: lower limit of the true rate.
        high: upper limit.
        level: confidence that it lies between them.
        errors: number of errors seen.
        searches: number of searches.
        design_effect: how many dependent searches tell as much as one independent search.
    """

    rate: float
    low: float
    high: float
    level: float
    errors: int
    searches: int
    design_effect: float


def rate_interval(
    errors: ArrayLike, clusters: ArrayLike, level: float = 0.95, least_design_effect: float = 1.0
) -> RateInterval:
    """The share of errors among n searches with its confidence limits.

    Args:
        errors: (n,) True where a search went wrong.
        clusters: (n,) label of the cluster of each search: the person on the photo, or see `linked_clusters`.
        level: confidence in (0, 1).
        least_design_effect: lower bound of the design effect, for dependence that few errors cannot show; without any
            error it multiplies that of the clusters.

    Raises:
        InvalidInput: no searches, different lengths, or a level outside (0, 1).
    """
    wrong, label = np.asarray(errors, dtype=bool), np.asarray(clusters)
    if wrong.ndim != 1 or not wrong.size or wrong.shape != label.shape:
        raise InvalidInput(f"errors and clusters: need equal, non-empty shapes (n,), got {wrong.shape}, {label.shape}")
    if not 0 < level < 1:
        raise InvalidInput(f"confidence level {level}: must lie strictly between 0 and 1")
    place = np.unique(label, return_inverse=True)[1]
    effect = max(_design_effect(place[wrong]), least_design_effect)
    if not wrong.any():  # then nothing shows how errors cluster: the worst is that one takes its whole cluster along
        effect = _design_effect(place) * least_design_effect
    low, high = binomial_limits(wrong.sum() / effect, len(wrong) / effect, level)
    return RateInterval(float(wrong.mean()), low, high, level, int(wrong.sum()), len(wrong), effect)


def linked_clusters(errors: ArrayLike, people: ArrayLike, nearest: ArrayLike) -> NDArray[np.int64]:
    """Clusters of searches that depend on each other, when the searches are of a gallery's own references.

    Args:
        errors: (n,) True where somebody else was found.
        people: (n,) the person searched for.
        nearest: (n,) the person found, whose reference was nearest.

    Returns: (n,) cluster labels. People are joined if an error of one hit the other; what is reached over several
        errors belongs together.
    """
    wrong = np.asarray(errors, dtype=bool)
    names, place = np.unique(np.concatenate([np.asarray(people), np.asarray(nearest)]), return_inverse=True)
    if place.shape != (2 * len(wrong),):
        raise InvalidInput(f"people and nearest: need one label each for {len(wrong)} searches")
    parent = list(range(len(names)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    first, second = place[: len(wrong)], place[len(wrong) :]
    for a, b in zip(first[wrong].tolist(), second[wrong].tolist(), strict=True):
        parent[root(a)] = root(b)
    return np.array([root(item) for item in first.tolist()], dtype=np.int64)


def binomial_limits(successes: float, trials: float, level: float) -> tuple[float, float]:
    """Clopper-Pearson limits of a proportion; counts may be fractions, as effective counts are.

    Returns: (low, high); low is 0 without successes, high is 1 without failures.
    """
    ranges.number("trials", trials, 0.0, math.inf)
    ranges.number("successes", successes, 0.0, trials * (1 + 1e-12))
    tail, failures = (1 - level) / 2, max(trials - successes, 0.0)
    low = _beta_quantile(tail, successes, failures + 1) if successes > 0 else 0.0
    high = _beta_quantile(1 - tail, successes + 1, failures) if failures > 0 else 1.0
    return low, high


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the fraction converges slowly, but not on the other side
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    fraction = 0.0
    terms = 40 + int(4 * math.sqrt(max(a, b)))
    for m in range(terms, 0, -1):  # d_2m and d_2m-1, from the innermost outwards
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
        fraction = odd / (1 + even / (1 + fraction))
    return front / a / (1 + fraction)


def _design_effect(clusters: NDArray[np.int64]) -> float:
    sizes = np.bincount(clusters).astype(float)
    return float((sizes**2).sum() / max(sizes.sum(), 1.0))


def _beta_quantile(probability: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if incomplete_beta(middle, a, b) < probability else (low, middle)
    return (low + high) / 2
