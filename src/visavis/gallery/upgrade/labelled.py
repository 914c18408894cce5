"""The same labelled faces embedded by two models: of a folder with one folder per person, or of a gallery's crops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import ImageError, InvalidInput
from visavis.gallery.enrolment.folder import FolderPhotos
from visavis.gallery.types import ModelSpace
from visavis.gallery.upgrade.crops import crop_chip, kept_crops
from visavis.images import ImageSource, load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.face import Engine
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import Crop

    Progress = Callable[[int, int], None]
    Vector = NDArray[np.float32]
    Look = Callable[[Engine], NDArray[np.uint8] | str]
    """The chip of a face that an engine's embedder reads, or why there is none."""

MOST = 2_000
"""Faces looked at, if nothing else is said: two million pairs."""
_MOST_PER_PERSON = 5
_BATCH = 32


@dataclass(slots=True)
class Both:
    """Faces whose people are known, with their templates by two models.

    Attributes:
        old: (d,) of each by the old model.
        new: (d,) of each by the new one.
        people: who each is.
        missed: (which, why) of those that could not be used.
    """

    old: list[Vector] = field(default_factory=list)
    new: list[Vector] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    missed: list[tuple[str, str]] = field(default_factory=list)


def photos_by_both(old: Engine, new: Engine, root: Path, *, most: int = MOST, progress: Progress | None = None) -> Both:
    """The most prominent face of photos below a folder that holds one folder per person.

    Args:
        old: with the old model.
        new: with the new one; finds the faces for both.
        root: the folder.
        most: photos; chosen so that people have several.
        progress: called with (photos done, all).

    Raises:
        ImageNotFound, InvalidInput: the folder cannot be read, or it is not clear who its photos show.
        ModelError: a model cannot be had or run.
    """
    photos = list(FolderPhotos(root))
    chosen = several_each([one.person for one in photos], most)
    filling = _Filling(old, new, len(chosen), progress)
    for place in chosen:
        one = photos[place]
        filling.add(one.name, one.person, _found(new, one.photo))
    return filling.done()


def crops_by_both(
    gallery: Gallery, old: Engine | ModelSpace, new: Engine, *, most: int = MOST, progress: Progress | None = None
) -> Both:
    """Enrolled faces, from their kept crops.

    Args:
        gallery: that holds them.
        old: with the old model; or one of the gallery's models, whose templates are taken as they are kept.
        new: with the new one.
        most: references; chosen so that people have several.
        progress: called with (references done, all).

    Raises:
        ModelError: a model cannot be had or run.
    """
    space = old if isinstance(old, ModelSpace) else None
    held = [one for one in gallery.references() if one.has_crop and (space is None or space.fingerprint in one.models)]
    chosen = several_each([one.person_id for one in held], most)
    filling = _Filling(None if isinstance(old, ModelSpace) else old, new, len(chosen), progress)
    for start in range(0, len(chosen), _BATCH):
        part = [held[place] for place in chosen[start : start + _BATCH]]
        kept = [None] * len(part) if space is None else list(gallery.templates([one.key for one in part], space))
        for one, crop, template in zip(part, kept_crops(gallery, [one.id for one in part]), kept, strict=True):
            filling.add(one.id, one.person_id, crop if isinstance(crop, str) else partial(_cut, crop), template)
    return filling.done()


def several_each(people: Sequence[str], most: int, seed: int = 0) -> list[int]:
    """At most so many places in a list of who is on each photo: people by chance, those with several photos first.

    Args:
        people: (n,) who is on each.
        most: how many places.
        seed: of the order of people and of their photos.

    Returns: places, a person's beside each other, at most five of each.
    """
    places: dict[str, list[int]] = {}
    for place in np.random.default_rng(seed).permutation(len(people)).tolist():
        places.setdefault(people[place], []).append(place)
    ordered = sorted(places.values(), key=lambda own: len(own) < 2)
    return [place for own in ordered for place in own[:_MOST_PER_PERSON]][:most]


class _Filling:
    """Templates of two models, made in batches.

    Args:
        old: None where the old templates are given.
        new: the new model.
        total: how many faces will come.
        progress: called with (faces done, all).
    """

    def __init__(self, old: Engine | None, new: Engine, total: int, progress: Progress | None) -> None:
        self._old, self._new, self._total, self._progress = old, new, total, progress
        self._both, self._seen = Both(), 0
        self._waiting: list[tuple[str, str, Vector | None, list[NDArray[np.uint8]]]] = []

    def add(self, name: str, person: str, look: Look | str, template: Vector | None = None) -> None:
        """A face: whose, how to see it or why not, and its old template where that is given."""
        engines = [self._new] if self._old is None else [self._new, self._old]
        chips = [look] if isinstance(look, str) else [look(engine) for engine in engines]
        if wrong := [chip for chip in chips if isinstance(chip, str)]:
            self._both.missed.append((name, wrong[0]))
        else:
            self._waiting.append((name, person, template, [chip for chip in chips if not isinstance(chip, str)]))
        self._seen += 1
        if len(self._waiting) >= _BATCH:
            self._embed()

    def done(self) -> Both:
        """All of them."""
        self._embed()
        return self._both

    def _embed(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._progress:
            self._progress(self._seen, self._total)
        if not waiting:
            return
        new = self._new.embed(np.stack([chips[0] for *_, chips in waiting]))
        made = None if self._old is None else self._old.embed(np.stack([chips[1] for *_, chips in waiting]))
        for place, (name, person, kept, _) in enumerate(waiting):
            old = kept if made is None else made[place]
            if old is None or not (old.any() and new[place].any()):
                self._both.missed.append((name, "a model gives nothing but zeros for it"))
                continue
            self._both.old.append(old)
            self._both.new.append(new[place])
            self._both.people.append(person)


def _found(engine: Engine, source: ImageSource) -> Look | str:
    """How to see the most prominent face of a photo; or why there is none."""
    try:
        photo = load(source, engine.limits)
        faces = engine.faces(photo, embed=False, quality=False)
    except (ImageError, InvalidInput) as error:
        return str(error)
    if not len(faces):
        return "no face was found"
    return lambda reader: np.asarray(reader.chips(photo, faces[:1])[0])


def _cut(crop: Crop, engine: Engine) -> NDArray[np.uint8] | str:
    return crop_chip(engine, crop)
