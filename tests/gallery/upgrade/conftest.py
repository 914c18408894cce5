"""Engines of tiny models, and places for galleries."""

from __future__ import annotations

import pytest
from tests.gallery.upgrade.noise_faces import KEY, engine_of, new_gallery, register_model


@pytest.fixture
def engines(tmp_path, monkeypatch):
    """`old`, `new` (another network of the same dimension) and `wide` (of another dimension and metric)."""
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    for name, kind in {"old": (1, 32), "new": (2, 32), "wide": (3, 48, "euclidean")}.items():
        register_model(tmp_path, name, *kind)
    return {name: engine_of(name) for name in ("old", "new", "wide")}


@pytest.fixture
def gallery(tmp_path, engines):
    """Six people with two references each, under `old`."""
    with new_gallery(tmp_path / "g", engines["old"]) as made:
        yield made


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr("visavis.gallery.upgrade.run.BATCH", 3)


@pytest.fixture(params=["sqlite", "encrypted", "int8", "qdrant", "postgresql", "postgresql-encrypted"])
def place(request, tmp_path):
    """Where a gallery may be, and how: (uri, settings of create_gallery)."""
    settings = {"encrypted": {"key": KEY}, "int8": {"precision": "int8"}}.get(request.param.rpartition("-")[2], {})
    if request.param.startswith("postgresql"):
        return request.getfixturevalue("postgres").place(), settings
    if request.param == "qdrant":
        return f"qdrant+{tmp_path / 'g'}?qdrant={tmp_path / 'q'}", settings
    return str(tmp_path / "g"), settings
