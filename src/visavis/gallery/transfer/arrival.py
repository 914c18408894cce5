"""The destination of a move: filled, read back and compared in one transaction, so that it appears whole or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, text

from visavis.errors import GalleryConflict, VisavisError
from visavis.gallery.schema import setting
from visavis.gallery.store.change import Change
from visavis.gallery.store.database import Database
from visavis.gallery.store.migrations import migrate
from visavis.gallery.store.settings import read_setting, write_setting
from visavis.gallery.store.spaces import find_space, read_spaces
from visavis.gallery.templates import make_templates
from visavis.gallery.transfer.content import Contents, Side, walk, write
from visavis.gallery.transfer.place import read_settings
from visavis.gallery.types import ModelSpace
from visavis.gallery.vault import Vault

if TYPE_CHECKING:
    from visavis.gallery.keys import Key
    from visavis.gallery.templates import Templates
    from visavis.gallery.uri import Location

    Advance = Callable[[int], None]


def arrive(
    location: Location,
    origin: Side,
    *,
    key: Key | None,
    actor: str,
    details: Mapping[str, Any],
    advance: Advance,
    unchanged: Callable[[], None],
) -> Contents:
    """Write all that `origin` holds to a place without a gallery.

    Args:
        location: the place.
        origin: what is copied.
        key: encrypts it there.
        actor: who does it, for the audit log.
        details: of the entry in the audit log.
        advance: called with numbers of rows, written and then compared.
        unchanged: raises if the origin was changed meanwhile.

    Returns: what was written, and found there again.

    Raises:
        GalleryConflict: there is a gallery, or Qdrant holds another copy of this one.
        GalleryCorrupt: the origin is damaged.
        StorageError, GalleryUnavailable, GalleryBusy: the place cannot hold it, or does not hold what was written.
    """
    database = Database(location, read_only=False)
    templates = make_templates(location, origin.gallery, database.backend.name)
    vault = None if key is None else Vault.create(key)
    try:
        database.backend.prepare()
        if location.qdrant is not None:
            _announce(database, templates, origin)
        with database.writing(existing=False) as connection:
            _make_ready(connection, database.shown, templates, origin, outside=location.qdrant is not None)
            target = Side(database.shown, connection, origin.gallery, templates, vault)
            contents = _copied(origin, target, advance)
            _settle(origin, target, actor, details)
            unchanged()
    except BaseException:
        if location.qdrant is not None:
            with suppress(VisavisError):  # the next attempt does what cannot be done now
                _withdraw(database, templates, origin.gallery)
        raise
    finally:
        templates.close()
        database.close()
    return contents


def require_free(found: Mapping[str, Any], gallery: str, shown: str) -> None:
    """Refuse a place that is taken.

    Raises:
        GalleryConflict: there is a gallery, or an unfinished move of another one.
    """
    if "gallery" in found:
        raise GalleryConflict(f"{shown}: there is a gallery already; name another place")
    if found.get("moving", {"gallery": gallery})["gallery"] != gallery:
        raise GalleryConflict(f"{shown}: the move of another gallery to here did not finish; repeat that one first")


def _announce(database: Database, templates: Templates, origin: Side) -> None:
    """Note that templates will be written outside the tables, where no transaction takes them back."""
    spaces = read_spaces(origin.connection)
    with database.writing(existing=False) as connection:
        migrate(connection, database.shown)
        found = read_settings(connection)
        require_free(found, origin.gallery, database.shown)
        if "moving" not in found and any(len(templates.strays(connection, space)) for space in spaces):
            raise GalleryConflict(
                f"{database.shown}: Qdrant holds templates of this gallery already, of another copy of it; "
                "name another Qdrant, or none"
            )
        models = [*_announced(found), *(asdict(space) for space in spaces)]
        write_setting(connection, "moving", {"gallery": origin.gallery, "models": models})


def _make_ready(connection: Connection, shown: str, templates: Templates, origin: Side, *, outside: bool) -> None:
    """Empty tables, and nothing outside them."""
    migrate(connection, shown)
    found = read_settings(connection)
    require_free(found, origin.gallery, shown)
    if not outside:
        return
    if "moving" not in found:
        raise GalleryConflict(f"{shown}: another move to here came in between; look what is there, and repeat")
    _drop(templates, _announced(found))


def _copied(origin: Side, target: Side, advance: Advance) -> Contents:
    sent, found = Contents(), Contents()
    for block in walk(origin):
        sent.add(block)
        write(target, block)
        advance(len(block.rows))
    for block in walk(target):
        found.add(block)
        advance(len(block.rows))
    sent.require_same(found, target.shown)
    return sent


def _settle(origin: Side, target: Side, actor: str, details: Mapping[str, Any]) -> None:
    """What the place says about itself, and the last entry of the audit log."""
    connection = target.connection
    for name in ("version", "audit"):
        write_setting(connection, name, read_setting(origin.connection, name))
    if target.vault is not None:
        write_setting(connection, "vault", dict(target.vault.json))
    connection.execute(delete(setting).where(setting.c.name == "moving"))
    _continue_numbers(connection)
    change = Change.begin(connection, target.gallery, actor)
    change.record("move", [], find_space(read_spaces(connection), None).fingerprint, details)
    change.finish()
    write_setting(connection, "horizon", change.version)  # the list of earlier changes stayed behind


def _continue_numbers(connection: Connection) -> None:
    """PostgreSQL numbers operations by a counter, which rows that bring their numbers do not move."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "SELECT setval(pg_get_serial_sequence('operation', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) "
                "FROM operation"
            )
        )


def _withdraw(database: Database, templates: Templates, gallery: str) -> None:
    """Remove what an attempt that failed left in Qdrant, unless somebody else's succeeded."""
    with database.writing(existing=False) as connection:
        found = read_settings(connection)
        if "gallery" not in found and "moving" in found and found["moving"]["gallery"] == gallery:
            _drop(templates, _announced(found))
            connection.execute(delete(setting).where(setting.c.name == "moving"))


def _announced(found: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    models: Sequence[Mapping[str, Any]] = found.get("moving", {}).get("models", ())
    return models


def _drop(templates: Templates, models: Sequence[Mapping[str, Any]]) -> None:
    for model in models:
        templates.drop_space(ModelSpace(**model))
