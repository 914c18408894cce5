"""A gallery moves to another place: of another kind, encrypted or no longer; nothing is lost, and its id stays.

The destination appears whole or not at all. Everything is written in one transaction, in which it is also read back
and compared with the source; a crash before its end leaves no gallery there. Only Qdrant knows no transactions: a note
in the destination's tables says before the first template is written there that a move is under way, so that the
next attempt removes what was left. The source cannot be changed while it is copied, and stays as it is unless it is to
be forgotten: then whoever has it open is told where it went, and its bytes are erased.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from visavis.errors import (
    GalleryBusy,
    GalleryConflict,
    GalleryNotFound,
    GalleryReadOnly,
    InvalidInput,
    StorageError,
    VisavisError,
)
from visavis.gallery.gallery import open_gallery
from visavis.gallery.keys import load_key
from visavis.gallery.store import people
from visavis.gallery.store.database import Database
from visavis.gallery.store.failures import translated
from visavis.gallery.store.settings import read_setting
from visavis.gallery.transfer.arrival import arrive, require_free
from visavis.gallery.transfer.content import Contents, Side, count, walk
from visavis.gallery.transfer.leaving import finish, leave, unfinished
from visavis.gallery.transfer.place import settings_at
from visavis.gallery.uri import parse_uri

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.keys import Key
    from visavis.gallery.store.store import Store
    from visavis.gallery.uri import Location

    Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did.

    Attributes:
        gallery: id, the same as before.
        source: where it was.
        destination: where it is.
        people: who are enrolled.
        references: that are enrolled.
        rows: how many rows were compared and found equal, by table.
        encrypted: whether the destination is.
        copied: whether this run copied it; False: an earlier one had.
        forgotten: whether the source is erased.
        note: why not, or where copies may still be.
    """

    gallery: str
    source: str
    destination: str
    people: int
    references: int
    rows: Mapping[str, int]
    encrypted: bool
    copied: bool
    forgotten: bool
    note: str


def move_gallery(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    key: Key | None = None,
    new_key: Key | None = None,
    decrypted: bool = False,
    forget_source: bool = False,
    actor: str | None = None,
    progress: Progress | None = None,
) -> Moved:
    """Copy a gallery to another place, compare the two, and forget the source if asked.

    An encrypted gallery stays encrypted: under `new_key`, or under its key. Whatever the place, its values are sealed
    under a fresh data key. After an interruption the same call starts again, or goes on if the copy was complete.

    Args:
        source: where it is, see `parse_uri`.
        destination: where it goes; no gallery may be there.
        key: that opens the source.
        new_key: encrypts the destination.
        decrypted: leave the destination unencrypted although the source is encrypted.
        forget_source: erase the source once the destination was found complete.
        actor: who does it, for the audit log.
        progress: called with (rows written and compared, all).

    Raises:
        GalleryConflict: the destination is taken, or the source was changed since it was copied there.
        GalleryCorrupt: the source is damaged.
        InvalidInput: both are one place; Qdrant cannot be encrypted; a key that is none or not needed.
        StorageError: the destination cannot hold it, or does not hold what was written to it.
        GalleryNotFound, WrongKey, GalleryBusy, GalleryReadOnly, GalleryUnavailable: as `open_gallery`.
    """
    here, there = parse_uri(source), parse_uri(destination)
    _require_sense(here, there, new_key, decrypted=decrypted)
    if forget_source and (left := unfinished(here)) is not None:
        return _finished(here, there, left)
    opens = None if decrypted else new_key if new_key is not None else key
    if opens is not None and there.qdrant is not None:
        raise InvalidInput(
            f"{there.shown}: Qdrant must read vectors to search them, so an encrypted gallery cannot be kept there; "
            "--decrypted moves it without encryption"
        )
    with _source(source, key, actor, must_write=forget_source) as gallery:
        moved = _moved(gallery, _Destination(destination, there, opens), progress or _silent, forget=forget_source)
    if not forget_source:
        return moved
    forgotten, note = finish(here)
    return replace(moved, forgotten=forgotten, note=note)


def _require_sense(here: Location, there: Location, new_key: Key | None, *, decrypted: bool) -> None:
    if decrypted and new_key is not None:
        raise InvalidInput("a gallery is moved under a new key, or decrypted: give one of the two")
    if new_key is not None:
        load_key(new_key)  # refuse what is no key before anything is read
    one, other = (
        (place.url, place.schema) if place.folder is None else (str(place.file.resolve()),) for place in (here, there)
    )
    if one == other:
        raise InvalidInput(f"{there.shown}: the gallery is there already; name another place")


def _source(uri: str | os.PathLike[str], key: Key | None, actor: str | None, *, must_write: bool) -> Gallery:
    """The source; from a read-only disk too, unless it is to be forgotten."""
    try:
        return open_gallery(uri, key=key, actor=actor)
    except GalleryReadOnly:
        if must_write:
            raise
        return open_gallery(uri, key=key, actor=actor, read_only=True)


