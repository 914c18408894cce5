"""The store of one gallery: its tables, its templates, its key, and the one way to change them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from visavis.errors import GalleryCorrupt, GalleryError, GalleryNotFound, GalleryUnavailable, InvalidInput, WrongKey
from visavis.gallery.store.change import Change
from visavis.gallery.store.database import Database
from visavis.gallery.store.failures import translated
from visavis.gallery.store.settings import read_setting
from visavis.gallery.store.sqlite import missing
from visavis.gallery.templates import Templates, make_templates
from visavis.gallery.vault import Vault

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from visavis.gallery.keys import Key
    from visavis.gallery.uri import Location


class Store:
    """What a gallery is kept in. Safe for several threads.

    Args:
        location: of the gallery.
        database: its tables, which are there.
        key: for an encrypted gallery.
        actor: who changes it.

    Raises:
        WrongKey: the gallery is encrypted, and this is not its key; or it is not, and a key was given.
    """

    def __init__(self, location: Location, database: Database, *, key: Key | None, actor: str) -> None:
        self.database, self.actor = database, actor
        with database.reading() as connection:
            facts, sealed = read_setting(connection, "gallery"), read_setting(connection, "vault")
            if facts is None or "id" not in facts:
                raise _nothing(connection, location.shown)
        self.id, self.created = str(facts["id"]), str(facts["created"])
        if sealed is None and key is not None:
            raise InvalidInput(
                f"{location.shown}: is not encrypted, so it has no key; leave the key out, or move the gallery into an "
                "encrypted one (`visavis gallery move FROM TO --new-key FILE`)"
            )
        with translated(location.shown):
            self._vault = None if sealed is None else Vault.open(sealed, key)
        self._former: Vault | None = None
        self._vault_lock = threading.Lock()
        self.templates: Templates = make_templates(location, self.id, database.backend.name)

    @property
    def encrypted(self) -> bool:
        """Whether templates and crops are sealed."""
        return self._vault is not None

    def vault(self, connection: Connection) -> Vault | None:
        """The vault as it is in the connection's transaction: another process may have changed the keys.

        Raises:
            WrongKey: the gallery has another key by now.
        """
        if self._vault is None:
            return None
        stored = read_setting(connection, "vault")
        with self._vault_lock:
            try:
                self._vault = self._vault.reopen(stored)
            except WrongKey:
                if self._former is None:
                    raise
                return self._former.reopen(stored)  # this transaction began before the key was changed from here
            return self._vault

    def adopt(self, vault: Vault) -> None:
        """Use this vault in transactions that find it stored: the one that is being stored now."""
        with self._vault_lock:
            self._vault, self._former = vault, self._vault

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See `Database.reading`.

        Raises:
            GalleryUnavailable: another gallery is in its place by now.
        """
        with self.database.reading() as connection:
            self._check_identity(connection)
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """A change that is durable when the block ends, and never was when the block fails.

        Raises:
            GalleryReadOnly, GalleryBusy, GalleryUnavailable, StorageError: it was not written.
        """
        with self.database.writing() as connection:
            self._check_identity(connection)
            change = Change.begin(connection, self.id, self.actor)
            yield change
            change.finish()

    def _check_identity(self, connection: Connection) -> None:
        """Numbers of people and references mean nothing in another gallery."""
        facts = read_setting(connection, "gallery")
        if facts is None:
            raise _nothing(connection, self.database.shown)
        if facts["id"] != self.id:
            raise GalleryUnavailable(
                f"{self.database.shown}: another gallery is in this place since it was opened; open it again"
            )


def _nothing(connection: Connection, shown: str) -> GalleryError:
    """Why there is no gallery in these tables."""
    if moved := read_setting(connection, "moved"):
        return GalleryNotFound(f"{shown}: the gallery was moved to {moved['to']}; open it there")
    if read_setting(connection, "moving"):
        return GalleryNotFound(f"{shown}: a move to here did not finish; repeat `visavis gallery move`")
    if read_setting(connection, "version") is None:
        return missing(shown)
    return GalleryCorrupt(f"{shown}: its settings are missing; restore it from a copy")
