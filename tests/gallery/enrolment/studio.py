"""A studio that makes photos of people who are points in space: what enrolment needs of an engine, without pixels.

A photo is a few bytes that nobody decodes; whom it shows is written down here. Distances are those of dlib's network:
0.4 between photos of one person, 0.9 between people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from visavis.errors import ImageUnreadable
from visavis.gallery.types import Crop
from visavis.images import Limits, encode
from visavis.models import find_card
from visavis.types import Faces, Quality

CARD = find_card("dlib-resnet")
APART, SHAKE = 0.056, 0.025
CALIBRATION = CARD.calibration["plain"]


CROP = Crop(encode(np.zeros((8, 8, 3), np.uint8), "JPEG"), ((0.0, 0.0),) * 5)


def centre(person: str) -> np.ndarray:
    """Where a person is, (128,)."""
    seed = int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big")
    return APART * np.random.default_rng(seed).normal(size=128)


@dataclass
class Studio:
    """Makes photos, and tells the run what is on them in the engine's place."""

    fingerprint: str = CARD.fingerprint
    shots: dict[str, Faces | ImageUnreadable] = field(default_factory=dict)
    looked_at: list[str] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @property
    def engine(self):
        output = SimpleNamespace(dimensions=128, metric="euclidean")
        card = SimpleNamespace(output=output)
        return SimpleNamespace(fingerprint=self.fingerprint, embedder_card=card, limits=Limits())

    def vector(self, person: str, shake: float = SHAKE) -> np.ndarray:
        return (centre(person) + shake * self.rng.normal(size=128)).astype(np.float32)

    def photo(self, *people: str, sizes=(), quality=0.9, vectors=None, **components) -> bytes:
        """An encoded photo with these people, the most prominent first; `sizes` are sides of their boxes."""
        data = f"photo {len(self.shots)} of {people} {self.rng.integers(1 << 60)}".encode()
        if vectors is None:
            vectors = [self.vector(person) for person in people]
        n = len(vectors)
        sides = np.array([*sizes, *[100] * n][:n], np.float32)
        left = 200 * np.arange(n, dtype=np.float32)
        boxes = np.stack([left, np.zeros(n), left + sides, sides], axis=1).astype(np.float32)
        names = ("size", "sharpness", "exposure", "frontality", "detection", "summary")
        described = Quality(*(np.full(n, components.get(name, quality), np.float32) for name in names))
        faces = Faces(
            boxes,
            np.ones((n, 5, 2), np.float32),
            np.ones(n, np.float32),
            "photo",
            (200 * max(n, 1), 200),
            described,
            np.array(vectors, np.float32).reshape(n, 128),
            self.fingerprint,
        )
        self.shots[hashlib.sha256(data).hexdigest()] = faces
        return data

    def broken(self) -> bytes:
        data = f"broken {len(self.shots)}".encode()
        self.shots[hashlib.sha256(data).hexdigest()] = ImageUnreadable("photo: is no image")
        return data

    def looked(self, engine, requests, *, keep_crops):
        """In place of `visavis.gallery.enrolment.looking.looked`."""
        for request in requests:
            self.looked_at.append(request.source)
            yield request, self.shots[request.digest], CROP if keep_crops else None
