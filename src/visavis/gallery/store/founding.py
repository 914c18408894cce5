"""The first facts of a gallery, and who it is that writes them."""

from __future__ import annotations

import getpass
import os
import uuid
from typing import TYPE_CHECKING

from visavis.errors import GalleryConflict
from visavis.gallery.store import audit, spaces
from visavis.gallery.store.change import now
from visavis.gallery.store.settings import read_setting, write_setting

if TYPE_CHECKING:
    from visavis.gallery.store.database import Database
    from visavis.gallery.types import Precision
    from visavis.gallery.vault import Vault
    from visavis.matching import Metric

ACTOR = "VISAVIS_ACTOR"
"""Environment variable that names who makes changes, for the audit log; the user's login name without it."""


def found_gallery(
    database: Database,
    model: str,
    dimension: int,
    metric: Metric,
    precision: Precision,
    vault: Vault | None,
    actor: str,
) -> None:
    """Write the first facts of a gallery into its tables.

    Raises:
        GalleryConflict: there is one already.
    """
    with database.writing(existing=False) as connection:
        if read_setting(connection, "gallery") is not None:
            raise GalleryConflict(f"{database.shown}: there is a gallery already; open it, or choose another place")
        made = now()
        write_setting(connection, "gallery", {"id": str(uuid.uuid4()), "created": made})
        write_setting(connection, "version", 0)
        write_setting(connection, "horizon", 0)
        if vault is not None:
            write_setting(connection, "vault", dict(vault.json))
        spaces.add_space(connection, model, dimension, metric, precision, active=True)
        details = {"dimension": dimension, "metric": metric, "precision": precision, "encrypted": vault is not None}
        entry = {"at": made, "actor": actor, "action": "create", "subjects": [], "model": model, "details": details}
        audit.append(connection, [entry])


def login() -> str:
    """Who makes changes, unless somebody is named."""
    named = os.environ.get(ACTOR)
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user, as in some containers
        return "unknown"
