"""Faces that were found before, in a file: a run that was stopped, or repeated with more photos, goes on from there.

The file holds templates and the paths of photos. It is readable by its owner only, and forgets every photo that a run
does not name.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import DataError
from visavis.matching.clustering.faces import ARRAYS, FoundFaces
from visavis.matching.clustering.private import private_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMAT = "visavis faces 1"
_LEAST_PAUSE = 5.0
_PAUSE = 50.0
"""Seconds between two writes, for each second that one takes: writing costs 2 % of the time at most."""


@dataclass(frozen=True, slots=True)
class _Photo:
    """Size and time of the file when it was looked at, and how many faces were found."""

    size: int
    changed_ns: int
    faces: int

    @property
    def state(self) -> tuple[int, int]:
        return self.size, self.changed_ns


class KeptFaces:
    """What is known of photos, by absolute path.

    Args:
        path: of the file; None keeps nothing.
        stamp: all that decides what is found in a photo; a file of another stamp is not used.
        photos: the paths that this run is about; others are forgotten.

    Raises:
        DataError: the file is damaged, or no file of faces.
    """

    def __init__(self, path: Path | None, stamp: str, photos: Iterable[str]) -> None:
        self._path, self._stamp = path, stamp
        self._photos: dict[str, _Photo] = {}
        self._parts: list[FoundFaces] = []
        self._unsaved = False
        self._next_write = time.monotonic() + _LEAST_PAUSE
        if path is not None and path.exists():
            self._read(path, {os.path.abspath(photo) for photo in photos})  # noqa: PTH100 (links are not followed)

    def __contains__(self, photo: str) -> bool:
        """Whether this photo was looked at, and has not changed since."""
        kept = self._photos.get(os.path.abspath(photo))  # noqa: PTH100
        return kept is not None and kept.state == _state(photo)

    def add(self, photo: str, faces: FoundFaces) -> None:
        """Remember the faces of a photo, perhaps none; writes them now and then."""
        if (state := _state(photo)) is None:
            return
        name = os.path.abspath(photo)  # noqa: PTH100
        self._forget(name)
        self._photos[name] = _Photo(*state, len(faces))
        self._parts.append(faces)
        self._unsaved = True
        if time.monotonic() >= self._next_write:
            self.save()

    def of(self, photos: list[str]) -> FoundFaces:
        """The faces of photos, in the order of the photos, under the names used here."""
        everything = self._together()
        ends = np.cumsum([photo.faces for photo in self._photos.values()], dtype=np.int64)
        end = dict(zip(self._photos, ends.tolist(), strict=True))
        rows: list[int] = []
        names: list[str] = []
        for photo in photos:
            name = os.path.abspath(photo)  # noqa: PTH100
            if name in end:
                count = self._photos[name].faces
                rows.extend(range(end[name] - count, end[name]))
                names.extend([photo] * count)
        chosen = everything.take(np.array(rows, dtype=np.int64))
        return replace(chosen, paths=tuple(names))

    def save(self) -> None:
        """Write what is new.

        Raises:
            StorageError: the file could not be written; what it held is still there.
        """
        if self._path is None or not self._unsaved:
            return
        began = time.monotonic()
        faces = self._together()
        photos = [[name, photo.size, photo.changed_ns, photo.faces] for name, photo in self._photos.items()]
        head = {"format": _FORMAT, "stamp": self._stamp, "model": faces.model, "photos": photos}
        with private_file(self._path) as file:
            text = np.frombuffer(json.dumps(head).encode("ascii"), np.uint8)
            np.savez(file, head=text, **{name: getattr(faces, name) for name in ARRAYS})
        self._unsaved = False
        self._next_write = time.monotonic() + max(_LEAST_PAUSE, _PAUSE * (time.monotonic() - began))

    def _together(self) -> FoundFaces:
        self._parts = [FoundFaces.together(self._parts)]
        return self._parts[0]

    def _forget(self, name: str) -> None:
        """Take out a photo that has changed while this run goes on, with its faces."""
        if name not in self._photos:
            return
        before = 0
        for other, photo in self._photos.items():
            if other == name:
                break
            before += photo.faces
        keep = np.ones(len(everything := self._together()), bool)
        keep[before : before + self._photos.pop(name).faces] = False
        self._parts = [everything.take(keep)]

    def _read(self, path: Path, wanted: set[str]) -> None:
        head, arrays = _load(path)
        if head["stamp"] != self._stamp:
            return
        photos = {name: _Photo(*facts) for name, *facts in head["photos"]}
        good = {name for name, photo in photos.items() if name in wanted and _state(name) == photo.state}
        use = np.array([name in good for name in photos], bool)
        rows = np.repeat(use, [photo.faces for photo in photos.values()])
        faces = FoundFaces(paths=("",) * len(rows), model=head["model"], **arrays).take(rows)
        self._photos = {name: photo for name, photo in photos.items() if name in good}
        self._parts = [faces] if len(faces) else []
        self._unsaved = not use.all()


def _load(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(bytes(file["head"]))
            if head["format"] != _FORMAT:
                raise DataError(f"{path}: is no file of faces; choose another folder")
            return head, {name: file[name] for name in ARRAYS}
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as problem:
        raise DataError(
            f"{path}: cannot be read as faces that were found before ({problem}); delete it to look again"
        ) from problem


def _state(photo: str) -> tuple[int, int] | None:
    """Size and time of change of a file; None if it cannot be told."""
    try:
        status = os.stat(photo)  # noqa: PTH116 (Path("") would be the current folder)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns
