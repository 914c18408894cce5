"""The pairs protocol: labelled photo pairs in, accuracy, error rates and quality of the evidence out.

Undetected faces are errors and are never dropped. A pair of which one photo gave no template
  * is a wrong decision in accuracy, whatever its label;
  * is an error at every threshold in AUC, EER, DET and FNMR@FMR: a mated pair counts as score -inf, a non-mated pair
    as +inf. (A real system would not match where it sees no face; counting so, no figure can gain by not looking.)
    FNMR@FMR among the pairs that were compared, as ISO/IEC 19795-1 defines the two rates, is reported beside it;
  * says nothing in Cllr: log likelihood ratio 0, at a cost of one bit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from visavis.bench.embedding import MissedImage, embed_images
from visavis.bench.metrics import FoldAccuracy, Interval, auc, eer, fnmr_at_fmr, fold_accuracy, identity_interval
from visavis.bench.pair_list import PairList, read_pairs
from visavis.errors import DataError, VisavisError
from visavis.matching.calibration import cllr, fit_logistic, llr_bounds, log_likelihood_ratio, pav_llr
from visavis.matching.error_rates import allowed_errors
from visavis.matching.scores import paired_similarity

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from visavis.bench.embedding import Embedded, FaceFinder, Progress, Subject
    from visavis.matching.scores import Metric
    from visavis.models.calibration import Calibration

    Scores = NDArray[np.float64]
    Flags = NDArray[np.bool_]

RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""False-match rates at which FNMR is reported, as far down as one error could be seen."""

Kind = Literal["false match", "false non-match", "no face"]


@dataclass(frozen=True, slots=True)
class PairError:
    """A pair that was decided wrongly, or not at all."""

    kind: Kind
    path_a: str
    path_b: str
    same: bool
    score: float | None
    threshold: float
    """Of its fold."""

    @property
    def margin(self) -> float:
        """How far the score lies on the wrong side; infinite where there is no score."""
        return np.inf if self.score is None else abs(self.score - self.threshold)


@dataclass(frozen=True, eq=False, slots=True)
class PairsReport:
    """What a pairs benchmark measured; see the module's text for how undetected faces count.

    Attributes:
        source: the pairs list.
        model: fingerprint of the model and its settings.
        subject: which face was taken of photos with several.
        pairs: number of pairs; `mated` of them show one person.
        images: number of distinct images.
        faces_missed: images that gave no template; `missed` says which and why.
        pairs_missed: pairs with such an image.
        accuracy: fold by fold, each at the threshold that is best on the other folds.
        accuracy_interval: 95 % over people, where folder names tell who they are.
        auc: area under the ROC curve.
        eer: equal error rate.
        fnmr_at_fmr: FNMR by FMR, for the rates that the number of comparisons supports.
        fnmr_at_fmr_compared: the same among pairs with two templates; equal unless faces were missed.
        cllr: cost in bits of likelihood ratios calibrated on the other folds; None where they do not suffice.
        cllr_card: the same with the calibration of the model's card; None without one.
        min_cllr: the least cost that any calibration of these scores could have.
        seconds: files to templates; `images_per_s` is the rate.
        by_source_set: pairs and accuracy for each value of the column `source_set`.
        errors: every wrong pair, worst first.
        notes: what was decided on the way.
        scores: (n,) similarities, NaN where an image gave no template.
        same: (n,) labels.
        llr: (n,) log likelihood ratios calibrated on the other folds, 0 without a score; None as `cllr`.
    """

    source: str
    model: str
    subject: Subject
    pairs: int
    mated: int
    images: int
    faces_missed: int
    pairs_missed: int
    accuracy: FoldAccuracy
    accuracy_interval: Interval | None
    auc: float
    eer: float
    fnmr_at_fmr: dict[float, float]
    fnmr_at_fmr_compared: dict[float, float]
    cllr: float | None
    cllr_card: float | None
    min_cllr: float
    seconds: float
    by_source_set: dict[str, dict[str, float]]
    missed: tuple[MissedImage, ...]
    errors: tuple[PairError, ...]
    notes: tuple[str, ...]
    scores: Scores
    same: Flags
    llr: Scores | None

    @property
    def images_per_s(self) -> float:
        return self.images / self.seconds

    def to_dict(self, worst: int = 20) -> dict[str, Any]:
        """JSON-ready figures, with the `worst` errors of each kind; per-pair arrays are left out."""
        plain = (
            "source",
            "model",
            "subject",
            "pairs",
            "mated",
            "images",
            "faces_missed",
            "pairs_missed",
            "auc",
            "eer",
            "cllr",
        )
        figures = {name: getattr(self, name) for name in (*plain, "cllr_card", "min_cllr", "seconds", "images_per_s")}
        accuracy = self.accuracy
        return {
            **figures,
            "accuracy_mean": accuracy.mean,
            "accuracy_std": accuracy.std,
            "accuracy_stderr": accuracy.stderr,
            "accuracy_interval": self.accuracy_interval and asdict(self.accuracy_interval),
            "folds": [
                {"fold": int(fold), "accuracy": float(share), "threshold": _finite(threshold)}
                for fold, share, threshold in zip(accuracy.folds, accuracy.accuracies, accuracy.thresholds, strict=True)
            ],
            "fnmr_at_fmr": {f"{rate:g}": value for rate, value in self.fnmr_at_fmr.items()},
            "fnmr_at_fmr_compared": {f"{rate:g}": value for rate, value in self.fnmr_at_fmr_compared.items()},
            "by_source_set": self.by_source_set,
            "missed": [asdict(image) for image in self.missed],
            "errors": [
                {**asdict(error), "threshold": _finite(error.threshold)}
                for kind in ("false match", "false non-match", "no face")
                for error in [e for e in self.errors if e.kind == kind][:worst]
            ],
            "notes": list(self.notes),
        }


