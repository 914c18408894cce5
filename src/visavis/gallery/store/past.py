"""Forgetting people in the history: names and references go, also of those who live on in others or not at all.

Somebody who was merged into a person is forgotten with that person, and so are names that they once had.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from visavis.gallery.schema import operation, person
from visavis.gallery.store.history import ERASED


def erase_past(connection: Connection, person_ids: set[str], reference_ids: set[str]) -> None:
    """Remove those who are forgotten from the history; what was done when stays, and what others need to undo.

    Args:
        connection: of a change in which the people and references are gone from their tables.
        person_ids: ids of the people.
        reference_ids: ids of the references.
    """
    rows = connection.execute(select(operation).order_by(operation.c.id.desc())).all()
    alive = set(connection.execute(select(person.c.id)).scalars())
    gone = _all_gone(rows, alive, person_ids, reference_ids)
    for row in rows:
        details = dict(ERASED) if gone & set(row.people) else _without(row.details, gone, reference_ids)
        if details != row.details:
            connection.execute(update(operation).where(operation.c.id == row.id).values(details=details))


def _all_gone(rows: Sequence[Any], alive: set[str], person_ids: set[str], reference_ids: Collection[str]) -> set[str]:
    """The people, and whoever was part of them: merged in, or made and taken back."""
    restorable, gone = set(alive), set(person_ids)
    for row in rows:  # the latest first: who comes back with an undo can bring back others
        if row.kind != "merge" or row.undone_by is not None or row.details == ERASED:
            continue
        keep, absorbed = row.people
        if set(row.details["references"]) <= set(reference_ids):
            gone.add(absorbed)
        elif keep in restorable:
            restorable.add(absorbed)
    unmade = {
        row.people[1]
        for row in rows
        if row.kind == "split" and row.details != ERASED and set(row.details["references"]) <= set(reference_ids)
    }
    gone |= unmade - restorable
    while more := {id_ for row in rows if gone & set(row.people) for id_ in row.people if id_ not in restorable | gone}:
        gone |= more
    return gone


def _without(details: dict[str, Any], gone: set[str], reference_ids: Collection[str]) -> dict[str, Any]:
    left = dict(details)
    if "references" in left:
        left["references"] = [one for one in left["references"] if one not in reference_ids]
    for name in ("apart", "inherited"):
        if name in left:
            left[name] = [pair for pair in left[name] if not gone & set(pair)]
    return left
