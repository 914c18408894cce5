"""Synthetic faces as a sequence of pictures and identities, for training and evaluation; needs no torch."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from visavis.errors import StorageError
from visavis.synthetic.cache import FaceCache
from visavis.synthetic.export.people import People
from visavis.synthetic.export.ranges import COUNT
from visavis.synthetic.version import VERSION

if TYPE_CHECKING:
    from visavis.synthetic.sample import Sample
    from visavis.synthetic.world import World

Image = NDArray[np.uint8]

_RUN = 16
"""Shots of a person that are rendered and cached together: making the person costs as much as several shots."""
_log = logging.getLogger(__name__)


class SyntheticFaces(Sequence[tuple[Image, int]]):
    """People of the synthetic world, picture by picture: all shots of person 0, then all of person 1, and so on.

        faces = SyntheticFaces(100, 8, cache="~/.cache/faces")
        image, person = faces[42]          # (112, 112, 3) uint8 RGB; person 5
        faces.row(42)["landmarks"]         # everything known about it but the maps
        faces.sample(42).parsing           # the maps too, rendered anew

    A picture depends on its person, its shot and the parameters alone, never on `n_people` or `per_person`. Without a
    cache, go through it in order: persons are kept for their next shot, and jumping about makes each one again.

    Args:
        n_people: 1..1,000,000; their numbers are the labels.
        per_person: pictures of each, 1..10,000.
        size: side of the pictures in pixels, 16..4096.
        seed: of the world, 0..2**63-1.
        max_yaw: largest turn of a head, 0..90 degrees.
        group: factors held to a part of their range, see `visavis.synthetic.Group`.
        independent: draw a person's factors independently of each other.
        samples: samples per pixel and axis, 1..4.
        cache: folder to keep rendered pictures in, shared by any number of processes and parameters. What another
            version of the world rendered is not used. A folder that cannot be written is reported in the log, once.

    One object serves one thread; it can be pickled and sent to other processes.

    Raises:
        InvalidInput: a value outside its range; the message names the range.
    """

    def __init__(
        self,
        n_people: int,
        per_person: int,
        size: int = 112,
        seed: int = 0,
        *,
        max_yaw: float = 35.0,
        group: Mapping[str, Any] | None = None,
        independent: bool = False,
        samples: int = 1,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        self._plan = People(
            count=COUNT.check("n_people", n_people),
            per_person=per_person,
            size=size,
            seed=seed,
            max_yaw=max_yaw,
            group=tuple((group or {}).items()),
            independent=independent,
            samples=samples,
        )
        self._items = range(self._plan.count * self._plan.per_person)
        self._cache = None if cache is None else FaceCache.of(Path(cache).expanduser(), _what_matters(self._plan))
        self._told = False

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> tuple[Image, int]: ...
    @overload
    def __getitem__(self, index: slice) -> SyntheticFaces: ...
    def __getitem__(self, index: int | slice) -> tuple[Image, int] | SyntheticFaces:
        if isinstance(index, slice):
            part = object.__new__(SyntheticFaces)
            part.__dict__.update(self.__dict__, _items=self._items[index])
            return part
        person, shot = self._address(index)
        return self._labelled(person, shot)[0], person

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) the number of the person on each picture."""
        return np.asarray(self._items, dtype=np.int64) // self._plan.per_person

    @cached_property
    def world(self) -> World:
        """The world that the people live in."""
        return self._plan.world()

    def row(self, index: int) -> dict[str, Any]:
        """Everything known about a picture but the maps, JSON-ready: `Sample.row()`."""
        return self._labelled(*self._address(index))[1]

    def sample(self, index: int) -> Sample:
        """A picture with all labels and maps, rendered anew."""
        return self._render(*self._address(index))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "world"}

    def __repr__(self) -> str:
        plan = self._plan
        return f"SyntheticFaces({len(self)} pictures of {plan.size} pixels, seed {plan.seed}, version {VERSION})"

    def _address(self, index: int) -> tuple[int, int]:
        return divmod(self._items[index], self._plan.per_person)

    def _render(self, person: int, shot: int) -> Sample:
        return self.world.render(person, shot, self._plan.size, samples=self._plan.samples)

    def _labelled(self, person: int, shot: int) -> tuple[Image, dict[str, Any]]:
        """The picture and its row, from the cache if there is one."""
        if self._cache is None:
            return self._rendered(person, shot)
        found = self._cache.read(person, shot)
        if found is None:
            with self._cache.lock(person):
                found = self._cache.read(person, shot) or self._filled(self._cache, person, shot)
        return found

    def _filled(self, cache: FaceCache, person: int, wanted: int) -> tuple[Image, dict[str, Any]]:
        """Render the run of shots around the wanted one and keep them; returns the wanted one."""
        first = wanted - wanted % _RUN
        others = (shot for shot in range(first, min(first + _RUN, self._plan.per_person)) if shot != wanted)
        found = self._rendered(person, wanted)
        try:
            cache.write(person, wanted, *found)
            for shot in others:
                if cache.read(person, shot) is None:
                    cache.write(person, shot, *self._rendered(person, shot))
        except StorageError as error:
            if not self._told:  # once is enough
                self._told = True
                _log.warning("synthetic faces are not cached: %s", error)
        return found

    def _rendered(self, person: int, shot: int) -> tuple[Image, dict[str, Any]]:
        sample = self._render(person, shot)
        return sample.image, json.loads(json.dumps(sample.row()))


def _what_matters(plan: People) -> dict[str, Any]:
    """All that a picture depends on, and nothing else: more people, or more shots of each, use the same cache."""
    without = ("count", "per_person", "labels", "picture_format")
    return {"version": VERSION, **{name: v for name, v in plan.parameters().items() if name not in without}}
