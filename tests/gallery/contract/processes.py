"""What tests let other processes do; each keeps the galleries that it opened."""

from __future__ import annotations

import os
import time
from typing import Any

from tests.gallery.contract.galleries import DIMENSION, MODEL, found, reference

from visavis.errors import VisavisError
from visavis.gallery.gallery import Gallery, create_gallery, open_gallery

_open: dict[str, Gallery] = {}


def outcome_of_creating(uri: str) -> str:
    try:
        create_gallery(uri, model=MODEL, dimension=DIMENSION, metric="euclidean").close()
    except VisavisError as error:
        return type(error).__name__
    return "made"


def gallery_at(uri: str, key: bytes | None = None) -> Gallery:
    if uri not in _open:
        _open[uri] = open_gallery(uri, key=key)
    return _open[uri]


def search_there(uri: str, key: bytes | None, id_: str, k: int = 1) -> list[str]:
    """Search for the vector of a reference, in a gallery that stays open with its tier loaded."""
    return found(gallery_at(uri, key), id_, k)


def let_go(uri: str) -> None:
    if uri in _open:
        _open.pop(uri).close()


def enrol_many(uri: str, key: bytes | None, worker: int, count: int) -> list[int]:
    """Enrol one at a time, as fast as it goes; returns the versions."""
    with open_gallery(uri, key=key) as gallery:
        return [
            gallery.enrol([reference(f"w{worker}-{number}", f"Person {number % 10}")]).version
            for number in range(count)
        ]


def watch(uri: str, key: bytes | None, seconds: float) -> dict[str, Any]:
    """Read all the time: versions and numbers of references as they were seen, and whether all fitted together."""
    seen: list[tuple[int, int]] = []
    with open_gallery(uri, key=key) as gallery:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            tier = gallery.tier()
            references = gallery.references()
            assert len({one.id for one in references}) == len(references)
            assert all(one.models for one in references)
            seen.append((tier.version, len(tier)))
    return {"seen": seen, "process": os.getpid()}
