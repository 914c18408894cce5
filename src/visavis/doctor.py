"""Examining an installation: what is here, what works, and what each default model may be used for."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

from visavis import __version__
from visavis.errors import VisavisError
from visavis.models import DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS, Network, cards
from visavis.models.cache import Cache
from visavis.models.converters.onnx_wire import Graph, Node, Tensor, write_model
from visavis.models.locations import cache_dir, offline, user_cards_dir
from visavis.models.network import DEVICES

_EXTRAS = {
    "parquet": "pyarrow",
    "plots": "matplotlib",
    "train": "torch",
    "video": "av",
    "serve": "fastapi",
    "cluster": "sklearn",
}
_LIBRARIES = ("numpy", "pillow", "onnxruntime", "onnxruntime-gpu", "pydantic", "typer", "rich")


def examine() -> dict[str, Any]:
    """Findings by section, each a dict of name to text, and `problems`, a list of sentences.

    Devices are tried with a tiny network, not only asked for.
    """
    problems: list[str] = []
    return {
        "visavis": {"version": __version__, "python": sys.version.split()[0], "system": platform.platform()},
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
        "devices": {device: _try_device(device) for device in DEVICES},
        "models": _models(problems),
        "folders": {
            "cache": f"{cache_dir()} ({_writable(cache_dir())})",
            "own cards": str(user_cards_dir()),
            "fetching": "forbidden by VISAVIS_OFFLINE" if offline() else "allowed, with a notice",
        },
        "extras": {
            extra: "installed" if importlib.util.find_spec(module) else f'pip install "visavis[{extra}]"'
            for extra, module in _EXTRAS.items()
        },
        "problems": problems,
    }


def _models(problems: list[str]) -> dict[str, str]:
    rows: dict[str, str] = {}
    cache = Cache(cache_dir())
    try:
        known = cards()
    except VisavisError as error:
        problems.append(str(error))
        return rows
    for name, card in known.items():
        state = "ready" if cache.read(card) else "not fetched"
        if card.source.path is not None:
            state = "ready" if card.source.path.is_file() else "file is gone"
            if state != "ready":
                problems.append(f"{name}: {card.source.path} is gone; put it back or `visavis models remove {name}`")
        elif cache.is_damaged(card):
            state = "damaged"
            problems.append(f"{name}: {cache.path(card)} is damaged; run `visavis models pull {name} --force`")
        default = ", default" if name in (DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS) else ""
        rows[name] = f"{state}{default}; {card.licence.name}; commercial use: {card.licence.commercial_use}"
    return rows


def _try_device(device: str) -> str:
    numbers = Tensor(np.dtype("<f4"), ("n",))
    graph = Graph((Node("Relu", ("x",), ("y",)),), {}, {"x": numbers}, {"y": numbers})
    try:
        Network(write_model(graph), "device check", device).run(np.ones(1, np.float32))
    except VisavisError as error:
        return f"not usable: {error}"
    return f"works ({os.cpu_count()} cores)" if device == "cpu" else "works"


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _writable(folder: Path) -> str:
    while not folder.exists():
        folder = folder.parent
    return "can be written" if os.access(folder, os.W_OK) else "read-only: models stay in memory"
