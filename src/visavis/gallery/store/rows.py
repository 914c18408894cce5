"""Reading millions of rows in blocks; from SQLite as the driver's own tuples, without an object around each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select


def plain_rows(connection: Connection, query: Select[Any], block: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, `block` at a time.

    Args:
        connection: whose transaction it belongs to.
        query: of columns that need no conversion (numbers, text, bytes).
        block: rows at once; a server sends no more than these ahead.
    """
    plain = connection.dialect.name == "sqlite"
    # SQLAlchemy reads ahead of us where it streams: then its own rows must be taken, or the first would be lost.
    options = {} if plain else {"yield_per": block}
    with connection.execute(query, execution_options=options) as result:
        source: Any = result.cursor if plain else result
        while rows := source.fetchmany(block):
            yield rows
