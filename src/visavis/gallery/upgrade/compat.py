"""Are a new model's templates directly comparable with an old one's? Measured, and said with what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import CardError, InvalidInput
from visavis.gallery.types import ModelSpace
from visavis.gallery.upgrade.labelled import MOST, crops_by_both, photos_by_both
from visavis.matching.compatibility import MIN_PEOPLE, TOLERANCE, Compatibility, compatibility

if TYPE_CHECKING:
    from visavis.face import Engine
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.upgrade.labelled import Both
    from visavis.matching import Metric
    from visavis.matching.compatibility import Verdict

    Progress = Callable[[int, int], None]

NEVER_MIXED = (
    "A gallery keeps the two models apart in either case, and compares templates of one with the other only where a "
    "program names the model that it searches."
)


@dataclass(frozen=True, slots=True)
class CompatibilityReport:
    """Whether two models' templates may be compared.

    Attributes:
        old: fingerprint of the old model.
        new: fingerprint of the new one.
        verdict: compatible, incompatible, or undecided.
        reason: why, for people.
        advice: what to do.
        measured: the rates; None where the dimensions differ, and nothing needs measuring.
        stored: whether the old templates were those that the gallery keeps.
        missed: (which, why) of faces that could not be used.
        notes: what else to know.
    """

    old: str
    new: str
    verdict: Verdict
    reason: str
    advice: str
    measured: Compatibility | None = None
    stored: bool = False
    missed: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        measured = None if self.measured is None else self.measured.to_dict()
        missed = [{"source": source, "reason": reason} for source, reason in self.missed]
        told = {"verdict": self.verdict, "reason": self.reason, "advice": self.advice, "notes": list(self.notes)}
        return {"old": self.old, "new": self.new, **told, "stored": self.stored, "measured": measured, "missed": missed}


def check_compatibility(
    old: Engine | ModelSpace,
    new: Engine,
    *,
    gallery: Gallery | None = None,
    root: Path | None = None,
    far: float = 1e-3,
    tolerance: float = TOLERANCE,
    most: int = MOST,
    progress: Progress | None = None,
) -> CompatibilityReport:
    """Whether templates of a new model may be compared with those of an old one.

    Args:
        old: with the old model; or one of the gallery's models, whose templates are taken as they are kept.
        new: with the new model.
        gallery: look at its crops, labelled by person.
        root: or at photos below this folder, which holds one folder per person.
        far: false-accept rate at which to look.
        tolerance: how far VAL may fall.
        most: faces looked at.
        progress: called with (faces done, all).

    Raises:
        InvalidInput: the same model twice, not exactly one of `gallery` and `root`, or too few faces for the rate.
        ImageNotFound: the folder cannot be read.
        ModelError: a model cannot be had or run.
    """
    before, now = _side(old), _side(new)
    if before.fingerprint == now.fingerprint:
        raise InvalidInput(f"{now.fingerprint}: is the old model and the new one; name two different ones")
    if before.dimension != now.dimension:
        return _other_dimension(before, now)
    both = _embedded(old, new, gallery, root, most, progress)
    measured = compatibility(
        np.array(both.old).reshape(-1, before.dimension),
        np.array(both.new).reshape(-1, now.dimension),
        both.people,
        metric=before.metric,
        new_metric=now.metric,
        far=far,
        tolerance=tolerance,
    )
    return CompatibilityReport(
        before.fingerprint,
        now.fingerprint,
        measured.verdict,
        _reason(measured),
        _advice(measured.verdict, now.fingerprint),
        measured,
        isinstance(old, ModelSpace),
        tuple(both.missed),
        _notes(measured, before, now),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    fingerprint: str
    dimension: int
    metric: Metric


def _side(model: Engine | ModelSpace) -> _Side:
    if isinstance(model, ModelSpace):
        return _Side(model.fingerprint, model.dimension, model.metric)
    output = model.embedder_card.output
    if output.dimensions is None or output.metric is None:
        raise CardError(f"{model.embedder_card.id}: its card names no dimension or metric; mend it")
    return _Side(model.fingerprint, output.dimensions, output.metric)


def _embedded(
    old: Engine | ModelSpace,
    new: Engine,
    gallery: Gallery | None,
    root: Path | None,
    most: int,
    progress: Progress | None,
) -> Both:
    if gallery is not None and root is None:
        return crops_by_both(gallery, old, new, most=most, progress=progress)
    if root is None or gallery is not None or isinstance(old, ModelSpace):
        raise InvalidInput(
            "compatibility: needs labelled faces, either a gallery's crops or a folder with one folder of photos per "
            "person"
        )
    return photos_by_both(old, new, root, most=most, progress=progress)


def _other_dimension(old: _Side, new: _Side) -> CompatibilityReport:
    reason = (
        f"templates of {old.fingerprint} have {old.dimension} numbers, those of {new.fingerprint} {new.dimension}: "
        "they cannot be compared"
    )
    advice = _advice("incompatible", new.fingerprint)
    return CompatibilityReport(old.fingerprint, new.fingerprint, "incompatible", reason, advice)


def _reason(found: Compatibility) -> str:
    rates = (
        f"VAL@FAR={found.far:g}: {found.old_old.val:.4f} old with old, {found.new_old.val:.4f} new with old, "
        f"{found.new_new.val:.4f} new with new; new with old is {found.difference:+.4f} ({found.low:+.4f} to "
        f"{found.high:+.4f}, {found.level:.0%} confidence), where {-found.tolerance:+g} is allowed"
    )
    if found.chance:
        return (
            f"{rates}. New with old is at chance: these models were trained apart, their numbers mean different things"
        )
    if found.verdict == "undecided":
        few = f"only {found.people} people have several photos, {MIN_PEOPLE} are needed at least"
        return f"{rates}. That does not tell: {few if found.people < MIN_PEOPLE else 'more people are needed'}"
    if found.verdict == "compatible" and not found.ordered:
        return (
            f"{rates}. Nothing is lost, but not all of new-new > new-old > old-old holds, so that mixing gains nothing"
        )
    return rates


def _advice(verdict: Verdict, new: str) -> str:
    again = f"Embed everybody again with `visavis gallery upgrade --to {new}`, from the kept crops or the photos. "
    if verdict == "compatible":
        return (
            "The old templates may be used as they are: new templates may be compared with them at a threshold that is "
            f"set for that. {again}{NEVER_MIXED}"
        )
    if verdict == "undecided":
        return f"Check with more labelled people. Until then: {again[0].lower()}{again[1:]}{NEVER_MIXED}"
    return f"Never compare them. {again}{NEVER_MIXED}"


def _notes(found: Compatibility, old: _Side, new: _Side) -> tuple[str, ...]:
    notes = [
        f"at the old model's threshold ({found.old_old.threshold:.4f}) new with old has FAR "
        f"{found.far_at_old_threshold:.2g} and VAL {found.val_at_old_threshold:.4f}"
    ]
    if old.metric != new.metric:
        notes.append(
            f"{old.fingerprint} is compared by {old.metric}, {new.fingerprint} by {new.metric}; between them by "
            f"{old.metric}, as the old templates are"
        )
    return tuple(notes)
