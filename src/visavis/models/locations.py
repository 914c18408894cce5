"""Where models live on this machine; read from the environment at each call, so nothing is remembered."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Folder of converted weights: `VISAVIS_CACHE`, else the user's cache folder."""
    return Path(os.environ.get("VISAVIS_CACHE") or platformdirs.user_cache_path("visavis")).expanduser()


def user_cards_dir() -> Path:
    """Folder of the cards a user has added: `VISAVIS_DATA`/cards, else in the user's data folder."""
    base = Path(os.environ.get("VISAVIS_DATA") or platformdirs.user_data_path("visavis")).expanduser()
    return base / "cards"


def offline() -> bool:
    """Whether fetching is forbidden: `VISAVIS_OFFLINE` set to anything but 0 or nothing."""
    return os.environ.get("VISAVIS_OFFLINE", "0") not in ("", "0")
