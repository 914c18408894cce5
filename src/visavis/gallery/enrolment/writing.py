"""Writing what the guard let pass: a batch is one transaction, durable before anybody is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from visavis import ranges
from visavis.errors import GalleryConflict, InvalidInput
from visavis.gallery.enrolment.report import Outcome, Status, failed
from visavis.gallery.types import NewReference

if TYPE_CHECKING:
    from visavis.gallery.enrolment.batch import Judged
    from visavis.gallery.enrolment.findings import Guard
    from visavis.gallery.enrolment.photos import Looked
    from visavis.gallery.gallery import Gallery

FLAGGED = "flag references"
"""Action of the audit log under which the guard's flags are kept, by reference and with opaque ids only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to enrol.

    Attributes:
        guard: see `Guard`.
        keep_crops: keep the part of the photo around the face, for a later change of model.
        consent: what allows keeping the templates.
        retain_until: ISO date after which the references are to be forgotten.
        dry_run: judge everything, write nothing.
    """

    guard: Guard = "refuse"
    keep_crops: bool = True
    consent: str | None = None
    retain_until: str | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        ranges.one_of("guard", self.guard, ("refuse", "flag", "off"))
        if self.retain_until is not None:
            _check_future(self.retain_until)


class Writer:
    """Writes batches into a gallery.

    Args:
        gallery: open for writing.
        settings: how to enrol.
    """

    def __init__(self, gallery: Gallery, settings: Settings) -> None:
        self._gallery, self._settings = gallery, settings

    def write(self, judged: Sequence[Judged]) -> list[Outcome]:
        """What became of photos, once those accepted are durable."""
        self._keep_flags([one.outcome for one in judged if one.outcome.flagged])
        trouble = self._enrol([self._reference(one.looked) for one in judged if one.looked is not None])
        return [_told(one.outcome, trouble) for one in judged]

    def _enrol(self, references: Sequence[NewReference]) -> dict[str, GalleryConflict | None]:
        """Enrol references; by id those that were there before (None), or that contradict what is there."""
        if not references:
            return {}
        try:
            return dict.fromkeys(self._gallery.enrol(references).known)
        except GalleryConflict as conflict:
            if len(references) == 1:
                return {references[0].id: conflict}
        found: dict[str, GalleryConflict | None] = {}
        for one in references:  # another process enrolled some of them meanwhile
            found |= self._enrol([one])
        return found

    def _keep_flags(self, flagged: Sequence[Outcome]) -> None:
        if flagged:
            details = {
                str(one.reference): {
                    "kinds": [str(finding.kind) for finding in one.findings],
                    "people": sorted({id_ for finding in one.findings for id_ in finding.ids}),
                }
                for one in flagged
            }
            self._gallery.note(FLAGGED, list(details), details)

    def _reference(self, looked: Looked) -> NewReference:
        request, face = looked.request, looked.face
        return NewReference(
            request.reference,
            request.person,
            looked.template,
            source=request.source,
            photo=request.digest,
            box=face.box,
            quality=face.quality,
            crop=looked.crop,
            consent=self._settings.consent,
            retain_until=self._settings.retain_until,
        )


def _told(outcome: Outcome, trouble: Mapping[str, GalleryConflict | None]) -> Outcome:
    if outcome.reference is None or outcome.reference not in trouble:
        return outcome
    conflict = trouble[outcome.reference]
    if conflict is None:
        return replace(outcome, status=Status.KNOWN, findings=())
    return failed(outcome.source, outcome.person, conflict)


def _check_future(day: str) -> None:
    """Refuse what is no date, or one that has passed.

    Raises:
        InvalidInput: so it is.
    """
    try:
        passed = date.fromisoformat(day) < datetime.now(UTC).date()
    except (TypeError, ValueError):
        raise InvalidInput(f"retain-until {day!r}: is no date; write it like 2027-12-31") from None
    if passed:
        raise InvalidInput(f"retain-until {day}: has passed, so that the references would have to be forgotten at once")
