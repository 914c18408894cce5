"""What nobody needs any more leaves tables, disk and outside stores: old models' templates, or half-made new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from visavis.errors import GalleryError
from visavis.gallery.schema import template
from visavis.gallery.store.dropping import drop_model, erase_dropped
from visavis.gallery.store.spaces import find_space, read_spaces
from visavis.gallery.upgrade.report import Dropped
from visavis.gallery.upgrade.state import abort, read_state

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import ModelSpace


def drop_others(gallery: Gallery) -> Dropped:
    """Erase the templates of all models but the active one, unless that would leave a reference without any."""
    gone, kept = [], []
    with gallery.store.changing() as change:
        held, state = read_spaces(change.connection), read_state(change.connection)
        active = find_space(held, None)
        for space in held:
            if space == active:
                continue
            if state is not None and state.to == space.fingerprint:
                kept.append((space.fingerprint, "an upgrade to it is under way"))
            elif alone := _only_under(change.connection, space, active):
                kept.append((space.fingerprint, _why_kept(alone)))
            else:
                drop_model(change, space)
                gone.append(space.fingerprint)
    return _erased(gallery, gone, kept)


def abort_upgrade(gallery: Gallery) -> Dropped | None:
    """Drop what an unfinished upgrade made; None if none is under way.

    Raises:
        GalleryReadOnly, GalleryBusy, GalleryUnavailable: it could not be dropped.
    """
    with gallery.store.changing() as change:
        state = abort(change)
    if state is None:
        return None
    if state.held:
        return _erased(gallery, [], [(state.to, "the gallery had it before the upgrade began")])
    return _erased(gallery, [state.to], [])


def _erased(gallery: Gallery, gone: list[str], kept: list[tuple[str, str]]) -> Dropped:
    """What was let go of, after its bytes were erased as far as they can be."""
    outside = gallery.location.qdrant is not None
    try:
        with gallery.store.changing() as change:
            erase_dropped(change, gallery.store.templates)
        left, note = "", "Qdrant's snapshots keep what they were taken of" if outside and gone else ""
    except GalleryError as error:
        left = note = f"{error}; the dropped templates are still in it, and go when the gallery is next verified"
    erased, said = gallery.store.database.scrub()
    return Dropped(tuple(gone), tuple(kept), erased and not left, "; ".join(text for text in (note, said) if text))


def _only_under(connection: Connection, space: ModelSpace, active: ModelSpace) -> int:
    """How many references have a template of the one model and none of the other."""
    other = template.alias()
    has = select(other.c.reference).where(other.c.model == active.key, other.c.reference == template.c.reference)
    query = select(func.count()).select_from(template).where(template.c.model == space.key, ~has.exists())
    return int(connection.execute(query).scalar_one())


def _why_kept(references: int) -> str:
    return (
        f"{references} references have no other template, and would be lost; forget them (`visavis people forget "
        "--reference ID`) or enrol their photos again, then ask again"
    )
