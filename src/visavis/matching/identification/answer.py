"""What an open-set search answers, with the evidence for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.matching.identification.fusion import Fusion
    from visavis.matching.identification.thresholds import FpirThreshold
    from visavis.types import Face


class Outcome(StrEnum):
    """What may be said about a probe."""

    IDENTIFIED = "identified"
    NOT_IDENTIFIED = "not identified"
    NO_DECISION = "no decision"


@dataclass(frozen=True, slots=True)
class MatchedReference:
    """An enrolled reference that a probe was compared with.

    Attributes:
        id: of the reference.
        similarity: to the probe.
        source: where the reference's photo came from.
        quality: quality summary of the reference in [0, 1], if known.
    """

    id: str
    similarity: float
    source: str = ""
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enrolled person whom a probe may show.

    Attributes:
        person: name.
        person_id: stable id.
        similarity: fused over the person's references.
        log_likelihood_ratio: natural log of P(similarity | this person) / P(similarity | somebody else), by the model's
            calibration of single comparisons; None without one.
        references: those compared, most similar first; not all of them if the person has many.
    """

    person: str
    person_id: str
    similarity: float
    log_likelihood_ratio: float | None = None
    references: tuple[MatchedReference, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "person": self.person,
            "person_id": self.person_id,
            "similarity": self.similarity,
            "log_likelihood_ratio": self.log_likelihood_ratio,
            "references": [
                {"id": one.id, "similarity": one.similarity, "source": one.source, "quality": one.quality}
                for one in self.references
            ],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided about a probe, and why.

    Attributes:
        outcome: what may be said.
        decision: the person's name if identified, else None.
        reason: in words.
        margin: best similarity - threshold; None without a candidate or a threshold.
        lead: natural log of how many times better the best candidate explains the probe than the next person; None
            without a second person or a calibration.
        fpir_at_score: upper estimate of the share of non-mated searches whose best score is as high as this one.
    """

    outcome: Outcome
    decision: str | None
    reason: str
    margin: float | None = None
    lead: float | None = None
    fpir_at_score: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Identification:
    """The answer for one face.

    Attributes:
        probe: the face.
        candidates: most similar person first.
        verdict: what is decided, and why.
        threshold: the threshold that was used; None if none could be had.
        model: fingerprint of the model that was compared under.
        fusion: how several references of one person became one similarity.
        gallery_version: state of the gallery that was searched.
        notes: what was noticed on the way.
    """

    probe: Face
    candidates: tuple[Candidate, ...]
    verdict: Verdict
    threshold: FpirThreshold | None
    model: str
    fusion: Fusion
    gallery_version: int
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return self.verdict.outcome

    @property
    def decision(self) -> str | None:
        """The person's name, or None."""
        return self.verdict.decision

    @property
    def nearest_nonmate(self) -> Candidate | None:
        """The most similar person who is not the one decided for."""
        others = (candidate for candidate in self.candidates if candidate.person != self.decision)
        return next(others, None)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: `probe`, `box`, `candidates`, `decision` and the evidence."""
        verdict, nearest = self.verdict, self.nearest_nonmate
        lead = None if verdict.lead is None else math.exp(min(verdict.lead, 700.0))
        return {
            "probe": self.probe.source,
            "face": self.probe.index,
            "box": self.probe.box.as_list(),
            "quality": _plain(self.probe.quality),
            "candidates": [candidate.to_dict() for candidate in self.candidates],
            "decision": verdict.decision,
            "outcome": str(verdict.outcome),
            "reason": verdict.reason,
            "margin": verdict.margin,
            "likelihood_ratio_to_next": lead,
            "fpir_at_score": verdict.fpir_at_score,
            "nearest_nonmate": None
            if nearest is None
            else {"person": nearest.person, "person_id": nearest.person_id, "similarity": nearest.similarity},
            "threshold": None if self.threshold is None else _without_table(self.threshold),
            "fusion": self.fusion,
            "model": self.model,
            "gallery_version": self.gallery_version,
            "notes": list(self.notes),
        }


def _plain(quality: Mapping[str, float] | None) -> dict[str, float] | None:
    return None if quality is None else dict(quality)


def _without_table(threshold: FpirThreshold) -> dict[str, Any]:
    return {name: value for name, value in threshold.to_dict().items() if name != "table"}
