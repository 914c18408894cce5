"""Adding rows of an exported gallery to another one: what is known, who is meant, and what contradicts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, Table, insert, select

from visavis.errors import GalleryConflict, InvalidInput
from visavis.gallery.names import checked_name, shown
from visavis.gallery.schema import person, reference
from visavis.gallery.store.enrolling import row_of, write_crops
from visavis.gallery.store.spaces import fix_scale
from visavis.gallery.store.values import parts, storable
from visavis.gallery.templates.codec import encode, scale_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.store.change import Change
    from visavis.gallery.store.store import Store
    from visavis.gallery.transfer.rows import Arrivals
    from visavis.gallery.types import ModelSpace

_LONGEST_ID = 36  # of a person: a UUID


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of rows; `exact`: whether all templates are kept bit for bit."""

    people: int = 0
    references: int = 0
    known: int = 0
    crops: int = 0
    exact: bool = True

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.people + other.people,
            self.references + other.references,
            self.known + other.known,
            self.crops + other.crops,
            self.exact and other.exact,
        )


def add(change: Change, store: Store, arrivals: Arrivals, space: ModelSpace, *, by_name: bool) -> Counted:
    """Write those rows that are new.

    Args:
        change: they are written in.
        store: of the gallery.
        arrivals: the rows.
        space: the gallery's active model.
        by_name: people of the same name are the same, though their ids differ.

    Raises:
        GalleryConflict: a row contradicts what the gallery holds.
    """
    known = _known(change.connection, arrivals)
    fresh = [place for place, one in enumerate(arrivals.references) if one.id not in known]
    if not fresh:
        return Counted(known=len(known))
    people, added = _people(change, arrivals, fresh, by_name=by_name)
    _refuse_shared_photos(change.connection, arrivals, fresh, people)
    space, stored, exact = _stored(change.connection, arrivals, fresh, space)
    keys, vault = change.new_keys("reference", len(fresh)), store.vault(change.connection)
    rows = [_row(arrivals, place, key, people, change.at) for key, place in zip(keys, fresh, strict=True)]
    change.connection.execute(insert(reference), rows)
    new = [arrivals.references[place] for place in fresh]
    ids = [one.id for one in new]
    store.templates.put(change.connection, space, np.array(keys), ids, stored, vault)
    write_crops(change, keys, new, vault)
    change.touch(keys)
    change.record("import", ids, space.fingerprint)
    return Counted(added, len(new), len(known), sum(one.crop is not None for one in new), exact)


def _known(connection: Connection, arrivals: Arrivals) -> set[str]:
    """Ids that are enrolled, with the same content."""
    places = {one.id: place for place, one in enumerate(arrivals.references)}
    known = set()
    for row in _looked_up(connection, reference, "id", places):
        place = places[row["id"]]
        if row["digest"] != arrivals.digests[place]:
            raise GalleryConflict(
                f"{arrivals.at(place)}: this id is taken by another photo or person; forget the one that is enrolled, "
                "or leave the row out"
            )
        known.add(row["id"])
    return known


def _people(change: Change, arrivals: Arrivals, fresh: Sequence[int], *, by_name: bool) -> tuple[dict[str, int], int]:
    """Keys of the people by name, and how many of them are written now."""
    names = {place: checked_name(arrivals.references[place].person) for place in fresh}
    ids = {place: arrivals.value("person_id", place) for place in fresh}
    by_id = {row["id"]: row for row in _looked_up(change.connection, person, "id", filter(None, ids.values()))}
    named = {row["name"]: row for row in _looked_up(change.connection, person, "name", names.values())}
    new: dict[str, dict[str, Any]] = {}
    for place, name in names.items():
        if ids[place] in by_id:
            _require_name(arrivals, place, by_id[ids[place]], name)
        elif name in named:
            _require_id(arrivals, place, named[name], by_name=by_name)
        else:
            one = _new_person(arrivals, place, name, change.at)
            new[name] = named[name] = by_id[one["id"]] = one
    keys = change.new_keys("person", len(new)) if new else range(0)
    for key, one in zip(keys, new.values(), strict=True):
        one["key"] = key
    if new:
        change.connection.execute(insert(person), list(new.values()))
        change.record("add people", [one["id"] for one in new.values()])
    return {name: int(named[name]["key"]) for name in names.values()}, len(new)


