"""Judging the photos given for one person, together: what the guard finds about each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.gallery.enrolment import guard
from visavis.gallery.enrolment.findings import Finding, refused
from visavis.matching.scores import similarity_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.enrolment.guard import Match, Sample, Support, Vectors
    from visavis.gallery.enrolment.limits import IdentityLimits
    from visavis.matching import Metric

_MIXED = 1 / 3
"""Share of outliers from which on the folder itself is doubtful."""


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """The photos given for one person, and what they are compared with.

    Attributes:
        person: name.
        samples: n faces, one a photo.
        own: (m, d) templates that the person has already.
        others: n lists of other people who would be named, the most similar first.
        limits: None if identity cannot be judged, because the model has no calibration.
        metric: of the model.
        apart: ids of people who look alike and were declared to be others.
    """

    person: str
    samples: Sequence[Sample]
    own: Vectors
    others: Sequence[Sequence[Match]]
    limits: IdentityLimits | None
    metric: Metric
    apart: frozenset[str] = frozenset()


def judge(case: Case) -> list[tuple[Finding, ...]]:
    """The findings about every sample, the serious ones first.

    Enrolled references decide who the person is; where there are none, the majority of the photos given does. A photo
    that is too poor has no vote, and one with several faces only where there is no other.
    """
    alone = [guard.quality_finding(sample) for sample in case.samples]
    if case.limits is None:
        crowds = [guard.crowd_finding(sample, case.person, "none") for sample in case.samples]
        return [_ordered(findings) for findings in zip(alone, crowds, strict=True)]
    usable = np.array([finding is None or finding.severity == "flag" for finding in alone])
    standing = _standing(case, usable, case.limits)
    found = []
    for row, sample in enumerate(case.samples):
        findings = [alone[row], guard.crowd_finding(sample, case.person, standing.support[row])]
        if not refused([finding for finding in findings if finding]):
            findings += _identity(case, case.limits, standing, row)
        found.append(_ordered(findings))
    return _with_near_duplicates(case, case.limits, found)


@dataclass(frozen=True, eq=False, slots=True)
class _Standing:
    """Who of the samples belong to the person.

    Attributes:
        belongs: (n,) consistent with the person.
        voted: (n,) took part in the majority.
        support: what other photos tell of each, see `Support`.
        best: (n,) highest similarity to the person's other photos; -inf without any.
        twin: name of an enrolled person whom most of the photos of a new person show.
    """

    belongs: NDArray[np.bool_]
    voted: NDArray[np.bool_]
    support: Sequence[Support]
    best: NDArray[np.float64]
    twin: str | None = None


def _standing(case: Case, usable: NDArray[np.bool_], limits: IdentityLimits) -> _Standing:
    vectors = np.stack([sample.vector for sample in case.samples])
    if len(case.own):
        belongs = guard.agreement(vectors, case.own, limits, case.metric)
        best = similarity_matrix(vectors, case.own, case.metric).max(axis=1)
        return _Standing(belongs, usable, ["alone" if own else "none" for own in belongs], best)
    clear = usable & np.array([sample.rival < guard.DOMINANT for sample in case.samples])
    votes = clear if clear.any() else usable
    scores = similarity_matrix(vectors, vectors, case.metric)
    np.fill_diagonal(scores, -np.inf)
    close = scores >= limits.consistent
    core = np.zeros(len(vectors), dtype=bool)
    doubtful = np.array([bool(others) for others in case.others])
    core[votes] = guard.majority(close[np.ix_(votes, votes)], doubtful[votes])
    belongs = core | (~votes & core.any() & (2 * close[:, core].sum(axis=1) >= core.sum()))
    said: Support = "alone" if clear.any() else "crowds"
    support: list[Support] = [said if own else "none" for own in belongs & close[:, core].any(axis=1)]
    best = scores[:, core].max(axis=1, initial=-np.inf)
    return _Standing(belongs, votes, support, best, _twin(case, core))


def _twin(case: Case, core: NDArray[np.bool_]) -> str | None:
    """The other person whom at least half of the photos in the majority show."""
    counts = Counter(match.person for row in np.flatnonzero(core).tolist() for match in case.others[row])
    if not counts:
        return None
    name, count = counts.most_common(1)[0]
    return name if 2 * count >= core.sum() else None


def _identity(case: Case, limits: IdentityLimits, standing: _Standing, row: int) -> list[Finding | None]:
    """Who is on a photo that is good enough to say."""
    sample, others = case.samples[row], case.others[row]
    if hub := guard.hub_finding(sample, others, limits, case.metric):
        return [hub]
    found: list[Finding | None] = []
    best = others[0] if others else None
    ahead = best is not None and best.similarity >= standing.best[row] + limits.lead
    if not standing.belongs[row]:
        return [_stray(case, standing, row, best if ahead else None)]
    twin = next((match for match in others if match.person == standing.twin), None)
    if twin:
        found.append(guard.duplicate_finding(sample, case.person, twin))
    elif best and ahead and standing.best[row] < limits.match:
        found.append(guard.contradiction_finding(sample, case.person, best))
    elif best and ahead and best.id not in case.apart:
        found.append(guard.closer_finding(sample, case.person, best))
    if not len(case.own):
        found.append(_mixed(case, standing, row))
    return found


def _stray(case: Case, standing: _Standing, row: int, other: Match | None) -> Finding:
    """A photo that does not belong to the person: somebody else's, or of nobody known."""
    sample = case.samples[row]
    if other:
        return guard.contradiction_finding(sample, case.person, other)
    if len(case.own):
        return guard.outlier_finding(sample, case.person, len(case.own), enrolled=True)
    voted = int(standing.voted.sum())
    if standing.belongs.any():
        return guard.outlier_finding(sample, case.person, len(case.samples) - 1, enrolled=False)
    return guard.mixed_finding(sample, case.person, voted, 0)


def _mixed(case: Case, standing: _Standing, row: int) -> Finding | None:
    voted, kept = int(standing.voted.sum()), int((standing.belongs & standing.voted).sum())
    if voted - kept < _MIXED * voted:
        return None
    return guard.mixed_finding(case.samples[row], case.person, voted, kept)


def _with_near_duplicates(
    case: Case, limits: IdentityLimits, found: Sequence[tuple[Finding, ...]]
) -> list[tuple[Finding, ...]]:
    """The findings, with one more where a photo adds nothing to the person's references or to an earlier photo."""
    there = case.own
    complete = []
    for sample, findings in zip(case.samples, found, strict=True):
        near = None
        if not refused(findings):
            if len(there):
                best = float(similarity_matrix(sample.vector[None], there, case.metric).max())
                near = guard.near_finding(sample, best, limits)
            there = np.concatenate([there, sample.vector[None]]) if len(there) else sample.vector[None]
        complete.append(_ordered([*findings, near]))
    return complete


def _ordered(findings: Sequence[Finding | None]) -> tuple[Finding, ...]:
    return tuple(sorted((f for f in findings if f), key=lambda finding: finding.severity != "refuse"))
