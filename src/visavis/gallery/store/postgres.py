"""The server engine: a schema of a PostgreSQL database with pgvector, shared by several processes and machines.

Writers take turns by locking the row that counts versions, so that changes have one order. Forgetting rewrites the
tables (VACUUM FULL), for PostgreSQL otherwise keeps deleted rows in its files; its write-ahead log and backups are the
server's, and keep what they hold until they are recycled.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from visavis.errors import GalleryUnavailable, MissingExtra
from visavis.gallery.store.failures import translated
from visavis.gallery.store.settings import UNERASED
from visavis.gallery.store.values import from_json, to_json
from visavis.gallery.types import Problem

if TYPE_CHECKING:
    from visavis.gallery.uri import Location

PATIENCE_MS = 30_000
"""How long to wait for another writer."""
SCRUBBED = "PostgreSQL's write-ahead log and backups keep what they hold until the server recycles them"
_AGAIN = "`visavis gallery verify --repair` tries again"
_SCRUB_PATIENCE = 5.0  # seconds to wait for transactions that may still see deleted rows
_SCRUB_TRIES = 3
_PATH = """SELECT set_config('search_path', concat_ws(',', %s::text, (
    SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'vector')), false)"""  # administrators put pgvector where they like
_ERASED = text("DELETE FROM setting WHERE name = :name AND value::text = :owed")  # unless there is a later one
_REWRITTEN = ("template", "crop", "reference", "person", "operation", "setting", "apart", "job")


class Postgres:
    """How a gallery is kept in a schema of PostgreSQL.

    Args:
        location: of the gallery.
        read_only: open for reading.
    """

    name = "postgresql"

    def __init__(self, location: Location, *, read_only: bool) -> None:
        self._url, self._schema, self._shown = location.url or "", location.schema, location.shown
        self._read_only = read_only

    def exists(self) -> bool:
        """Whether the schema has the gallery's tables."""
        engine = self.engine()
        try:
            with translated(self._shown), engine.connect() as connection:
                found = connection.execute(
                    text("SELECT 1 FROM pg_tables WHERE schemaname = :schema AND tablename = 'setting'"),
                    {"schema": self._schema},
                )
                return found.first() is not None
        finally:
            engine.dispose()

    def prepare(self) -> None:
        """Make the schema, and pgvector where it is not there yet.

        Raises:
            GalleryUnavailable: the server has no pgvector.
        """
        engine = self.engine()
        try:
            with translated(self._shown), engine.begin() as connection:
                self.lock_place(connection)
                there = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
                if connection.execute(there, {"name": self._schema}).first() is None:  # making needs a right
                    connection.execute(text(f'CREATE SCHEMA "{self._schema}"'))
                _extend(connection, self._shown)
        finally:
            engine.dispose()

    def engine(self) -> Engine:
        """An engine whose connections find the gallery's tables and wait a bounded time.

        Raises:
            MissingExtra: a driver is absent.
        """
        try:
            import psycopg
            from pgvector.psycopg import register_vector
        except ImportError as error:
            raise MissingExtra('galleries in PostgreSQL need their drivers: pip install "visavis[postgres]"') from error
        settings = {
            "lock_timeout": PATIENCE_MS,
            "synchronous_commit": "on",
            "default_transaction_read_only": "on" if self._read_only else "off",
        }
        engine = create_engine(
            self._url,
            json_serializer=to_json,
            json_deserializer=from_json,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=56,
            hide_parameters=True,  # templates and names have no place in a traceback
            isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": 10, "application_name": "visavis"},
        )

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _: Any) -> None:
            with connection.cursor() as cursor:
                for name, value in settings.items():
                    cursor.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
                cursor.execute(_PATH, (f'"{self._schema}"',))
            connection.commit()
            with suppress(psycopg.ProgrammingError):  # not there before the first gallery is made
                register_vector(connection)
            connection.commit()

        return engine

    def steady(self, connection: Connection) -> Connection:
        """A connection under repeatable read."""
        return connection.execution_options(isolation_level="REPEATABLE READ")

    def lock(self, connection: Connection) -> None:
        """Wait for all writers before."""
        connection.execute(text("SELECT 1 FROM setting WHERE name = 'version' FOR UPDATE"))

    def lock_place(self, connection: Connection) -> None:
        """Wait for whoever else makes or updates tables in this schema."""
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"visavis {self._schema}"})

    def scrub(self, engine: Engine) -> tuple[bool, str]:
        """Rewrite the tables without what was deleted; see `Backend.scrub`."""
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                before, owed = _files(connection), _owed(connection)
                if not _all_rewritten(connection):
                    return False, f"another transaction may still see what was deleted; {_AGAIN}"
                after = _files(connection)
                if before.items().isdisjoint(after.items()):
                    connection.execute(_ERASED, {"name": UNERASED, "owed": owed})
        except (DBAPIError, PendingRollbackError) as error:
            reason = str(getattr(error, "orig", error)).strip()
            return False, f"its tables could not be rewritten ({reason}); {_AGAIN}"
        if kept := [table for table in _REWRITTEN if before[table] == after[table]]:  # it only warns
            return False, f"only their owner may rewrite the tables {', '.join(kept)}; {_AGAIN}, as that user"
        return True, SCRUBBED

    def check(self, connection: Connection) -> list[Problem]:
        """Damage of the tables themselves: every row is read."""
        problems = []
        for table in ("person", "reference", "template", "crop", "operation", "audit"):
            try:
                with connection.begin_nested():
                    connection.execute(text(f"SELECT count(*) FROM (SELECT md5({table}::text) FROM {table}) AS rows"))
            except DBAPIError as error:
                problems.append(Problem("damaged table", f"{table} cannot be read: {str(error.orig).strip()}"))
        return problems


