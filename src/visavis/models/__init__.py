"""Models: their cards, where weights come from, converters, the cache, and running them."""

from visavis.models.cache import Cache
from visavis.models.calibration import Calibration
from visavis.models.card import ModelCard
from visavis.models.network import Network
from visavis.models.registry import DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS, cards, default_cards, find_card
from visavis.models.store import model_bytes, pull

__all__ = [
    "DEFAULT_DETECTOR",
    "DEFAULT_EMBEDDER",
    "LANDMARKS",
    "Cache",
    "Calibration",
    "ModelCard",
    "Network",
    "cards",
    "default_cards",
    "find_card",
    "model_bytes",
    "pull",
]