def bench_pairs(
    engine: FaceFinder,
    pairs: str | os.PathLike[str],
    root: str | os.PathLike[str],
    *,
    metric: Metric,
    calibration: Calibration | None = None,
    subject: Subject = "prominent",
    progress: Progress | None = None,
) -> PairsReport:
    """Run the protocol on a pairs list: every distinct image is embedded once, one face of each compared.

    Args:
        engine: finds and embeds faces.
        pairs: CSV file, see `read_pairs`.
        root: folder that its paths are relative to.
        metric: of the engine's model.
        calibration: of the engine's model, to judge it on these pairs.
        subject: which face of a photo with several is compared: see `prominent`, or the largest.
        progress: called with (done, all) after every image.

    Raises:
        DataError: the pairs list cannot be used, or no pair of one kind could be compared.
    """
    listed = read_pairs(pairs, root)
    embedded = embed_images(engine, listed.root, listed.images, subject, progress)
    return report_pairs(listed, embedded, metric, calibration)


def report_pairs(
    pairs: PairList, embedded: Embedded, metric: Metric, calibration: Calibration | None = None
) -> PairsReport:
    """The figures of a pairs list from the templates of its images; arguments and errors as `bench_pairs`."""
    scores = _pair_scores(pairs, embedded, metric)
    compared = ~np.isnan(scores)
    for kind, name in ((pairs.same, "same-person"), (~pairs.same, "different-people")):
        if not compared[kind].any():
            raise DataError(f"{pairs.source}: no {name} pair has a face in both photos; nothing can be measured")
    mated, nonmated = counted_scores(scores, pairs.same)
    accuracy = fold_accuracy(scores, pairs.same, pairs.folds)
    llr = _cross_calibrated(scores, pairs)
    card_llr = None if calibration is None else log_likelihood_ratio(calibration, np.where(compared, scores, 0.0))
    return PairsReport(
        source=pairs.source,
        model=embedded.model,
        subject=embedded.subject,
        pairs=len(pairs),
        mated=int(pairs.same.sum()),
        images=len(pairs.images),
        faces_missed=len(embedded.missed),
        pairs_missed=int((~compared).sum()),
        accuracy=accuracy,
        accuracy_interval=_accuracy_interval(pairs, accuracy),
        auc=auc(mated, nonmated),
        eer=eer(mated, nonmated),
        fnmr_at_fmr=_fnmr_at_rates(mated, nonmated),
        fnmr_at_fmr_compared=_fnmr_at_rates(scores[compared & pairs.same], scores[compared & ~pairs.same]),
        cllr=_cost(llr, compared, pairs.same),
        cllr_card=_cost(card_llr, compared, pairs.same),
        min_cllr=_least_cost(scores, compared, pairs.same),
        seconds=embedded.seconds,
        by_source_set=_by_source_set(pairs, accuracy),
        missed=embedded.missed,
        errors=_errors(pairs, scores, accuracy),
        notes=pairs.notes,
        scores=scores,
        same=pairs.same,
        llr=llr,
    )


