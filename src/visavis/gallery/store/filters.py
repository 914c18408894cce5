"""Which references a search may find: the conditions of a `Where` as a question to the tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, or_, select

from visavis import ranges
from visavis.errors import InvalidInput
from visavis.gallery.schema import person, reference
from visavis.gallery.store.people import kept_name
from visavis.gallery.store.values import asked_texts, parts, storable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.types import Where


def allowed_keys(connection: Connection, where: Where) -> NDArray[np.int64]:
    """Keys of the references that meet all conditions, rising.

    Raises:
        InvalidInput: a condition that cannot be.
    """
    conditions = _conditions(where)
    allowed = _keys(connection, conditions) if where.people is None else _keys_of(connection, where.people, conditions)
    return np.setdiff1d(allowed, _keys_of(connection, where.exclude_people, []))


def _conditions(where: Where) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.min_quality is not None:
        conditions.append(reference.c.summary >= ranges.number("min_quality", where.min_quality, 0.0, 1.0))
    if where.source_prefix is not None:
        start = storable(where.source_prefix)
        conditions.append(func.substr(reference.c.source, 1, len(start)) == start)
    if where.created_after is not None:
        conditions.append(reference.c.created > _time("created_after", where.created_after))
    if where.created_before is not None:
        conditions.append(reference.c.created < _time("created_before", where.created_before))
    return conditions


def _keys(connection: Connection, conditions: Iterable[ColumnElement[bool]]) -> NDArray[np.int64]:
    return np.array(connection.execute(select(reference.c.key).where(*conditions)).scalars().all(), dtype=np.int64)


def _keys_of(connection: Connection, people: Iterable[str], conditions: list[ColumnElement[bool]]) -> NDArray[np.int64]:
    """Keys of the references of people, by name or id, that meet the conditions too."""
    if isinstance(people, str):
        raise InvalidInput(f"people {people!r}: expected a set of names or ids, such as {{{people!r}}}")
    found = [np.zeros(0, dtype=np.int64)]
    for part in parts(asked_texts(people)):
        called = or_(person.c.name.in_([kept_name(name) for name in part]), person.c.id.in_(part))
        found += [
            _keys(connection, [reference.c.person.in_(some), *conditions])
            for some in parts(connection.execute(select(person.c.key).where(called)).scalars().all())
        ]
    return np.concatenate(found)


def _time(name: str, value: str) -> str:
    """A moment as the tables write it; without a zone, it is UTC."""
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"{name} {value!r}: write it like 2026-12-31 or 2026-12-31T23:59:59Z") from error
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
