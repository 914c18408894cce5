"""From which similarity on the guard speaks: read from the model's calibration and the gallery's own threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import InvalidInput, NotCalibrated
from visavis.gallery.thresholds import DEFAULT_FPIR, gallery_threshold, stored_threshold
from visavis.matching.calibration import threshold_at_fmr, threshold_at_fnmr
from visavis.matching.identification import calibrated_threshold
from visavis.matching.identification.decision import MIN_RATIO
from visavis.matching.verification import DEFAULT_FMR

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.matching import Metric
    from visavis.matching.identification import FpirThreshold
    from visavis.models.calibration import Calibration

MISSED = 0.01
"""Share of comparisons of one person's photos that are taken for those of two. At the similarity that this gives, 0.5 %
of LFW's photos agree with fewer than half of four others of their person; of strangers put among them, 98 %."""

NEAR = 0.45
"""Two photos are nearly the same from this share of the distance of an average pair of one person's photos on. 0.5 % of
LFW's photos have such a neighbour, most of them the same photo in another copy; of photos that were scaled to 80 % or
stored again at JPEG quality 50, 97 % do."""


@dataclass(frozen=True, slots=True)
class IdentityLimits:
    """Similarities, all of one model.

    Attributes:
        named: from here on the gallery would name somebody: its threshold for an FPIR of 1 %.
        match: from here on two photos match at the usual false-match rate.
        consistent: below it lie 1 % of the comparisons of one person's photos.
        near: from here on a photo adds nothing to the other.
        lead: a person ahead by so much explains a photo ten times better than the next.
    """

    named: float
    match: float
    consistent: float
    near: float
    lead: float


def identity_limits(calibration: Calibration, metric: Metric, named: float) -> IdentityLimits:
    """The limits of a model, with the similarity from which on a gallery names somebody.

    Rates that the calibration does not reach are replaced by the nearest that it does.
    """
    typical = threshold_at_fnmr(calibration, _within(calibration.fnmr, 0.5))
    return IdentityLimits(
        named=named,
        match=threshold_at_fmr(calibration, _within(calibration.fmr, DEFAULT_FMR)),
        consistent=threshold_at_fnmr(calibration, _within(calibration.fnmr, MISSED)),
        near=nearer(typical, metric, NEAR),
        lead=math.log(MIN_RATIO) / calibration.slope,
    )


def naming_threshold(
    gallery: Gallery | None, calibration: Calibration, model: str, size: int, *, may_set: bool = True
) -> float:
    """From which similarity on somebody would be named, at an FPIR of 1 %.

    Args:
        gallery: its stored threshold counts while it fits; None before there is a gallery.
        calibration: of the model, which gives the threshold otherwise, as long as it reaches.
        model: fingerprint of the model.
        size: number of references that a photo is compared with.
        may_set: a threshold may be set for the gallery, and stored with it.

    Returns: for more references than the calibration reaches, what the gallery's own scores give; where they do not
        suffice, the strictest threshold of the calibration.
    """
    if gallery is not None and (kept := _stored(gallery, model)):
        return kept.threshold
    try:
        return calibrated_threshold(calibration, DEFAULT_FPIR, enrolled=(1, max(size, 1)), model=model).threshold
    except NotCalibrated:
        return _own(gallery, calibration, model) if gallery is not None and may_set else calibration.fmr[0][1]


def nearer(similarity: float, metric: Metric, share: float) -> float:
    """The similarity of templates at `share` of the distance behind a similarity.

    Under the cosine metric the distance is that of unit vectors, whose square is 2 * (1 - cosine).
    """
    return 1 - (1 - similarity) * (share if metric == "euclidean" else share**2)


def _within(rows: tuple[tuple[float, float], ...], rate: float) -> float:
    return min(max(rate, rows[0][0]), rows[-1][0])


def _stored(gallery: Gallery, model: str) -> FpirThreshold | None:
    keys, groups = gallery.tier(model).members()
    return stored_threshold(gallery, DEFAULT_FPIR, model, keys, len(np.unique(groups)))


def _own(gallery: Gallery, calibration: Calibration, model: str) -> float:
    try:
        return gallery_threshold(gallery, DEFAULT_FPIR, model=model).threshold
    except (NotCalibrated, InvalidInput):  # few people with many photos; or all references come with this batch
        return calibration.fmr[0][1]
