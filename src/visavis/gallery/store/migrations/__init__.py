"""The history of the tables, as Alembic revisions; opening a gallery for writing applies those that it lacks."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from visavis.errors import GalleryCorrupt, MissingExtra, SchemaMismatch
from visavis.gallery.schema import metadata

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = ("0001",)
"""All revisions, oldest first; a test holds this to what Alembic finds."""
_TABLE = "alembic_version"
_one_at_a_time = threading.Lock()  # Alembic keeps what it works on in globals of its module


def revision_of(connection: Connection, shown: str) -> str | None:
    """The revision of the tables if it is the newest, '' for an older one, None where there are no tables.

    Raises:
        GalleryCorrupt: there are tables, but not of which revision they are.
        SchemaMismatch: a newer visavis made them, or another program.
    """
    schema = _schema(connection)
    tables = set(inspect(connection).get_table_names(schema=schema))
    name = f'"{schema}".{_TABLE}' if schema else _TABLE
    found = connection.execute(text(f"SELECT version_num FROM {name}")).scalar() if _TABLE in tables else None
    if found is None:
        _require_no_tables(connection, tables, shown)
        return None
    if found not in REVISIONS:
        raise SchemaMismatch(
            f"{shown}: was written by a newer visavis (tables of revision {found}, known are up to {REVISIONS[-1]}); "
            'install it: pip install --upgrade "visavis[gallery]". If another program made them, name another place'
        )
    return str(found) if found == REVISIONS[-1] else ""


def _require_no_tables(connection: Connection, tables: set[str], shown: str) -> None:
    """Tables without a revision are never what a creation left that was stopped: it makes all or nothing."""
    if connection.dialect.name == "postgresql":  # a schema may be shared
        tables = tables & set(metadata.tables)
    if there := sorted(tables - {_TABLE}):
        raise GalleryCorrupt(
            f"{shown}: holds tables ({', '.join(there[:3])}, ...) but not of which visavis they are; restore it from a "
            "copy. If another program made them, name another place"
        )


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
