"""The source of a move that is forgotten: first nobody can use it any more, then its bytes go, and it stays resumable.

Order matters. The tables are emptied in the transaction that kept other writers out, so that whoever waited for it is
told where the gallery went and writes nothing into a gallery that is gone. What follows can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from visavis.gallery.store.change import now
from visavis.gallery.store.database import Database
from visavis.gallery.store.dropping import dropped_models
from visavis.gallery.store.postgres import SCRUBBED
from visavis.gallery.store.spaces import read_spaces
from visavis.gallery.templates import make_templates
from visavis.gallery.transfer.place import let_go, remove, settings_at
from visavis.gallery.types import ModelSpace

if TYPE_CHECKING:
    from visavis.gallery.transfer.content import Side
    from visavis.gallery.uri import Location

IN_USE = (
    "the source is empty, but another process reads it, so its file could not be removed; repeat the move when that "
    "one is done"
)
OUTSIDE = "Qdrant no longer has these templates; its snapshots keep what they were taken of"


def leave(side: Side, to: Location) -> None:
    """Empty the tables, within the transaction that kept other writers out; on disk when it is."""
    models = [asdict(space) for space in (*read_spaces(side.connection), *dropped_models(side.connection))]
    let_go(side.connection, {"to": to.shown, "at": now(), "gallery": side.gallery, "models": models})


def unfinished(location: Location) -> Mapping[str, Any] | None:
    """The note that `leave` left, where `finish` did not come to its end."""
    database = Database(location, read_only=True)
    try:
        moved: Mapping[str, Any] | None = settings_at(database).get("moved")
        return moved
    finally:
        database.close()


def finish(location: Location) -> tuple[bool, str]:
    """Remove what `leave` left: templates outside the tables, the log, the file or the tables themselves.

    Returns: whether the gallery's bytes are gone from its own files, and what else there is to say.

    Raises:
        StorageError, GalleryUnavailable, GalleryBusy: not now; it can be repeated.
    """
    database = Database(location, read_only=False)
    try:
        moved = settings_at(database)["moved"]
        _drop_outside(location, database, moved)
        if location.folder is not None and not database.scrub()[0]:
            return False, IN_USE
        remove(location, database)
    finally:
        database.close()
    notes = [OUTSIDE] if location.qdrant is not None else []
    return True, "; ".join([*notes, *([] if location.folder is not None else [SCRUBBED])])


def _drop_outside(location: Location, database: Database, moved: Mapping[str, Any]) -> None:
    templates = make_templates(location, moved["gallery"], database.backend.name)
    try:
        for model in moved["models"]:
            templates.drop_space(ModelSpace(**model))
    finally:
        templates.close()
