"""All that a gallery holds, read in one order and one form, whatever keeps it: what a move copies, and then compares.

Sealed values are compared opened, and templates by the bytes that were enrolled, so that two galleries have the same
content exactly when nothing was lost between them. Left out is what a place says about itself: wrapped keys, the list
that search tiers catch up with, what is still to be erased in Qdrant, and a change of key that is under way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, func, insert, select, true

from visavis.errors import StorageError
from visavis.gallery.schema import (
    apart,
    audit,
    crop,
    job,
    model,
    operation,
    person,
    reference,
    setting,
    template,
    threshold,
)
from visavis.gallery.store.failures import translated
from visavis.gallery.store.spaces import read_spaces
from visavis.gallery.templates.codec import stored_type
from visavis.gallery.vault import crop_context

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.templates import Templates
    from visavis.gallery.types import ModelSpace
    from visavis.gallery.vault import Vault

OF_THE_PLACE = ("vault", "version", "horizon", "audit", "moved", "moving")
"""Settings that belong to a place, or are counted on."""
_JOBS_OF_THE_PLACE = ("rekey", "dropped models")
_PLAIN = (model, person, reference, apart, threshold, operation, audit)
_ROWS, _CROPS, _ASKED = 5_000, 200, 5_000


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """A gallery within one transaction.

    Attributes:
        shown: where it is, for messages.
        connection: of the transaction.
        gallery: its id.
        templates: where its templates are.
        vault: what seals them, or None.
    """

    shown: str
    connection: Connection
    gallery: str
    templates: Templates
    vault: Vault | None


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Some rows of one table, in the order of its primary key.

    Attributes:
        table: whose rows.
        rows: values by column; the data of crops is opened. For templates, `id` and `reference` alone.
        space: model of templates.
        vectors: (n, d) templates, as they are stored.
    """

    table: Table
    rows: list[dict[str, Any]]
    space: ModelSpace | None = None
    vectors: NDArray[Any] | None = None

    @property
    def name(self) -> str:
        """What to call it: its table, and the model of templates."""
        return self.table.name if self.space is None else f"template of {self.space.fingerprint}"


def count(side: Side) -> int:
    """How many rows `walk` will give, about."""
    tables = (*_PLAIN, crop, template)
    return sum(side.connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def walk(side: Side, *, audit_until: int | None = None) -> Iterator[Block]:
    """Everything, such that no row names one that comes later.

    Args:
        side: the gallery.
        audit_until: leave out entries of the audit log after this number.

    Raises:
        GalleryCorrupt: a template or crop is missing or damaged.
    """
    with translated(side.shown):  # it may be read while another gallery's errors are listened for
        yield from _walk(side, audit_until)


def _walk(side: Side, audit_until: int | None) -> Iterator[Block]:
    for table in _PLAIN:
        rows = audit.c.sequence <= audit_until if table is audit and audit_until is not None else true()
        yield from _rows(side.connection, table, rows)
    for space in read_spaces(side.connection):
        yield from _templates(side, space)
    yield from _crops(side)
    yield from _named(side.connection, job, _JOBS_OF_THE_PLACE)
    yield from _named(side.connection, setting, OF_THE_PLACE)


def write(side: Side, block: Block) -> None:
    """Add a block to a gallery that lacks it."""
    if block.space is not None and block.vectors is not None:
        keys = np.array([row["reference"] for row in block.rows], dtype=np.int64)
        ids = [row["id"] for row in block.rows]
        side.templates.put(side.connection, block.space, keys, ids, block.vectors, side.vault)
        return
    rows = block.rows
    if block.table is crop:
        rows = _sealed(side, rows)
    side.connection.execute(insert(block.table), rows)


@dataclass(eq=False, slots=True)
class Contents:
    """Numbers of rows and digests of their content, by table."""

    rows: dict[str, int] = field(default_factory=dict)
    _digests: dict[str, Any] = field(default_factory=dict)

    def add(self, block: Block) -> None:
        """Count a block."""
        self.rows[block.name] = self.rows.get(block.name, 0) + len(block.rows)
        self._digests.setdefault(block.name, hashlib.sha256()).update(_canonical(block))

    def require_same(self, other: Contents, shown: str) -> None:
        """Refuse another content.

        Raises:
            StorageError: some table of `other`, which is at `shown`, differs.
        """
        mine, theirs = self._described(), other._described()
        if mine != theirs:
            differing = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
            raise StorageError(f"{shown}: does not hold what was written to it: {', '.join(differing)} differ")

    def _described(self) -> dict[str, tuple[int, str]]:
        return {name: (count, self._digests[name].hexdigest()) for name, count in self.rows.items()}


def _rows(connection: Connection, table: Table, wanted: ColumnElement[bool]) -> Iterator[Block]:
    query = select(table).where(wanted).order_by(*table.primary_key.columns)
    for part in connection.execute(query, execution_options={"yield_per": _ROWS}).partitions():
        yield Block(table, [dict(row._mapping) for row in part])


def _templates(side: Side, space: ModelSpace) -> Iterator[Block]:
    for keys, vectors in side.templates.stream(side.connection, space, side.vault):
        ids = _ids(side.connection, keys.tolist())
        yield Block(template, [{"reference": key, "id": ids[key]} for key in keys.tolist()], space, vectors)


def _ids(connection: Connection, keys: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(keys), _ASKED):
        query = select(reference.c.key, reference.c.id).where(reference.c.key.in_(keys[start : start + _ASKED]))
        found.update((key, id_) for key, id_ in connection.execute(query))
    return found


def _crops(side: Side) -> Iterator[Block]:
    query = select(crop, reference.c.id).join(reference, reference.c.key == crop.c.reference)
    result = side.connection.execute(query.order_by(crop.c.reference), execution_options={"yield_per": _CROPS})
    for part in result.partitions():
        rows = [dict(row._mapping) for row in part]
        if side.vault is not None:
            contexts = [crop_context(side.gallery, row["id"]) for row in rows]
            opened = side.vault.unseal_many([row["data"] for row in rows], contexts)
            rows = [{**row, "data": data} for row, data in zip(rows, opened, strict=True)]
        yield Block(crop, rows)


def _sealed(side: Side, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of crops as this side keeps them."""
    data = [row["data"] for row in rows]
    if side.vault is not None:
        data = side.vault.seal_many(data, [crop_context(side.gallery, row["id"]) for row in rows])
    pairs = zip(rows, data, strict=True)
    return [{"reference": row["reference"], "data": blob, "points": row["points"]} for row, blob in pairs]


def _named(connection: Connection, table: Table, without: tuple[str, ...]) -> Iterator[Block]:
    """Rows that go by a name; sorted here, for databases sort text in orders of their own."""
    rows = [dict(row._mapping) for row in connection.execute(select(table)) if row.name not in without]
    if rows:
        yield Block(table, sorted(rows, key=lambda row: str(row["name"])))


def _canonical(block: Block) -> bytes:
    """The block as bytes that do not depend on how the whole was cut into blocks."""
    if block.space is not None and block.vectors is not None:
        numbers = np.array([row["reference"] for row in block.rows], dtype="<i8").view(np.uint8).reshape(-1, 8)
        vectors = np.ascontiguousarray(block.vectors, dtype=stored_type(block.space))
        return np.hstack([numbers, vectors.view(np.uint8).reshape(len(numbers), -1)]).tobytes()
    return b"".join(_line(row) for row in block.rows)


def _line(row: dict[str, Any]) -> bytes:
    values = {
        name: hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value for name, value in row.items()
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode() + b"\n"
