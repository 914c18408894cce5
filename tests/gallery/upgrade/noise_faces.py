"""Galleries of people who are patterns of noise, and tiny models that tell them apart: an upgrade needs no more."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image
from tests.models import tiny

from visavis.face import Engine
from visavis.gallery import Crop, NewReference, create_gallery
from visavis.gallery.upgrade import upgrade_under_way
from visavis.gallery.upgrade.crops import crop_chip
from visavis.models import register
from visavis.models.locations import user_cards_dir
from visavis.types import Box, Template

KEY = bytes(range(100, 132))

POINTS = ((45.0, 52.0), (83.0, 52.0), (64.0, 74.0), (49.0, 96.0), (79.0, 96.0))
"""Where the face is in every crop of 128 pixels."""


def register_model(folder, name, seed, dimensions, metric="cosine", gain=0.05):
    """A tiny embedder under a name."""
    path = folder / f"{name}.onnx"
    path.write_bytes(tiny.embedder(dimensions=dimensions, seed=seed, gain=gain))
    register.add(path, commercial_use="yes", licence="ours", replace=True)
    card = user_cards_dir() / f"{name}.toml"
    card.write_text(card.read_text().replace('metric = "cosine"', f'metric = "{metric}"'))


def crop_of(person, photo=0, noise=25.0):
    """A photo of a person: the person's pattern, and noise of the photo's own."""
    pattern = np.random.default_rng([person]).uniform(60, 200, (8, 8, 3)).repeat(16, 0).repeat(16, 1)
    shot = pattern + np.random.default_rng([person, photo, 1]).normal(0, noise, (8, 8, 3)).repeat(16, 0).repeat(16, 1)
    buffer = io.BytesIO()
    Image.fromarray(shot.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=95)
    return Crop(buffer.getvalue(), POINTS)


def vector_of(engine, person, photo=0):
    return engine.embed(crop_chip(engine, crop_of(person, photo))[None])[0]


def reference(engine, person, photo=0, **other):
    """A reference with its crop, as enrolment makes it."""
    made = NewReference(
        f"r{person}-{photo}",
        f"Person {person:03d}",
        Template(vector_of(engine, person, photo), engine.fingerprint),
        source=f"/nowhere/{person}-{photo}.jpg",
        photo=f"{person:032x}{photo:032x}",
        box=Box(10, 10, 60, 60),
        quality={"summary": 0.9},
        crop=crop_of(person, photo),
    )
    return replace(made, **other)


def engine_of(name, **settings):
    return Engine(embedder=name, threads=1, **settings)


def new_gallery(uri, engine, people=6, photos=2, **settings):
    output = engine.embedder_card.output
    gallery = create_gallery(
        uri, model=engine.fingerprint, dimension=output.dimensions, metric=output.metric, **settings
    )
    gallery.enrol([reference(engine, person, photo) for person in range(people) for photo in range(photos)])
    return gallery


def found(gallery, engine, person, photo=7, model="named"):
    """Name of whom a new photo of a person finds, by the engine's templates."""
    model = engine.fingerprint if model == "named" else model
    hits = gallery.search(vector_of(engine, person, photo), 1, model=model)
    return gallery.references(keys=hits.keys[0].tolist())[0].person if hits.keys[0, 0] >= 0 else None


def under_way(gallery):
    """The upgrade that is under way, which there must be."""
    state = upgrade_under_way(gallery)
    assert state is not None
    return state


class Meddling:
    """An engine that does something each time before it embeds, by number of the batch from 1."""

    def __init__(self, engine, meddle):
        self._engine, self._meddle, self.embedded, self._calls = engine, meddle, 0, -1

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def embed(self, chips):
        self._calls += 1  # the first is the trial
        if self._calls:
            self._meddle(self._calls)
            self.embedded += len(chips)
        return self._engine.embed(chips)
