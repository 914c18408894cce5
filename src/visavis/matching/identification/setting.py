"""Setting the threshold for a chosen FPIR: from the gallery's own non-mated scores, or from its model's card.

Own scores: every enrolled reference (or a sample) searches the gallery without its own person; the best score of each
such search is a non-mated one. The threshold is the lowest that keeps the rate asked for on them (ties included), and
holds for probes that are like the enrolled photos.

Calibration: a small gallery cannot show a small rate. Then the false-match rate (FMR) of one comparison is chosen such
that R independent comparisons stay within the rate asked for, FPIR = 1 - (1 - FMR)^R, and the threshold is the card's.
People differ in how easily they are mistaken, which makes the true FPIR lower than that formula, never higher on
average (Jensen); but photos unlike those of the card may have another FMR. The interval therefore states what the
gallery's own scores, however few, show at this threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput, NotCalibrated
from visavis.matching.calibration import MIN_ERRORS, threshold_at_fmr
from visavis.matching.error_rates import allowed_errors, checked_scores, highest_rejected
from visavis.matching.identification.intervals import RateInterval, linked_clusters, rate_interval
from visavis.matching.identification.thresholds import FpirThreshold

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.identification.fusion import Fusion
    from visavis.matching.identification.thresholds import Method
    from visavis.models.calibration import Calibration


@dataclass(frozen=True, eq=False, slots=True)
class NonmatedSearches:
    """The best scores of n searches whose person is not among those searched.

    Attributes:
        scores: (n,) best similarity of each.
        people: (n,) who was searched for.
        nearest: (n,) who was found, if the searches were of the gallery's own references; None for people who are not
            enrolled, whose searches depend on each other only through the person.
    """

    scores: NDArray[np.float64]
    people: NDArray[Any]
    nearest: NDArray[Any] | None = None

    def at(self, threshold: float, level: float = 0.95) -> RateInterval:
        """The FPIR that they show at a threshold, with its limits."""
        wrong = self.scores >= threshold
        if self.nearest is None:
            return rate_interval(wrong, self.people, level)
        # Where the person found searches too, each error comes with its mirror image: D is near 2 at least.
        mutual = 1 + float(np.isin(self.nearest, self.people).mean())
        clusters = linked_clusters(wrong, self.people, self.nearest)
        return rate_interval(wrong, clusters, level, least_design_effect=mutual)


def fpir_threshold(
    scores: ArrayLike,
    people: ArrayLike,
    fpir: float,
    *,
    nearest: ArrayLike | None = None,
    enrolled: tuple[int, int],
    model: str,
    fusion: Fusion = "max",
    level: float = 0.95,
) -> FpirThreshold:
    """The threshold that non-mated searches set.

    Args:
        scores: (n,) best similarity of each non-mated search.
        people: (n,) who was searched for.
        fpir: rate asked for, in (0, 1).
        nearest: (n,) who was found, if the searches were of the gallery's own references.
        enrolled: (people, references) in the gallery.
        model: fingerprint of the model behind the scores.
        fusion: how the scores were fused.
        level: confidence of the interval, in (0, 1).

    Raises:
        InvalidInput: unusable scores or labels, or a rate outside (0, 1).
        NotCalibrated: fewer than `MIN_ERRORS` errors would be allowed, so that the rate cannot be seen.
    """
    searches = _checked(scores, people, nearest)
    count = len(searches.scores)
    if allowed_errors(fpir, count) < MIN_ERRORS:
        raise NotCalibrated(
            f"FPIR {fpir:g}: {count} non-mated searches cannot show it, {math.ceil(MIN_ERRORS / fpir)} could; enrol "
            "more people, ask for a higher rate, or use the model's calibration"
        )
    at = _above(searches.scores, fpir)
    seen = searches.at(at, level)
    steps = sorted({fpir, *(k / count for k in _steps(count))}, reverse=True)
    table = tuple((rate, _above(searches.scores, rate)) for rate in steps if rate < 1)
    return _made(fpir, at, seen, searches.people, "non-mated scores", fusion, enrolled, model, table)


def calibrated_threshold(
    calibration: Calibration,
    fpir: float,
    *,
    enrolled: tuple[int, int],
    model: str,
    fusion: Fusion = "max",
    searches: NonmatedSearches | None = None,
    level: float = 0.95,
) -> FpirThreshold:
    """The threshold that the model's card gives for a gallery of this size.

    Args:
        calibration: of the model.
        fpir: rate asked for, in (0, 1).
        enrolled: (people, references) in the gallery.
        model: fingerprint of the model.
        fusion: how several references of one person become one score.
        searches: non-mated searches of this gallery, which the interval is read from.
        level: confidence of the interval, in (0, 1).

    Raises:
        InvalidInput: an empty gallery, or a rate outside (0, 1).
        NotCalibrated: the card's table does not reach the false-match rate that is needed.
    """
    comparisons = _comparisons(enrolled, fusion)
    if not 0 < fpir < 1:
        raise InvalidInput(f"FPIR {fpir}: must lie strictly between 0 and 1")
    fmr = -math.expm1(math.log1p(-fpir) / comparisons)
    lowest, highest = calibration.fmr[0][0], calibration.fmr[-1][0]
    if fmr < lowest:
        reach = -math.expm1(comparisons * math.log1p(-lowest))
        raise NotCalibrated(
            f"FPIR {fpir:g} among {comparisons} comparisons needs a false-match rate of {fmr:.2g}, and the card of "
            f"{model} is calibrated down to {lowest:g}; ask for an FPIR of {reach:.2g} or more, or enrol so many "
            f"people that their own {math.ceil(MIN_ERRORS / fpir)} searches show it"
        )
    at = threshold_at_fmr(calibration, min(fmr, highest))
    rows = {-math.expm1(comparisons * math.log1p(-rate)): row for rate, row in calibration.fmr} | {fpir: at}
    table = tuple(sorted(rows.items(), reverse=True))
    seen = RateInterval(math.nan, 0.0, 1.0, level, 0, 0, 1.0) if searches is None else searches.at(at, level)
    people = np.empty(0) if searches is None else searches.people
    return _made(fpir, at, seen, people, "calibration", fusion, enrolled, model, table)


def set_threshold(
    searches: NonmatedSearches | None,
    calibration: Calibration | None,
    fpir: float,
    *,
    enrolled: tuple[int, int],
    model: str,
    fusion: Fusion = "max",
    level: float = 0.95,
) -> FpirThreshold:
    """The threshold of a gallery: from its own non-mated searches where they suffice, else from the model's card.

    Raises:
        InvalidInput: as `fpir_threshold` and `calibrated_threshold`.
        NotCalibrated: neither can give one; the message says what is missing.
    """
    count = 0 if searches is None else len(searches.scores)
    if searches is not None and allowed_errors(fpir, count) >= MIN_ERRORS:
        return fpir_threshold(
            searches.scores,
            searches.people,
            fpir,
            nearest=searches.nearest,
            enrolled=enrolled,
            model=model,
            fusion=fusion,
            level=level,
        )
    if calibration is None:
        raise NotCalibrated(
            f"FPIR {fpir:g}: {count} non-mated searches of the gallery cannot show it ({math.ceil(MIN_ERRORS / fpir)} "
            f"could), and {model} has no calibration; enrol more people, ask for a higher rate, or calibrate the model"
        )
    return calibrated_threshold(
        calibration, fpir, enrolled=enrolled, model=model, fusion=fusion, searches=searches, level=level
    )


def _checked(scores: ArrayLike, people: ArrayLike, nearest: ArrayLike | None) -> NonmatedSearches:
    values, who = checked_scores("best non-mated scores", scores, finite=True), np.asarray(people)
    found = None if nearest is None else np.asarray(nearest)
    if who.shape != values.shape or (found is not None and found.shape != values.shape):
        raise InvalidInput(f"people and nearest: need one label for each of {len(values)} searches, got {who.shape}")
    if found is not None and (found == who).any():
        raise InvalidInput("nearest: some searches found their own person; search the gallery without that person")
    return NonmatedSearches(values, who, found)


def _above(scores: NDArray[np.float64], rate: float) -> float:
    """The lowest similarity that keeps the rate: the next number above the highest score to be rejected."""
    return float(np.nextafter(highest_rejected(scores, rate), np.inf))


def _steps(count: int) -> list[int]:
    """Numbers of errors at which the table has a row: 1, 2, 5, 10 ... below `count`."""
    return [digit * 10**power for power in range(len(str(count))) for digit in (1, 2, 5) if digit * 10**power < count]


def _comparisons(enrolled: tuple[int, int], fusion: Fusion) -> int:
    """How many chances of a false positive a search has: one per reference under "max", else one per person."""
    people = ranges.whole("enrolled people", enrolled[0], 1, 2**62)
    references = ranges.whole("enrolled references", enrolled[1], people, 2**62)
    return references if fusion == "max" else people


def _made(
    fpir: float,
    at: float,
    seen: RateInterval,
    people: NDArray[Any],
    method: Method,
    fusion: Fusion,
    enrolled: tuple[int, int],
    model: str,
    table: tuple[tuple[float, float], ...],
) -> FpirThreshold:
    return FpirThreshold(
        fpir=fpir,
        threshold=at,
        low=seen.low,
        high=seen.high,
        level=seen.level,
        probes=seen.searches,
        people=len(np.unique(people)),
        errors=seen.errors,
        method=method,
        fusion=fusion,
        enrolled_people=enrolled[0],
        enrolled_references=enrolled[1],
        model=model,
        table=table,
    )
