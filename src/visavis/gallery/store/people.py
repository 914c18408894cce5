"""Reading who is enrolled, and with which references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from visavis.errors import InvalidInput, PersonNotFound
from visavis.gallery.names import checked_name, shown
from visavis.gallery.schema import crop, model, person, reference, template
from visavis.gallery.store.values import asked_keys, asked_texts, parts, storable
from visavis.gallery.types import Crop, Person, Reference
from visavis.types import Box


def count(connection: Connection) -> tuple[int, int]:
    """(people, references)."""
    people, references = (
        connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (person, reference)
    )
    return int(people), int(references)


def read_people(connection: Connection, name_contains: str | None = None) -> list[Person]:
    """Everybody whose name has this in it (capitals alike), by name."""
    rows = connection.execute(_people().order_by(person.c.name)).all()
    wanted = (name_contains or "").casefold()
    return [_person(row) for row in rows if wanted in row.name.casefold()]


def find_person(connection: Connection, who: str) -> Any:
    """The row of a person, by id or name.

    Raises:
        PersonNotFound: nobody has it.
    """
    query, who = select(person), storable(who or "")
    row = connection.execute(query.where(person.c.id == who)).first()
    row = row or connection.execute(query.where(person.c.name == kept_name(who))).first()
    if row is None:
        raise PersonNotFound(f"{shown(who)}: nobody of that name or id is enrolled; `visavis people list` shows who is")
    return row


def kept_name(who: str) -> str:
    """A name as it would be kept, however it is composed and spaced; what cannot be a name is looked for as it is."""
    try:
        return checked_name(who)
    except InvalidInput:
        return storable(who)


def read_person(connection: Connection, who: str) -> Person:
    """A person by id or name; errors as `find_person`."""
    key = find_person(connection, who).key
    return _person(connection.execute(_people().where(person.c.key == key)).one())


def read_references(
    connection: Connection,
    *,
    of_person: int | None = None,
    keys: Sequence[int] | None = None,
    ids: Sequence[str] | None = None,
    photos: Sequence[str] | None = None,
) -> list[Reference]:
    """References by rising key; all conditions that are given hold together."""
    conditions: list[ColumnElement[bool]] = [] if of_person is None else [reference.c.person == of_person]
    asked: dict[str, list[Any]] = {} if keys is None else {"key": asked_keys(keys)}
    asked.update((name, asked_texts(values)) for name, values in (("id", ids), ("photo", photos)) if values is not None)
    rows: list[Any] = []
    if not asked:
        rows = _referenced(connection, conditions)
    for name in list(asked)[:1]:
        for part in parts(asked.pop(name)):
            rows += _referenced(connection, [*conditions, reference.c[name].in_(part)])
    for name, values in asked.items():
        wanted = set(values)
        rows = [row for row in rows if getattr(row, name) in wanted]
    models = _models_of(connection, [row.key for row in rows])
    return [_reference(row, models.get(row.key, ())) for row in sorted(rows, key=lambda row: row.key)]


def require_references(connection: Connection, keys: Sequence[int]) -> None:
    """Refuse numbers that no reference has.

    Raises:
        PersonNotFound: one is of none.
    """
    for part in parts(keys):
        there = set(connection.execute(select(reference.c.key).where(reference.c.key.in_(part))).scalars())
        if gone := [key for key in part if key not in there]:
            raise PersonNotFound(
                f"reference key {gone[0]}: there is none; give keys that `references` or a search returned, and that "
                "were not forgotten since"
            )


def read_crops(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[bytes, tuple[tuple[float, float], ...]]]:
    """Data as stored, and points, of the crops that are kept, by reference id."""
    found = {}
    for part in parts(asked_texts(ids)):
        query = select(reference.c.id, crop.c.data, crop.c.points).join(reference, reference.c.key == crop.c.reference)
        for id_, data, points in connection.execute(query.where(reference.c.id.in_(part))):
            found[id_] = data, tuple((float(x), float(y)) for x, y in points)
    return found


def opened_crop(data: bytes, points: tuple[tuple[float, float], ...]) -> Crop:
    """A crop from its opened data."""
    return Crop(data, points)


def _people() -> Select[Any]:
    counts = select(func.count()).where(reference.c.person == person.c.key).scalar_subquery().label("references")
    return select(person, counts)


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.name, row.created, int(row.references), row.consent, row.retain_until)


def _referenced(connection: Connection, conditions: Iterable[ColumnElement[bool]]) -> list[Any]:
    query = (
        select(reference, person.c.name, person.c.id.label("person_id"), crop.c.reference.label("crop"))
        .join(person, person.c.key == reference.c.person)
        .outerjoin(crop, crop.c.reference == reference.c.key)
    )
    return list(connection.execute(query.where(*conditions)).all())


def _models_of(connection: Connection, keys: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for part in parts(keys):
        query = select(template.c.reference, model.c.fingerprint).join(model, model.c.key == template.c.model)
        for key, fingerprint in connection.execute(query.where(template.c.reference.in_(part)).order_by(model.c.key)):
            found[key] = (*found.get(key, ()), fingerprint)
    return found


def _reference(row: Any, models: tuple[str, ...]) -> Reference:
    return Reference(
        key=row.key,
        id=row.id,
        person=row.name,
        person_id=row.person_id,
        source=row.source,
        photo=row.photo,
        box=None if row.box is None else Box(*row.box),
        quality=row.quality,
        created=row.created,
        consent=row.consent,
        retain_until=row.retain_until,
        has_crop=row.crop is not None,
        models=models,
    )
