"""A growing array whose values can be handed out: what was handed out never changes."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)
_SMALLEST = 64


class Column(Generic[T]):
    """One value per row. `snapshot` costs nothing; the first change after it copies the column once.

    Args:
        dtype: of the values.
    """

    def __init__(self, dtype: type[T]) -> None:
        self._values: NDArray[T] = np.empty(0, dtype)
        self._shared = False
        self.count = 0

    @property
    def nbytes(self) -> int:
        """Memory of the values, places that are still free included."""
        return self._values.nbytes

    @property
    def values(self) -> NDArray[T]:
        """The values (n,) as they are now; not to be kept."""
        return self._values[: self.count]

    def snapshot(self) -> NDArray[T]:
        """The values (n,), read-only and for keeps."""
        self._shared = True
        view = self._values[: self.count]
        view.setflags(write=False)
        return view

    def append(self, values: NDArray[Any]) -> None:
        """Add values at the end."""
        count = self.count + len(values)
        if count > len(self._values):
            spare = count // 2 if self.count else 0  # a first load is often the last
            self._move(max(count + spare, _SMALLEST))
        self._values[self.count : count] = values
        self.count = count

    def write(self, places: NDArray[np.int64], values: NDArray[Any]) -> None:
        """Overwrite the values at `places`."""
        self._detach()
        self._values[places] = values

    def truncate(self, count: int) -> None:
        """Forget the values from `count` on."""
        self._detach()
        self.count = count
        if 4 * max(count, _SMALLEST) < len(self._values):
            self._move(2 * max(count, _SMALLEST))

    def _detach(self) -> None:
        if self._shared:
            self._move(len(self._values))

    def _move(self, capacity: int) -> None:
        values = np.empty(capacity, self._values.dtype)
        values[: self.count] = self._values[: self.count]
        self._values, self._shared = values, False
