"""A new key for an encrypted gallery, under which every template and crop is sealed anew.

From the first moment the new user key opens the gallery and the old one does not. The values follow in batches, each a
transaction of its own, while others search and enrol; which data key a value is sealed under stands in the value, so
that work that was interrupted goes on where it stopped. When none is left under the old data key, that key is thrown
away, and its remains are removed from the files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, bindparam, func, literal, select, true, update

from visavis.errors import InvalidInput, WrongKey
from visavis.gallery.gallery import open_gallery
from visavis.gallery.keys import load_key
from visavis.gallery.schema import crop, model, reference, template
from visavis.gallery.store.settings import read_job, read_setting, write_job, write_setting
from visavis.gallery.vault import Vault, crop_context, template_context

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.keys import Key
    from visavis.gallery.store.store import Store

    Progress = Callable[[int, int], None]

JOB = "rekey"
_TEMPLATES, _CROPS = 5_000, 200
"""Values sealed anew in one transaction: a few megabytes, so that other writers hardly wait."""


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What a change of key did.

    Attributes:
        templates: sealed anew by this run.
        crops: sealed anew by this run.
        resumed: whether an earlier run had begun.
        erased: whether the old data key, and all that was sealed under it, is gone from the gallery's own files.
        note: why not, or where copies may still be.
    """

    templates: int
    crops: int
    resumed: bool
    erased: bool
    note: str


def rekey_gallery(
    uri: str | os.PathLike[str],
    *,
    key: Key | None,
    new_key: Key,
    actor: str | None = None,
    progress: Progress | None = None,
) -> Rekeyed:
    """Give an encrypted gallery another key; searching and enrolling go on meanwhile, with the new key.

    Whoever has it open under the old key goes on searching what is loaded, and gets WrongKey where the key is needed.
    After an interruption the same call goes on. The same key as `key` and `new_key` renews the data key alone.

    Args:
        uri: of the gallery, see `parse_uri`.
        key: that opens it now.
        new_key: that opens it from now on.
        actor: who does it, for the audit log.
        progress: called with (values sealed anew, all).

    Raises:
        WrongKey: neither key opens it, or somebody else gave it another key meanwhile.
        InvalidInput: the gallery is not encrypted, or a key is none.
        GalleryNotFound, GalleryUnavailable, GalleryBusy, GalleryReadOnly, StorageError: it cannot be changed.
    """
    load_key(new_key)  # refuse what is no key before anything is changed
    with _opened(uri, key, new_key, actor) as (gallery, changed_before):
        store = gallery.store
        resumed = changed_before or _under_way(store, new_key)
        if not resumed:
            _begin(store, new_key)
        templates, crops = _sealed_anew(store, progress or (lambda _done, _all: None))
        erased, note = store.database.scrub()
        return Rekeyed(templates, crops, resumed, erased, note)


@contextmanager
def _opened(
    uri: str | os.PathLike[str], key: Key | None, new_key: Key, actor: str | None
) -> Iterator[tuple[Gallery, bool]]:
    """The gallery, and whether only the new key opens it, because an earlier run stored that."""
    changed_before = False
    try:
        gallery = open_gallery(uri, key=key, actor=actor)
    except WrongKey as wrong:
        try:
            gallery, changed_before = open_gallery(uri, key=new_key, actor=actor), True
        except WrongKey:
            raise wrong from None
    with gallery:
        if not gallery.encrypted:
            raise InvalidInput(
                f"{gallery.location.shown}: is not encrypted, so it has no key to change; "
                "`visavis gallery move FROM TO --new-key FILE` makes an encrypted gallery of it"
            )
        yield gallery, changed_before


def _under_way(store: Store, new_key: Key) -> bool:
    """Whether a run that began gave the gallery this key, and did not finish."""
    with store.reading() as connection:
        job, stored = read_job(connection, JOB), read_setting(connection, "vault")
    if job is None:
        return False
    try:
        Vault.open(stored, new_key)
    except WrongKey:  # a key from before: this is a further change
        return False
    return True


