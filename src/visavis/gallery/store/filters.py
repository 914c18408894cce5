"""Which references a search may find: the conditions of a `Where` as a question to the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, or_, select

from visavis import ranges
from visavis.errors import InvalidInput
from visavis.gallery.schema import person, reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.types import Where


def allowed_keys(connection: Connection, where: Where) -> NDArray[np.int64]:
    """Keys of the references that meet all conditions, rising.

    Raises:
        InvalidInput: a condition that cannot be.
    """
    query = select(reference.c.key).join(person, person.c.key == reference.c.person)
    rows = connection.execute(query.where(*_conditions(where)).order_by(reference.c.key)).scalars().all()
    return np.array(rows, dtype=np.int64)


def _conditions(where: Where) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.people is not None:
        conditions.append(_named(where.people))
    if where.exclude_people:
        conditions.append(~_named(where.exclude_people))
    if where.min_quality is not None:
        conditions.append(reference.c.summary >= ranges.number("min_quality", where.min_quality, 0.0, 1.0))
    if where.source_prefix is not None:
        start = where.source_prefix
        conditions.append(func.substr(reference.c.source, 1, len(start)) == start)
    if where.created_after is not None:
        conditions.append(reference.c.created > _time("created_after", where.created_after))
    if where.created_before is not None:
        conditions.append(reference.c.created < _time("created_before", where.created_before))
    return conditions


def _named(people: frozenset[str]) -> ColumnElement[bool]:
    names: list[Any] = sorted(people)
    return or_(person.c.name.in_(names), person.c.id.in_(names))


def _time(name: str, value: str) -> str:
    if not isinstance(value, str) or not value[:4].isdigit():
        raise InvalidInput(f"{name} {value!r}: write it like 2026-12-31 or 2026-12-31T23:59:59Z")
    return value
