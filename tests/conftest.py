"""What tests share: two real portraits, the research data when it is here, and the weights when they can be had."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(512, 512, 3) uint8 RGB, read-only: NASA's portrait of Eileen Collins, one frontal face."""
    data = pytest.importorskip("skimage.data", reason="the portrait ships in scikit-image")
    return _read_only(data.astronaut())


@pytest.fixture(scope="session")
def grace_hopper() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(600, 512, 3) uint8 RGB, read-only: the Navy's portrait of Grace Hopper, one nearly frontal face."""
    cbook = pytest.importorskip("matplotlib.cbook", reason="the portrait ships in matplotlib")
    with cbook.get_sample_data("grace_hopper.jpg") as file, Image.open(file) as image:
        return _read_only(np.array(image.convert("RGB")))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of research photos beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the research photos in ../shared/data are not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def original_weights() -> Callable[[str], Path]:
    """A function from the id of a built-in card to its original weight file, kept beside the model cache."""
    from visavis.models import find_card, sources
    from visavis.models.locations import cache_dir, offline
    from visavis.storage import write_atomic

    def path_of(model_id: str) -> Path:
        card = find_card(model_id)
        path = cache_dir() / "originals" / f"{card.id}-{card.source.sha256[:12]}.dat"
        if not path.exists():
            data = sources.local_bytes(card)
            if data is None and offline():
                pytest.skip(f"the original file of {model_id} is not here and VISAVIS_OFFLINE forbids fetching it")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data or sources.fetch_bytes(card, path.parent))
        return path

    return path_of


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked `data` or `weights` when these cannot be had, and say so."""
    if item.get_closest_marker("data") and not SHARED_DATA.is_dir():
        pytest.skip("the research photos in ../shared/data are not here")
    if item.get_closest_marker("weights") and (reason := _why_no_weights()):
        pytest.skip(reason)


@cache
def _why_no_weights() -> str | None:
    """Why the default models cannot be had; None when they are here now, fetched if need be and allowed."""
    from visavis.errors import ModelUnavailable
    from visavis.models import DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS, find_card, model_bytes
    from visavis.models.locations import offline

    try:
        for name in (DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS):
            model_bytes(find_card(name))
    except ModelUnavailable as error:
        if not offline():
            raise
        return f"needs model weights: {error}"
    return None


def _read_only(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    pixels.setflags(write=False)
    return pixels
