"""Whether the templates of a new model may be compared with those of an old one (FaceNet's harmonic embedding, 2015).

VAL@FAR is the share of mated comparisons that are accepted at the threshold at which a share FAR of non-mated ones is
(1 - FNMR@FMR). It is measured three times on the same labelled photos: among old templates, among new ones, and of new
ones against old ones. A model that was trained to be compatible keeps the order new-new > new-old > old-old: mixing
must not be worse than what there was. Two models that were trained apart are at chance between each other,
VAL = FAR, whatever each can do alone.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput
from visavis.matching.error_rates import allowed_errors, checked_scores, highest_rejected
from visavis.matching.identification.intervals import binomial_limits
from visavis.matching.pair_scores import PairScores, pair_scores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.scores import Metric

    Floats = NDArray[np.float64]

Verdict = Literal["compatible", "incompatible", "undecided"]

TOLERANCE = 0.01
"""How far VAL may fall from old-old to new-old."""
MIN_PEOPLE = 20
"""People with two photos below which resampling them says too little for "compatible"."""
CHANCE = 3.0
"""A VAL up to so many times the FAR is called chance: mated pairs are accepted hardly more often than others."""
SAME = 1e-3
"""Relative change of templates up to which they are the same ones: rounding, another file format."""
_DRAWS = 500


@dataclass(frozen=True, slots=True)
class ValAtFar:
    """VAL@FAR of one kind of comparison.

    Attributes:
        val: share of mated comparisons accepted.
        low: lower confidence limit.
        high: upper confidence limit.
        threshold: similarity that an accepted comparison exceeds; the highest that is rejected.
        mated: number of mated comparisons.
        nonmated: number of non-mated comparisons.
    """

    val: float
    low: float
    high: float
    threshold: float
    mated: int
    nonmated: int


@dataclass(frozen=True, slots=True)
class Compatibility:
    """How the templates of two models compare.

    Attributes:
        verdict: compatible if new-old is not below old-old by more than the tolerance, with the confidence stated, or
            if the templates are the same; incompatible if it is below; undecided if the photos cannot tell.
        same: whether both models give the same templates but for rounding.
        old_old: VAL@FAR among old templates.
        new_old: of new templates against old ones.
        new_new: among new templates.
        difference: VAL of new-old less that of old-old.
        low: lower confidence limit of the difference.
        high: upper confidence limit.
        level: confidence of all limits, by resampling people.
        far: the false-accept rate.
        tolerance: how far VAL may fall.
        people: how many have two photos or more.
        photos: number of photos.
        chance: whether new-old is no better than chance.
        ordered: whether new-new > new-old > old-old, as training for compatibility is to reach.
        far_at_old_threshold: share of non-mated new-old comparisons that old-old's threshold accepts.
        val_at_old_threshold: share of mated ones.
    """

    verdict: Verdict
    same: bool
    old_old: ValAtFar
    new_old: ValAtFar
    new_new: ValAtFar
    difference: float
    low: float
    high: float
    level: float
    far: float
    tolerance: float
    people: int
    photos: int
    chance: bool
    ordered: bool
    far_at_old_threshold: float
    val_at_old_threshold: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def compatibility(
    old: ArrayLike,
    new: ArrayLike,
    people: ArrayLike,
    *,
    metric: Metric,
    new_metric: Metric | None = None,
    far: float = 1e-3,
    tolerance: float = TOLERANCE,
    level: float = 0.95,
    seed: int = 0,
) -> Compatibility:
    """Measure whether new templates may be compared with old ones.

    Args:
        old: (n, d) templates of n photos by the old model.
        new: (n, d) templates of the same photos by the new model.
        people: (n,) who is on each photo.
        metric: how old templates are compared, and new ones with old ones.
        new_metric: how new templates are compared with each other; as the old ones if None.
        far: false-accept rate, in (0, 1).
        tolerance: how far VAL may fall from old-old to new-old.
        level: confidence of the limits, in (0, 1).
        seed: of the resampling.

    Raises:
        InvalidInput: another dimension (naming both), too few non-mated comparisons for the rate (naming how many it
            needs), nobody with two photos, or unusable templates.
    """
    first, second, labels = _checked(old, new, people)
    ranges.number("level", level, 0.5, 0.9999)
    ranges.number("tolerance", tolerance, 0.0, 1.0)
    _check_rate(labels, far)
    among_old = pair_scores(first, first, labels, metric, far)
    old_threshold = among_old.at(far)[0]
    mixed = pair_scores(second, first, labels, metric, far, old_threshold)
    kinds = among_old, mixed, pair_scores(second, second, labels, new_metric or metric, far)
    several = int((np.bincount(labels) > 1).sum())
    drawn = _resampled(kinds, labels, far, seed)
    old_old, new_old, new_new = (
        _measured(scores, far, values, several, level) for scores, values in zip(kinds, drawn.T, strict=True)
    )
    difference = new_old.val - old_old.val
    low, high = _limits(drawn[:, 1] - drawn[:, 0], difference, level)
    if low == high:  # no person drawn differs in anything: what the number of people leaves possible
        unseen = 1 - binomial_limits(several, several, level)[0]
        low, high = max(difference - unseen, -1.0), min(difference + unseen, 1.0)
    same = _same(first, second, metric)
    return Compatibility(
        verdict="compatible" if same else _verdict(difference, low, high, tolerance, several),
        same=same,
        old_old=old_old,
        new_old=new_old,
        new_new=new_new,
        difference=difference,
        low=low,
        high=high,
        level=level,
        far=far,
        tolerance=tolerance,
        people=several,
        photos=len(labels),
        chance=new_old.low <= far or new_old.val <= CHANCE * far,
        ordered=new_new.val > new_old.val > old_old.val,
        far_at_old_threshold=mixed.above / mixed.nonmated,
        val_at_old_threshold=float((mixed.mated > old_threshold).mean()),
    )


def val_at_far(mated: ArrayLike, nonmated: ArrayLike, far: float) -> float:
    """Share of mated scores accepted at the lowest threshold whose false-accept rate does not exceed `far`.

    Raises:
        InvalidInput: fewer than 1 / far non-mated scores, so that the rate cannot be seen.
    """
    different = checked_scores("non-mated scores", nonmated)
    _check_count(len(different), far)
    return float((checked_scores("mated scores", mated) > highest_rejected(different, far)).mean())


def _checked(old: ArrayLike, new: ArrayLike, people: ArrayLike) -> tuple[Floats, Floats, NDArray[np.int64]]:
    first, second = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    names, labels = np.unique(np.asarray(people), return_inverse=True)
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise InvalidInput(
            f"old templates {first.shape} and new ones {second.shape}: templates of {first.shape[-1]} and of "
            f"{second.shape[-1]} numbers cannot be compared; embed the photos again with one model"
        )
    if not len(first) == len(second) == len(labels):
        raise InvalidInput(f"{len(first)} old templates, {len(second)} new ones, {len(labels)} names: need one of each")
    if len(names) < 2 or not (np.bincount(labels) > 1).any():
        raise InvalidInput("labelled photos: need two people or more, and one of them at least with two photos")
    return first, second, labels


def _check_rate(labels: NDArray[np.int64], far: float) -> None:
    counts = np.bincount(labels)
    _check_count((len(labels) ** 2 - int((counts**2).sum())) // 2, far)


def _check_count(nonmated: int, far: float) -> None:
    if not allowed_errors(far, max(nonmated, 1)):
        needed = math.ceil(1 / far)
        raise InvalidInput(
            f"VAL@FAR={far:g}: {nonmated} non-mated comparisons cannot show that rate, {needed} could (photos of "
            f"{math.ceil((1 + math.sqrt(1 + 8 * needed)) / 2)} different people, for instance); add photos, or ask for "
            "a higher rate"
        )


def _measured(scores: PairScores, far: float, drawn: Floats, people: int, level: float) -> ValAtFar:
    bound, val = scores.at(far)
    low, high = _limits(drawn, val, level)
    if low == high:
        low, high = binomial_limits(val * people, people, level)
    return ValAtFar(val, low, high, bound, len(scores.mated), scores.nonmated)


def _limits(drawn: Floats, found: float, level: float) -> tuple[float, float]:
    """Percentiles of resampled values, and what was found between them."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return min(float(low), found), max(float(high), found)


