"""Importing an exported gallery into a new one, or into one of the same model.

Every block of rows is one transaction, and rows that are there already are known by their ids: an import that was
interrupted is simply repeated. Nothing that the gallery holds is changed by an import, only added to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from visavis.errors import DataError, GalleryNotFound, InvalidInput, TemplateMismatch
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.schema import person as person_table
from visavis.gallery.store import history
from visavis.gallery.store.spaces import find_space, read_spaces
from visavis.gallery.store.values import storable
from visavis.gallery.transfer.adding import Counted, add
from visavis.gallery.transfer.embedded import enrol_embedded, read_embedded
from visavis.gallery.transfer.exported import ExportFile, is_export
from visavis.gallery.transfer.rows import checked
from visavis.gallery.types import ModelSpace

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.keys import Key

    Progress = Callable[[int, int], None]

_ROUNDED = "templates were rounded: the file's and the gallery's precision or scale differ"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        gallery: id of the gallery that took the references.
        created: whether it was made for them.
        people: who were added.
        references: that were added.
        known: rows that were enrolled before.
        crops: that were added.
        left_out: rows of an embedded file whose photo nobody named.
        note: what was not kept exactly; '' if everything was.
    """

    gallery: str
    created: bool
    people: int
    references: int
    known: int
    crops: int
    left_out: int = 0
    note: str = ""


def import_gallery(
    uri: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    key: Key | None = None,
    by_name: bool = False,
    person: str | None = None,
    people: str | os.PathLike[str] | None = None,
    actor: str | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Add the references of a file to a gallery.

    An exported gallery (`export_gallery`) goes into a gallery of the same model, which is made if there is none: then
    its people, ids, times and templates are those of the file, bit for bit. A file of `visavis embed` (.parquet or
    .npz) goes into a gallery that is there; it does not say who is who, so name the person, or a CSV file.

    Args:
        uri: of the gallery, see `parse_uri`.
        path: of the file.
        key: of an encrypted gallery; a new one is encrypted under it.
        by_name: people of the same name are the same, though their ids differ; without it that is a conflict.
        person: whose faces an embedded file holds.
        people: CSV file with columns `source` and `person`, and `face` where photos show several.
        actor: who does it, for the audit log.
        progress: called with (rows read, all).

    Raises:
        DataError: the file is none of these, is damaged or incomplete, or a newer visavis wrote it.
        TemplateMismatch: its templates are of another model.
        GalleryConflict: a row contradicts what the gallery holds; the rows before it are imported.
        InvalidInput: a row holds a name, id or vector that cannot be; an embedded file does not say who is who.
        GalleryNotFound, WrongKey, GalleryReadOnly, GalleryBusy, GalleryUnavailable, StorageError: as `open_gallery`.
        MissingExtra: pyarrow is absent.
    """
    if os.fspath(path).lower().endswith(".npz") or not is_export(path):
        faces = read_embedded(path, person=person, people=people)
        with open_gallery(uri, key=key, actor=actor) as gallery:
            added = enrol_embedded(gallery, faces, progress)
            return Imported(gallery.id, False, *added, crops=0, left_out=faces.left_out)
    if person is not None or people is not None:
        raise InvalidInput(f"{os.fspath(path)}: an exported gallery says who is who; leave --person and --people out")
    with closing(ExportFile(path)) as file, _target(uri, file, key, actor) as (gallery, created):
        return _imported(gallery, file, created=created, by_name=by_name, progress=progress or _silent)


@contextmanager
def _target(
    uri: str | os.PathLike[str], file: ExportFile, key: Key | None, actor: str | None
) -> Iterator[tuple[Gallery, bool]]:
    """The gallery, and whether it was made now."""
    facts, created = file.facts, False
    try:
        gallery = open_gallery(uri, key=key, actor=actor)
    except GalleryNotFound:
        _check_first_rows(file)  # of a file that cannot be imported, no empty gallery is left
        shape = {name: facts[name] for name in ("dimension", "metric", "precision")}
        gallery, created = create_gallery(uri, model=facts["fingerprint"], key=key, actor=actor, **shape), True
    with gallery:
        yield gallery, created


def _check_first_rows(file: ExportFile) -> None:
    """Refuse what would be refused anyway, once there is a gallery; errors as `checked`."""
    facts = file.facts
    space = ModelSpace(1, facts["fingerprint"], facts["dimension"], facts["metric"], facts["precision"], None, True)
    for rows in islice(file.read(), 1):
        checked(file, rows, space)


def _imported(gallery: Gallery, file: ExportFile, *, created: bool, by_name: bool, progress: Progress) -> Imported:
    done, counted = 0, Counted()
    progress(0, len(file))
    for rows in file.read():
        arrivals = checked(file, rows, _space(file, gallery.models()))
        with gallery.store.changing() as change:
            space = _space(file, read_spaces(change.connection))
            counted += add(change, gallery.store, arrivals, space, by_name=by_name)
        done += len(rows)
        progress(done, len(file))
    _set_apart(gallery, file)
    added = counted.people, counted.references, counted.known, counted.crops
    return Imported(gallery.id, created, *added, note="" if counted.exact else _ROUNDED)


def _space(file: ExportFile, spaces: tuple[ModelSpace, ...]) -> ModelSpace:
    """The gallery's active model, which must be the file's."""
    space, facts = find_space(spaces, None), file.facts
    if space.fingerprint != facts["fingerprint"]:
        raise TemplateMismatch(
            f"{file.path}: holds templates of {facts['fingerprint']}, the gallery's are of {space.fingerprint}; import "
            "it into a gallery of its own, and `visavis gallery upgrade` that one"
        )
    if (space.dimension, space.metric) != (facts["dimension"], facts["metric"]):
        raise DataError(
            f"{file.path}: says that {space.fingerprint} has {facts['dimension']} numbers and is compared by "
            f"{facts['metric']}, the gallery says {space.dimension} and {space.metric}; one of the two is damaged"
        )
    return space


def _set_apart(gallery: Gallery, file: ExportFile) -> None:
    """Who was declared to be two stays two."""
    if not file.facts["apart"]:
        return
    with gallery.store.changing() as change:
        there = {frozenset(pair) for *pair, _ in history.read_apart(change.connection)}
        for pair in file.facts["apart"]:
            ids = [_id_of(change.connection, *who) for who in pair["people"]]
            if None not in ids and len(set(ids)) == 2 and frozenset(ids) not in there:
                history.set_apart(change, str(ids[0]), str(ids[1]), pair["reason"])


def _id_of(connection: Connection, id_: str, name: str) -> str | None:
    """Id in the gallery of somebody in the file; None if not imported."""
    for condition in (person_table.c.id == storable(id_), person_table.c.name == storable(name)):
        found = connection.execute(select(person_table.c.id).where(condition)).scalar()
        if found is not None:
            return str(found)
    return None


def _silent(_done: int, _all: int) -> None:
    """Tell nobody."""