def _begin(store: Store, new_key: Key) -> None:
    """The new key, and a data key of its own, in one transaction."""
    with store.changing() as change:
        vault = _vault(store, change.connection).with_new_data_key(new_key)
        write_setting(change.connection, "vault", dict(vault.json))
        write_job(change.connection, JOB, {"data_key": vault.active, "since": change.at})
        change.record("change key", [], details={"data_key": vault.active})
        store.adopt(vault)
    store.database.scrub()  # so that the old key opens no remains while the values follow


def _sealed_anew(store: Store, progress: Progress) -> tuple[int, int]:
    """Seal everything under the active data key and throw the others away: how many templates and crops that took."""
    with store.reading() as connection:
        total = sum(_left(connection, part, _vault(store, connection)) for part in _parts(store, connection))
    progress(0, total)
    done = {template.name: 0, crop.name: 0}
    while not _finished(store):
        with store.reading() as connection:
            parts = _parts(store, connection)
        for part in parts:
            for count in _seal(store, part):
                done[part.table.name] += count
                progress(sum(done.values()), total)
    return done[template.name], done[crop.name]


def _finished(store: Store) -> bool:
    """Throw the old data keys away, if nothing is sealed under them any more."""
    with store.changing() as change:
        vault, job = _vault(store, change.connection), read_job(change.connection, JOB)
        if any(_left(change.connection, part, vault) for part in _parts(store, change.connection)):
            return False
        if job is not None:
            vault = vault.with_active_only()
            write_setting(change.connection, "vault", dict(vault.json))
            write_job(change.connection, JOB, None)
            change.record("changed key", [], details={"data_key": vault.active})
            store.adopt(vault)
    return True


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """Sealed values: the templates of one model, or the crops.

    Attributes:
        table: that has them in `data`, by `reference`.
        rows: which rows of it.
        context: what a value is bound to, by the id of its reference.
        batch: how many are sealed in one transaction.
    """

    table: Table
    rows: ColumnElement[bool]
    context: Callable[[str], bytes]
    batch: int


def _parts(store: Store, connection: Connection) -> list[_Part]:
    models = connection.execute(select(model.c.key, model.c.fingerprint).order_by(model.c.key)).all()
    return [
        *(
            _Part(template, template.c.model == key, partial(template_context, store.id, fingerprint), _TEMPLATES)
            for key, fingerprint in models
        ),
        _Part(crop, true(), partial(crop_context, store.id), _CROPS),
    ]


def _seal(store: Store, part: _Part) -> Iterator[int]:
    """Seal anew what is under another data key, batch by batch; how many in each."""
    last = 0
    while True:
        with store.changing() as change:
            rows = _seal_batch(change.connection, part, _vault(store, change.connection), last)
        if not rows:
            return
        last = rows[-1].reference
        yield len(rows)


def _seal_batch(connection: Connection, part: _Part, vault: Vault, last: int) -> Sequence[Any]:
    table = part.table
    query = (
        select(table.c.reference, table.c.data, reference.c.id)
        .join(reference, reference.c.key == table.c.reference)
        .where(part.rows, _under_another(part, vault), table.c.reference > last)
        .order_by(table.c.reference)
    )
    rows = connection.execute(query.limit(part.batch)).all()
    if rows:
        contexts = [part.context(row.id) for row in rows]
        sealed = vault.seal_many(vault.unseal_many([row.data for row in rows], contexts), contexts)
        renewed = update(table).where(part.rows, table.c.reference == bindparam("row")).values(data=bindparam("sealed"))
        connection.execute(
            renewed, [{"row": row.reference, "sealed": blob} for row, blob in zip(rows, sealed, strict=True)]
        )
    return rows


def _left(connection: Connection, part: _Part, vault: Vault) -> int:
    """How many values are sealed under another data key."""
    query = select(func.count()).select_from(part.table).where(part.rows, _under_another(part, vault))
    return int(connection.execute(query).scalar_one())


def _under_another(part: _Part, vault: Vault) -> ColumnElement[bool]:
    """Whether a value names another data key than the active one: bytes 2 to 5, see `vault`."""
    name = func.substr(part.table.c.data, 2, len(vault.active) // 2)
    different: ColumnElement[bool] = name != literal(bytes.fromhex(vault.active), LargeBinary)
    return different


def _vault(store: Store, connection: Connection) -> Vault:
    vault = store.vault(connection)
    assert vault is not None  # only encrypted galleries come here
    return vault
