"""A gallery as a Parquet file for other programs, and for import elsewhere: see `layout` for its columns.

Templates are personal data. The file can be read by its owner only, an encrypted gallery is exported decrypted only
where that is asked for in so many words, and no file appears before the export stands in the audit log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import Connection, distinct, func, select

from visavis import __version__
from visavis.errors import GalleryCorrupt, GalleryReadOnly, InvalidInput
from visavis.gallery.schema import apart, person, reference, template
from visavis.gallery.store.change import now
from visavis.gallery.store.people import read_crops
from visavis.gallery.store.spaces import count_templates, find_space, read_spaces
from visavis.gallery.store.values import parts
from visavis.gallery.transfer.layout import FORMAT, METADATA, columns, libraries
from visavis.gallery.vault import crop_context
from visavis.storage import atomic_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visavis.gallery.gallery import Gallery
    from visavis.gallery.store.store import Store
    from visavis.gallery.types import ModelSpace

    Progress = Callable[[int, int], None]

_GROUP, _GROUP_WITH_CROPS = 10_000, 500
"""Rows that are written at once: some ten megabytes."""
_REPEATED = ["person_id", "person", "person_consent", "consent", "model", "metric"]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Attributes:
        path: of the file.
        gallery: id of the gallery.
        model: fingerprint of the model whose templates it holds.
        people: who are in it.
        references: rows.
        crops: kept crops in it.
        left_out: references that have no template of the model.
        size: of the file, bytes.
    """

    path: str
    gallery: str
    model: str
    people: int
    references: int
    crops: int
    left_out: int
    size: int


def export_gallery(
    gallery: Gallery,
    path: str | os.PathLike[str],
    *,
    model: str | None = None,
    crops: bool = False,
    decrypted: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write all references and their templates of one model to a Parquet file, whole or not at all.

    Others may change the gallery meanwhile; the file holds one state of it.

    Args:
        gallery: open for writing, for the export is entered into its audit log.
        path: of the file; one that is there is replaced.
        model: fingerprint; the active model if None.
        crops: write the kept crops too.
        decrypted: needed for an encrypted gallery, whose templates can then be read from the file by whoever has it.
        progress: called with (rows written, all).

    Raises:
        InvalidInput: the gallery is encrypted, and `decrypted` is not set.
        TemplateMismatch: it holds no templates of the model.
        GalleryReadOnly: it was opened for reading.
        GalleryCorrupt: it is damaged.
        StorageError: the file cannot be written.
        MissingExtra: pyarrow is absent.
    """
    libraries()
    if gallery.encrypted and not decrypted:
        raise InvalidInput(
            f"{gallery.location.shown}: is encrypted, and whoever has the file could read its templates; "
            "--decrypted (decrypted=True) exports them all the same, `visavis gallery move` keeps them encrypted"
        )
    if gallery.read_only:
        raise GalleryReadOnly(f"{gallery.location.shown}: an export is entered into its audit log; open it for writing")
    with gallery.store.reading() as connection, _private_file(path) as file:
        space = find_space(read_spaces(connection), model)
        facts = _facts(gallery.store, connection, space, crops=crops)
        kept = _write(gallery.store, connection, file, space, facts, progress)
        size = file.tell()
        told = {"references": facts["references"], "crops": kept, "decrypted": gallery.encrypted}
        with gallery.store.changing() as change:
            change.record("export", [], space.fingerprint, told)
    counts = facts["people"], facts["references"], kept, facts["left_out"]
    return Exported(os.fspath(path), gallery.id, space.fingerprint, *counts, size)


@contextmanager
def _private_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file as `atomic_file` gives it, that only its owner can read from its first byte on."""
    target = Path(path)
    with atomic_file(path) as file:
        Path(file.name).chmod(0o600)
        if target.is_file():  # its mode is kept by `atomic_file`
            target.chmod(0o600)
        yield file


def _facts(store: Store, connection: Connection, space: ModelSpace, *, crops: bool) -> dict[str, Any]:
    """What the schema's metadata says."""
    owners = select(func.count(distinct(reference.c.person))).join(template, template.c.reference == reference.c.key)
    everything = connection.execute(select(func.count()).select_from(reference)).scalar_one()
    rows = count_templates(connection, space)
    return {
        "format": FORMAT,
        "gallery": store.id,
        "created": store.created,
        "exported": now(),
        "software": f"visavis {__version__}",
        "fingerprint": space.fingerprint,
        **{name: getattr(space, name) for name in ("dimension", "metric", "precision", "scale")},
        "people": connection.execute(owners.where(template.c.model == space.key)).scalar_one(),
        "references": rows,
        "left_out": everything - rows,
        "crops": crops,
        "encrypted": store.encrypted,
        "apart": _apart(connection),
    }


def _apart(connection: Connection) -> list[dict[str, Any]]:
    """Who was set apart, by id and name."""
    one, other = person.alias(), person.alias()
    query = (
        select(one.c.id, one.c.name, other.c.id, other.c.name, apart.c.reason)
        .join(one, one.c.key == apart.c.first)
        .join(other, other.c.key == apart.c.second)
        .order_by(apart.c.first, apart.c.second)
    )
    return [{"people": [[a, b], [c, d]], "reason": reason} for a, b, c, d, reason in connection.execute(query)]


def _write(
    store: Store,
    connection: Connection,
    file: BinaryIO,
    space: ModelSpace,
    facts: Mapping[str, Any],
    progress: Progress | None,
) -> int:
    """Write the rows, group by group; how many crops there were."""
    pa, parquet = libraries()
    types = columns(space.dimension, space.precision, crops=facts["crops"])
    schema = pa.schema(list(types.items()), metadata={METADATA: json.dumps(facts)})
    done = kept = 0
    with parquet.ParquetWriter(
        file, schema, compression="zstd", use_dictionary=_REPEATED, write_page_checksum=True
    ) as writer:
        for keys, vectors in _groups(store, connection, space, _GROUP_WITH_CROPS if facts["crops"] else _GROUP):
            values = _values(store, connection, space, keys, crops=facts["crops"])
            kept += sum(data is not None for data in values.get("crop", ()))
            arrays = {name: pa.array(values[name], type=kind) for name, kind in types.items() if name in values}
            name = "template" if space.precision == "float32" else "codes"
            arrays[name] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), space.dimension)
            writer.write_table(pa.Table.from_arrays([arrays[name] for name in types], schema=schema))
            done += len(keys)
            if progress:
                progress(done, facts["references"])
    return kept


