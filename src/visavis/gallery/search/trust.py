"""What the estimate of a short code says about the similarity behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.scores import Metric

    Scores = NDArray[np.float64]

_DEVIATIONS = 4.0  # one estimate in 30,000 is further off


@dataclass(frozen=True, slots=True)
class Trust:
    """estimate = slope * value + offset, give or take; values are cosines, or minus squared distances.

    Attributes:
        slope: somewhat below 1, for codes are shorter than the vectors.
        offset: the rest of the bias.
        deviation: standard deviation of the estimates.
    """

    slope: float
    offset: float
    deviation: float

    def highest_score(self, estimates: Scores, metric: Metric) -> Scores:
        """The highest similarities that vectors with these estimates are likely to have."""
        values = (estimates - self.offset + _DEVIATIONS * self.deviation) / self.slope
        return np.asarray(values if metric == "cosine" else 1 - np.sqrt(np.maximum(-values, 0)))


def fit_trust(scores: Scores, estimates: Scores, metric: Metric) -> Trust:
    """Least squares over references whose similarities are known.

    Args:
        scores: (m,) exact similarities, of references that were chosen by these and not by their estimates.
        estimates: (m,) what the codes say.
        metric: of the similarities.
    """
    values = scores if metric == "cosine" else -((1 - scores) ** 2)
    spread = float(values.var())
    slope = float(np.mean((values - values.mean()) * (estimates - estimates.mean()))) / spread if spread else 1.0
    slope = min(max(slope, 0.5), 1.5)  # far from there it is the sample that is odd
    offset = float(np.mean(estimates - slope * values))
    return Trust(slope, offset, float(np.std(estimates - slope * values)))
