"""The embedded engine: one SQLite file in the gallery's folder.

A write is acknowledged when it is on disk (WAL, synchronous=FULL). Deleted content is overwritten with zeros
(secure_delete), and the log that still holds it is emptied by `scrub`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from visavis.errors import GalleryNotFound, GalleryUnavailable, StorageError
from visavis.gallery.store.values import from_json, to_json
from visavis.gallery.types import Problem

if TYPE_CHECKING:
    from visavis.gallery.uri import Location

PATIENCE = 30.0
"""Seconds to wait for another writer."""
WRITES = "visavis_writes"
_PRAGMAS = ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY", "trusted_schema = OFF")
_AGAIN = "`visavis gallery verify --repair` tries again"
_SCRUB_PATIENCE_MS = 5000  # to wait for readers that hold the log


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
        """
        folder = self._file.parent
        try:
            if folder.exists() and not folder.is_dir():
                raise GalleryUnavailable(f"{self._shown}: is a file; a gallery is a folder, name another place")
            return self._file.is_file()
        except OSError as error:
            reason = error.strerror or error
            raise GalleryUnavailable(f"{self._shown}: cannot be looked at ({reason}); name another folder") from error

    def prepare(self) -> None:
        """Make the folder and an empty file that only its owner may read.

        Raises:
            StorageError: the folder cannot be made.
        """
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StorageError(
                f"{self._shown}: the gallery's folder cannot be made ({error.strerror}); choose one you may write to"
            ) from error

    def engine(self) -> Engine:
        """An engine whose connections keep the promises above."""
        address = f"file:{quote(str(self._file.absolute()))}{self._mode()}"
        engine = create_engine(
            "sqlite://",
            creator=lambda: _connected(address, read_only=self._read_only),
            poolclass=QueuePool,
            json_serializer=to_json,
            json_deserializer=from_json,
            pool_size=8,
            max_overflow=56,
        )
        event.listen(engine, "begin", _begin)
        return engine

    def steady(self, connection: Connection) -> Connection:
        """The connection itself: every transaction of SQLite does."""
        return connection

    def lock(self, connection: Connection) -> None:
        """Nothing: a writing transaction of SQLite is alone from its beginning."""

    def lock_place(self, connection: Connection) -> None:
        """Nothing, as `lock`."""

    def scrub(self, engine: Engine) -> tuple[bool, str]:
        """Empty the log, which still holds what was deleted; see `Backend.scrub`."""
        raw = engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_SCRUB_PATIENCE_MS}")  # it waits for readers of the log
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {int(1000 * PATIENCE)}")
        except sqlite3.Error as error:
            return False, f"its log could not be emptied ({error}); {_AGAIN}"
        finally:
            raw.close()
        if busy:
            return False, "another process reads the gallery, so its log could not be emptied yet; " + _AGAIN
        return True, ""

    def check(self, connection: Connection) -> list[Problem]:
        """Damage of the file itself."""
        rows = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
        return [
            *(Problem("damaged file", f"SQLite's check says: {row}") for row in rows if row != "ok"),
            *(Problem("dangling row", f"a row of {row[0]} names a missing row of {row[2]}") for row in broken),
        ]

    def _mode(self) -> str:
        if not self._read_only:
            return "?mode=rw"
        log = Path(f"{self._file}-wal")
        writable = os.access(self._file.parent, os.W_OK) and os.access(self._file, os.W_OK)
        # Reading beside a log needs shared memory, which a read-only disk cannot give; without a log, none is needed.
        return "?mode=ro" if writable or (log.exists() and log.stat().st_size) else "?mode=ro&immutable=1"


def _connected(address: str, *, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if not read_only:
            _keep_log(connection)
            connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _keep_log(connection: sqlite3.Connection) -> None:
    """Write ahead from now on; while others are about to do the same, SQLite is busy without waiting for them."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    writes: Any = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def missing(shown: str) -> GalleryNotFound:
    """There is no gallery where one was named."""
    return GalleryNotFound(f"{shown}: there is no gallery here; `visavis gallery create --gallery {shown}` makes one")
