"""Rows of an exported gallery as references that could be enrolled, after all that is checked without a gallery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import GalleryConflict, InvalidInput, TemplateMismatch, VisavisError
from visavis.gallery.names import shown
from visavis.gallery.store.enrolling import checked_batch, digest_of
from visavis.gallery.types import Crop, NewReference
from visavis.types import Box, Template

if TYPE_CHECKING:
    from visavis.gallery.transfer.exported import ExportFile, Rows
    from visavis.gallery.types import ModelSpace

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, eq=False, slots=True)
class Arrivals:
    """Rows that could be enrolled.

    Attributes:
        file: where they are from.
        rows: as they are in it.
        references: as enrolment would take them.
        digests: of what was enrolled, to tell a repetition from a contradiction.
    """

    file: ExportFile
    rows: Rows
    references: Sequence[NewReference]
    digests: Sequence[str]

    def at(self, place: int) -> str:
        """Which row it is, for messages."""
        return f"{_row(self.file, self.rows, place)} (reference {shown(self.references[place].id)})"

    def value(self, name: str, place: int) -> Any:
        """A value of a row."""
        return self.rows.values[name][place]


def checked(file: ExportFile, rows: Rows, space: ModelSpace) -> Arrivals:
    """Rows that could be enrolled under a model.

    Raises:
        InvalidInput: a row holds a name, id, box or vector that cannot be.
        TemplateMismatch: a row is of another model.
        GalleryConflict: an id stands twice.
    """
    vectors = rows.vectors
    if vectors.dtype == np.int8:
        vectors = vectors * np.float32(file.facts["scale"])
    references: list[NewReference] = []
    for place in range(len(rows)):
        with _naming(_row(file, rows, place)):
            references.append(_reference(rows.values, place, vectors[place]))
    _check(file, rows, references, space)
    stated = rows.values["enrolled_as"]
    return Arrivals(file, rows, references, [_digest(*pair) for pair in zip(stated, references, strict=True)])


def _check(file: ExportFile, rows: Rows, references: Sequence[NewReference], space: ModelSpace) -> None:
    try:
        checked_batch(references, space)
    except (InvalidInput, TemplateMismatch, GalleryConflict):
        seen: dict[str, int] = {}
        for place, one in enumerate(references):  # which row was it?
            with _naming(_row(file, rows, place)):
                checked_batch([one], space)
            if seen.setdefault(one.id, place) != place:
                first = rows.first + seen[one.id]
                raise GalleryConflict(
                    f"{_row(file, rows, place)}: reference {shown(one.id)} stands in row {first} already; leave one out"
                ) from None
        raise


def _reference(values: Mapping[str, Sequence[Any]], place: int, vector: np.ndarray[Any, Any]) -> NewReference:
    value = {name: column[place] for name, column in values.items()}
    box, data, until = value["box"], value.get("crop"), value["retain_until"]
    quality = value["qualities"]
    if quality is None and value["quality"] is not None:
        quality = [("summary", value["quality"])]
    return NewReference(
        value["reference"],
        value["person"],
        Template(vector, value["model"]),
        source=value["source"] or "",
        photo=value["photo"] or "",
        box=None if box is None else Box(*box),
        quality=None if quality is None else dict(quality),
        crop=None if data is None else Crop(data, tuple(tuple(point) for point in value["crop_points"] or ())),
        consent=value["consent"],
        retain_until=None if until is None else until.isoformat(),
    )


def _digest(stated: str | None, one: NewReference) -> str:
    """What the file says was enrolled; computed where it says nothing."""
    return stated if stated and len(stated) == 64 and _HEX.issuperset(stated) else digest_of(one)


def _row(file: ExportFile, rows: Rows, place: int) -> str:
    return f"{file.path}, row {rows.first + place}"


@contextmanager
def _naming(row: str) -> Iterator[None]:
    """Say which row was wrong."""
    try:
        yield
    except (InvalidInput, TemplateMismatch, GalleryConflict) as error:
        raise type(error)(f"{row}: {error}") from error
    except (TypeError, ValueError, VisavisError) as error:
        raise InvalidInput(f"{row}: holds a value that cannot be ({error})") from error
