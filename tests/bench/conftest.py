"""An engine that reads what it should find from the image files themselves, and a small pairs list for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import ImageUnreadable
from visavis.types import Faces


@dataclass
class StoredEngine:
    """Finds in every file the faces written there: a JSON list of templates, largest and most central face first."""

    seen: list[str] = field(default_factory=list)

    def stream(self, images, /, *, quality, errors):
        assert errors == "return"
        assert not quality
        for image in images:
            self.seen.append(image)
            text = Path(image).read_text()
            yield faces_of(json.loads(text), image) if text != "broken" else ImageUnreadable(f"{image}: is broken")


def faces_of(templates, source):
    if not templates:
        return Faces.empty(source)
    n = len(templates)
    boxes = [[0.0, 0.0, 9.0 - i, 9.0 - i] for i in range(n)]
    points, scores = np.ones((n, 5, 2)), np.ones(n)
    return Faces(boxes, points, scores, source, (9, 9), templates=np.array(templates), model="stored@1")


@pytest.fixture
def engine():
    return StoredEngine()


@pytest.fixture
def people(tmp_path):
    """Writes images/NAME/K.jpg from {"NAME/K": faces} and returns the root folder."""

    def write(faces):
        for name, templates in faces.items():
            path = tmp_path / "images" / f"{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(templates if isinstance(templates, str) else json.dumps(templates))
        return tmp_path

    return write


@pytest.fixture
def crowd(people):
    """A root with 12 people of 3 photos each and pairs.csv in 3 folds: noisy enough for some errors."""
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(12, 6))
    faces = {
        f"p{i:02d}/{k}": [(centres[i] + 0.7 * rng.normal(size=6)).round(6).tolist()]
        for i in range(12)
        for k in range(3)
    }
    root = people(faces)
    rows = ["fold,same,path_a,path_b"]
    for i in range(12):
        for a, b in ((0, 1), (0, 2), (1, 2)):
            rows.append(f"{i % 3 + 1},1,images/p{i:02d}/{a}.jpg,images/p{i:02d}/{b}.jpg")
            rows.append(f"{i % 3 + 1},0,images/p{i:02d}/{a}.jpg,images/p{(i + 3) % 12:02d}/{b}.jpg")
    (root / "pairs.csv").write_text("\n".join(rows) + "\n")
    return root