def _extend(connection: Connection, shown: str) -> None:
    there = text("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
    if connection.execute(there).first():
        return
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('visavis: extension vector'))"))
    if connection.execute(there).first():  # made for another gallery meanwhile; IF NOT EXISTS does not wait for that
        return
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public"))
    except DBAPIError as error:
        raise GalleryUnavailable(
            f"{shown}: the server has no pgvector, or the user may not add it ({str(error.orig).strip()}); "
            "let its administrator run CREATE EXTENSION vector"
        ) from error


def _owed(connection: Connection) -> str | None:
    """The last change whose deletions are to be erased, as it is written."""
    query = text("SELECT value::text FROM setting WHERE name = :name")
    return connection.execute(query, {"name": UNERASED}).scalar()


def _files(connection: Connection) -> dict[str, int]:
    """Number of the file that each table is in."""
    return {
        table: int(
            connection.execute(text("SELECT pg_relation_filenode(to_regclass(:name))"), {"name": table}).scalar_one()
        )
        for table in _REWRITTEN
    }


def _all_rewritten(connection: Connection) -> bool:
    """Rewrite the tables when nobody looks back; again if somebody came to do so in between."""
    for _ in range(_SCRUB_TRIES):
        if not _nobody_looks_back(connection):
            return False
        if not _rewritten(connection):
            return True
    return False


def _rewritten(connection: Connection) -> int:
    """Rewrite the tables; how many deleted rows PostgreSQL kept for others who may see them (it tells in a notice)."""
    kept: list[int] = []

    def told(diagnostic: Any) -> None:
        number = re.search(r"\d+", diagnostic.message_detail or "")
        if number and diagnostic.severity_nonlocalized == "INFO":
            kept.append(int(number[0]))

    raw: Any = connection.connection.dbapi_connection
    raw.add_notice_handler(told)
    try:
        with _hurried(connection):
            for table in _REWRITTEN:
                connection.execute(text(f"VACUUM (FULL, VERBOSE, ANALYZE) {table}"))
    finally:
        raw.remove_notice_handler(told)
    return sum(kept)


@contextmanager
def _hurried(connection: Connection) -> Iterator[None]:
    """Wait for others a short time only: whoever comes to read meanwhile has to wait too."""
    connection.execute(text(f"SET lock_timeout = {round(1000 * _SCRUB_PATIENCE)}"))
    try:
        yield
    finally:
        with suppress(DBAPIError, PendingRollbackError):  # whoever lost the connection has an error already
            connection.execute(text(f"SET lock_timeout = {PATIENCE_MS}"))


def _nobody_looks_back(connection: Connection) -> bool:
    """Wait until no other transaction of this database is older than now; False if that takes too long."""
    horizon = connection.execute(text("SELECT txid_current()")).scalar_one()
    until = time.monotonic() + _SCRUB_PATIENCE
    older = text(
        "SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database() "
        "AND least(backend_xmin::text::bigint, backend_xid::text::bigint) <= (:horizon % 4294967296)"
    )
    while connection.execute(older, {"horizon": horizon}).first():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
