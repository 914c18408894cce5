"""What a comparison says, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from visavis.matching.calibration import fmr_at_threshold, fnmr_at_threshold
from visavis.matching.verification import card_and_calibration
from visavis.types import Decision

if TYPE_CHECKING:
    from visavis.models.calibration import Calibration
    from visavis.types import Comparison

_ROUNDING = 1e-9  # rates come back through their logarithms


def verdict(comparison: Comparison) -> str:
    """The decision with its evidence, in one line.

    Raises:
        ModelError, NotCalibrated: the card behind the comparison is not on this machine.
    """
    evidence = comparison.evidence
    return (
        f"{evidence.decision}: similarity {evidence.score:.3f}, {evidence_in_words(comparison)}; "
        f"LLR {evidence.log_likelihood_ratio:+.1f} "
        f"(posterior {probability_in_words(evidence.probability)} at prior {evidence.prior:g})"
    )


def evidence_in_words(comparison: Comparison) -> str:
    """How often the model errs at this similarity: "1 in 2,300 non-mated pairs score this high"."""
    calibration = card_and_calibration(comparison.model)[1]
    high = f"{_non_mated_share(calibration, comparison.score)} non-mated pairs score this high"
    low = f"{_mated_share(calibration, comparison.score)} mated pairs this low"
    return {
        Decision.MATCH: high,
        Decision.NO_MATCH: low.replace("this", "score this"),
        Decision.INCONCLUSIVE: f"{high} and {low}",
    }[comparison.decision]


def likelihood_in_words(llr: float) -> str:
    """A natural-log likelihood ratio as "8,900 times likelier for one person than for two"."""
    times = math.exp(abs(llr))
    if times < 1.05:
        return "about as likely for one person as for two"
    sides = ("one person", "two people") if llr > 0 else ("two people", "one person")
    return f"{_rounded(times)} times likelier for {sides[0]} than for {sides[1]}"


def probability_in_words(probability: float) -> str:
    """Four digits, and never a certainty that the evidence does not give."""
    if probability > 0.9999:
        return "> 0.9999"
    return "< 0.0001" if probability < 0.0001 else f"{probability:.4f}"


def percent(rate: float) -> str:
    """A rate as "0.1 %"."""
    return f"{100 * rate:.2g} %"


def _non_mated_share(calibration: Calibration, score: float) -> str:
    return _share(fmr_at_threshold(calibration, score), calibration.fmr[0][0], calibration.fmr[-1][0])


def _mated_share(calibration: Calibration, score: float) -> str:
    return _share(fnmr_at_threshold(calibration, score), calibration.fnmr[0][0], calibration.fnmr[-1][0])


def _share(rate: float, lowest: float, highest: float) -> str:
    """A rate in words; the calibration supports `lowest` to `highest`."""
    if rate > highest * (1 + _ROUNDING):
        return f"more than {percent(highest)} of"
    words = f"1 in {_rounded(1 / rate)}" if rate < 0.1 else f"{percent(rate)} of"
    return f"at most {words}" if rate <= lowest * (1 + _ROUNDING) else words


def _rounded(number: float) -> str:
    """Two significant digits: what follows would be noise."""
    return f"{float(f'{number:.2g}'):,.0f}" if number >= 10 else f"{number:.2g}"
