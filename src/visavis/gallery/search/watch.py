"""What happened to a tier since somebody began to look."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


class Watch:
    """Keys that were put, and how many were dropped, since the watch began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._put: list[Integers] = []
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """References that were dropped."""
        return self._dropped

    def put(self) -> Integers:
        """Keys (m,) that were put, each once; some may be dropped again."""
        with self._lock:
            if len(self._put) > 1:
                self._put = [np.unique(np.concatenate(self._put))]
            return self._put[0] if self._put else np.empty(0, np.int64)

    def note_put(self, keys: Integers) -> None:
        """Note that keys were put, each once."""
        with self._lock:
            self._put.append(keys.copy())

    def note_dropped(self, count: int) -> None:
        """Note that references were dropped."""
        with self._lock:
            self._dropped += count
