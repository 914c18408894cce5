"""The decision rule: what a score allows to be said at stated error rates."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING

from visavis.errors import InvalidInput
from visavis.matching.calibration import (
    fnmr_at_threshold,
    log_likelihood_ratio,
    probability,
    threshold_at_fmr,
    threshold_at_fnmr,
)
from visavis.types import Decision, Evidence

if TYPE_CHECKING:
    from visavis.models.calibration import Calibration


def judge(
    score: float, calibration: Calibration, fmr: float = 1e-3, fnmr: float = 1e-2, prior: float = 0.5
) -> Evidence:
    """Read a similarity on its model's calibrated scale.

    Match if score >= T(fmr); no match if score < min(T(fnmr), T(fmr)); inconclusive in between, where neither claim
    could be made at the rate asked for. With a model so good that T(fnmr) >= T(fmr) nothing is inconclusive.

    Args:
        score: similarity by the metric that was calibrated.
        calibration: of the model that made the templates.
        fmr: wanted false-match rate of "match".
        fnmr: wanted false-non-match rate of "no match".
        prior: probability of "same person" before the photos are seen, in (0, 1).

    Raises:
        InvalidInput: the score is not finite, or a rate or the prior does not lie between 0 and 1.
        NotCalibrated: a rate lies outside what the calibration supports.
    """
    given: dict[str, object] = {"score": score, "fmr": fmr, "fnmr": fnmr, "prior": prior}
    for name, value in given.items():
        if not isinstance(value, Real):
            raise InvalidInput(f"{name} {value!r}: must be a number")
    if not math.isfinite(score):
        raise InvalidInput(f"score {score}: must be finite; check the templates behind it")
    match_threshold = threshold_at_fmr(calibration, fmr)
    no_match_threshold = min(threshold_at_fnmr(calibration, fnmr), match_threshold)
    llr = log_likelihood_ratio(calibration, float(score))
    return Evidence(
        score=float(score),
        decision=_decide(score, match_threshold, no_match_threshold),
        match_threshold=match_threshold,
        no_match_threshold=no_match_threshold,
        fmr=fmr,
        fnmr=fnmr,
        fnmr_at_match_threshold=fnmr_at_threshold(calibration, match_threshold),
        log_likelihood_ratio=llr,
        probability=probability(llr, prior),
        prior=prior,
    )


def _decide(score: float, match_threshold: float, no_match_threshold: float) -> Decision:
    if score >= match_threshold:
        return Decision.MATCH
    return Decision.NO_MATCH if score < no_match_threshold else Decision.INCONCLUSIVE
