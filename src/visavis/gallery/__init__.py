"""Galleries: enrolled people and their templates, kept safely, searched quickly, and forgotten completely."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from visavis.errors import MissingExtra

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery, create_gallery, open_gallery
    from visavis.gallery.types import (
        Added,
        AuditEntry,
        Crop,
        Forgotten,
        ModelSpace,
        NewReference,
        Operation,
        Person,
        Problem,
        Reference,
        Where,
    )

_TYPES = (
    "Added",
    "AuditEntry",
    "Crop",
    "Forgotten",
    "ModelSpace",
    "NewReference",
    "Operation",
    "Person",
    "Problem",
    "Reference",
    "Where",
)
_LIBRARIES = ("alembic", "cryptography", "faiss", "sqlalchemy")
_HOMES = {
    **dict.fromkeys(("Gallery", "create_gallery", "open_gallery"), "visavis.gallery.gallery"),
    **dict.fromkeys(_TYPES, "visavis.gallery.types"),
}

__all__ = [
    "Added",
    "AuditEntry",
    "Crop",
    "Forgotten",
    "Gallery",
    "ModelSpace",
    "NewReference",
    "Operation",
    "Person",
    "Problem",
    "Reference",
    "Where",
    "create_gallery",
    "open_gallery",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_home(name), name)
    globals()[name] = value
    return value


def _home(name: str) -> Any:
    try:
        return importlib.import_module(_HOMES[name])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        raise MissingExtra(f'galleries need the library {error.name}: pip install "visavis[gallery]"') from error
