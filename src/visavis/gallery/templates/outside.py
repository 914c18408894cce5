"""Templates kept outside the database, which decides what exists.

They are written outside before the transaction commits and erased outside after it. A crash between the two leaves
templates that no row names, which are never read, or erasures still to be done, which the gallery remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from visavis.gallery.schema import template
from visavis.gallery.templates.qdrant import ERASURE_NOTE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from visavis.gallery.templates.protocol import Keys, Rows
    from visavis.gallery.templates.qdrant import QdrantTemplates
    from visavis.gallery.templates.tables import TableTemplates
    from visavis.gallery.types import ModelSpace
    from visavis.gallery.vault import Vault

_BLOCK = 2_000


class OutsideTemplates:
    """Rows in the tables, vectors in Qdrant.

    Args:
        tables: of the gallery.
        outside: its collections.
    """

    def __init__(self, tables: TableTemplates, outside: QdrantTemplates) -> None:
        self._tables, self._outside = tables, outside

    def put(
        self, connection: Connection, space: ModelSpace, keys: Keys, ids: Sequence[str], rows: Rows, vault: Vault | None
    ) -> None:
        """See `Templates.put`."""
        self._outside.put(space, keys, rows)
        self._tables.put_nothing(connection, space, keys)

    def get(self, connection: Connection, space: ModelSpace, keys: Keys, vault: Vault | None) -> Rows:
        """See `Templates.get`."""
        return self._outside.get(space, keys)

    def stream(self, connection: Connection, space: ModelSpace, vault: Vault | None) -> Iterator[tuple[Keys, Rows]]:
        """See `Templates.stream`."""
        keys = _keys(connection, space)
        for start in range(0, len(keys), _BLOCK):
            block = keys[start : start + _BLOCK]
            yield block, self._outside.get(space, block)

    def erase(self, space: ModelSpace, keys: Keys) -> str:
        """See `Templates.erase`."""
        self._outside.drop(space, keys)
        return ERASURE_NOTE

    def drop_space(self, space: ModelSpace) -> None:
        """See `Templates.drop_space`."""
        self._outside.drop_all(space)

    def strays(self, connection: Connection, space: ModelSpace) -> Keys:
        """See `Templates.strays`."""
        known = _keys(connection, space)
        there = [part for part in self._outside.keys(space) if len(part)]
        return np.setdiff1d(np.concatenate(there), known) if there else np.zeros(0, dtype=np.int64)

    def close(self) -> None:
        """See `Templates.close`."""
        self._outside.close()


def _keys(connection: Connection, space: ModelSpace) -> Keys:
    query = select(template.c.reference).where(template.c.model == space.key).order_by(template.c.reference)
    return np.array(connection.execute(query).scalars().all(), dtype=np.int64)
