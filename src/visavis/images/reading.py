"""From a path, buffer or file object to the encoded bytes it holds: never too many, never waiting for a pipe."""

from __future__ import annotations

import os
import stat
from typing import Any, BinaryIO

from visavis.errors import ImageError, ImageNotFound, ImageUnreadable, InvalidInput
from visavis.images.photo import Limits

_BLOCK = 4 * 2**20


def read_encoded(source: Any, name: str, limits: Limits) -> bytes:
    """The bytes behind `source`, called `name` in messages; file objects are rewound if possible and left open.

    Raises:
        ImageNotFound: the path leads to no regular file that can be read.
        ImageUnreadable: a file object failed.
        ImageTooLarge: more bytes than `limits` allow.
        InvalidInput: `source` is none of these, or a file opened as text.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        limits.check_bytes(memoryview(source).nbytes, name)
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        return _read_path(source, name, limits)
    if hasattr(source, "read"):
        return _read_stream(source, name, limits)
    raise InvalidInput(
        f"{name}: is no image source; give a path, bytes, a binary file object, a PIL image, an array or a Photo"
    )


def _read_path(path: str | os.PathLike[str], name: str, limits: Limits) -> bytes:
    try:
        status = os.stat(path)  # noqa: PTH116 (Path("") would be the current folder)
        _check_regular(status.st_mode, name)
        limits.check_bytes(status.st_size, name)
        with open(path, "rb", buffering=0, opener=_open_without_waiting) as file:
            return _read_blocks(file, name, limits)
    except ImageError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise ImageNotFound(f"{name}: cannot be read ({_reason(error)}); {_way_out(name)}") from error


def _check_regular(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise ImageNotFound(f"{name}: is a folder; name the image file inside it")
    if not stat.S_ISREG(mode):
        raise ImageNotFound(f"{name}: is a pipe or device; copy its content to a file, or pass an open file object")


def _open_without_waiting(path: str, flags: int) -> int:
    """Opens like `os.open`, but never waits for a pipe's writer should one have taken the file's place meanwhile."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_stream(stream: BinaryIO, name: str, limits: Limits) -> bytes:
    try:
        if stream.seekable():
            stream.seek(0)
        return _read_blocks(stream, name, limits)
    except (ImageError, InvalidInput):
        raise
    except Exception as error:  # foreign file objects (sockets, archives, clouds) raise their own kinds
        raise ImageUnreadable(f"{name}: reading failed ({_reason(error)}); open it again in binary mode") from error


def _read_blocks(stream: Any, name: str, limits: Limits) -> bytes:
    blocks: list[bytes] = []
    total = 0
    while block := stream.read(_BLOCK):
        if not isinstance(block, bytes):
            raise InvalidInput(f"{name}: yields {type(block).__name__}, not bytes; open it in binary mode ('rb')")
        total += len(block)
        limits.check_bytes(total, name)
        blocks.append(block)
    return b"".join(blocks)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _way_out(name: str) -> str:
    if "://" in name:
        return "addresses are not fetched: download the picture first"
    return "check the path and its permissions"
