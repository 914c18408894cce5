"""Short codes of templates, compared with a query in registers: the quick half of an approximate search.

Product quantisation (Jégou, Douze and Schmid, 2011): a vector is cut into pairs of numbers, and each pair replaced by
the nearest of 16 centres, so that two numbers take 4 bits. A query's products with all centres are looked up by
shuffles (André, Kermarrec and Le Scouarnec, 2015); faiss calls it fast scan. A code tells a similarity to within a few
hundredths: enough to choose some hundreds of candidates, which the tier then compares exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.gallery.search.library import faiss_library, one_thread
from visavis.gallery.search.threads import share_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float32]

_BITS = 4
_MOST_PAIRS = 256  # sums of so many bytes fit the 16 bits that faiss adds them up in
_PART = 1 << 18  # codes of one faiss index: threads search parts side by side


class ShortCodes:
    """Codes of n vectors of d numbers, about d / 4 bytes each.

    Args:
        sample: (m, d) vectors that the centres are fitted to; m >= 16.
        metric: how vectors are compared; under cosine by direction.

    Raises:
        MissingExtra: faiss is not installed.
    """

    def __init__(self, sample: Floats, metric: Metric) -> None:
        faiss = faiss_library()
        self._metric = metric
        dimension = sample.shape[1]
        width = max(2, -(-dimension // _MOST_PAIRS))  # numbers that share a code
        self._padding = -dimension % width
        measure = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
        padded = dimension + self._padding
        index = faiss.IndexPQFastScan(padded, padded // width, _BITS, measure)
        with one_thread(faiss):
            index.train(self._ready(sample))
        self._empty = faiss.serialize_index(index)
        self._parts: list[Any] = []
        self.bytes_per_code: int = -(-padded // width * _BITS // 8)

    def __len__(self) -> int:
        return sum(int(part.ntotal) for part in self._parts)

    @property
    def nbytes(self) -> int:
        """Memory of the codes."""
        return len(self) * self.bytes_per_code

    def add(self, vectors: Floats) -> None:
        """Add vectors (m, d); they get the places from `len(self)` on."""
        faiss, ready = faiss_library(), self._ready(vectors)
        while len(ready):
            if not self._parts or self._parts[-1].ntotal == _PART:
                self._parts.append(faiss.deserialize_index(self._empty))
            room = _PART - self._parts[-1].ntotal
            with one_thread(faiss):
                self._parts[-1].add(ready[:room])
            ready = ready[room:]

    def search(self, queries: Floats, count: int) -> tuple[NDArray[np.float64], Integers]:
        """The vectors that look most similar.

        Args:
            queries: (q, d).
            count: wanted of each.

        Returns: (q, count) estimated values, falling: the cosine, or minus the squared distance; and (q, count)
            places. Short rows end in -inf and -1.
        """
        faiss, ready = faiss_library(), self._ready(queries)

        def work(parts: Iterator[tuple[int, Any]]) -> list[tuple[Floats, Integers]]:
            with one_thread(faiss):
                return [_search_part(part, ready, count, number * _PART) for number, part in parts]

        shares = share_out(work, list(enumerate(self._parts)), len(queries) * self.nbytes)
        found = [part for share in shares for part in share]
        values = np.concatenate([part[0] for part in found], axis=1).astype(np.float64)
        places = np.concatenate([part[1] for part in found], axis=1)
        values = np.where(places < 0, -np.inf, -values if self._metric == "euclidean" else values)
        order = np.argsort(-values, axis=1)[:, :count]
        return np.take_along_axis(values, order, axis=1), np.take_along_axis(places, order, axis=1)

    def _ready(self, vectors: Floats) -> Floats:
        if self._metric == "cosine":
            vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        if self._padding:
            vectors = np.pad(vectors, ((0, 0), (0, self._padding)))
        return np.ascontiguousarray(vectors, np.float32)


def _search_part(part: Any, queries: Floats, count: int, start: int) -> tuple[Floats, Integers]:
    values, places = part.search(queries, count)
    return values, np.where(places < 0, -1, places + start)
