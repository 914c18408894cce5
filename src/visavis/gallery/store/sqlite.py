"""The embedded engine: one SQLite file in the gallery's folder.

A write is acknowledged when it is on disk (WAL, synchronous=FULL). Deleted content is overwritten with zeros
(secure_delete); the log and the unused parts of pages, which may still hold it, are emptied by `scrub`.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from visavis.errors import GalleryCorrupt, GalleryNotFound, GalleryReadOnly, GalleryUnavailable, StorageError
from visavis.gallery.store.blanks import empty_blanks, own_descriptor
from visavis.gallery.store.settings import UNERASED
from visavis.gallery.store.sqlite_file import (
    EXCHANGED,
    FileConnection,
    LogExchanged,
    connected,
    engines,
    identity,
    let_go,
    log_of,
    make_empty,
)
from visavis.gallery.store.values import from_json, to_json
from visavis.gallery.types import Problem

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry

    from visavis.gallery.uri import Location

PATIENCE = 30.0
"""Seconds to wait for another writer."""
WRITES = "visavis_writes"
_AGAIN = "`visavis gallery verify --repair` tries again"
_SCRUB_PATIENCE_MS = 5000  # to wait for readers that hold the log
_SCRUB_TRIES = 20
_READ = f"another process reads the gallery, so its log could not be emptied yet; {_AGAIN}"


class Sqlite:
    """How a gallery is kept in an SQLite file.

    Args:
        location: of the gallery.
        read_only: open for reading.
    """

    name = "sqlite"

    def __init__(self, location: Location, *, read_only: bool) -> None:
        self._file = location.file
        self._shown = location.shown
        self._read_only = read_only

    def exists(self) -> bool:
        """Whether there is a file at all.

        Raises:
            GalleryUnavailable: the place cannot be looked at, or is no folder.
            GalleryCorrupt: the file is empty.
        """
        folder = self._file.parent
        try:
            if folder.exists() and not folder.is_dir():
                raise GalleryUnavailable(f"{self._shown}: is a file; a gallery is a folder, name another place")
            return self._holds_something()
        except OSError as error:
            reason = error.strerror or error
            raise GalleryUnavailable(f"{self._shown}: cannot be looked at ({reason}); name another folder") from error

    def prepare(self) -> None:
        """Make the folder and an empty file that only its owner may read.

        Raises:
            StorageError: the folder cannot be made.
            GalleryCorrupt: there is a file, and it is empty.
        """
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._holds_something():
                make_empty(self._file)
        except OSError as error:
            raise StorageError(
                f"{self._shown}: the gallery's folder cannot be made ({error.strerror}); choose one you may write to"
            ) from error

    def _holds_something(self) -> bool:
        if not self._file.is_file():
            return False
        if not self._file.stat().st_size:  # no visavis ever made it so
            raise GalleryCorrupt(
                f"{self._shown}: its file {self._file.name} is empty; restore it from a copy, or remove the file if "
                "there never was a gallery"
            )
        return True

    def engine(self) -> Engine:
        """An engine whose connections keep the promises above."""
        engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            json_serializer=to_json,
            json_deserializer=from_json,
            pool_size=8,
            max_overflow=56,
            hide_parameters=True,  # templates and names have no place in a traceback
        )
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", self._close_if_stale)
        engines[engine] = self._file
        return engine

    def steady(self, connection: Connection) -> Connection:
        """The connection itself: every transaction of SQLite does."""
        return connection

    def lock(self, connection: Connection) -> None:
        """Nothing: a writing transaction of SQLite is alone from its beginning."""

    def lock_place(self, connection: Connection) -> None:
        """Nothing, as `lock`."""

    def scrub(self, engine: Engine) -> tuple[bool, str]:
        """Empty the log and the unused parts of pages, which still hold what was deleted; see `Backend.scrub`."""
        try:
            with closing(connected(self._file, self._address(), read_only=False, patience=PATIENCE)) as connection:
                connection.execute(f"PRAGMA busy_timeout = {_SCRUB_PATIENCE_MS}")  # it waits for readers of the log
                return _scrubbed(connection, self._file)
        except (sqlite3.Error, OSError, LogExchanged) as error:
            return False, f"its files could not be cleaned ({error}); {_AGAIN}"

    def check(self, connection: Connection) -> list[Problem]:
        """Damage of the file itself."""
        rows = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
        return [
            *(Problem("damaged file", f"SQLite's check says: {row}") for row in rows if row != "ok"),
            *(Problem("dangling row", f"a row of {row[0]} names a missing row of {row[2]}") for row in broken),
        ]

    def _connect(self) -> FileConnection:
        try:
            return connected(self._file, self._address(), read_only=self._read_only, patience=PATIENCE)
        except sqlite3.OperationalError as error:
            if not self._file.exists():
                raise missing(self._shown) from error
            if not self._read_only and not self._writable():
                raise GalleryReadOnly(f"{self._shown}: cannot be written to; open it with read_only=True") from error
            raise
        except LogExchanged as error:
            raise LogExchanged(f"{self._shown}: {error}") from error

    def _begin(self, connection: Connection) -> None:
        writes: Any = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        own: Any = connection.connection.dbapi_connection
        before, there = own.files, identity(self._file)
        if before == there:
            return
        connection.invalidate()
        let_go(self._file)
        if before[0] == there[0]:
            raise LogExchanged(f"{self._shown}: {EXCHANGED}")
        kind, what = (GalleryNotFound, "removed") if there[0] is None else (GalleryUnavailable, "replaced")
        raise kind(
            f"{self._shown}: its files were {what} while it was open, and nothing was changed; see that they are "
            "where they were, and try again"
        )

    def _close_if_stale(self, own: FileConnection | None, record: ConnectionPoolEntry) -> None:
        """Not keep for later what has files open that are not the gallery's any more."""
        if own is not None and own.files != identity(self._file):
            record.invalidate()

    def _address(self) -> str:
        return f"file:{quote(os.fsencode(self._file.absolute()))}{self._mode()}"

    def _mode(self) -> str:
        if not self._read_only:
            return "?mode=rw"
        log, shared = log_of(self._file), self._file.with_name(f"{self._file.name}-shm")
        used = shared.exists() or (log.exists() and log.stat().st_size)
        # Reading beside a log needs shared memory, which a read-only disk cannot give; without a log, none is needed.
        return "?mode=ro" if used or self._writable() else "?mode=ro&immutable=1"

    def _writable(self) -> bool:
        return os.access(self._file.parent, os.W_OK) and os.access(self._file, os.W_OK)