@dataclass(frozen=True, slots=True)
class _Destination:
    """Where a gallery goes, and what opens it there."""

    uri: str | os.PathLike[str]
    location: Location
    key: Key | None = field(repr=False)

    @property
    def shown(self) -> str:
        return self.location.shown

    def open(self) -> Gallery:
        return open_gallery(self.uri, key=self.key, read_only=True)


def _moved(gallery: Gallery, there: _Destination, progress: Progress, *, forget: bool) -> Moved:
    with ExitStack() as held:
        origin = _held(held, gallery.store, must_write=forget)
        advance = _steps(progress, count(origin) * (3 if forget else 2))
        contents, copied = _arrived(gallery, origin, there, advance)
        if forget:
            if copied:  # once more, as whoever opens it will find it
                contents.require_same(_read_there(there, origin, advance), there.shown)
            _leave(held, origin, there)
    return Moved(
        gallery=gallery.id,
        source=gallery.location.shown,
        destination=there.shown,
        people=contents.rows.get("person", 0),
        references=contents.rows.get("reference", 0),
        rows=contents.rows,
        encrypted=there.key is not None,
        copied=copied,
        forgotten=False,
        note="",
    )


def _held(held: ExitStack, store: Store, *, must_write: bool) -> Side:
    """The source in a transaction that keeps writers out; where nothing can be written, in one that sees one state."""
    connection = None
    if not store.database.read_only:
        try:
            connection = held.enter_context(store.database.writing())
        except GalleryReadOnly:
            if must_write:
                raise
    connection = connection or held.enter_context(store.reading())
    return Side(store.database.shown, connection, store.id, store.templates, store.vault(connection))


def _arrived(
    gallery: Gallery, origin: Side, there: _Destination, advance: Callable[[int], None]
) -> tuple[Contents, bool]:
    """What the destination holds, and whether it was copied now."""
    found = _settings_at(there.location)
    if found.get("gallery", {}).get("id") == gallery.id:
        return _arrived_before(origin, there, advance), False
    require_free(found, gallery.id, there.shown)
    version = read_setting(origin.connection, "version")

    def unchanged() -> None:
        if gallery.version != version:
            raise GalleryBusy(f"{gallery.location.shown}: was changed while it was copied; repeat the move")

    details = {"from": _kind(gallery.location), "to": _kind(there.location), "encrypted": there.key is not None}
    to, by = there.location, gallery.actor
    contents = arrive(to, origin, key=there.key, actor=by, details=details, advance=advance, unchanged=unchanged)
    return contents, True


def _arrived_before(origin: Side, there: _Destination, advance: Callable[[int], None]) -> Contents:
    """What an earlier run copied, if the source is still the same."""
    contents, found = _read(origin, advance), _read_there(there, origin, advance)
    try:
        contents.require_same(found, there.shown)
    except StorageError as error:
        raise GalleryConflict(
            f"{there.shown}: holds this gallery already, and one of the two was changed since ({error}); "
            "use the one that is right, or name another place"
        ) from error
    return contents


def _read_there(there: _Destination, origin: Side, advance: Callable[[int], None]) -> Contents:
    """What the destination holds, as somebody finds it who opens it; without what its log has more."""
    head = read_setting(origin.connection, "audit")["sequence"]
    with there.open() as gallery, gallery.store.reading() as connection:
        side = Side(there.shown, connection, gallery.id, gallery.store.templates, gallery.store.vault(connection))
        return _read(side, advance, audit_until=head)


def _read(side: Side, advance: Callable[[int], None], audit_until: int | None = None) -> Contents:
    contents = Contents()
    for block in walk(side, audit_until=audit_until):
        contents.add(block)
        advance(len(block.rows))
    return contents


def _leave(held: ExitStack, origin: Side, there: _Destination) -> None:
    """Empty the source, and end the transaction that held it."""
    try:
        with translated(origin.shown):
            leave(origin, there.location)
        held.close()
    except VisavisError as error:
        raise type(error)(
            f"the gallery is complete at {there.shown}, but its source could not be forgotten: {error}; repeat the move"
        ) from error


def _finished(here: Location, there: Location, note: Mapping[str, Any]) -> Moved:
    """Go on forgetting a source whose gallery an earlier run moved."""
    found = _settings_at(there)
    if found.get("gallery", {}).get("id") != note["gallery"]:
        raise GalleryNotFound(f"{here.shown}: the gallery was moved to {note['to']}, and is not at {there.shown}")
    forgotten, said = finish(here)
    database = Database(there, read_only=True)
    try:
        with database.reading() as connection:
            enrolled, references = people.count(connection)
    finally:
        database.close()
    shown, encrypted = (here.shown, there.shown), "vault" in found
    return Moved(note["gallery"], *shown, enrolled, references, {}, encrypted, False, forgotten, said)


def _settings_at(location: Location) -> Mapping[str, Any]:
    database = Database(location, read_only=True)
    try:
        return settings_at(database)
    finally:
        database.close()


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def _steps(progress: Progress, total: int) -> Callable[[int], None]:
    """A function that adds to what is done."""
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        progress(min(done, total), total)

    return advance


def _kind(location: Location) -> str:
    return "qdrant+" * (location.qdrant is not None) + location.kind
