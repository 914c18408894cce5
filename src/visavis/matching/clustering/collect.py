"""From photos to the faces on them: every photo once, what was found before is not looked for again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from visavis.errors import ModelError, VisavisError
from visavis.matching.clustering.faces import FoundFaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from visavis.matching.clustering.kept import KeptFaces
    from visavis.types import Faces

    Progress = Callable[[int, int], None]
    Report = Callable[[VisavisError], None]


class FaceFinder(Protocol):
    """What collecting needs of an engine."""

    def stream(self, images: Iterable[str], /, *, errors: Literal["return"]) -> Iterator[Faces | VisavisError]:
        """The faces of every image with templates and quality, or the error that stands in their place."""
        ...


@dataclass(frozen=True, slots=True)
class FailedPhoto:
    """A photo that cannot be used, and why."""

    path: str
    error: str
    message: str


@dataclass(frozen=True, eq=False, slots=True)
class Collected:
    """What photos hold.

    Attributes:
        faces: of all photos, in their order.
        photos: how many distinct photos were named.
        without_face: those on which no face was found.
        failed: those that cannot be used.
        reused: how many were not looked at again.
    """

    faces: FoundFaces
    photos: int
    without_face: tuple[str, ...]
    failed: tuple[FailedPhoto, ...]
    reused: int


def collect_faces(
    engine: FaceFinder,
    paths: Sequence[str],
    kept: KeptFaces,
    *,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Collected:
    """The faces of photos; a photo that cannot be used is reported and does not stop the run.

    Whatever ends the run, an interruption too, what was found until then is kept.

    Args:
        engine: finds and embeds faces.
        paths: of photos; one named twice counts once.
        kept: what is known from before; takes up what is found now.
        progress: called with (photos done, all) after every photo.
        report: told of every photo that cannot be used.

    Raises:
        ModelError: a model cannot be had or run, which is no photo's fault.
        StorageError: what was found could not be written.
    """
    named: dict[str, str] = {}
    for path in paths:
        named.setdefault(os.path.abspath(path), path)  # noqa: PTH100 (links are not followed)
    photos = list(named.values())
    todo = [photo for photo in photos if photo not in kept]
    failed = []
    try:
        for done, (photo, found) in enumerate(zip(todo, engine.stream(todo, errors="return"), strict=True), start=1):
            if isinstance(found, ModelError):
                raise found
            if isinstance(found, VisavisError):
                failed.append(FailedPhoto(photo, type(found).__name__, str(found)))
                if report:
                    report(found)
            else:
                kept.add(photo, FoundFaces.of_photo(photo, found))
            if progress:
                progress(len(photos) - len(todo) + done, len(photos))
    finally:
        kept.save()
    usable = set(photos) - {photo.path for photo in failed}
    faces = kept.of([photo for photo in photos if photo in usable])
    shown = set(faces.paths)
    empty = tuple(photo for photo in photos if photo in usable and photo not in shown)
    return Collected(faces, len(photos), empty, tuple(failed), len(photos) - len(todo))
