"""The history of the tables, as Alembic revisions; opening a gallery for writing applies those that it lacks."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from visavis.errors import MissingExtra, SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = ("0001",)
"""All revisions, oldest first; a test holds this to what Alembic finds."""
_TABLE = "alembic_version"
_one_at_a_time = threading.Lock()  # Alembic keeps what it works on in globals of its module


def revision_of(connection: Connection, shown: str) -> str | None:
    """The revision of the tables if it is the newest, '' for an older one, None where there are no tables.

    Raises:
        SchemaMismatch: a newer visavis made them, or another program.
    """
    schema = _schema(connection)
    if not inspect(connection).has_table(_TABLE, schema=schema):
        return None
    name = f'"{schema}".{_TABLE}' if schema else _TABLE
    found = connection.execute(text(f"SELECT version_num FROM {name}")).scalar()
    if found is None:
        return None
    if found not in REVISIONS:
        raise SchemaMismatch(
            f"{shown}: was written by a newer visavis (tables of revision {found}, known are up to {REVISIONS[-1]}); "
            'install it: pip install --upgrade "visavis[gallery]". If another program made them, name another place'
        )
    return str(found) if found == REVISIONS[-1] else ""


def migrate(connection: Connection, shown: str) -> None:
    """Bring the tables to the newest revision, within the connection's transaction.

    Raises:
        MissingExtra: Alembic is absent.
        SchemaMismatch: a newer visavis made them, or another program.
    """
    revision_of(connection, shown)
    if importlib.util.find_spec("alembic") is None:
        raise MissingExtra(f'{shown}: its tables are made by Alembic: pip install "visavis[gallery]"')
    from alembic import command

    with _one_at_a_time:
        command.upgrade(configuration(connection), "head")


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings, for this folder of revisions."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["schema"] = None if connection is None else _schema(connection)
    return config


def _schema(connection: Connection) -> str | None:
    """Where the gallery's tables are on PostgreSQL; another program's table of versions may be in sight elsewhere."""
    if connection.dialect.name != "postgresql":
        return None
    return str(connection.execute(text("SELECT current_schema()")).scalar_one())
