"""The process that is killed: it changes a gallery without end, and notes each change before and after, on disk.

A note before a change says what the gallery will be after it. So there is exactly one right answer at every moment: the
gallery is as the last finished change left it, or as the one under way will leave it, and nothing in between.
"""

from __future__ import annotations

import io
import json
import os
import random
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.gallery.gallery import Gallery, create_gallery, open_gallery
from visavis.gallery.types import Crop, NewReference
from visavis.images import Limits
from visavis.types import Box, Template

DIMENSION = 16
FIRST = "model@1"
POINTS = ((2.0, 3.0), (6.0, 3.0), (4.0, 5.0), (2.5, 6.0), (5.5, 6.0))
_MOST = 60  # references in a gallery

People = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Step:
    """A change about to be made.

    Attributes:
        after: who has which references when it is done.
        call: makes it.
        gone: references that are to be forgotten.
        also: what else the parent needs to judge it.
    """

    after: People
    call: Callable[[], object]
    gone: Sequence[str] = ()
    also: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class World:
    """A gallery at work, and what is in it."""

    gallery: Gallery
    random: random.Random
    people: People
    uri: str
    token: str
    number: int = 0
    undoable: People | None = None

    def fresh(self) -> str:
        self.number += 1
        return f"{self.token}-{self.number}"

    def somebody(self) -> str | None:
        return self.random.choice(sorted(self.people)) if self.people else None


def crop_of(id_: str) -> Crop:
    """The crop of a reference: a small picture that no other has."""
    pixels = np.random.default_rng(list(id_.encode())).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return Crop(buffer.getvalue(), POINTS)


class Model:
    """What an upgrade needs of an engine; each number is another model, all read the same crops."""

    def __init__(self, number: int) -> None:
        self.fingerprint, self.threads, self.limits = f"model@{number}", 1, Limits()
        output = SimpleNamespace(dimensions=DIMENSION, metric="euclidean")
        self.embedder_card = SimpleNamespace(id="model", input=SimpleNamespace(width=8), output=output)
        self._weights = np.random.default_rng(number).normal(size=(8 * 8 * 3, DIMENSION))

    def chips(self, photo: Any, _faces: Any) -> NDArray[np.uint8]:
        return np.asarray(photo.pixels)[None]

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        return (chips.reshape(len(chips), -1) @ self._weights / 1000 + 1).astype(np.float32)

    def stream(self, photos: Iterable[bytes], **_settings: Any) -> Iterator[Any]:
        """No original photo is there to be looked at."""
        yield from () if list(photos) == [] else [None]

    def of(self, id_: str) -> NDArray[np.float32]:
        """The template of a reference."""
        with Image.open(io.BytesIO(crop_of(id_).data)) as image:
            return np.asarray(self.embed(np.array(image)[None])[0])


def model_of(fingerprint: str) -> Model:
    return Model(int(fingerprint.partition("@")[2]))


def reference_of(id_: str, person: str, model: Model) -> NewReference:
    return NewReference(
        id_,
        person,
        Template(model.of(id_), model.fingerprint),
        source=f"photos/{id_}.png",
        photo=f"digest of {id_}",
        box=Box(0, 0, 8, 8),
        quality={"summary": 0.5},
        crop=crop_of(id_),
    )


def picture(gallery: Gallery) -> People:
    """Who has which references."""
    found: People = {person.name: [] for person in gallery.people()}
    for one in gallery.references():
        found[one.person].append(one.id)
    return {name: sorted(ids) for name, ids in found.items()}


# --- what is done ---------------------------------------------------------------------------------


def enrol(world: World) -> Step | None:
    if sum(map(len, world.people.values())) > _MOST:
        return forget(world)
    names = [*world.random.sample(sorted(world.people), min(2, len(world.people))), f"Person {world.fresh()}"]
    model, after = model_of(world.gallery.model.fingerprint), {name: list(ids) for name, ids in world.people.items()}
    batch = [(world.fresh(), world.random.choice(names)) for _ in range(world.random.choice((1, 3, 12)))]
    for id_, name in batch:
        after[name] = sorted([*after.get(name, []), id_])
    new = [reference_of(id_, name, model) for id_, name in batch]
    return Step(after, lambda: world.gallery.enrol(new))


