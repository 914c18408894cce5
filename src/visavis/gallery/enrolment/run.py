"""Enrolling photos: looked at as a stream, judged person by person, written batch by batch, gone on with at any time.

A photo is known by the digest of its file, so that a run which was stopped goes on where it was, and a file that was
moved is the same reference. What a run reports as enrolled is durable. Photos of one person should come one after the
other: they are judged together, before any of them is written.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from visavis import errors
from visavis.errors import EnrolmentRefused, InvalidInput, ModelError, TemplateMismatch, VisavisError
from visavis.gallery.enrolment.batch import Batch, known
from visavis.gallery.enrolment.folder import photos_in
from visavis.gallery.enrolment.looking import looked
from visavis.gallery.enrolment.photos import PhotoOf, Request, requested
from visavis.gallery.enrolment.report import EnrolmentReport, Outcome, Status, failed
from visavis.gallery.enrolment.roll import Roll
from visavis.gallery.enrolment.threads import one_blas_thread
from visavis.gallery.enrolment.writing import Settings, Writer
from visavis.gallery.names import MAX_NAME

if TYPE_CHECKING:
    from visavis.face import Engine
    from visavis.gallery.enrolment.books import Taken
    from visavis.gallery.enrolment.findings import Guard
    from visavis.gallery.gallery import Gallery

    Progress = Callable[[int, int], None]

_READ_AHEAD = 64
"""Photos whose files are read, and looked up in the gallery, at once."""


def enrol_photos(
    gallery: Gallery | None,
    engine: Engine,
    items: Iterable[PhotoOf],
    *,
    guard: Guard = "refuse",
    keep_crops: bool = True,
    consent: str | None = None,
    retain_until: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> EnrolmentReport:
    """Enrol photos of people; calling it again with the same photos goes on where the last call ended.

    Args:
        gallery: open for writing; in a dry run it may be open for reading, or None for an empty one.
        engine: of the gallery's model.
        items: photos of one person one after the other; as many as you like.
        guard: "refuse" keeps bad photos out, "flag" enrols them and tells, "off" does not judge.
        keep_crops: see `Settings`, as the next three.
        consent: see there.
        retain_until: see there.
        dry_run: see there.
        progress: called with (photos settled, all; 0 if unknown).

    Raises:
        TemplateMismatch: the gallery's templates are of another model.
        InvalidInput: a setting that cannot be. What is wrong with one photo is in the report instead.
        GalleryError, StorageError, ModelError: writing or looking failed; photos reported before are safe.
    """
    settings = Settings(guard, keep_crops, consent, retain_until, dry_run)
    total = len(items) if isinstance(items, Sized) else 0
    outcomes = []
    run = Enrolment(gallery, engine, settings)
    for outcome in run.outcomes(items):
        outcomes.append(outcome)
        if progress:
            progress(len(outcomes), total)
    return run.report(outcomes)


def enrol_folder(
    gallery: Gallery | None,
    engine: Engine,
    folder: str | os.PathLike[str],
    *,
    person: str | None = None,
    guard: Guard = "refuse",
    keep_crops: bool = True,
    consent: str | None = None,
    retain_until: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> EnrolmentReport:
    """Enrol a folder that holds one folder of photos per person, or with `person` the photos of one.

    Other arguments and errors as in `enrol_photos`, and

    Raises:
        ImageNotFound: the folder cannot be read or holds no photo.
        InvalidInput: photos lie directly in it, and nobody knows of whom.
    """
    return enrol_photos(
        gallery,
        engine,
        photos_in(folder, person),
        guard=guard,
        keep_crops=keep_crops,
        consent=consent,
        retain_until=retain_until,
        dry_run=dry_run,
        progress=progress,
    )


def enrol_photo(
    gallery: Gallery,
    engine: Engine,
    photo: str | os.PathLike[str] | bytes,
    person: str,
    *,
    face: int | None = None,
    source: str | None = None,
    guard: Guard = "refuse",
    keep_crops: bool = True,
    consent: str | None = None,
    retain_until: str | None = None,
) -> Outcome:
    """Enrol one photo of a person.

    Args:
        gallery: open for writing.
        engine: of the gallery's model.
        photo: path, or the encoded file.
        person: name.
        face: which face (0 = most prominent); None = the most prominent, if it is clear who is meant.
        source: how the gallery calls the photo; its path if None.
        guard: see `enrol_photos`, as the others.
        keep_crops: see there.
        consent: see there.
        retain_until: see there.

    Returns: what became of it: enrolled, or known.

    Raises:
        EnrolmentRefused: the guard keeps it out; the message says why and how to go on.
        VisavisError: the photo cannot be used, or as in `enrol_photos`.
    """
    report = enrol_photos(
        gallery,
        engine,
        [PhotoOf(photo, person, face, source)],
        guard=guard,
        keep_crops=keep_crops,
        consent=consent,
        retain_until=retain_until,
    )
    outcome = report.outcomes[0]
    if outcome.status is Status.REFUSED:
        raise EnrolmentRefused(outcome.why)
    if outcome.status is Status.FAILED:
        raise getattr(errors, outcome.error)(outcome.reason)
    return outcome


class Enrolment:
    """One run. `outcomes` tells what became of each photo as soon as that is settled and, if enrolled, durable.

    Args:
        gallery: see `enrol_photos`.
        engine: see there.
        settings: how to enrol.

    Raises:
        InvalidInput: no gallery, and no dry run either.
        TemplateMismatch: the gallery's templates are of another model.
    """

    def __init__(self, gallery: Gallery | None, engine: Engine, settings: Settings) -> None:
        if gallery is not None:
            check_model(gallery, engine)
        elif not settings.dry_run:
            raise InvalidInput("enrolment without a gallery: only a dry run needs none; open or create one")
        output = engine.embedder_card.output
        self._roll = Roll(
            gallery, engine.fingerprint, output.dimensions or 0, output.metric or "cosine", dry_run=settings.dry_run
        )
        self._writer = None if gallery is None or settings.dry_run else Writer(gallery, settings)
        self._engine, self._settings = engine, settings
        self._gallery_id = "" if gallery is None else gallery.id
        self._settled: deque[Outcome] = deque()

    @property
    def notes(self) -> tuple[str, ...]:
        """What holds for the whole run."""
        if self._settings.guard == "off":
            return ("the guard was off: no photo was judged",)
        if self._roll.calibration is None:
            return (
                f"{self._engine.fingerprint} is not calibrated, so that nobody judged whether the photos show the "
                "right people; `visavis models calibrate` mends it",
            )
        return ()

    def report(self, outcomes: Iterable[Outcome], notes: Iterable[str] = ()) -> EnrolmentReport:
        """What became of these photos of this run, with its notes and further ones."""
        settings = self._settings
        every = (*self.notes, *notes)
        return EnrolmentReport(self._engine.fingerprint, settings.guard, settings.dry_run, tuple(outcomes), every)

    def outcomes(self, items: Iterable[PhotoOf]) -> Iterator[Outcome]:
        """What became of each photo."""
        batch = Batch(self._roll, self._settings.guard)
        keep_crops = self._settings.keep_crops and self._writer is not None
        for request, found, crop in looked(self._engine, self._requests(iter(items)), keep_crops=keep_crops):
            if isinstance(found, ModelError):  # no photo's fault: it would only be repeated for each
                raise found
            if isinstance(found, VisavisError):
                self._settled.append(failed(request.source, request.person, found))
            else:
                if batch.is_due(request.person):
                    yield from self._finished(batch)
                    batch = Batch(self._roll, self._settings.guard)
                batch.add(request, found, crop)
            yield from self._drained()
        yield from self._finished(batch)
        yield from self._drained()

    def _finished(self, batch: Batch) -> list[Outcome]:
        """Judge a batch, write what passed, and tell."""
        with one_blas_thread():
            judged = batch.judged()
        told = [one.outcome for one in judged] if self._writer is None else self._writer.write(judged)
        self._roll.settle()
        return told

    def _drained(self) -> Iterator[Outcome]:
        while self._settled:
            yield self._settled.popleft()

    def _requests(self, items: Iterator[PhotoOf]) -> Iterator[Request]:
        """Photos that are to be looked at; files are read, and known ones left out, ahead of that."""
        with ThreadPoolExecutor(1, "visavis-reading") as reader:
            ahead = reader.submit(self._read, items)
            while part := ahead.result():
                ahead = reader.submit(self._read, items)
                for one in part:
                    if isinstance(one, Request):
                        yield one
                    else:
                        self._settled.append(one)

    def _read(self, items: Iterator[PhotoOf]) -> list[Request | Outcome]:
        """The next photos' requests, or at once what became of those that are known or cannot be read."""
        found: list[Request | Outcome] = []
        for item in islice(items, _READ_AHEAD):
            try:
                found.append(requested(item, self._engine.limits, self._gallery_id))
            except VisavisError as error:
                found.append(failed(getattr(item, "name", "?"), str(getattr(item, "person", ""))[:MAX_NAME], error))
        taken = self._roll.enrolled({one.digest for one in found if isinstance(one, Request)})
        return [
            known(one, there) if isinstance(one, Request) and (there := _reference_of(one, taken)) else one
            for one in found
        ]


def check_model(gallery: Gallery, engine: Engine) -> None:
    """Refuse an engine whose templates the gallery does not enrol.

    Raises:
        TemplateMismatch: so it is.
    """
    if (held := gallery.model.fingerprint) != engine.fingerprint:
        raise TemplateMismatch(
            f"{gallery.location.shown}: enrols templates of {held}, and this engine makes those of "
            f"{engine.fingerprint}; choose that model and its settings, or `visavis gallery upgrade` the gallery"
        )


def _reference_of(request: Request, taken: Mapping[str, Sequence[Taken]]) -> Taken | None:
    """The reference that a photo is already, as far as can be told before its faces are known."""
    there = taken.get(request.digest, ())
    return next((one for one in there if one.reference == request.reference), None)
