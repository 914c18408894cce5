"""What tests of galleries share: a real PostgreSQL server, started when the first test needs it."""

from __future__ import annotations

import pytest
from tests.gallery.postgres_server import named_server, new_server


@pytest.fixture(scope="session")
def postgres():
    """The server that VISAVIS_TEST_POSTGRES names, or one from the wheel."""
    server = named_server() or new_server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def own_postgres(postgres):
    """A server that may be crashed and whose files may be read."""
    if postgres.folder is not None:
        yield postgres
        return
    server = new_server()
    yield server
    server.close()
