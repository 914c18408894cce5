"""Templates in the gallery's tables: bytes, or their ciphertext; on PostgreSQL, float32 ones as pgvector vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Select, insert, literal_column, select, text

from visavis.errors import GalleryCorrupt
from visavis.gallery.schema import reference, template
from visavis.gallery.store.rows import plain_rows
from visavis.gallery.templates.codec import stored_type
from visavis.gallery.vault import template_context

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from visavis.gallery.templates.protocol import Keys, Rows
    from visavis.gallery.types import ModelSpace
    from visavis.gallery.vault import Vault

BLOCK = 10_000
"""Templates read at once."""
_ASKED = 5_000  # keys in one question
_VECTOR_HEAD = 4  # bytes before the numbers in pgvector's binary form


class TableTemplates:
    """Templates in the table `template`.

    Args:
        gallery: id of the gallery.
        pgvector: whether the table has the column `vector`.
    """

    def __init__(self, gallery: str, *, pgvector: bool) -> None:
        self._gallery, self._pgvector = gallery, pgvector

    def put(
        self, connection: Connection, space: ModelSpace, keys: Keys, ids: Sequence[str], rows: Rows, vault: Vault | None
    ) -> None:
        """See `Templates.put`."""
        if self._as_vectors(space, vault):
            values = [{"m": space.key, "r": key, "v": row} for key, row in zip(keys.tolist(), rows, strict=True)]
            connection.execute(text("INSERT INTO template (model, reference, vector) VALUES (:m, :r, :v)"), values)
            return
        blobs = [row.tobytes() for row in np.asarray(rows, dtype=stored_type(space))]
        if vault is not None:
            blobs = vault.seal_many(blobs, (self.context(space, id_) for id_ in ids))
        pairs = zip(keys.tolist(), blobs, strict=True)
        connection.execute(
            insert(template), [{"model": space.key, "reference": key, "data": blob} for key, blob in pairs]
        )

    def put_nothing(self, connection: Connection, space: ModelSpace, keys: Keys) -> None:
        """Rows without data, for templates that are kept elsewhere."""
        connection.execute(insert(template), [{"model": space.key, "reference": key} for key in keys.tolist()])

    def get(self, connection: Connection, space: ModelSpace, keys: Keys, vault: Vault | None) -> Rows:
        """See `Templates.get`."""
        found: dict[int, tuple[str | None, bytes | None]] = {}
        for start in range(0, len(keys), _ASKED):
            asked = self._query(space, vault).where(template.c.reference.in_(keys[start : start + _ASKED].tolist()))
            found.update((key, (id_, data)) for key, data, id_ in connection.execute(asked))
        if missing := [key for key in keys.tolist() if key not in found]:
            raise GalleryCorrupt(
                f"{len(missing)} references (key {missing[0]} first) have no template of {space.fingerprint}; "
                "`visavis gallery verify` lists them"
            )
        ids, blobs = zip(*(found[key] for key in keys.tolist()), strict=True) if len(keys) else ((), ())
        return self._opened(space, keys.tolist(), ids, blobs, vault)

    def stream(self, connection: Connection, space: ModelSpace, vault: Vault | None) -> Iterator[tuple[Keys, Rows]]:
        """See `Templates.stream`."""
        query = self._query(space, vault).order_by(template.c.reference)
        for part in plain_rows(connection, query, BLOCK):
            keys, blobs, ids = zip(*part, strict=True)
            yield np.array(keys, dtype=np.int64), self._opened(space, keys, ids, blobs, vault)

    def erase(self, space: ModelSpace, keys: Keys) -> str:
        """Nothing: what is gone from the tables is gone."""
        return ""

    def drop_space(self, space: ModelSpace) -> None:
        """Nothing, as `erase`."""

    def strays(self, connection: Connection, space: ModelSpace) -> Keys:
        """None, as `erase`."""
        return np.zeros(0, dtype=np.int64)

    def close(self) -> None:
        """Nothing to hang up."""

    def context(self, space: ModelSpace, id_: str) -> bytes:
        """What a sealed template is bound to."""
        return template_context(self._gallery, space.fingerprint, id_)

    def _as_vectors(self, space: ModelSpace, vault: Vault | None) -> bool:
        return self._pgvector and vault is None and space.precision == "float32"

    def _query(self, space: ModelSpace, vault: Vault | None) -> Select[Any]:
        data: Any = literal_column("vector_send(vector)") if self._as_vectors(space, vault) else template.c.data
        ids: Any = literal_column("NULL") if vault is None else reference.c.id
        query = select(template.c.reference, data, ids).where(template.c.model == space.key)
        return query if vault is None else query.join(reference, reference.c.key == template.c.reference)

    def _opened(
        self,
        space: ModelSpace,
        keys: Sequence[int],
        ids: Sequence[str | None],
        blobs: Sequence[bytes | None],
        vault: Vault | None,
    ) -> NDArray[Any]:
        if vault is not None:
            sealed = (blob or b"" for blob in blobs)
            blobs = vault.unseal_many(sealed, (self.context(space, str(id_)) for id_ in ids))
        kind, head = stored_type(space), _VECTOR_HEAD if self._as_vectors(space, vault) else 0
        size = head + kind.itemsize * space.dimension
        if damaged := [key for key, blob in zip(keys, blobs, strict=True) if blob is None or len(blob) != size]:
            raise GalleryCorrupt(
                f"templates of {len(damaged)} references (key {damaged[0]} first) are damaged; restore the gallery "
                "from a copy, or enrol these photos again"
            )
        flat = np.frombuffer(b"".join(blob for blob in blobs if blob), np.uint8).reshape(len(keys), size)
        if head:  # PostgreSQL sends numbers in network order
            return flat[:, head:].copy().view(">f4").astype(np.float32)
        return flat.view(kind).reshape(len(keys), space.dimension).astype(kind.newbyteorder("="), copy=False)