def _groups(
    store: Store, connection: Connection, space: ModelSpace, size: int
) -> Iterator[tuple[list[int], NDArray[np.generic]]]:
    for keys, vectors in store.templates.stream(connection, space, store.vault(connection)):
        for start in range(0, len(keys), size):
            yield keys[start : start + size].tolist(), vectors[start : start + size]


def _values(
    store: Store, connection: Connection, space: ModelSpace, keys: Sequence[int], *, crops: bool
) -> dict[str, list[Any]]:
    """Values of the columns, but the templates."""
    rows = _rows(connection, keys)
    values: dict[str, list[Any]] = {
        "reference": [row.id for row in rows],
        "person_id": [row.person_id for row in rows],
        "person": [row.name for row in rows],
        "person_created": [_time(row.person_created, row.id) for row in rows],
        "person_consent": [row.person_consent for row in rows],
        "person_retain_until": [_day(row.person_retain_until, row.id) for row in rows],
        "source": [row.source for row in rows],
        "photo": [row.photo for row in rows],
        "box": [row.box for row in rows],
        "quality": [row.summary for row in rows],
        "qualities": [None if row.quality is None else sorted(row.quality.items()) for row in rows],
        "created": [_time(row.created, row.id) for row in rows],
        "consent": [row.consent for row in rows],
        "retain_until": [_day(row.retain_until, row.id) for row in rows],
        "enrolled_as": [row.digest for row in rows],
        "model": [space.fingerprint] * len(rows),
        "metric": [space.metric] * len(rows),
    }
    if space.precision == "int8":
        values["scale"] = [space.scale] * len(rows)
    return {**values, **_crops(store, connection, values["reference"])} if crops else values


def _rows(connection: Connection, keys: Sequence[int]) -> list[Any]:
    owner = [person.c[name].label(f"person_{name}") for name in ("id", "created", "consent", "retain_until")]
    query = select(reference, person.c.name, *owner).join(person, person.c.key == reference.c.person)
    found: dict[int, Any] = {}
    for part in parts(keys):
        found.update((row.key, row) for row in connection.execute(query.where(reference.c.key.in_(part))))
    return [found[key] for key in keys]


def _crops(store: Store, connection: Connection, ids: Sequence[str]) -> dict[str, list[Any]]:
    found, vault = read_crops(connection, ids), store.vault(connection)
    if vault is not None:
        found = {id_: (vault.unseal(data, crop_context(store.id, id_)), at) for id_, (data, at) in found.items()}
    both = [found.get(id_, (None, None)) for id_ in ids]
    return {"crop": [data for data, _ in both], "crop_points": [points for _, points in both]}


def _time(text: str, id_: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise GalleryCorrupt(
            f"reference {id_}: {text!r} is no time; `visavis gallery verify` looks for more"
        ) from error


def _day(text: str | None, id_: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise GalleryCorrupt(
            f"reference {id_}: {text!r} is no date; `visavis gallery verify` looks for more"
        ) from error
