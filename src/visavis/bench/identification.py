"""The open-set identification protocol: enrolled people and two kinds of probes in, rates of both errors out.

The threshold of an operating point is set from the gallery alone, as `visavis identify` sets it; the non-mated probes
show people whom it has never seen, and tell whether the rate that it promised came true.

Undetected faces are errors and are never dropped. A mated probe without a template is missed, as is one whose person
has no template in the gallery. A non-mated probe without a template counts as a false positive (no figure can gain by
not looking), except in `fpir_compared`, which is what a stated interval is compared with: thresholds are about scores.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from visavis import ranges
from visavis.bench.embedding import MissedImage, embed_images
from visavis.bench.identification_list import IdentificationList, read_identification
from visavis.bench.identification_search import gallery_searches, search
from visavis.errors import DataError, NotCalibrated
from visavis.matching.error_rates import allowed_errors
from visavis.matching.identification import FpirThreshold, Fusion, RateInterval, rate_interval, set_threshold
from visavis.matching.identification.decision import MIN_RATIO

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from visavis.bench.embedding import Embedded, FaceFinder, Progress, Subject
    from visavis.bench.identification_search import Searches
    from visavis.matching.scores import Metric
    from visavis.models.calibration import Calibration

    Scores = NDArray[np.float64]

RATES = (1e-2, 1e-1)
"""FPIRs at which the protocol reports, unless others are asked for."""
RANKS = 20
"""Length of the CMC curve."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What one threshold does.

    Attributes:
        threshold: set from the gallery, with the interval that it states for the FPIR.
        tpir: share of mated probes whose person is first and reaches the threshold: 1 - FNIR.
        fpir: share of non-mated probes with anybody at the threshold; those without a face count as errors.
        fpir_compared: the same among non-mated probes with a face, with limits over people.
        inside: whether `fpir_compared` lies in the threshold's interval.
        compatible: whether its limits at least overlap that interval: few probes may miss it by chance.
        wrong_person: share of mated probes where somebody else is first and reaches the threshold.
        undecided_mated: share of mated probes over the threshold, right or wrong, where the next person is too close.
        undecided_nonmated: the same of non-mated probes, which `fpir` still counts as errors.
        tpir_oracle: TPIR at the threshold which gives exactly the rate asked for on these non-mated probes.
    """

    threshold: FpirThreshold
    tpir: float
    fpir: float
    fpir_compared: RateInterval
    inside: bool
    compatible: bool
    wrong_person: float
    undecided_mated: float | None
    undecided_nonmated: float | None
    tpir_oracle: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without the threshold's table."""
        threshold = {name: value for name, value in self.threshold.to_dict().items() if name != "table"}
        return {**asdict(self), "threshold": threshold}


