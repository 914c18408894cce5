"""Examining an installation: what is here, what works, and what each model may be used for."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from visavis import __version__
from visavis.errors import VisavisError
from visavis.images.kinds import READERS
from visavis.models import Network, cards, default_cards
from visavis.models.cache import Cache
from visavis.models.card import ModelCard
from visavis.models.converters.onnx_wire import Graph, Node, Tensor, write_model
from visavis.models.locations import cache_dir, offline, user_cards_dir
from visavis.models.network import DEVICES
from visavis.models.registry import unreadable_cards

_EXTRAS = {
    "parquet": "pyarrow",
    "plots": "matplotlib",
    "synthetic": "numba",
    "train": "torch",
    "video": "av",
    "serve": "fastapi",
    "gallery": "sqlalchemy",
    "postgres": "psycopg",
    "qdrant": "qdrant_client",
    "cluster": "sklearn",
}
_LIBRARIES = ("numpy", "pillow", "onnxruntime", "onnxruntime-gpu", "pydantic", "typer", "rich")


def examine() -> dict[str, Any]:
    """Findings by section, each a dict of name to text, and `problems`, a list of sentences on what must be mended.

    Devices are tried with a tiny network, not only asked for. Nothing is fetched and nothing is changed.
    """
    problems: list[str] = []
    return {
        "visavis": {"version": __version__, "python": sys.version.split()[0], "system": platform.platform()},
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
        "devices": {device: _try_device(device, problems) for device in DEVICES},
        "models": _models(problems),
        "folders": {
            "cache": f"{cache_dir()} ({_state_of(cache_dir())})",
            "own cards": str(user_cards_dir()),
            "fetching": "forbidden by VISAVIS_OFFLINE" if offline() else "allowed, with a notice",
        },
        "photo formats": {kind: _codec(module) for kind, module in READERS.items()},
        "extras": {
            extra: "installed" if _found(module) else f'pip install "visavis[{extra}]"'
            for extra, module in _EXTRAS.items()
        },
        "problems": problems,
    }


def _models(problems: list[str]) -> dict[str, str]:
    default = {card.id for card in default_cards()}
    problems.extend(str(error) for error in unreadable_cards().values())
    rows: dict[str, str] = {}
    for name, card in cards().items():
        state, problem = _state_of_model(card)
        if problem or (offline() and name in default and state != "ready"):
            problems.append(problem or f"{name}: is not here, and VISAVIS_OFFLINE forbids fetching it")
        licence = f"{card.licence.name}; commercial use: {card.licence.commercial_use}"
        uncalibrated = "; not calibrated" if card.task == "embed" and not card.calibration else ""
        rows[name] = f"{state}{', default' if name in default else ''}; {licence}{uncalibrated}"
    return rows


def _state_of_model(card: ModelCard) -> tuple[str, str | None]:
    """Whether a model can be used at once, and what must be mended."""
    if card.source.path is not None:
        if card.source.path.is_file():
            return "ready", None
        return "gone", f"{card.id}: {card.source.path} is gone; put it back or `visavis models remove {card.id}`"
    cache = Cache(cache_dir())
    if cache.read(card) is not None:
        return "ready", None
    if cache.is_damaged(card):
        return "damaged", f"{card.id}: {cache.path(card)} is damaged; run `visavis models pull {card.id} --force`"
    return "not fetched", None


def _try_device(device: str, problems: list[str]) -> str:
    numbers = Tensor(np.dtype("<f4"), ("n",))
    graph = Graph((Node("Relu", ("x",), ("y",)),), {}, {"x": numbers}, {"y": numbers})
    try:
        Network(write_model(graph), "device check", device).run(np.ones(1, np.float32))
    except (VisavisError, ImportError, OSError) as error:  # a broken onnxruntime fails while it is imported
        if device == "cpu":
            problems.append(f"onnxruntime does not work here ({error}); install it again: pip install -U onnxruntime")
        return f"not usable: {error}"
    return f"works ({_usable_cores()} cores)" if device == "cpu" else "works"


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _codec(module: str) -> str:
    try:
        importlib.import_module(module)
    except ImportError:
        package = "pillow" if module.startswith("PIL") else module.replace("_", "-")
        return f"pip install -U {package}"
    return "readable"


def _found(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _state_of(folder: Path) -> str:
    """Whether a folder, or the nearest one above it that exists, can be written, and how much room it has."""
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return "read-only: models stay in memory"
    return f"can be written, {shutil.disk_usage(folder).free / 2**30:.1f} GiB free"