def counted_scores(scores: Scores, same: Flags) -> tuple[Scores, Scores]:
    """Mated and non-mated scores in which pairs without a score (NaN) are errors at every threshold."""
    return np.nan_to_num(scores[same], nan=-np.inf), np.nan_to_num(scores[~same], nan=np.inf)


def _fnmr_at_rates(mated: Scores, nonmated: Scores) -> dict[float, float]:
    return {rate: fnmr_at_fmr(mated, nonmated, rate) for rate in RATES if allowed_errors(rate, len(nonmated))}


def _pair_scores(pairs: PairList, embedded: Embedded, metric: Metric) -> Scores:
    scores = np.full(len(pairs), np.nan)
    both = embedded.found[pairs.first] & embedded.found[pairs.second]
    first, second = embedded.templates[pairs.first[both]], embedded.templates[pairs.second[both]]
    scores[both] = paired_similarity(first, second, metric)
    return scores


def _cross_calibrated(scores: Scores, pairs: PairList) -> Scores | None:
    """Log likelihood ratios of every pair by a calibration fitted on the other folds; 0 without a score."""
    llr = np.zeros(len(scores))
    for fold in np.unique(pairs.folds):
        test, train = pairs.folds == fold, (pairs.folds != fold) & ~np.isnan(scores)
        mated, nonmated = scores[train & pairs.same], scores[train & ~pairs.same]
        try:
            slope, intercept = fit_logistic(mated, nonmated)
        except VisavisError:
            return None
        llr[test] = np.clip(slope * scores[test] + intercept, *llr_bounds(len(mated), len(nonmated)))
    return np.nan_to_num(llr, nan=0.0)


def _cost(llr: Scores | None, compared: Flags, same: Flags) -> float | None:
    if llr is None:
        return None
    heard = np.where(compared, llr, 0.0)
    return cllr(heard[same], heard[~same])


def _least_cost(scores: Scores, compared: Flags, same: Flags) -> float:
    llr = np.zeros(len(scores))
    llr[compared & same], llr[compared & ~same] = pav_llr(scores[compared & same], scores[compared & ~same])
    return cllr(llr[same], llr[~same])


def _accuracy_interval(pairs: PairList, accuracy: FoldAccuracy) -> Interval | None:
    identities = pairs.identities()
    if identities is None:
        return None
    return identity_interval(accuracy.correct, identities[pairs.first], identities[pairs.second])


def _by_source_set(pairs: PairList, accuracy: FoldAccuracy) -> dict[str, dict[str, float]]:
    if pairs.source_sets is None:
        return {}
    sets = np.array(pairs.source_sets)
    return {
        str(name): {"pairs": int((sets == name).sum()), "accuracy": float(accuracy.correct[sets == name].mean())}
        for name in np.unique(sets)
    }


def _errors(pairs: PairList, scores: Scores, accuracy: FoldAccuracy) -> tuple[PairError, ...]:
    thresholds = accuracy.thresholds[np.searchsorted(accuracy.folds, pairs.folds)]
    errors = []
    for row in np.flatnonzero(~accuracy.correct).tolist():
        same, score = bool(pairs.same[row]), float(scores[row])
        missing = np.isnan(score)
        kind: Kind = "no face" if missing else "false non-match" if same else "false match"
        ends = pairs.images[pairs.first[row]], pairs.images[pairs.second[row]]
        errors.append(PairError(kind, *ends, same, None if missing else score, float(thresholds[row])))
    return tuple(sorted(errors, key=lambda error: -error.margin))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
