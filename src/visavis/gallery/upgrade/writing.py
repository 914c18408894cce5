"""Writing the new model's templates: a batch is one transaction, and nobody who was forgotten meanwhile comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from visavis.errors import GalleryConflict
from visavis.gallery.schema import reference, template
from visavis.gallery.store.spaces import find_space, fix_scale, read_spaces
from visavis.gallery.templates.codec import checked_vectors, encode, scale_for
from visavis.gallery.upgrade.state import count_made, read_state

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import ModelSpace


def write(
    gallery: Gallery, fingerprint: str, vectors: Mapping[int, NDArray[np.float32]], crops: Collection[int]
) -> tuple[int, int]:
    """Store templates of references that are still there and still have none.

    Args:
        gallery: that holds them.
        fingerprint: of the model.
        vectors: (d,) templates by key, at most a few thousand.
        crops: keys of those that were made from crops, the others from original photos.

    Returns: how many were stored that were made from crops, and from original photos.

    Raises:
        GalleryConflict: the upgrade was aborted meanwhile.
    """
    store = gallery.store
    with store.changing() as change:
        space, vault = wanted_space(gallery, change.connection, fingerprint), store.vault(change.connection)
        ids = _lacking(change.connection, space, list(vectors))
        if not ids:
            return 0, 0
        rows = checked_vectors(np.stack([vectors[key] for key in ids]), space)
        if space.precision == "int8" and space.scale is None:
            space = fix_scale(change.connection, space, scale_for(rows, space))
        keys = np.array(list(ids), dtype=np.int64)
        store.templates.put(change.connection, space, keys, list(ids.values()), encode(rows, space), vault)
        change.touch(list(ids))
        made = sum(key in crops for key in ids), sum(key not in crops for key in ids)
        if space.active:
            change.record("embed again", list(ids.values()), fingerprint)
        else:
            count_made(change, *made)
        return made


def wanted_space(gallery: Gallery, connection: Connection, fingerprint: str) -> ModelSpace:
    """The model that the templates are for, which another process may have dropped.

    Raises:
        GalleryConflict: it did, or began an upgrade to another one.
    """
    held, state = read_spaces(connection), read_state(connection)
    space = next((one for one in held if one.fingerprint == fingerprint), None)
    if space is None or not (space.active or (state is not None and state.to == fingerprint)):
        raise GalleryConflict(
            f"{gallery.location.shown}: the upgrade to {fingerprint} was aborted meanwhile, the active model is "
            f"{find_space(held, None).fingerprint}; begin again if it is wanted still"
        )
    return space


def _lacking(connection: Connection, space: ModelSpace, keys: list[int]) -> dict[int, str]:
    """Ids by key of the references that are there and have no template of the model, by rising key."""
    has = select(template.c.reference).where(template.c.model == space.key, template.c.reference == reference.c.key)
    query = select(reference.c.key, reference.c.id).where(reference.c.key.in_(keys), ~has.exists())
    return {row.key: row.id for row in connection.execute(query.order_by(reference.c.key))}
