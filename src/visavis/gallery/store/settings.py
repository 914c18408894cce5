"""Small facts that a gallery keeps about itself, as JSON by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from visavis.errors import InvalidInput
from visavis.gallery.schema import job, setting
from visavis.gallery.store.values import storable
from visavis.ranges import shown

_LONGEST = 64
UNERASED = "unerased"
"""Setting: the last change that deleted something whose bytes may still be in the files; gone when they are not."""


def read_setting(connection: Connection, name: str) -> Any:
    """A setting; None if it was never written."""
    return connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar()


def write_setting(connection: Connection, name: str, value: Any) -> None:
    """Write or replace a setting."""
    _put(connection, setting, name, "value", value)


def read_job(connection: Connection, name: str) -> Any:
    """State of work that can be resumed; None if there is none."""
    return connection.execute(select(job.c.state).where(job.c.name == storable(name))).scalar()


def write_job(connection: Connection, name: str, state: Any) -> None:
    """Keep the state of work that can be resumed; None removes it.

    Raises:
        InvalidInput: a name or state that cannot be kept.
    """
    if not 0 < len(storable(name)) <= _LONGEST or storable(name) != name:
        raise InvalidInput(f"job {shown(name)}: needs a name of 1 to {_LONGEST} plain characters")
    if state is None:
        connection.execute(delete(job).where(job.c.name == name))
    else:
        _put(connection, job, name, "state", state)


def _put(connection: Connection, table: Table, name: str, column: str, value: Any) -> None:
    if not connection.execute(update(table).where(table.c.name == name).values({column: value})).rowcount:
        connection.execute(insert(table).values({"name": name, column: value}))
