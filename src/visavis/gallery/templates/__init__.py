"""Where templates live: in the gallery's tables, as pgvector vectors, or in Qdrant; always bit for bit as enrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visavis.gallery.templates.protocol import Templates

if TYPE_CHECKING:
    from visavis.gallery.uri import Location

__all__ = ["Templates", "make_templates"]


def make_templates(location: Location, gallery: str, database: str) -> Templates:
    """The template store that a location asks for.

    Args:
        location: of the gallery.
        gallery: its id.
        database: "sqlite" or "postgresql".
    """
    from visavis.gallery.templates.tables import TableTemplates

    tables = TableTemplates(gallery, pgvector=database == "postgresql")
    if location.qdrant is None:
        return tables
    from visavis.gallery.templates.outside import OutsideTemplates
    from visavis.gallery.templates.qdrant import QdrantTemplates

    return OutsideTemplates(tables, QdrantTemplates(location.qdrant, gallery))
