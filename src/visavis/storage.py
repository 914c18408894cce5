"""Atomic writing: a file is either there complete, or exactly as it was before."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from visavis.errors import StorageError, VisavisError

_WAY_OUT = {
    errno.ENOSPC: "free some space or choose another disk",
    errno.EDQUOT: "your disk quota is used up: free some space or choose another disk",
    errno.EFBIG: "the file is larger than this disk or your limits allow: choose another disk",
    errno.EROFS: "the disk is read-only: choose another folder",
    errno.EACCES: "choose a folder you may write to",
    errno.EPERM: "choose a folder you may write to",
    errno.ENOENT: "create the folder first",
    errno.ENOTDIR: "a part of the path is a file: choose another folder",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def write_atomic(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path`, replacing what was there only when every byte is safely on disk.

    Raises:
        StorageError: the file could not be written; `path` is as before and nothing partial is left.
    """
    with atomic_file(path) as file:
        file.write(data)


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file to write to that becomes `path` when the block ends, and vanishes when the block fails.

    The mode bits of a file that is replaced are kept (templates that only their owner may read stay so), and a
    symbolic link is written through. Any `OSError` of the block counts as a failed write.

    Raises:
        StorageError: the file could not be written; `path` is as before and nothing partial is left.
    """
    name = os.fspath(path)
    try:
        target = _regular_target(name)
        temporary = target.with_name(f".visavis-{secrets.token_hex(8)}.part")
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            temporary.replace(target)
        except BaseException:  # KeyboardInterrupt too: nothing partial may stay
            temporary.unlink(missing_ok=True)
            raise
    except VisavisError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _storage_error(name, error) from error


def _regular_target(name: str) -> Path:
    """Where `name` leads; only a regular file may be replaced (renaming onto /dev/null would destroy it)."""
    target = Path(os.path.realpath(name))
    if target.is_dir():
        raise StorageError(f"{name}: cannot be written, it is a folder; name a file inside it")
    if target.exists() and not target.is_file():
        raise StorageError(f"{name}: cannot be written, it is a device or pipe; name a regular file")
    return target


def _storage_error(name: str, error: OSError | ValueError) -> StorageError:
    reason = getattr(error, "strerror", None) or str(error)
    way_out = _WAY_OUT.get(getattr(error, "errno", None) or 0, "choose another path")
    return StorageError(f"{name}: cannot be written ({reason}); {way_out}")
