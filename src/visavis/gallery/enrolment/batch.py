"""A batch of photos on their way into the gallery: collected, judged person by person, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import VisavisError
from visavis.gallery.enrolment import guard as checks
from visavis.gallery.enrolment.books import Taken
from visavis.gallery.enrolment.findings import Finding, Guard, refused, under
from visavis.gallery.enrolment.former import former_finding
from visavis.gallery.enrolment.judge import Case, judge
from visavis.gallery.enrolment.photos import Looked, Request, seen
from visavis.gallery.enrolment.report import Outcome, Status, failed
from visavis.gallery.enrolment.roll import Roll, Waiting

if TYPE_CHECKING:
    from visavis.gallery.enrolment.guard import Match
    from visavis.gallery.types import Crop
    from visavis.types import Faces

AT_ONCE = 64
"""Photos that are judged and written together, at the end of a person."""
MOST_AT_ONCE = 256
"""Photos of one person that are judged together; more are judged against those before."""


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """A photo and what is to become of it.

    Attributes:
        outcome: "enrolled" holds once it is written.
        looked: its faces, if it was accepted.
    """

    outcome: Outcome
    looked: Looked | None = None


class Batch:
    """Photos that are judged and written together.

    Args:
        roll: whom they are compared with.
        guard: how strictly.
    """

    def __init__(self, roll: Roll, guard: Guard) -> None:
        self._roll, self._guard = roll, guard
        self._photos: list[tuple[Request, Faces, Crop | None]] = []

    def add(self, request: Request, faces: Faces, crop: Crop | None) -> None:
        """One more photo; those of one person belong next to each other."""
        self._photos.append((request, faces, crop))

    def is_due(self, person: str) -> bool:
        """Whether it is to be judged before a photo of this person is added."""
        same = bool(self._photos) and self._photos[-1][0].person == person
        return len(self._photos) >= (MOST_AT_ONCE if same else AT_ONCE)

    def judged(self) -> list[Judged]:
        """What is to become of every photo; those accepted wait on the roll from then on."""
        if not self._photos:
            return []
        self._roll.measure(len(self._photos))
        enrolled = self._roll.enrolled({request.digest for request, *_ in self._photos})
        done: list[Judged] = []
        usable: list[Looked] = []
        for request, faces, crop in self._photos:
            one = _usable(request, faces, crop)
            done.append(one) if isinstance(one, Judged) else usable.append(one)
        named = self._named(usable)
        for _, group in groupby(enumerate(usable), key=lambda pair: pair[1].request.person):
            rows, members = zip(*group, strict=True)
            done += self._judge_person(members, [named[row] for row in rows], enrolled)
        return done

    def _named(self, usable: Sequence[Looked]) -> list[list[Match]]:
        """Whom the books would name for each, all in one search."""
        if self._guard == "off" or not usable:
            return [[] for _ in usable]
        return self._roll.named(np.stack([one.sample.vector for one in usable]))

    def _judge_person(
        self, members: Sequence[Looked], named: Sequence[Sequence[Match]], enrolled: Mapping[str, Sequence[Taken]]
    ) -> list[Judged]:
        """The photos given for one person; copies of one file among them share its fate."""
        before = [self._before(one, enrolled) for one in members]
        first: dict[str, int] = {}
        for row, one in enumerate(members):
            if not isinstance(before[row], Judged):
                first.setdefault(one.request.digest, row)
        rows = list(first.values())
        found = self._findings([members[row] for row in rows], [named[row] for row in rows])
        done = {row: self._verdict(members[row], before[row], found[place]) for place, row in enumerate(rows)}
        for row, (one, verdict) in enumerate(zip(members, before, strict=True)):
            if row not in done:
                done[row] = verdict if isinstance(verdict, Judged) else _copy(one, done[first[one.request.digest]])
        return [done[row] for row in range(len(members))]

    def _before(self, one: Looked, enrolled: Mapping[str, Sequence[Taken]]) -> Judged | tuple[Finding, ...]:
        """What follows from a photo's being somebody's reference already: it is known, refused, or flagged."""
        request, box = one.request, one.face.box
        taken = (*enrolled.get(request.digest, ()), *self._roll.waiting(request.digest))
        found: list[Finding] = []
        for there in taken:
            mine, same_face = there.person == request.person, there.is_face(box)
            if there.reference == request.reference or (mine and same_face):
                return Judged(known(request, there))
            if mine:
                found.append(checks.twice_finding(request.source, request.person, there.source))
            elif same_face:
                found.append(checks.taken_finding(request.source, request.person, there.person, there.source))
        findings = under(self._guard, found)
        return Judged(_outcome(one, Status.REFUSED, findings)) if refused(findings) else findings

    def _findings(self, chosen: Sequence[Looked], named: Sequence[Sequence[Match]]) -> list[tuple[Finding, ...]]:
        if self._guard == "off" or not chosen:
            return [() for _ in chosen]
        person, samples = chosen[0].request.person, [one.sample for one in chosen]
        own = self._roll.own(person)
        others = self._roll.others(person, np.stack([sample.vector for sample in samples]), named)
        case = Case(person, samples, own.vectors, others, self._roll.limits, self._roll.metric, self._roll.apart(own))
        now = self._roll.now(person, own)
        former = [() if now is None else (former_finding(sample.source, person, now),) for sample in samples]
        return [under(self._guard, (*known, *more)) for known, more in zip(former, judge(case), strict=True)]

    def _verdict(self, one: Looked, before: Judged | tuple[Finding, ...], found: tuple[Finding, ...]) -> Judged:
        findings = (*(() if isinstance(before, Judged) else before), *found)
        if refused(findings):
            return Judged(_outcome(one, Status.REFUSED, findings))
        request = one.request
        taken = Taken(request.reference, request.person, request.source, one.face.box)
        self._roll.accept(Waiting(request.digest, taken, one.sample.vector))
        return Judged(_outcome(one, Status.ENROLLED, findings, request.reference), one)


def known(request: Request, taken: Taken) -> Outcome:
    """A photo that is a reference already; its person may have another name by now."""
    reason = "" if taken.person == request.person else f"enrolled as {request.person}, who is {taken.person} now"
    return Outcome(request.source, taken.person, Status.KNOWN, taken.reference, reason=reason)


def _usable(request: Request, faces: Faces, crop: Crop | None) -> Looked | Judged:
    """A photo that can be judged, or what becomes of one that cannot."""
    if not len(faces):
        finding = checks.face_finding(request.source, faces.image_size)
        return Judged(Outcome(request.source, request.person, Status.REFUSED, findings=(finding,)))
    try:
        return seen(request, faces, crop)
    except VisavisError as error:
        return Judged(failed(request.source, request.person, error))


def _outcome(one: Looked, status: Status, findings: tuple[Finding, ...], reference: str | None = None) -> Outcome:
    quality = None if one.sample.quality is None else one.sample.quality["summary"]
    return Outcome(one.request.source, one.request.person, status, reference, quality, findings)


def _copy(one: Looked, first: Judged) -> Judged:
    """The same file again among the photos of one person."""
    request, before = one.request, first.outcome
    reason = f"is the same file as {before.source}"
    if first.looked is None:
        return Judged(replace(before, source=request.source, reason=reason))
    if one.face.index != first.looked.face.index:
        finding = checks.twice_finding(request.source, request.person, before.source)
        return Judged(_outcome(one, Status.REFUSED, (finding,)))
    return Judged(Outcome(request.source, request.person, Status.KNOWN, before.reference, reason=reason))
