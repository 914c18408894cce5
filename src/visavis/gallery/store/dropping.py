"""Dropping a model: its templates leave the tables at once, and what is kept of them outside the tables after that.

The outside store is told after the tables have let go. Until it has answered, the dropped model stands on a list, so
that nothing is left behind by a crash or by a server that was away.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from visavis.gallery.schema import audit
from visavis.gallery.store.settings import read_job, write_job
from visavis.gallery.store.spaces import count_templates, drop_space
from visavis.gallery.types import ModelSpace

if TYPE_CHECKING:
    from visavis.gallery.store.change import Change
    from visavis.gallery.templates import Templates

DROP = "drop model"
"""Action in the audit log."""
_LIST = "dropped models"


def drop_model(change: Change, space: ModelSpace) -> int:
    """Remove a model, its templates and thresholds from the tables; returns how many templates it had."""
    count = count_templates(change.connection, space)
    drop_space(change.connection, space)
    left = read_job(change.connection, _LIST) or []
    write_job(change.connection, _LIST, [*left, asdict(space)])
    change.owe_erasure()
    change.record(DROP, [], space.fingerprint, {"templates": count})
    return count


def dropped_models(connection: Connection) -> list[ModelSpace]:
    """Models that are gone from the tables, and perhaps not yet from an outside store."""
    return [ModelSpace(**space) for space in read_job(connection, _LIST) or []]


def erase_dropped(change: Change, templates: Templates) -> None:
    """Erase dropped models outside the tables; within a change, for none of them may come back meanwhile.

    Raises:
        GalleryUnavailable: the outside store does not answer; the list stays.
    """
    gone = dropped_models(change.connection)
    for space in gone:
        templates.drop_space(space)
    if gone:
        write_job(change.connection, _LIST, None)


def was_dropped(connection: Connection, fingerprint: str) -> bool:
    """Whether the gallery held this model before: search tiers may still hold templates of then."""
    query = select(audit.c.sequence).where(audit.c.action == DROP, audit.c.model == fingerprint).limit(1)
    return connection.execute(query).first() is not None
