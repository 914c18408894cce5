"""Connections to an SQLite file that notice when its log, or the file itself, is taken from under them.

A process that opens the file beside SQLite and closes it (a copy, say) gives up SQLite's locks, by POSIX rules. Others
may then take away the log, and what is written to it afterwards would be lost.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
import weakref
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from visavis.errors import GalleryUnavailable

_PRAGMAS = ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY", "trusted_schema = OFF")
EXCHANGED = (
    "its log was taken away by another process, after something else in this one had opened and closed the file (a "
    "copy, for instance); nothing was changed, try again"
)
Files = tuple["tuple[int, int] | None", "tuple[int, int] | None"]

engines: weakref.WeakKeyDictionary[Engine, Path] = weakref.WeakKeyDictionary()
_live: weakref.WeakSet[FileConnection] = weakref.WeakSet()
_listing = threading.Lock()


class LogExchanged(GalleryUnavailable):
    """The log that a connection writes to is no longer the gallery's; a new connection finds the right one."""


class FileConnection(sqlite3.Connection):
    """A connection that knows which files it has open."""

    files: Files = (None, None)

    def close(self) -> None:
        """Close it; it has no files open any more."""
        super().close()
        self.files = None, None


def connected(file: Path, address: str, *, read_only: bool, patience: float) -> FileConnection:
    """A new connection that keeps a gallery's promises.

    Args:
        file: of the gallery.
        address: the same as a URI, with the mode.
        read_only: whether the mode is.
        patience: seconds to wait for others.

    Raises:
        sqlite3.Error: it cannot be opened.
        LogExchanged: others in this process still use a log that is gone.
    """
    _refuse_two_logs(identity(file))
    connection = sqlite3.connect(
        address,
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        factory=FileConnection,
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if not read_only:
            _keep_log(connection, patience)
            connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA schema_version")  # reads, and so opens the log
        connection.files = identity(file)
    except sqlite3.Error:
        connection.close()
        raise
    with _listing:
        _live.add(connection)
    return connection


def _refuse_two_logs(files: Files) -> None:
    """Connections of one process share what SQLite knows of a log; a new log must wait until none has the old one."""
    with _listing:
        others = [one.files for one in _live]
    if any(other[0] == files[0] is not None and other[1] not in (None, files[1]) for other in others):
        raise LogExchanged(EXCHANGED)


def let_go(file: Path) -> None:
    """Close all connections of this process to a gallery that nobody is using at the moment."""
    number = _number(file)
    for engine, path in list(engines.items()):
        if path == file or (number is not None and _number(path) == number):
            engine.dispose()


def _keep_log(connection: sqlite3.Connection, patience: float) -> None:
    """Write ahead from now on; while others are about to do the same, SQLite is busy without waiting for them."""
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def make_empty(file: Path) -> None:
    """Make a database without tables that only its owner may read, unless there is a file of that name by then.

    It is there as a whole or not at all, so that an empty file is never taken for a gallery in the making.

    Raises:
        OSError: it cannot be written there.
    """
    beside = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(_nothing())
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(beside, file)  # unlike a rename, it never replaces what another process made meanwhile
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        if not file.exists():
            beside.rename(file)
    finally:
        beside.unlink(missing_ok=True)


def _nothing() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("VACUUM")  # or it has no page at all
        return connection.serialize()


def identity(file: Path) -> Files:
    """Which file, and which log, lie in the gallery's place now."""
    return _number(file), _number(log_of(file))


def _number(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def log_of(file: Path) -> Path:
    """The write-ahead log of a file."""
    return file.with_name(f"{file.name}-wal")