def _require_name(arrivals: Arrivals, place: int, found: Mapping[str, Any], name: str) -> None:
    if found["name"] != name:
        raise GalleryConflict(
            f"{arrivals.at(place)}: its person (id {found['id']}) is called {found['name']} in the gallery and {name} "
            "in the file; rename one of the two"
        )


def _require_id(arrivals: Arrivals, place: int, found: Mapping[str, Any], *, by_name: bool) -> None:
    id_ = arrivals.value("person_id", place)
    if id_ and not by_name:
        raise GalleryConflict(
            f"{arrivals.at(place)}: somebody called {found['name']} is there already under another id "
            f"({found['id']}, in this row {shown(id_)}); rename one of the two, or import with --by-name if people of "
            "one name are one person"
        )


def _new_person(arrivals: Arrivals, place: int, name: str, at: str) -> dict[str, Any]:
    id_ = storable(arrivals.value("person_id", place)) or str(uuid.uuid4())
    if len(id_) > _LONGEST_ID:
        raise InvalidInput(f"{arrivals.at(place)}: its person's id {shown(id_)} has more than {_LONGEST_ID} characters")
    until, created = arrivals.value("person_retain_until", place), arrivals.value("person_created", place)
    return {
        "id": id_,
        "name": name,
        "created": at if created is None else _text(created),
        "consent": storable(arrivals.value("person_consent", place)),
        "retain_until": None if until is None else until.isoformat(),
    }


def _refuse_shared_photos(
    connection: Connection, arrivals: Arrivals, fresh: Sequence[int], people: Mapping[str, int]
) -> None:
    """Two faces in one photo are two people, unless they were one in the gallery that was exported."""
    photos = {arrivals.references[place].photo for place in fresh} - {""}
    rows = _looked_up(connection, reference, "photo", photos)
    taken = {(row["photo"], row["person"]): row["id"] for row in rows}
    for place in fresh:
        one = arrivals.references[place]
        other = taken.get((one.photo, people[checked_name(one.person)]))
        if other is not None and not arrivals.file.has_reference(other):
            raise GalleryConflict(
                f"{arrivals.at(place)}: its photo is enrolled for {one.person} already (reference {other}), and two "
                "faces in one photo are two people; leave one of the two out"
            )


def _stored(
    connection: Connection, arrivals: Arrivals, fresh: Sequence[int], space: ModelSpace
) -> tuple[ModelSpace, NDArray[Any], bool]:
    """Templates as the gallery keeps them, and whether that is what the file holds, bit for bit."""
    rows, step = arrivals.rows.vectors[fresh], arrivals.file.facts["scale"]
    coded = rows.dtype == np.int8
    if space.precision == "int8" and space.scale is None:
        space = fix_scale(connection, space, float(step) if coded else scale_for(rows, space))
    if coded and space.scale == step:
        return space, rows, True
    vectors = rows * np.float32(step) if coded else rows
    return space, encode(vectors, space), space.precision == "float32"


def _row(arrivals: Arrivals, place: int, key: int, people: Mapping[str, int], at: str) -> dict[str, Any]:
    created = arrivals.value("created", place)
    row = row_of(key, arrivals.references[place], people, at if created is None else _text(created))
    return {**row, "digest": arrivals.digests[place]}


def _looked_up(connection: Connection, table: Table, column: str, values: Any) -> Iterator[dict[str, Any]]:
    for part in parts(list(dict.fromkeys(storable(value) for value in values))):
        for row in connection.execute(select(table).where(table.c[column].in_(part))):
            yield dict(row._mapping)


def _text(time: datetime) -> str:
    """A time as galleries keep it."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
