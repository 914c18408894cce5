"""A studio in the engine's place, and an empty gallery for its templates."""

from __future__ import annotations

import pytest
from tests.gallery.enrolment.studio import Studio

from visavis.gallery import create_gallery
from visavis.gallery.enrolment import run


@pytest.fixture
def studio(monkeypatch):
    studio = Studio()
    monkeypatch.setattr(run, "looked", studio.looked)
    return studio


@pytest.fixture
def gallery(tmp_path, studio):
    pytest.importorskip("sqlalchemy", reason="galleries need visavis[gallery]")
    with create_gallery(tmp_path / "gallery", model=studio.fingerprint, dimension=128, metric="euclidean") as made:
        yield made
