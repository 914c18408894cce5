"""Transactions on a gallery's tables: many readers, one writer at a time, every failure an error of ours."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, Engine, Pool, text

from visavis.errors import GalleryReadOnly
from visavis.gallery.store.failures import translated
from visavis.gallery.store.migrations import migrate, revision_of
from visavis.gallery.store.postgres import Postgres
from visavis.gallery.store.sqlite import WRITES, Sqlite, missing
from visavis.gallery.store.sqlite_file import LogExchanged

if TYPE_CHECKING:
    from visavis.gallery.types import Problem
    from visavis.gallery.uri import Location


_inherited: list[Pool] = []
"""In a forked process, its parent's connections: kept, for even garbage collection would close them."""


class Backend(Protocol):
    """What differs between the databases."""

    name: str

    def exists(self) -> bool:
        """Whether there may be a gallery."""

    def prepare(self) -> None:
        """Make the place for a new gallery."""

    def engine(self) -> Engine:
        """Connections to it."""

    def steady(self, connection: Connection) -> Connection:
        """A connection whose next transaction sees one state throughout."""

    def lock(self, connection: Connection) -> None:
        """Be the only writer until the transaction ends."""

    def lock_place(self, connection: Connection) -> None:
        """Be the only one who makes or updates tables here until the transaction ends."""

    def scrub(self, engine: Engine) -> tuple[bool, str]:
        """Remove what was deleted from its files: whether that is done, and what else there is to say."""

    def check(self, connection: Connection) -> list[Problem]:
        """Damage below the tables' contents."""


class Database:
    """The tables of one gallery. Safe for several threads, and for forks.

    Args:
        location: of the gallery.
        read_only: refuse to write.

    Raises:
        GalleryUnavailable, MissingExtra: it cannot be reached.
    """

    def __init__(self, location: Location, *, read_only: bool) -> None:
        self.shown = location.shown
        self.read_only = read_only
        self.backend: Backend = (Postgres if location.kind == "postgresql" else Sqlite)(location, read_only=read_only)
        self._engine = self.backend.engine()
        _forget_connections_in_children(self._engine)

    def create(self) -> None:
        """Make the tables where there are none.

        Raises:
            StorageError, GalleryUnavailable: the place cannot hold a gallery.
        """
        self.backend.prepare()
        with self.writing(existing=False) as connection:
            migrate(connection, self.shown)

    def check_schema(self) -> None:
        """Bring the tables up to date.

        Raises:
            GalleryNotFound: there are none.
            SchemaMismatch: a newer visavis made them, or they are old and this is opened for reading.
        """
        if not self.backend.exists():
            raise missing(self.shown)
        with self.reading() as connection:
            current = revision_of(connection, self.shown)
        if current is None:
            raise missing(self.shown)
        if not current:
            if self.read_only:
                raise GalleryReadOnly(f"{self.shown}: an older visavis made it; open it for writing once, to update it")
            with self.writing(existing=False) as connection:
                migrate(connection, self.shown)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of everything, and changes nothing."""
        with translated(self.shown), self._begun(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self, *, existing: bool = True) -> Iterator[Connection]:
        """The only writing transaction; on disk when the block ends, as if it had never been when the block fails.

        Args:
            existing: whether the tables are there already.

        Raises:
            GalleryReadOnly: it was opened for reading.
            GalleryBusy: another writer does not come to an end.
            StorageError: the disk is full.
        """
        if self.read_only:
            raise GalleryReadOnly(f"{self.shown}: was opened for reading; open it with read_only=False to change it")
        with translated(self.shown), self._begun(writes=True) as connection:
            (self.backend.lock if existing else self.backend.lock_place)(connection)
            yield connection
            connection.commit()

    @contextmanager
    def _begun(self, *, writes: bool) -> Iterator[Connection]:
        """A connection whose transaction has begun, and is rolled back unless it is committed."""
        try:
            connection = self._begin(writes)
        except LogExchanged:
            connection = self._begin(writes)  # the second is a new one
        with connection:
            yield connection

    def _begin(self, writes: bool) -> Connection:
        connection = self._engine.connect()
        try:
            connection = connection.execution_options(**{WRITES: True}) if writes else self.backend.steady(connection)
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def scrub(self) -> tuple[bool, str]:
        """Remove what was deleted from its files: whether that is done, and what else there is to say."""
        with translated(self.shown):
            return self.backend.scrub(self._engine)

    def ping(self) -> None:
        """Ask for an answer.

        Raises:
            GalleryUnavailable: there is none.
        """
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _forget_connections_in_children(engine: Engine) -> None:
    """A forked process must neither use nor close its parent's connections."""
    if hasattr(os, "register_at_fork"):
        reference = weakref.ref(engine)

        def forget() -> None:
            if (alive := reference()) is not None:
                _inherited.append(alive.pool)
                alive.dispose(close=False)

        os.register_at_fork(after_in_child=forget)
