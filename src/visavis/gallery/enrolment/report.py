"""What became of every photo of an enrolment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from visavis.errors import VisavisError
from visavis.gallery.enrolment.findings import Finding, Guard


class Status(StrEnum):
    """How it ended for a photo."""

    ENROLLED = "enrolled"
    KNOWN = "known"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo.

    Attributes:
        source: the photo.
        person: name; of a known photo, the name that its person has now.
        status: enrolled (durably), known (enrolled before), refused by the guard, or failed (could not be used).
        reference: id of its reference, if there is one.
        quality: quality summary of the face, 0..1, if it was looked at.
        findings: of the guard. With status enrolled they are flags.
        reason: why it failed, or how a known photo is known.
        error: name of the error class behind `reason`.
    """

    source: str
    person: str
    status: Status
    reference: str | None = None
    quality: float | None = None
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    error: str = ""

    @property
    def flagged(self) -> bool:
        """Whether it was enrolled although the guard had something to say."""
        return self.status is Status.ENROLLED and bool(self.findings)

    @property
    def why(self) -> str:
        """Everything there is to say about it, in words."""
        return "; ".join([*(finding.message for finding in self.findings), *([self.reason] if self.reason else [])])

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "source": self.source,
            "person": self.person,
            "status": str(self.status),
            "reference": self.reference,
            "quality": self.quality,
            "findings": [finding.to_dict() for finding in self.findings],
            "reason": self.why,
            **({"error": self.error} if self.error else {}),
        }


def failed(source: str, person: str, error: VisavisError) -> Outcome:
    """A photo that could not be used."""
    return Outcome(source, person, Status.FAILED, reason=str(error), error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class EnrolmentReport:
    """What became of all photos of a run, in the order in which that was settled.

    Attributes:
        model: fingerprint of the model.
        guard: how strict the guard was.
        dry_run: nothing was written.
        outcomes: one a photo.
        notes: what holds for the whole run.
    """

    model: str
    guard: Guard
    dry_run: bool
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()

    @property
    def enrolled(self) -> tuple[Outcome, ...]:
        """Photos that are references now (or would be, in a dry run)."""
        return self._those(lambda one: one.status is Status.ENROLLED)

    @property
    def flagged(self) -> tuple[Outcome, ...]:
        """Those among the enrolled that the guard had something to say about."""
        return self._those(lambda one: one.flagged)

    @property
    def known(self) -> tuple[Outcome, ...]:
        """Photos that were references before."""
        return self._those(lambda one: one.status is Status.KNOWN)

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """Photos that the guard kept out."""
        return self._those(lambda one: one.status is Status.REFUSED)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Photos that could not be used."""
        return self._those(lambda one: one.status is Status.FAILED)

    @property
    def complete(self) -> bool:
        """Whether every photo is a reference now."""
        return not (self.refused or self.failed)

    def counts(self) -> dict[str, int]:
        """How many photos ended how; flagged ones are counted among the enrolled, too."""
        found = Counter(one.status for one in self.outcomes)
        return {**{str(status): found[status] for status in Status}, "flagged": len(self.flagged)}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: counts, and a list of photos for every way to end."""
        return {
            "model": self.model,
            "guard": self.guard,
            "dry_run": self.dry_run,
            "photos": len(self.outcomes),
            "counts": self.counts(),
            **{
                name: [one.to_dict() for one in getattr(self, name)]
                for name in ("enrolled", "flagged", "known", "refused", "failed")
            },
            "notes": list(self.notes),
        }

    def _those(self, wanted: Callable[[Outcome], bool]) -> tuple[Outcome, ...]:
        return tuple(one for one in self.outcomes if wanted(one))
