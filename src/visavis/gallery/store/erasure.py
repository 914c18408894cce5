"""Forgetting: templates, crops and names leave the tables, the search tiers, the history and the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select

from visavis.errors import GalleryError, PersonNotFound
from visavis.gallery.schema import erasure, model, person, reference, template
from visavis.gallery.store.change import Change
from visavis.gallery.store.enrolling import checked_date
from visavis.gallery.store.past import erase_past
from visavis.gallery.store.people import find_person
from visavis.gallery.store.spaces import read_spaces
from visavis.gallery.store.values import parts
from visavis.gallery.templates import Templates


def forget_person(change: Change, who: str, references: Sequence[str] | None) -> tuple[int, int]:
    """Erase a person, or some references; somebody without references left goes too.

    Returns: (people, references) that are gone.

    Raises:
        PersonNotFound: the person or a reference is not there.
    """
    row = find_person(change.connection, who)
    owned = dict(
        change.connection.execute(select(reference.c.id, reference.c.key).where(reference.c.person == row.key)).all()
    )
    chosen = list(owned) if references is None else list(dict.fromkeys(references))
    if strange := [one for one in chosen if one not in owned]:
        raise PersonNotFound(f"{row.name} has no reference {strange[0]!r}; `visavis people show` lists them")
    return _erase(change, {one: owned[one] for one in chosen})


def forget_expired(change: Change, today: str) -> tuple[int, int]:
    """Erase every reference whose own date, or whose person's date, lies before `today` (ISO 8601).

    Raises:
        InvalidInput: it is no date.
    """
    checked_date("today", today or "")
    query = select(reference.c.id, reference.c.key).join(person, person.c.key == reference.c.person)
    expired = change.connection.execute(
        query.where((reference.c.retain_until < today) | (person.c.retain_until < today))
    )
    chosen = dict(expired.all())
    return _erase(change, chosen) if chosen else (0, 0)


def erase_outside(connection: Connection, templates: Templates) -> tuple[list[int], str]:
    """Erase in the outside store what the tables no longer have; (references done, note for people)."""
    rows, spaces = connection.execute(select(erasure)).all(), read_spaces(connection)
    left, note = set(), ""
    for space in spaces:
        keys = [row.reference for row in rows if space.key in row.models]
        if not keys:
            continue
        try:
            note = templates.erase(space, np.array(keys, dtype=np.int64)) or note
        except GalleryError as error:
            left.update(keys)
            note = f"{error}; forgotten templates are still in it: `visavis gallery verify --repair` tries again"
    return [row.reference for row in rows if row.reference not in left], note


def erased_outside(change: Change, done: Sequence[int]) -> None:
    """Note that references are gone from the outside store too."""
    for part in parts(done):
        change.connection.execute(delete(erasure).where(erasure.c.reference.in_(part)))


def _erase(change: Change, chosen: dict[str, int]) -> tuple[int, int]:
    keys = list(chosen.values())
    owners: set[int] = set()
    for part in parts(keys):
        owners.update(_owners(change.connection, part))
        _remember_outside(change.connection, part)
        change.connection.execute(delete(reference).where(reference.c.key.in_(part)))  # template and crop go with it
    gone = _people_left_bare(change.connection, sorted(owners))
    for part in parts([key for key, _ in gone]):
        change.connection.execute(delete(person).where(person.c.key.in_(part)))
    erase_past(change.connection, {id_ for _, id_ in gone}, set(chosen))
    change.touch(keys)
    change.owe_erasure()
    change.record("forget", [*(id_ for _, id_ in gone), *chosen])
    return len(gone), len(chosen)


def _owners(connection: Connection, keys: Sequence[int]) -> set[int]:
    return set(connection.execute(select(reference.c.person).where(reference.c.key.in_(list(keys)))).scalars())


def _people_left_bare(connection: Connection, owners: Sequence[int]) -> list[tuple[int, str]]:
    references = select(func.count()).where(reference.c.person == person.c.key).scalar_subquery()
    query = select(person.c.key, person.c.id).where(references == 0)
    found = (connection.execute(query.where(person.c.key.in_(part))) for part in parts(owners))
    return [(key, id_) for rows in found for key, id_ in rows]


def _remember_outside(connection: Connection, keys: Sequence[int]) -> None:
    """Templates without data in the tables are elsewhere, and must be erased there too."""
    query = select(template.c.reference, template.c.model).join(model, model.c.key == template.c.model)
    if connection.dialect.name == "postgresql":
        from sqlalchemy import text

        query = query.where(text("vector IS NULL"))
    elsewhere: dict[int, list[int]] = {}
    for key, space in connection.execute(query.where(template.c.reference.in_(list(keys)), template.c.data.is_(None))):
        elsewhere.setdefault(key, []).append(space)
    if elsewhere:
        rows: list[dict[str, Any]] = [{"reference": key, "models": models} for key, models in elsewhere.items()]
        connection.execute(insert(erasure), rows)
