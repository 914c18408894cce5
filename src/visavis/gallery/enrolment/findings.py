"""What the guard may find about a photo: its kind, how serious it is, and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Guard = Literal["refuse", "flag", "off"]
"""refuse: serious findings keep a photo out, doubtful ones are told and kept in the audit log. flag: nothing is kept
out that can be enrolled at all, every finding is told. off: only what makes enrolment impossible is looked for."""

Severity = Literal["refuse", "flag"]


class Kind(StrEnum):
    """What can be wrong with a photo that is to be enrolled."""

    NO_FACE = "no face"
    SEVERAL_FACES = "several faces"
    POOR_QUALITY = "poor quality"
    PHOTO_OF_ANOTHER = "photo of another person"
    PHOTO_TWICE = "photo twice"
    FORMER_NAME = "former name"
    OUTLIER = "outlier"
    MIXED_FOLDER = "mixed folder"
    CONTRADICTION = "contradiction"
    CLOSER_TO_ANOTHER = "closer to another"
    POSSIBLE_DUPLICATE = "possible duplicate"
    HUB = "hub"
    NEAR_DUPLICATE = "near duplicate"


IMPOSSIBLE = frozenset({Kind.NO_FACE, Kind.PHOTO_TWICE})
"""What no guard setting can let pass: there is nothing to enrol, or the gallery could not hold it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one photo.

    Attributes:
        kind: what.
        severity: whether it keeps the photo out.
        message: names the photo, says what is wrong and what to do.
        people: names of the other people it concerns.
        ids: their stable ids where they are enrolled; all that the audit log may hold.
    """

    kind: Kind
    severity: Severity
    message: str
    people: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "kind": str(self.kind),
            "severity": self.severity,
            "message": self.message,
            "people": list(self.people),
        }


def under(guard: Guard, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings as a guard setting takes them."""
    if guard == "refuse":
        return tuple(findings)
    return tuple(
        finding if finding.kind in IMPOSSIBLE else replace(finding, severity="flag")
        for finding in findings
        if guard == "flag" or finding.kind in IMPOSSIBLE
    )


def refused(findings: Sequence[Finding]) -> bool:
    """Whether one of them keeps the photo out."""
    return any(finding.severity == "refuse" for finding in findings)
