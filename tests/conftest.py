"""What tests share: synthetic people with their labels, two real portraits, and data and weights if they are here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.people import calm_photo, row_of_people

if TYPE_CHECKING:
    from visavis.synthetic import Sample, World
    from visavis.synthetic.scene import SceneSample

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def world() -> World:
    """The world whose people the tests photograph."""
    pytest.importorskip("numba", reason="synthetic people need visavis[synthetic]")
    from visavis.synthetic import World

    return World(2026)


@pytest.fixture(scope="session")
def portrait(world: World) -> Sample:
    """A synthetic person as for a passport, 320 pixels a side; `.image` is read-only."""
    return calm_photo(world, 2)


@pytest.fixture(scope="session")
def same_person_again(world: World) -> Sample:
    """The person of `portrait` on another day: turned, smiling, in other light, before another background."""
    return calm_photo(world, 2, 1, yaw=14.0, pitch=-4.0, expression="happy", intensity=0.6, sensor="camera")


@pytest.fixture(scope="session")
def stranger(world: World) -> Sample:
    """Somebody else, as for a passport."""
    return calm_photo(world, 5)


@pytest.fixture(scope="session")
def group_photo(world: World) -> SceneSample:
    """Three people, 480 x 320 pixels: the person of `portrait` right and far, two others nearer; the nearest first."""
    from visavis.synthetic import photograph_scene

    scene = row_of_people(world, {5: (0.45, 1.0), 0: (0.16, 1.4), 2: (0.78, 1.8)})
    sample = photograph_scene(world, scene, (480, 320))
    sample.image.setflags(write=False)
    return sample


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