@dataclass(frozen=True, eq=False, slots=True)
class IdentificationReport:
    """What an identification benchmark measured; see the module's text for how undetected faces count.

    Attributes:
        source: the list.
        model: fingerprint of the model and its settings.
        subject: which face was taken of photos with several.
        fusion: how several references of one person became one score.
        people: enrolled people, `references` their photos.
        mated: number of mated probes.
        nonmated: number of non-mated probes, of `strangers` people.
        cmc: (k,) share of mated probes whose person is among the first 1, 2, ... k.
        points: one operating point per FPIR asked for.
        unset: why there is no operating point, by FPIR.
        seconds: files to templates.
        missed: photos that gave no template, and why.
        mated_searches: of the mated probes.
        nonmated_searches: of the non-mated probes.
    """

    source: str
    model: str
    subject: Subject
    fusion: Fusion
    people: int
    references: int
    mated: int
    nonmated: int
    strangers: int
    cmc: Scores
    points: tuple[OperatingPoint, ...]
    unset: dict[float, str]
    seconds: float
    missed: tuple[MissedImage, ...]
    mated_searches: Searches
    nonmated_searches: Searches

    def rank_rate(self, place: int) -> float:
        """Share of mated probes whose person is among the first `place`."""
        return float(self.cmc[min(place, len(self.cmc)) - 1])

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready figures; per-probe arrays are left out."""
        names = ("source", "model", "subject", "fusion", "people", "references", "mated", "nonmated", "strangers")
        return {
            **{name: getattr(self, name) for name in names},
            "rank_1": self.rank_rate(1),
            "rank_5": self.rank_rate(5),
            "cmc": self.cmc.tolist(),
            "points": [point.to_dict() for point in self.points],
            "unset": {f"{rate:g}": why for rate, why in self.unset.items()},
            "seconds": self.seconds,
            "missed": [asdict(image) for image in self.missed],
        }


def bench_identification(
    engine: FaceFinder,
    split: str | os.PathLike[str],
    root: str | os.PathLike[str],
    *,
    metric: Metric,
    calibration: Calibration | None = None,
    rates: Sequence[float] = RATES,
    fusion: Fusion = "max",
    subject: Subject = "prominent",
    progress: Progress | None = None,
) -> IdentificationReport:
    """Run the protocol on a list: every photo is embedded once, one face of each.

    Args:
        engine: finds and embeds faces.
        split: CSV file, see `read_identification`.
        root: folder that its paths are relative to.
        metric: of the engine's model.
        calibration: of the engine's model, for galleries too small to set a threshold by themselves.
        rates: FPIRs to report at.
        fusion: how several references of one person become one score.
        subject: which face of a photo with several.
        progress: called with (done, all) after every image.

    Raises:
        DataError: the list cannot be used, or its gallery or one kind of probes has no face at all.
        InvalidInput: a rate outside (0, 1).
    """
    ranges.one_of("fusion", fusion, get_args(Fusion))
    for rate in rates:
        allowed_errors(rate, 1)  # refuses a rate outside (0, 1) before any photo is opened
    listed = read_identification(split, root)
    embedded = embed_images(engine, listed.root, listed.images, subject, progress)
    return report_identification(listed, embedded, metric, calibration, rates, fusion)


def report_identification(
    listed: IdentificationList,
    embedded: Embedded,
    metric: Metric,
    calibration: Calibration | None = None,
    rates: Sequence[float] = RATES,
    fusion: Fusion = "max",
) -> IdentificationReport:
    """The figures of a list from the templates of its photos; arguments and errors as `bench_identification`."""
    gallery, mated, nonmated = (listed.rows(role) for role in ("gallery", "probe_mated", "probe_nonmated"))
    for rows, name in ((gallery, "gallery"), (mated, "probe_mated"), (nonmated, "probe_nonmated")):
        if not embedded.found[rows].any():
            raise DataError(f"{listed.source}: no {name} photo has a face; nothing can be measured")
    enrolled = gallery[embedded.found[gallery]]
    references, owners = embedded.templates[enrolled], listed.identities[enrolled]
    with_mate, without = (
        search(embedded.templates[rows], listed.identities[rows], references, owners, metric, fusion)
        for rows in (mated, nonmated)
    )
    own = gallery_searches(references, owners, metric, fusion)
    points, unset = [], {}
    for rate in rates:
        size = (len(np.unique(owners)), len(owners))
        try:
            threshold = set_threshold(own, calibration, rate, enrolled=size, model=embedded.model, fusion=fusion)
        except NotCalibrated as problem:
            unset[rate] = str(problem)
        else:
            points.append(_point(threshold, with_mate, without, listed.identities[nonmated], calibration))
    return IdentificationReport(
        source=listed.source,
        model=embedded.model,
        subject=embedded.subject,
        fusion=fusion,
        people=len(np.unique(listed.identities[gallery])),
        references=len(gallery),
        mated=len(mated),
        nonmated=len(nonmated),
        strangers=len(np.unique(listed.identities[nonmated])),
        cmc=np.array([((with_mate.rank >= 1) & (with_mate.rank <= place)).mean() for place in range(1, RANKS + 1)]),
        points=tuple(points),
        unset=unset,
        seconds=embedded.seconds,
        missed=embedded.missed,
        mated_searches=with_mate,
        nonmated_searches=without,
    )


def _point(
    threshold: FpirThreshold,
    mated: Searches,
    nonmated: Searches,
    strangers: NDArray[np.str_],
    calibration: Calibration | None,
) -> OperatingPoint:
    at, seen = threshold.threshold, ~np.isnan(nonmated.best)
    false = np.where(seen, nonmated.best >= at, True)
    compared = rate_interval(false[seen], strangers[seen], threshold.level)
    first = mated.rank == 1
    over = mated.best >= at
    oracle = np.sort(nonmated.best[seen])[::-1]
    allowed = int(np.floor(threshold.fpir * len(oracle)))
    return OperatingPoint(
        threshold=threshold,
        tpir=float((first & over).mean()),
        fpir=float(false.mean()),
        fpir_compared=compared,
        inside=threshold.low <= compared.rate <= threshold.high,
        compatible=compared.low <= threshold.high and threshold.low <= compared.high,
        wrong_person=float((~first & over).mean()),
        undecided_mated=_undecided(mated, at, calibration),
        undecided_nonmated=_undecided(nonmated, at, calibration),
        tpir_oracle=float((first & (mated.best > oracle[min(allowed, len(oracle) - 1)])).mean()),
    )


def _undecided(searches: Searches, threshold: float, calibration: Calibration | None) -> float | None:
    if calibration is None:
        return None
    close = calibration.slope * (searches.best - searches.second) < np.log(MIN_RATIO)
    return float(((searches.best >= threshold) & close).mean())
