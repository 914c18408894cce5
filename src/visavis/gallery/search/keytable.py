"""Which row holds a key: an open-addressing hash table over arrays, so that a million keys cost 8 MB and no objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

_EMPTY, _REMOVED = -1, -2
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads consecutive keys (Knuth, TAOCP 6.4)
_SMALLEST = 4  # binary logarithm of the slots of an empty table


class KeyTable:
    """Rows by key. The keys themselves stay with the owner, which passes them: `keys[row]` is the key of a row."""

    def __init__(self) -> None:
        self._reset(_SMALLEST)

    @property
    def nbytes(self) -> int:
        """Memory of the table."""
        return self._slots.nbytes

    def find(self, wanted: Integers, keys: Integers) -> Integers:
        """Rows (m,) of the wanted keys; -1 where a key is unknown.

        Args:
            wanted: (m,) any keys.
            keys: (n,) or longer, the key of each row.
        """
        slots = self._find_slots(wanted, keys)
        rows = np.full(len(wanted), -1, dtype=np.int64)
        known = slots >= 0
        rows[known] = self._slots[slots[known]]
        return rows

    def add(self, rows: Integers, keys: Integers) -> None:
        """Enter rows whose keys are not in the table; `keys` holds the keys of all rows, also of those entered."""
        if 3 * (self._used + len(rows)) > 2 * len(self._slots):
            self._grow(len(rows), keys)
        self._insert(rows, keys[rows])

    def remove(self, wanted: Integers, keys: Integers) -> None:
        """Take out keys that are in the table."""
        self._slots[self._find_slots(wanted, keys)] = _REMOVED

    def move(self, wanted: Integers, rows: Integers, keys: Integers) -> None:
        """Note the new rows of keys that are in the table; `keys` still shows them at their old rows."""
        self._slots[self._find_slots(wanted, keys)] = rows

    def _find_slots(self, wanted: Integers, keys: Integers) -> Integers:
        found = np.full(len(wanted), -1, dtype=np.int64)
        todo, slots = np.arange(len(wanted)), self._home(wanted)
        while len(todo):
            rows = self._slots[slots]
            hit = rows >= 0
            hit[hit] = keys[rows[hit]] == wanted[todo[hit]]
            found[todo[hit]] = slots[hit]
            on = ~hit & (rows != _EMPTY)
            todo, slots = todo[on], (slots[on] + 1) & self._mask
        return found

    def _insert(self, rows: Integers, keys: Integers) -> None:
        self._used += len(rows)
        slots = self._home(keys)
        while len(rows):
            free = self._slots[slots] == _EMPTY
            self._slots[slots[free]] = rows[free]
            on = self._slots[slots] != rows  # taken before, or another row of this batch came to the same slot
            rows, slots = rows[on], (slots[on] + 1) & self._mask

    def _grow(self, more: int, keys: Integers) -> None:
        rows = self._slots[self._slots >= 0].astype(np.int64)
        self._reset(max(_SMALLEST, (2 * (len(rows) + more)).bit_length()))
        self._insert(rows, keys[rows])

    def _reset(self, bits: int) -> None:
        self._slots = np.full(1 << bits, _EMPTY, dtype=np.int32)
        self._mask = (1 << bits) - 1
        self._shift = np.uint64(64 - bits)
        self._used = 0  # slots that are not empty

    def _home(self, keys: Integers) -> Integers:
        return (keys.view(np.uint64) * _FACTOR >> self._shift).astype(np.int64)
