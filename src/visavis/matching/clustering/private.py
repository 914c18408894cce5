"""Files and folders that only their owner may read: templates, faces and names are personal data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from visavis.errors import StorageError
from visavis.storage import atomic_file

_OWNER_ONLY = 0o600


@contextmanager
def private_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """As `visavis.storage.atomic_file`, readable by nobody else from before its first byte.

    Raises:
        StorageError: as there.
    """
    try:
        if Path(path).is_file():
            Path(path).chmod(_OWNER_ONLY)  # the file that takes its place gets its mode
    except OSError as error:
        raise StorageError(f"{path}: its permissions cannot be set ({error.strerror}); choose another path") from error
    with atomic_file(path) as file:
        Path(file.name).chmod(_OWNER_ONLY)
        yield file


def private_folder(path: str | os.PathLike[str]) -> Path:
    """A folder, made for its owner alone if it is not there.

    Raises:
        StorageError: it cannot be made, or something else has this name.
    """
    folder = Path(path)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(f"{path}: no folder can be made there ({reason}); choose another path") from error
    return folder