def _same(old: Floats, new: Floats, metric: Metric) -> bool:
    """Whether both models give the same templates but for rounding, as one network in two files does."""
    if metric == "cosine":
        old, new = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (old, new))
    change = np.linalg.norm(new - old, axis=1)
    return bool((change <= SAME * np.linalg.norm(old, axis=1)).all())


def _resampled(kinds: tuple[PairScores, ...], labels: NDArray[np.int64], far: float, seed: int) -> Floats:
    """(draws, kinds) VAL when as many people are drawn as there are, with replacement: the same for all kinds.

    A mated comparison weighs how often its person was drawn, a non-mated one the product of both (pigeonhole bootstrap:
    Owen, 2007), so that comparisons that share a person vary together.
    """
    rng, people, sizes = np.random.default_rng(seed), int(labels.max()) + 1, np.bincount(labels)
    rows: list[list[float]] = []
    while len(rows) < _DRAWS:
        drawn = np.bincount(rng.integers(people, size=people), minlength=people)
        if (drawn[sizes > 1]).any():
            rows.append([scores.at(far, drawn, sizes)[1] for scores in kinds])
    return np.array(rows)


def _verdict(difference: float, low: float, high: float, tolerance: float, people: int) -> Verdict:
    if high < -tolerance:
        return "incompatible"
    if difference < -tolerance or low < -tolerance or people < MIN_PEOPLE:
        return "undecided"
    return "compatible"
