"""Converted weights on disk: one file per model and converter version, with its checksum and licence beside it.

A file counts only when its `.sha256` (readable by `sha256sum --check`) agrees, and both are written atomically with
the checksum last, so a crash, a full disk or two processes at once can never leave something that looks whole but is
not. Where the folder cannot be written, callers simply keep the bytes in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import filelock

from visavis.errors import StorageError
from visavis.models.card import ModelCard
from visavis.storage import write_atomic

CONVERTER_VERSION = 1
"""Raise when any converter's output changes: older cached files are then ignored."""


@dataclass(frozen=True)
class Cache:
    """The folder of converted weights."""

    folder: Path

    def path(self, card: ModelCard) -> Path:
        """Where the converted model of this card lies, or would lie."""
        suffix = "npz" if card.task == "landmarks" else "onnx"
        return self.folder / "models" / f"{card.id}-{card.source.sha256[:12]}-v{CONVERTER_VERSION}.{suffix}"

    def read(self, card: ModelCard) -> bytes | None:
        """The converted model if it is there and whole, else None."""
        path = self.path(card)
        try:
            data = path.read_bytes()
            expected = _checksum_path(path).read_text(encoding="ascii").split()[0]
        except (OSError, UnicodeDecodeError, IndexError):
            return None
        return data if hashlib.sha256(data).hexdigest() == expected else None

    def is_damaged(self, card: ModelCard) -> bool:
        """Whether a file is there that cannot be used."""
        return self.path(card).exists() and self.read(card) is None

    def write(self, card: ModelCard, data: bytes) -> bool:
        """Store the converted model; False when the folder cannot be written (read-only, full)."""
        path = self.path(card)
        licence = f"{card.title}\nLicence: {card.licence.name}\n\n{card.licence.text}\n\n{card.licence.notice}\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)
            write_atomic(path.with_suffix(".licence.txt"), licence.encode())
            write_atomic(_checksum_path(path), f"{hashlib.sha256(data).hexdigest()}  {path.name}\n".encode())
        except (OSError, StorageError):
            return False
        return True

    @contextmanager
    def lock(self, card: ModelCard) -> Iterator[None]:
        """Hold other processes back while this one fetches the same model; a no-op where no lock can be made."""
        path = self.path(card)
        lock = filelock.FileLock(path.with_suffix(".lock"))
        with suppress(OSError, NotImplementedError):  # read-only folders; disks without locks
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def _checksum_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
