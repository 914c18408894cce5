"""A place that a gallery comes to or leaves: what stands there, and removing it without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, select, text

from visavis.errors import StorageError
from visavis.gallery.schema import metadata, setting
from visavis.gallery.store.migrations import revision_of
from visavis.gallery.store.settings import write_setting

if TYPE_CHECKING:
    from visavis.gallery.store.database import Database
    from visavis.gallery.uri import Location


def settings_at(database: Database) -> Mapping[str, Any]:
    """All settings of the gallery that is there; none where there is none, not even tables.

    Raises:
        SchemaMismatch: a newer visavis made it, or another program.
        GalleryUnavailable, GalleryCorrupt: the place cannot be read.
    """
    if not database.backend.exists():
        return {}
    with database.reading() as connection:
        return read_settings(connection) if revision_of(connection, database.shown) is not None else {}


def read_settings(connection: Connection) -> Mapping[str, Any]:
    """All settings, by name."""
    return {row.name: row.value for row in connection.execute(select(setting))}


def let_go(connection: Connection, moved: Mapping[str, Any]) -> None:
    """Remove all that a gallery holds from its tables, and leave a note for those who still have it open.

    Args:
        connection: of a writing transaction.
        moved: the note; `to` says where the gallery is.
    """
    for table in reversed(metadata.sorted_tables):
        if table is not setting:
            table.drop(connection)
    connection.execute(delete(setting).where(setting.c.name != "version"))
    write_setting(connection, "moved", dict(moved))


def remove(location: Location, database: Database) -> None:
    """Remove the tables, or the file; whoever else keeps something in the folder or schema keeps it.

    Raises:
        StorageError: the file cannot be removed.
    """
    if location.folder is not None:
        database.close()
        _unlink(location)
        return
    with database.writing(existing=False) as connection:
        for table in (*reversed(metadata.sorted_tables), None):
            name = "alembic_version" if table is None else table.name
            connection.execute(text(f'DROP TABLE IF EXISTS "{location.schema}"."{name}"'))
        connection.execute(text(f'DROP FUNCTION IF EXISTS "{location.schema}".audit_is_append_only()'))


def _unlink(location: Location) -> None:
    try:
        for end in ("-wal", "-shm", ""):  # the file last: without it, the others would be of nothing
            Path(f"{location.file}{end}").unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{location.shown}: its file cannot be removed ({error.strerror}); what it held is gone from it, "
            "so remove the folder by hand"
        ) from error
    with suppress(OSError):  # others may keep something there
        location.file.parent.rmdir()
