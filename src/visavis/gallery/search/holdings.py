"""The rows of a tier: keys, groups and templates side by side, changed in place. No lock and no search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.gallery.search.columns import Column
from visavis.gallery.search.keytable import KeyTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.search.vectors import ByteVectors, FloatVectors

    Integers = NDArray[np.int64]
    Squares = NDArray[np.float64]


class Holdings:
    """n rows, row 0 to n - 1 in no particular order; a change costs what it changes.

    Args:
        vectors: where templates are kept; empty.
    """

    def __init__(self, vectors: FloatVectors | ByteVectors) -> None:
        self.vectors = vectors
        self._keys, self._groups = Column(np.int64), Column(np.int64)
        self._table = KeyTable()

    def __len__(self) -> int:
        return self._keys.count

    @property
    def keys(self) -> Integers:
        """(n,) reference keys as they are now; not to be kept."""
        return self._keys.values

    @property
    def groups(self) -> Integers:
        """(n,) groups as they are now; not to be kept."""
        return self._groups.values

    @property
    def nbytes(self) -> int:
        """Memory of templates, keys, groups and the table of keys."""
        return self.vectors.nbytes + self._keys.nbytes + self._groups.nbytes + self._table.nbytes

    def snapshot(self) -> tuple[Integers, Integers]:
        """Keys and groups, for keeps."""
        return self._keys.snapshot(), self._groups.snapshot()

    def find(self, keys: Integers) -> Integers:
        """The row of each key; -1 where there is none."""
        return self._table.find(keys, self._keys.values)

    def put(self, keys: Integers, groups: Integers, rows: NDArray[Any], squares: Squares) -> None:
        """Add or replace; everything was checked.

        Args:
            keys: (m,) each once.
            groups: (m,).
            rows: (m, d) templates.
            squares: (m,) their squared lengths.
        """
        places = self.find(keys)
        new = places < 0
        if new.all():
            self._append(keys, groups, rows, squares)
            return
        self._append(keys[new], groups[new], rows[new], squares[new])
        self.vectors.write(places[~new], rows[~new], squares[~new])
        self._groups.write(places[~new], groups[~new])

    def regroup(self, keys: Integers, groups: Integers) -> None:
        """Change the groups of keys, each given once; unknown keys are ignored."""
        places = self.find(keys)
        known = places >= 0
        self._groups.write(places[known], groups[known])

    def drop(self, keys: Integers) -> int:
        """Take out keys, each given once; unknown keys are ignored. Returns how many were there.

        The last rows move to the places that become free.
        """
        places = self.find(keys)
        known = places >= 0
        gone, keep = places[known], len(self) - int(known.sum())
        if len(gone):
            last = np.ones(len(gone), dtype=bool)
            last[gone[gone >= keep] - keep] = False
            sources, holes = np.flatnonzero(last) + keep, gone[gone < keep]
            self._table.remove(keys[known], self.keys)
            self._table.move(self.keys[sources], holes, self.keys)
            self.vectors.move(sources, holes)
            for column in (self._keys, self._groups):
                column.write(holes, column.values[sources])
            self._truncate(keep)
        return len(gone)

    def _append(self, keys: Integers, groups: Integers, rows: NDArray[Any], squares: Squares) -> None:
        count = len(self)
        try:
            self.vectors.append(rows, squares)
            self._groups.append(groups)
            self._keys.append(keys)
            self._table.add(np.arange(count, count + len(keys)), self.keys)
        except MemoryError:
            self._truncate(count)
            raise

    def _truncate(self, count: int) -> None:
        self.vectors.truncate(count)
        self._groups.truncate(count)
        self._keys.truncate(count)