def merge(world: World) -> Step | None:
    if len(world.people) < 2:
        return enrol(world)
    keep, absorb = world.random.sample(sorted(world.people), 2)
    after = {name: ids for name, ids in world.people.items() if name != absorb}
    after[keep] = sorted([*world.people[keep], *world.people[absorb]])
    return Step(after, lambda: world.gallery.merge(keep, absorb), also={"undo": True})


def split(world: World) -> Step | None:
    many = [name for name, ids in world.people.items() if len(ids) > 1]
    if not many:
        return enrol(world)
    name, new = world.random.choice(sorted(many)), f"Person {world.fresh()}"
    moving = world.random.sample(world.people[name], world.random.randint(1, len(world.people[name]) - 1))
    rest = sorted(set(world.people[name]) - set(moving))
    after = {**world.people, name: rest, new: sorted(moving)}
    return Step(after, lambda: world.gallery.split(name, moving, new), also={"undo": True})


def rename(world: World) -> Step | None:
    name = world.somebody()
    if name is None:
        return enrol(world)
    new = f"Person {world.fresh()}"
    after = {new if one == name else one: ids for one, ids in world.people.items()}
    return Step(after, lambda: world.gallery.rename(name, new), also={"undo": True})


def undo(world: World) -> Step | None:
    """Take back the change before, if it was one that can be."""
    if world.undoable is None:
        return world.random.choice((merge, split, rename))(world)
    return Step(world.undoable, world.gallery.undo)


def forget(world: World) -> Step | None:
    name = world.somebody()
    if name is None:
        return enrol(world)
    own = world.people[name]
    chosen = own if world.random.random() < 0.5 else world.random.sample(own, world.random.randint(1, len(own)))
    rest = sorted(set(own) - set(chosen))
    after = {one: ids for one, ids in {**world.people, name: rest}.items() if ids}
    also = {} if rest else {"name": name}
    return Step(after, lambda: world.gallery.forget(name, references=list(chosen)), gone=list(chosen), also=also)


def create(world: World) -> Step | None:
    """Another gallery beside this one."""
    uri = f"{world.uri}{world.fresh().replace('-', '_')}"
    made = {"model": FIRST, "dimension": DIMENSION, "metric": "euclidean"}
    return Step(world.people, lambda: create_gallery(uri, **made).close(), also={"created": uri})  # type: ignore[arg-type]


def upgrade(world: World) -> Step | None:
    from visavis.gallery.upgrade import upgrade, upgrade_under_way

    if len(world.people) < 2:
        return enrol(world)
    under_way = upgrade_under_way(world.gallery)
    active = int(world.gallery.model.fingerprint.partition("@")[2])
    engine: Any = Model(active + 1) if under_way is None else model_of(under_way.to)
    drop = world.random.random() < 0.5
    return Step(world.people, lambda: upgrade(world.gallery, engine, drop_old=drop), also={"model": engine.fingerprint})


OPERATIONS: dict[str, Callable[[World], Step | None]] = {
    "enrol": enrol,
    "merge": merge,
    "split": split,
    "rename": rename,
    "undo": undo,
    "forget": forget,
    "create": create,
    "upgrade": upgrade,
}
"""A further one: its name, and a function that says what will be, and does it."""


# --- the process ----------------------------------------------------------------------------------


def work(uri: str, kinds: Sequence[str], seed: int, notes: str) -> None:
    """Change the gallery until killed."""
    handle = os.open(Path(notes), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(**facts: Any) -> None:
        os.write(handle, (json.dumps(facts) + "\n").encode())
        if "begin" not in facts:  # an answer
            os.fsync(handle)

    try:
        with open_gallery(uri, actor="crash") as gallery:
            world = World(gallery, random.Random(seed), picture(gallery), uri, f"{seed:x}")
            note(ready=True, after=world.people)
            for number in range(1_000_000):
                _change(world, kinds, number, note)
    except Exception as error:
        trace = traceback.extract_tb(error.__traceback__)[-1]
        note(failed=type(error).__name__, message=f"{error} ({trace.name}, {trace.filename}:{trace.lineno})")


def _change(world: World, kinds: Sequence[str], number: int, note: Callable[..., None]) -> None:
    name = world.random.choice(kinds)
    step = OPERATIONS[name](world)
    if step is None:
        return
    note(begin=number, kind=name, after=step.after, gone=list(step.gone), **step.also)
    step.call()
    note(done=number, after=step.after)
    world.undoable = world.people if step.also.get("undo") else None
    world.people = step.after
