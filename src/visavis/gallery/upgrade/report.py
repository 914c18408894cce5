"""What an upgrade did, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that has no template of the new model.

    Attributes:
        reference: its id.
        person: name.
        source: where its photo came from.
        reason: why neither its crop nor its photo could be used.
    """

    reference: str
    person: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class RenewedThreshold:
    """A threshold that was set for the old model, and the new model's for the same rate.

    Attributes:
        fpir: the rate.
        old: similarity under the old model.
        new: similarity under the new model; None if it could not be set.
        reason: why not.
    """

    fpir: float
    old: float | None
    new: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of the templates of other models.

    Attributes:
        models: fingerprints of those that are gone.
        kept: why others were kept, by fingerprint.
        erased: whether the bytes of those that are gone are gone from the gallery's files too.
        note: why not, or where copies may still be.
    """

    models: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    erased: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did.

    Attributes:
        before: fingerprint of the model that was active when it began.
        model: fingerprint of the model asked for.
        active: whether people are enrolled and searched under `model` now.
        references: how many are enrolled.
        from_crops: templates made from kept crops, in this run and in earlier ones that were stopped.
        from_originals: templates made from original photos.
        missing: references without a template of `model`.
        unfindable: names of people all of whose references are missing.
        thresholds: those that were set again.
        dropped: what became of the other models' templates; nothing, if nobody asked.
    """

    before: str
    model: str
    active: bool
    references: int
    from_crops: int
    from_originals: int
    missing: tuple[Missing, ...] = ()
    unfindable: tuple[str, ...] = ()
    thresholds: tuple[RenewedThreshold, ...] = ()
    dropped: Dropped = field(default_factory=Dropped)

    @property
    def complete(self) -> bool:
        """Whether everything asked for was done."""
        return self.active and self.dropped.erased and not self.dropped.kept

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        dropped = {**asdict(self.dropped), "kept": dict(self.dropped.kept)}
        return {**asdict(self), "dropped": dropped, "complete": self.complete}
