"""Rendered faces on disk: a folder per set of parameters, a checked file per picture, safe for many processes at once.

An entry counts only if its digest agrees; the digest covers the parameters, the person and the shot as well, so a
damaged, half-written or misplaced file is never served, only made again.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.errors import StorageError
from visavis.storage import write_atomic
from visavis.synthetic.export.pictures import picture_bytes

_DIGEST = 16


@dataclass(frozen=True)
class FaceCache:
    """Pictures and rows of labels by person and shot.

    Attributes:
        folder: where; made when something is written.
        key: names everything that the pictures depend on.
    """

    folder: Path
    key: str

    @classmethod
    def of(cls, parent: Path, parameters: Mapping[str, Any]) -> FaceCache:
        """The cache for these parameters (JSON-ready), below a folder that many caches may share."""
        key = json.dumps(parameters, sort_keys=True)
        return cls(parent / f"faces-{hashlib.sha256(key.encode()).hexdigest()[:20]}", key)

    def read(self, person: int, shot: int) -> tuple[NDArray[np.uint8], dict[str, Any]] | None:
        """The picture (H, W, 3) and its row of labels, if they are there and whole."""
        try:
            entry = self._path(person, shot).read_bytes()
        except (OSError, ValueError):  # ValueError: a null character in the path
            return None
        digest, body = entry[:_DIGEST], entry[_DIGEST:]
        if digest != self._digest(person, shot, body):
            return None
        row, _, picture = body.partition(b"\n")
        with Image.open(io.BytesIO(picture)) as image:
            return np.array(image), json.loads(row)

    def write(self, person: int, shot: int, image: NDArray[np.uint8], row: Mapping[str, Any]) -> None:
        """Keep a picture and its row.

        Raises:
            StorageError: it could not be written; nothing partial is left.
        """
        body = json.dumps(row).encode() + b"\n" + picture_bytes(image, "png")
        path = self._path(person, shot)
        self._make(path.parent)
        write_atomic(path, self._digest(person, shot, body) + body)

    @contextmanager
    def lock(self, person: int) -> Iterator[None]:
        """Hold other processes back from rendering the same person; a no-op where no lock can be made."""
        folder = self._path(person, 0).parent
        lock = filelock.FileLock(folder / "lock")
        with suppress(OSError, NotImplementedError, StorageError):  # read-only folders; disks without locks
            self._make(folder)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be made a folder ({error.strerror}); choose another") from error
        about = self.folder / "parameters.json"
        if not about.exists():
            write_atomic(about, self.key.encode())

    def _path(self, person: int, shot: int) -> Path:
        return self.folder / f"{person:06d}" / f"{shot:03d}.face"

    def _digest(self, person: int, shot: int, body: bytes) -> bytes:
        address = f"{person} {shot} {self.key}\n".encode()
        return hashlib.blake2b(address + body, digest_size=_DIGEST).digest()
