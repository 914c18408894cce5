"""The photos of a folder of folders (one folder per person), of one person's folder, or by their paths."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from visavis.errors import ImageNotFound, InvalidInput
from visavis.gallery.enrolment.photos import PhotoOf

SUFFIXES = frozenset({
    *(".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".pbm", ".pgm", ".ppm"),
    *(".jp2", ".j2k", ".avif", ".heic", ".heif"),
})  # fmt: skip
"""Endings of photos; other files are passed over, and so is everything whose name begins with a dot."""

_SHOWN = 3


@dataclass(frozen=True)
class FolderPhotos:
    """The photos below a folder with their people; its length is their number. Nothing is kept while they are walked.

    Attributes:
        folder: its own folders are the people, and what is nested deeper belongs to them; or, with `person`, a folder
            without folders.
        person: whose photos these are.
    """

    folder: Path
    person: str | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PhotoOf]:
        for person, top in self.people:
            for photo in _photos_below(top):
                yield PhotoOf(photo, person)

    @cached_property
    def people(self) -> tuple[tuple[str, Path], ...]:
        """(name, folder) of everybody, by name.

        Raises:
            InvalidInput: it is not clear whose photos these are.
        """
        loose, folders = _entries(self.folder)
        if self.person is None:
            if loose:
                raise InvalidInput(_loose(self.folder, loose, folders))
            return tuple((path.name, path) for path in folders)
        if folders:
            names = ", ".join(path.name for path in folders[:_SHOWN])
            raise InvalidInput(
                f"{self.folder}: has folders of its own ({names}{', ...' * (len(folders) > _SHOWN)}), so its photos "
                f"cannot all be those of {self.person}; leave --person out, or name the folder that is meant"
            )
        return ((self.person, self.folder),)

    @cached_property
    def empty(self) -> tuple[str, ...]:
        """People whose folder holds no photo."""
        return tuple(person for person, top in self.people if next(_photos_below(top), None) is None)

    @cached_property
    def _count(self) -> int:
        return sum(1 for _, top in self.people for _ in _photos_below(top))


@dataclass(frozen=True)
class Photos:
    """Photos from several places, one after the other.

    Attributes:
        parts: folders, and single photos.
    """

    parts: tuple[FolderPhotos | PhotoOf, ...]

    def __len__(self) -> int:
        return sum(1 if isinstance(part, PhotoOf) else len(part) for part in self.parts)

    def __iter__(self) -> Iterator[PhotoOf]:
        for part in self.parts:
            yield from ([part] if isinstance(part, PhotoOf) else part)

    @property
    def empty(self) -> tuple[str, ...]:
        """People whose folder holds no photo."""
        return tuple(name for part in self.parts if isinstance(part, FolderPhotos) for name in part.empty)


def photos_at(paths: Sequence[str | os.PathLike[str]], person: str | None = None, face: int | None = None) -> Photos:
    """The photos that paths of photos and folders lead to.

    Args:
        paths: folders as in `photos_in`, and photos of `person`.
        person: whose photos these are.
        face: which face of the photo (0 = most prominent); for a single photo only.

    Raises:
        ImageNotFound: there is nothing there, or a folder holds no photo.
        InvalidInput: it is not clear whose photos these are, or a face number for more than one photo.
    """
    if face is not None and (len(paths) != 1 or Path(paths[0]).is_dir()):
        raise InvalidInput(f"face {face}: belongs to a single photo; enrol that photo alone")
    parts: list[FolderPhotos | PhotoOf] = []
    for path in paths:
        if Path(path).is_dir():
            parts.append(photos_in(path, person))
        elif person is not None:
            parts.append(PhotoOf(path, person, face))
        elif Path(path).exists():
            raise InvalidInput(f"{path}: nobody knows who is on this photo; say it with --person NAME")
        else:
            raise ImageNotFound(f"{path}: there is no such photo or folder; check the path")
    return Photos(tuple(parts))


def photos_in(folder: str | os.PathLike[str], person: str | None = None) -> FolderPhotos:
    """The photos of a folder.

    Args:
        folder: holds one folder per person; or, with `person`, photos.
        person: whose photos these are.

    Raises:
        ImageNotFound: there is no such folder, it cannot be read, or holds no photo.
        InvalidInput: it is not clear whose photos these are.
    """
    found = FolderPhotos(Path(folder), person)
    if not len(found):
        raise ImageNotFound(f"{folder}: the folder holds no photo ({', '.join(sorted(SUFFIXES))})")
    return found


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Photos and folders directly inside."""
    try:
        inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ImageNotFound(
            f"{folder}: cannot be searched ({error.strerror}); check the path and its rights"
        ) from error
    files: list[Path] = []
    folders: list[Path] = []
    for path in inside:
        (folders if path.is_dir() else files).append(path)
    return [path for path in files if path.suffix.lower() in SUFFIXES], folders


def _photos_below(folder: Path) -> Iterator[Path]:
    """Photos at any depth, in order of name; links to folders are not followed below the first level."""

    def refuse(error: OSError) -> None:
        raise ImageNotFound(f"{error.filename}: cannot be searched ({error.strerror}); check its permissions")

    for top, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES:  # noqa: PTH122 (a Path for each would take as long as hashing)
                yield Path(top, name)


def _loose(folder: Path, loose: list[Path], folders: list[Path]) -> str:
    names = ", ".join(path.name for path in loose[:_SHOWN]) + ", ..." * (len(loose) > _SHOWN)
    which = "photos lie" if len(loose) > 1 else "a photo lies"
    way = "move them into the folder of their person" if folders else "say who is on them with --person NAME"
    return f"{folder}: {which} directly in it ({names}), and nobody knows of whom; {way}"
