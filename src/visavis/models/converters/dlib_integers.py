"""Reading dlib files that are nothing but integers, all of them at once.

A shape predictor holds three million variable-length integers, too many to read one by one in Python. Each one starts
with its own length, so a boundary depends on all boundaries before it; but within one short stretch of the file, what
happens next depends on the entry point alone. All stretches are therefore walked in lock-step for every entry point,
then chained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ModelCorrupt
from visavis.models.converters.dlib_format import DlibReader

Integers = NDArray[np.int64]

_STRETCH = 1024
"""Bytes per stretch: near the square root of the file's size, where the walk has as many steps as lanes."""
_REACH = 16
"""No first byte announces an integer of more bytes, itself included (valid ones have 2 to 9)."""


@dataclass
class IntegerFile:
    """A cursor over all integers of a file; every read checks what it gets and names the byte on failure.

    Attributes:
        source: the bytes and their name.
        starts: (n,) byte at which each integer starts.
        values: (n,) the integers.
        position: number of integers used up.
    """

    source: DlibReader
    starts: Integers
    values: Integers
    position: int = 0

    @classmethod
    def read(cls, data: bytes, name: str) -> IntegerFile:
        """Split `data` into integers: a byte of sign and length, then 1 to 8 bytes of magnitude, little-endian.

        Raises:
            ModelCorrupt: a byte cannot start an integer, or the last integer is cut off.
        """
        source = DlibReader(data, name)
        starts = integer_starts(np.frombuffer(data, np.uint8))
        padded = np.frombuffer(data + bytes(_REACH), np.uint8)
        head = padded[starts]
        length = head & 0x0F
        wrong = np.flatnonzero((length < 1) | (length > 8) | (head & 0x70 > 0))
        if wrong.size:
            source.position = int(starts[wrong[0]])
            raise source.fail(f"byte 0x{head[wrong[0]]:02x} does not start an integer")
        if not starts.size or starts[-1] + length[-1] >= len(data):
            source.position = len(data)
            raise source.fail("the file ends inside an integer")
        words = np.ndarray((len(data) + 1,), "<u8", padded.data, strides=(1,))  # the 8 bytes from every byte on
        unused = np.uint64(8) * (np.uint64(8) - length)
        magnitude = (words[starts + 1] << unused >> unused).view(np.int64)
        if (magnitude < 0).any():
            source.position = int(starts[(magnitude < 0).argmax()])
            raise source.fail("an integer exceeds 63 bits")
        return cls(source, starts, np.where(head & 0x80, -magnitude, magnitude))

    def fail(self, problem: str) -> ModelCorrupt:
        """An error that names the file and the byte of the next integer."""
        at_end = self.position >= len(self.starts)
        self.source.position = len(self.source.data) if at_end else int(self.starts[self.position])
        return self.source.fail(problem)

    def count(self, what: str, ahead: int = 0, sign: int = 1) -> int:
        """The next integer (or one further on) times `sign`, which counts something; it is not used up."""
        if self.position + ahead >= len(self.values):
            raise self.fail(f"the file ends before the {what}")
        value = sign * int(self.values[self.position + ahead])
        if value < 1:
            raise self.fail(f"{value} as the {what} is not plausible")
        return value

    def take(self, rows: int, columns: int) -> Integers:
        """The next rows * columns integers, as a table."""
        count = rows * columns
        if self.position + count > len(self.values):
            raise self.fail(f"needs {count} more integers but the file holds {len(self.values) - self.position}")
        table = self.values[self.position : self.position + count].reshape(rows, columns)
        self.position += count
        return table

    def vectors(self, rows: int, length: int, size: int, what: str) -> Integers:
        """`rows` vectors of `length` items, each of `size` integers, as (rows, length, size)."""
        table = self.take(rows, 1 + length * size)
        self.same(table[:, 0], length, what)
        return table[:, 1:].reshape(rows, length, size)

    def same(self, values: Integers, expected: int, what: str) -> None:
        """All of `values` must be `expected`."""
        if (values != expected).any():
            other = int(values[values != expected].flat[0])
            raise self.fail(f"{what}: {other} instead of {expected} somewhere before the integer")

    def indices(self, values: Integers, limit: int, what: str) -> NDArray[np.uint16]:
        """`values`, each of which must point at one of `limit` things."""
        if values.min() < 0 or values.max() >= min(limit, 1 << 16):
            raise self.fail(f"a {what} index lies outside 0..{limit - 1} somewhere before the integer")
        return values.astype(np.uint16)

    def reals(self, pairs: Integers) -> NDArray[np.float32]:
        """mantissa * 2^exponent for the (..., 2n) `pairs`; (..., n) float32, the precision dlib keeps."""
        mantissa, exponent = pairs[..., 0::2], pairs[..., 1::2]
        if pairs.size and np.abs(exponent).max() > 1000:  # 32000 and above stand for infinities and NaN
            raise self.fail("a real number is out of range somewhere before the integer")
        with np.errstate(over="ignore"):
            values = np.ldexp(mantissa.astype(np.float64), exponent.astype(np.int32)).astype(np.float32)
        if not np.isfinite(values).all():
            raise self.fail("a real number exceeds 32 bits somewhere before the integer")
        return values

    def finish(self) -> None:
        """Every integer must have been used."""
        if self.position != len(self.values):
            raise self.fail(f"{len(self.values) - self.position} integers are left over")


def integer_starts(data: NDArray[np.uint8]) -> Integers:
    """Where each integer of a file starts, given that the first starts at byte 0.

    Args:
        data: (n,) uint8, the file; whether the integers are valid is not judged.

    Returns:
        (m,) int64, ascending.
    """
    stretches = -(-len(data) // _STRETCH)
    padded = np.ones(stretches * _STRETCH, np.uint8)
    padded[: len(data)] += data & 0x0F
    lengths = padded.reshape(stretches, _STRETCH).T.copy()  # (byte, stretch): one row is one step of all lanes
    marks = np.zeros((_STRETCH, stretches), bool)
    at, lanes = _entries(lengths), np.arange(stretches)
    while lanes.size:
        marks[at, lanes] = True
        at = at + lengths[at, lanes]
        inside = at < _STRETCH
        at, lanes = at[inside], lanes[inside]
    starts = np.flatnonzero(marks.T)
    return starts[starts < len(data)]


def _entries(lengths: NDArray[np.uint8]) -> NDArray[np.intp]:
    """The byte of each stretch at which its first integer starts, (stretches,)."""
    stretch, stretches = lengths.shape
    lanes = np.arange(stretches)
    exits = np.empty((stretch + _REACH, stretches), np.uint8)  # from each byte: where the next stretch is entered
    exits[stretch:] = np.arange(_REACH, dtype=np.uint8)[:, None]
    for byte in range(stretch - 1, -1, -1):
        exits[byte] = exits[byte + lengths[byte].astype(np.intp), lanes]
    entry, entries = 0, []
    for leave in exits[:_REACH].T.tolist():
        entries.append(entry)
        entry = leave[entry]
    return np.array(entries, np.intp)
