"""The rule of an open-set search: whom a list of candidates allows to be named, if anybody."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from visavis import ranges
from visavis.errors import InvalidInput
from visavis.matching.calibration import fnmr_at_threshold
from visavis.matching.identification.answer import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visavis.matching.identification.answer import Candidate
    from visavis.matching.identification.thresholds import FpirThreshold
    from visavis.models.calibration import Calibration

MIN_QUALITY = 0.4
"""Quality summary below which neither claim is made. On LFW, probes below it are found first in 43 % of mated searches,
all others in 92 %."""

MIN_RATIO = 10.0
"""How many times better the best person must explain a probe than the next one."""


def decide(
    candidates: Sequence[Candidate],
    threshold: FpirThreshold | None,
    calibration: Calibration | None = None,
    quality: float | None = None,
    *,
    min_quality: float = MIN_QUALITY,
    min_ratio: float = MIN_RATIO,
    no_threshold: str = "no threshold could be set for this gallery",
) -> Verdict:
    """Name the first candidate, nobody, or decline to decide.

    * no decision: there is no threshold; the probe's quality is too low for either claim; or the first candidate
      reaches the threshold, but the next person explains the probe almost as well.
    * identified: the first candidate's similarity reaches the threshold.
    * not identified: nobody's does (or nobody is enrolled).

    How much better A explains the probe than B is the ratio of their likelihood ratios, exp(slope * (s_A - s_B)), taken
    without the calibration's bounds: those limit a claim about one person, not the comparison of two.

    Args:
        candidates: most similar person first.
        threshold: for the FPIR asked for.
        calibration: of the model; without one the lead over the next person is not judged.
        quality: of the probe, 0..1; None if not measured, and then not judged.
        min_quality: see `MIN_QUALITY`.
        min_ratio: see `MIN_RATIO`; 1 = never decline for this.
        no_threshold: why there is none, for the reason.

    Raises:
        InvalidInput: candidates not in order, or a limit out of range.
    """
    least_quality = ranges.number("min_quality", min_quality, 0.0, 1.0)
    least_ratio = ranges.number("min_ratio", min_ratio, 1.0, math.inf)
    scores = [candidate.similarity for candidate in candidates]
    if any(not a >= b for a, b in pairwise(scores)):
        raise InvalidInput("candidates: must be ordered by falling similarity, the most similar person first")
    if not candidates:
        return Verdict(Outcome.NOT_IDENTIFIED, None, "nobody was found to compare with")
    best, lead = candidates[0], _lead(scores, calibration)
    if threshold is None:
        return Verdict(Outcome.NO_DECISION, None, no_threshold, lead=lead)
    margin, rate = best.similarity - threshold.threshold, threshold.fpir_at(best.similarity)
    said = f"{best.person} has similarity {best.similarity:.4f}, the threshold is {threshold.threshold:.4f}"
    outcome, decision, reason = Outcome.NO_DECISION, None, ""
    if quality is not None and quality < least_quality:
        reason = f"the face's quality {quality:.2f} is below {least_quality:.2f}, too low to name or exclude anybody"
    elif margin < 0:
        outcome, reason = Outcome.NOT_IDENTIFIED, f"{said}{_missed(threshold.threshold, calibration)}"
    elif lead is not None and lead < math.log(least_ratio):
        other = candidates[1]
        reason = (
            f"{best.person} explains the face only {math.exp(lead):.2g} times better than {other.person}; "
            f"{least_ratio:g} times are asked for"
        )
    else:
        outcome, decision, reason = Outcome.IDENTIFIED, best.person, f"{said}{_ahead(candidates, lead)}"
    return Verdict(outcome, decision, reason, margin, lead, rate)


def _lead(scores: list[float], calibration: Calibration | None) -> float | None:
    return None if calibration is None or len(scores) < 2 else calibration.slope * (scores[0] - scores[1])


def _missed(threshold: float, calibration: Calibration | None) -> str:
    if calibration is None:
        return ""
    return f"; so strict a threshold misses up to {fnmr_at_threshold(calibration, threshold):.0%} of mated comparisons"


def _ahead(candidates: Sequence[Candidate], lead: float | None) -> str:
    if lead is None:
        return ""
    return (
        f", and the next person, {candidates[1].person}, explains the face {math.exp(min(lead, 700)):.2g} times worse"
    )
