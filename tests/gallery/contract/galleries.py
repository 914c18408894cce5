"""Places for galleries in every store, and references to enrol."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visavis.gallery.gallery import Gallery, create_gallery, open_gallery
from visavis.gallery.types import Crop, NewReference
from visavis.types import Box, Template

MODEL = "tiny@1"
DIMENSION = 8
KEY = bytes(range(130, 162))
STORES = (
    "sqlite",
    "sqlite-int8",
    "sqlite-encrypted",
    "postgresql",
    "postgresql-int8",
    "postgresql-encrypted",
    "qdrant+sqlite",
)
POINTS = ((30.0, 50.5), (80.0, 50.5), (55.0, 70.25), (38.0, 90.0), (72.0, 90.0))


@dataclass
class Place:
    """Where a gallery of one kind may be."""

    uri: str
    store: str
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> str:
        return "postgresql" if "postgresql" in self.store else "sqlite"

    @property
    def key(self) -> bytes | None:
        return self.settings.get("key")

    @property
    def quantised(self) -> bool:
        return "precision" in self.settings

    @property
    def outside(self) -> bool:
        return self.store.startswith("qdrant")

    def create(self, **more: Any) -> Gallery:
        settings = {"model": MODEL, "dimension": DIMENSION, "metric": "euclidean", **self.settings, **more}
        return create_gallery(self.uri, **settings)

    def open(self, **more: Any) -> Gallery:
        return open_gallery(self.uri, **{"key": self.key, **more})


def place_in(store: str, folder: Any, server: Any) -> Place:
    """A place of a kind: below a folder, or in a server."""
    _, _, kind = store.partition("-")
    kinds: dict[str, dict[str, Any]] = {"int8": {"precision": "int8"}, "encrypted": {"key": KEY}}
    settings = kinds.get(kind, {})
    if store.startswith("postgresql"):
        return Place(server().place(), store, settings)
    if store.startswith("qdrant"):
        address = os.environ.get("VISAVIS_TEST_QDRANT") or folder / "q"
        return Place(f"qdrant+sqlite:{folder / 'g'}?qdrant={address}", store, settings)
    return Place(str(folder / "g"), store, settings)


def vector(seed: int | str, dimension: int = DIMENSION) -> np.ndarray:
    """(d,) float32, the same for the same seed."""
    number = seed if isinstance(seed, int) else int.from_bytes(seed.encode(), "big")
    return np.random.default_rng(number).normal(size=dimension).astype(np.float32)


def reference(id_: str, person: str, **more: Any) -> NewReference:
    """A reference with everything; its vector is that of its id."""
    given: dict[str, Any] = {
        "template": Template(vector(id_), MODEL),
        "source": f"photos/{id_}.jpg",
        "photo": f"digest of {id_}",
        "box": Box(10, 20, 110.5, 140.25),
        "quality": {"sharpness": 0.75, "summary": 0.5},
        "crop": Crop(b"\xff\xd8 crop of " + id_.encode(), POINTS),
        "consent": None,
        "retain_until": None,
        **more,
    }
    return NewReference(id=id_, person=person, **given)


def references(**people: int) -> list[NewReference]:
    """As many references of each person; ids are ada-1, ada-2, ..."""
    return [reference(f"{name.lower()}-{n + 1}", name) for name, count in people.items() for n in range(count)]


def names(gallery: Gallery) -> list[str]:
    return [person.name for person in gallery.people()]


def ids_of(gallery: Gallery, person: str) -> list[str]:
    return [one.id for one in gallery.references(person=person)]


def found(gallery: Gallery, id_: str, k: int = 1) -> list[str]:
    """Ids of the references that a search for the vector of `id_` finds, the most similar first."""
    hits = gallery.search(vector(id_), k)
    keys = [int(key) for key in hits.keys[0] if key >= 0]
    known = {one.key: one.id for one in gallery.references(keys=keys)}
    return [known[key] for key in keys]
