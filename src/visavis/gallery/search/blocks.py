"""Rows of numbers in blocks, so that growing copies at most one block and removed rows are overwritten in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.gallery.search.library import faiss_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]
    Rows = NDArray[Any]

BLOCK = 1 << 16
"""Rows of a full block."""
_SMALLEST = 64
_CHUNK = 1 << 16  # codes decoded at once: they stay in the cache
_OFFSET = np.uint8(128)


class Blocks:
    """float32 rows of d numbers; row r lies in block r // `BLOCK`.

    Args:
        dimension: numbers per row.
    """

    dtype: np.dtype[Any] = np.dtype(np.float32)

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.count = 0
        self._blocks: list[Rows] = []

    @property
    def nbytes(self) -> int:
        """Memory of all blocks, places that are still free included."""
        return sum(block.nbytes for block in self._blocks)

    def append(self, rows: Rows) -> None:
        """Add rows (m, d) of `dtype` at the end."""
        self._reserve(self.count + len(rows))
        done = 0
        while done < len(rows):
            number, place = divmod(self.count, BLOCK)
            part = rows[done : done + BLOCK - place]
            self._blocks[number][place : place + len(part)] = self._stored(part)
            done, self.count = done + len(part), self.count + len(part)

    def write(self, places: Integers, rows: Rows) -> None:
        """Overwrite the rows at `places` (m,) by rows (m, d)."""
        for number, chosen in _by_block(places):
            self._blocks[number][places[chosen] % BLOCK] = self._stored(rows[chosen])

    def read(self, places: Integers, out: NDArray[np.float32] | None = None) -> Rows:
        """The rows (m, d) at `places` (m,), as they were given; in `out`, as float32, if there is one."""
        shape = len(places), self.dimension
        rows = np.empty(shape, self.dtype) if out is None else out[: shape[0] * shape[1]].reshape(shape)
        for number, chosen in _by_block(places):
            rows[chosen] = self._given(self._blocks[number][places[chosen] % BLOCK])
        return rows

    def truncate(self, count: int) -> None:
        """Forget the rows from `count` on: their bytes are overwritten, and all but one of the free blocks freed."""
        for number, block in enumerate(self._blocks):
            block[max(0, count - number * BLOCK) : max(0, self.count - number * BLOCK)] = 0
        self.count = count
        self._release(-(-count // BLOCK) + 1)

    def view(self, start: int, stop: int) -> Rows:
        """The rows start..stop of one block as they are stored; not to be kept."""
        number, place = divmod(start, BLOCK)
        return self._blocks[number][place : place + stop - start]

    def _reserve(self, count: int) -> None:
        for number in range(max(0, len(self._blocks) - 1), -(-count // BLOCK)):
            wanted = min(BLOCK, count - number * BLOCK)
            there = len(self._blocks[number]) if number < len(self._blocks) else 0
            if wanted > there:
                self._resize(number, min(BLOCK, max(wanted, 2 * there, _SMALLEST)))

    def _resize(self, number: int, rows: int) -> None:
        block = np.empty((rows, self.dimension), self.dtype)
        if number < len(self._blocks):
            old = self._blocks[number]
            block[: len(old)] = old
            self._blocks[number] = block
        else:
            self._blocks.append(block)

    def _release(self, keep: int) -> None:
        del self._blocks[keep:]

    def _stored(self, rows: Rows) -> Rows:
        return rows

    def _given(self, rows: Rows) -> Rows:
        return rows


class ByteBlocks(Blocks):
    """int8 rows, each block in the memory of a faiss index, which keeps code c as the byte c + 128.

    Args:
        dimension: numbers per row.
        metric: how faiss compares them.

    Raises:
        MissingExtra: faiss is not installed.
    """

    dtype = np.dtype(np.int8)

    def __init__(self, dimension: int, metric: Metric) -> None:
        super().__init__(dimension)
        self._faiss = faiss_library()
        self._metric = metric
        self._indexes: list[Any] = []

    def indexes(self) -> list[tuple[int, Any]]:
        """First row and faiss index of every block that holds rows; an index returns places within its block."""
        used = self._indexes[: -(-self.count // BLOCK)]
        for number, index in enumerate(used):
            index.ntotal = min(BLOCK, self.count - number * BLOCK)
        return [(number * BLOCK, index) for number, index in enumerate(used)]

    def floats(self, start: int, stop: int, out: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows start..stop of one block as float32, in `out`."""
        codes = self.view(start, stop)
        rows = out[: codes.size].reshape(codes.shape)
        step = max(1, _CHUNK // self.dimension)
        for first in range(0, len(codes), step):
            rows[first : first + step] = self._given(codes[first : first + step])
        return rows

    def _resize(self, number: int, rows: int) -> None:
        if number == len(self._indexes):
            signed = self._faiss.ScalarQuantizer.QT_8bit_direct_signed
            measure = self._faiss.METRIC_L2 if self._metric == "euclidean" else self._faiss.METRIC_INNER_PRODUCT
            self._indexes.append(self._faiss.IndexScalarQuantizer(self.dimension, signed, measure))
            self._blocks.append(np.empty(0, np.uint8))
        codes = self._indexes[number].codes
        codes.resize(rows * self.dimension)  # keeps what is there, and may move it
        self._blocks[number] = self._faiss.rev_swig_ptr(codes.data(), rows * self.dimension).reshape(rows, -1)

    def _release(self, keep: int) -> None:
        super()._release(keep)
        del self._indexes[keep:]

    def _stored(self, rows: Rows) -> Rows:
        return rows.view(np.uint8) ^ _OFFSET

    def _given(self, rows: Rows) -> Rows:
        return (rows ^ _OFFSET).view(np.int8)


def _by_block(places: Integers) -> Iterator[tuple[int, Integers | slice]]:
    """Block by block: its number, and which of `places` lie in it."""
    numbers = places // BLOCK
    if len(places) and (numbers == numbers[0]).all():
        yield int(numbers[0]), slice(None)
        return
    for number in np.unique(numbers):
        yield int(number), np.flatnonzero(numbers == number)
