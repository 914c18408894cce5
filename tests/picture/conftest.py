"""Comparisons that need no weights: faces made up, evidence judged by the calibration that ships in the card."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from visavis.images import Photo
from visavis.matching import judge
from visavis.models import find_card
from visavis.types import Box, Comparison, Face, Faces

CARD = find_card("dlib-resnet")


@pytest.fixture(scope="session")
def photo_of():
    """A function that makes a photo of a size, with what its pixels show of no importance."""

    def make(width, height, source="photo.jpg", notes=()):
        ramp = np.linspace(40, 220, width, dtype=np.uint8)[None, :, None]
        return Photo(Image.fromarray(np.broadcast_to(ramp, (height, width, 3)).copy()), source, notes)

    return make


def face_in(photo, share=0.5, index=0, quality=True):
    """A face in the middle of a photo; `share` of its shorter side is its width."""
    side = share * min(photo.width, photo.height)
    x, y = photo.width / 2, photo.height / 2
    box = Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    offsets = np.array([(-0.2, -0.15), (0.2, -0.15), (0, 0.05), (-0.15, 0.25), (0.15, 0.25)])
    points = (np.array([x, y]) + side * offsets).astype(np.float32)
    return Face(box, points, 0.9, index, photo.source, {"summary": 0.73} if quality else None)


def faces_in(photo, *shares):
    """All faces of a photo as `Faces`."""
    rows = [face_in(photo, share, index) for index, share in enumerate(shares)]
    boxes = [(r.box.left, r.box.top, r.box.right, r.box.bottom) for r in rows]
    size = (photo.width, photo.height)
    return Faces(np.array(boxes), np.array([r.points for r in rows]), np.full(len(rows), 0.9), photo.source, size)


@pytest.fixture(scope="session")
def compared():
    """A function that judges a made-up score for two photos."""

    def make(score, probe, reference, notes=(), setting="plain", **rates):
        evidence = judge(score, CARD.calibration[setting], **rates)
        model = CARD.fingerprint + ("+flip" if setting == "flip" else "")
        return Comparison(face_in(probe), face_in(reference), evidence, 1 - score, model, notes)

    return make
