"""Records that no longer say what they should: found by reading every one as those who use it do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, inspect, select, text

from visavis.errors import VisavisError
from visavis.gallery.names import checked_name
from visavis.gallery.schema import model, operation, person, reference
from visavis.gallery.store.enrolling import checked_date
from visavis.gallery.store.history import ERASED
from visavis.gallery.types import Problem
from visavis.types import Box

_BLOCK = 5_000
_DETAILS = {
    "rename": {"before", "after"},
    "merge": {"absorbed", "references", "apart", "inherited"},
    "split": {"new", "references"},
    "undo": {"operation", "kind"},
}


def record_problems(connection: Connection) -> Iterator[Problem]:
    """People, references, models and operations that cannot be read, and guards of the audit log that are gone."""
    yield from _guards(connection)
    for table, key, check in (
        (model, "key", _check_model),
        (person, "key", _check_person),
        (reference, "key", _check_reference),
        (operation, "id", _check_operation),
    ):
        for row in _rows(connection, table, key):
            if flaw := _flaw(check, row):
                yield Problem("damaged record", f"{table.name} {row._mapping[key]}: {flaw}")


def _guards(connection: Connection) -> Iterator[Problem]:
    if connection.dialect.name == "sqlite":
        query = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
        wanted = {f"audit_append_only_{event}" for event in ("update", "delete", "insert")}
    else:
        query = text("SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass('audit') AND tgenabled <> 'D'")
        wanted = {"audit_append_only"}
    if wanted - set(connection.execute(query).scalars()):
        yield Problem("audit log unguarded", "the triggers that refuse changes of the audit log were removed")
    if inspect(connection).has_table("alembic_version"):
        revisions = connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one()
        if revisions != 1:
            yield Problem("revision", f"the tables have {revisions} revisions instead of one")


def _rows(connection: Connection, table: Table, key: str) -> Iterator[Any]:
    last = -1
    column = table.c[key]
    while rows := connection.execute(select(table).where(column > last).order_by(column).limit(_BLOCK)).all():
        yield from rows
        last = rows[-1]._mapping[key]


def _flaw(check: Callable[[Any], str], row: Any) -> str:
    try:
        return check(row)
    except (VisavisError, TypeError, ValueError, KeyError, AttributeError) as error:
        return str(error) or type(error).__name__


def _check_model(row: Any) -> str:
    known = row.metric in ("euclidean", "cosine") and row.precision in ("float32", "int8")
    return "" if known else f"unknown metric {row.metric!r} or precision {row.precision!r}"


def _check_person(row: Any) -> str:
    checked_date("its date of keeping", row.retain_until)
    return "" if checked_name(row.name) == row.name else f"its name {row.name!r} is not as names are kept"


def _check_reference(row: Any) -> str:
    checked_date("its date of keeping", row.retain_until)
    if row.box is not None:
        Box(*row.box)
    if row.quality is not None and not all(math.isfinite(value) for value in row.quality.values()):
        return "its quality is not finite"
    return "" if isinstance(row.source, str) else "its source is no text"


def _check_operation(row: Any) -> str:
    if row.kind not in _DETAILS:
        return f"of unknown kind {row.kind!r}"
    if not isinstance(row.people, list) or not row.people:
        return "names no people"
    whole = row.details == ERASED or set(row.details) >= _DETAILS[row.kind]
    return "" if whole else "does not hold what is needed to take it back"
