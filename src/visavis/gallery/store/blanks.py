"""The unused part of SQLite's pages: emptied, for it keeps copies of rows that moved to other pages.

SQLite overwrites what is deleted (secure_delete) where it lies. A page that gives rows to its neighbours, however,
keeps their bytes between its index and its content, and what is deleted in the neighbour later stays readable there.
Rewriting the file (VACUUM) would remove them too, at the cost of its whole size in memory and on disk.

The page format: https://www.sqlite.org/fileformat.html#b_tree_pages
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b"SQLite format 3\0"
_HEADER = {2: 12, 5: 12, 10: 8, 13: 8}  # bytes before a page's index, by the kind of tree page
_MOST = 0x02000000  # pages; from here on, the number that begins an overflow page could be taken for a kind
_BLOCK = 1 << 22  # bytes read at once
_DESCRIPTORS = Path("/dev/fd")


def own_descriptor(file: Path) -> int | None:
    """A descriptor for writing that this process has on `file`; None if it cannot be told.

    One of SQLite's own: closing any other would give up the locks that SQLite holds for the whole process. It stays
    open as long as the caller keeps a transaction.
    """
    try:
        import fcntl

        wanted, numbers = file.stat(), [int(path.name) for path in _DESCRIPTORS.iterdir()]
    except (ImportError, OSError):
        return None
    for number in numbers:
        try:
            found, mode = os.fstat(number), fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
        except OSError:  # the one that listed them
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino) and mode == os.O_RDWR:
            return number
    return None


def empty_blanks(descriptor: int) -> bool:
    """Empty the unused part of every page; nothing that SQLite reads is changed.

    The caller holds the write lock and has emptied the log, so that the file is the gallery.

    Args:
        descriptor: of the file, for reading and writing.

    Returns: False, with nothing changed, if the file is not of a form that is known here.
    """
    start = os.pread(descriptor, 100, 0)
    size = int.from_bytes(start[16:18], "big")
    size = 1 << 16 if size == 1 else size
    pages = os.fstat(descriptor).st_size // max(size, 1)
    if start[:16] != _MAGIC or start[20] or pages >= _MOST:
        return False
    step = max(1, _BLOCK // size)
    for first in range(0, pages, step):
        block = os.pread(descriptor, step * size, first * size)
        for begin, end in _blanks(block, size, skip=1 if first == 0 else 0):  # page 1 holds the schema only
            os.pwrite(descriptor, bytes(end - begin), first * size + begin)
    os.fsync(descriptor)
    return True


def _blanks(block: bytes, size: int, skip: int) -> Iterator[tuple[int, int]]:
    """Where (begin, end) the pages of a block have an unused part that is not empty."""
    for page in range(skip * size, len(block), size):
        header = _HEADER.get(block[page])
        if header is None:
            continue
        cells = int.from_bytes(block[page + 3 : page + 5], "big")
        content = int.from_bytes(block[page + 5 : page + 7], "big") or 1 << 16
        begin, end = page + header + 2 * cells, page + content
        if begin < end <= page + size and block.count(0, begin, end) < end - begin:
            yield begin, end