def _scrubbed(connection: sqlite3.Connection, file: Path) -> tuple[bool, str]:
    """Clean the file on a connection of its own: what that keeps of old pages goes with it."""
    for _ in range(_SCRUB_TRIES):
        if not _log_emptied(connection):
            return False, _READ
        connection.execute("BEGIN IMMEDIATE")
        if log_of(file).stat().st_size:  # somebody wrote in between
            connection.execute("ROLLBACK")
            continue
        descriptor = own_descriptor(file)
        if descriptor is None or not empty_blanks(descriptor):
            connection.execute("ROLLBACK")
            connection.execute("VACUUM")
            _note_erased(connection)
            return (True, "") if _log_emptied(connection) else (False, _READ)
        _note_erased(connection)
        connection.execute("COMMIT")
        return True, ""
    return False, f"other processes write to the gallery all the time; {_AGAIN}"


def _log_emptied(connection: sqlite3.Connection) -> bool:
    return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


def _note_erased(connection: sqlite3.Connection) -> None:
    """Change something, so that no connection goes on with pages that it read before, and writes them back."""
    connection.execute("DELETE FROM setting WHERE name = ?", (UNERASED,))
    count = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.execute(f"PRAGMA user_version = {(count + 1) % 2**31}")


def missing(shown: str) -> GalleryNotFound:
    """There is no gallery where one was named."""
    return GalleryNotFound(f"{shown}: there is no gallery here; `visavis gallery create --gallery {shown}` makes one")
