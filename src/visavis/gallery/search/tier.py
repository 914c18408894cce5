"""The search tier: the templates of one model in memory, searched exactly; it knows no database.

Every answer is exact: the scores are those of `visavis.matching.scores`, in float64, on the templates as they are kept,
and rows with equal scores come by rising key. float32 products and faiss only find the candidates, with error bounds
that leave none out.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, get_args

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput
from visavis.gallery.search import checks
from visavis.gallery.search.exact import answer, field_of, field_of_keys
from visavis.gallery.search.hits import Hits
from visavis.gallery.search.holdings import Holdings
from visavis.gallery.search.locks import ReadWriteLock
from visavis.gallery.search.panels import Questions, ask
from visavis.gallery.search.vectors import ByteVectors, FloatVectors
from visavis.gallery.search.watch import Watch
from visavis.gallery.types import Precision
from visavis.matching.scores import Metric

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Integers = NDArray[np.int64]

_QUERIES = 256  # searched at once
_PAIRS = 1 << 20  # of queries and hits at once
_MOST_WANTED = 1_000_000


class SearchTier:
    """Templates of one model by reference key, each belonging to a group (a person).

    Searches run side by side; a change waits for the running ones, and when it returns, no later search sees the state
    before it.

    Args:
        dimension: numbers per template.
        metric: how they are compared.
        precision: float32, or int8 codes of one scale (`dimension` bytes a template).
        scale: int8 step: vector = codes * scale; may be None until the first template is put.

    Attributes:
        dimension: numbers per template.
        metric: how they are compared.
        precision: how they are kept.
        version: for the owner, who keeps the tier in step with a store.

    Raises:
        InvalidInput: an argument is out of range.
        MissingExtra: int8 without faiss.
    """

    def __init__(
        self, dimension: int, metric: Metric, precision: Precision = "float32", scale: float | None = None
    ) -> None:
        self.dimension = ranges.whole("dimension", dimension, 1, 1 << 16)
        self.metric: Metric = metric
        self.precision: Precision = precision
        self.version = 0
        ranges.one_of("metric", metric, get_args(Metric))
        ranges.one_of("precision", precision, get_args(Precision))
        self._lock = ReadWriteLock()
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        self._scale: float | None = None
        self._held = Holdings(
            FloatVectors(dimension, metric) if precision == "float32" else ByteVectors(dimension, metric, 1.0)
        )
        self.scale = scale

    def __len__(self) -> int:
        return len(self._held)

    @property
    def scale(self) -> float | None:
        """int8 step; while the tier is empty, it can be set."""
        return self._scale

    @scale.setter
    def scale(self, scale: float | None) -> None:
        if scale == self._scale:
            return
        if self.precision == "float32" or scale is None:
            raise InvalidInput(f"scale {scale}: float32 templates have none, int8 templates need one")
        step = checks.checked_step("scale", scale)
        with self._lock.writing():
            if len(self):
                raise InvalidInput(f"scale {scale}: the tier holds templates of scale {self._scale}; make a new tier")
            self._scale, self._held = step, Holdings(ByteVectors(self.dimension, self.metric, step))

    @property
    def keys(self) -> Integers:
        """(n,) reference keys, read-only; see `members` for keys and groups of one moment."""
        return self.members()[0]

    @property
    def groups(self) -> Integers:
        """(n,) groups of the same rows, read-only."""
        return self.members()[1]

    @property
    def nbytes(self) -> int:
        """Memory of templates, keys, groups and the table of keys."""
        return self._held.nbytes

    def members(self) -> tuple[Integers, Integers]:
        """Reference keys (n,) and groups (n,) of one moment, in one order; later changes do not show in them."""
        with self._lock.reading():
            return self._held.snapshot()

    def watch(self) -> Watch:
        """A record of what is put and dropped from now on, for as long as the caller keeps it."""
        watch = Watch()
        with self._lock.writing():
            self._watches.add(watch)
        return watch

    def put(self, keys: ArrayLike, groups: ArrayLike, rows: ArrayLike) -> None:
        """Add templates, or replace those whose keys are there.

        Args:
            keys: (n,) reference keys from 0 on, each once.
            groups: (n,) person keys from 0 on.
            rows: (n, d) float32, or int8 codes.

        Raises:
            InvalidInput: anything else, NaN or infinite values, or zero vectors under cosine; nothing is changed then.
        """
        new_keys = checks.key_array("keys", keys, unique=True)
        new_groups = checks.group_array(groups, len(new_keys))
        values, squares = self._checked(rows)
        if len(values) != len(new_keys):
            raise InvalidInput(f"rows: {len(values)} for {len(new_keys)} keys; give every key its template")
        with self._lock.writing():
            for watch in self._watches:
                watch.note_put(new_keys)
            self._held.put(new_keys, new_groups, values, squares)

    def regroup(self, keys: ArrayLike, groups: ArrayLike) -> None:
        """Give references to other groups; unknown keys are ignored.

        Args:
            keys: (n,) reference keys, each once.
            groups: (n,) person keys from 0 on.
        """
        moved = checks.key_array("keys", keys, unique=True)
        new_groups = checks.group_array(groups, len(moved))
        with self._lock.writing():
            self._held.regroup(moved, new_groups)

    def drop(self, keys: ArrayLike) -> None:
        """Take references out; unknown keys are ignored. Their bytes in memory are overwritten."""
        dropped = np.unique(checks.key_array("keys", keys))
        with self._lock.writing():
            count = self._held.drop(dropped)
            for watch in self._watches:
                watch.note_dropped(count)

    def vectors(self, keys: ArrayLike) -> NDArray[np.float32]:
        """The templates (n, d) of reference keys, decoded, in the order asked.

        Raises:
            InvalidInput: a key that is not there.
        """
        wanted = checks.key_array("keys", keys)
        there, vectors = self.held(wanted)
        if not there.all():
            raise InvalidInput(f"key {wanted[~there][0]}: the search tier has no such reference; read it again")
        return vectors

    def holds(self, keys: ArrayLike) -> NDArray[np.bool_]:
        """Which of n keys are there (n,)."""
        wanted = checks.key_array("keys", keys)
        with self._lock.reading():
            return self._held.find(wanted) >= 0

    def held(self, keys: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Which of n keys are there (n,), and the templates (m, d) of those, decoded, in the order asked."""
        wanted = checks.key_array("keys", keys)
        with self._lock.reading():
            places = self._held.find(wanted)
            return places >= 0, self._held.vectors.read(places[places >= 0])

    def search(
        self, queries: ArrayLike, k: int, *, allowed: ArrayLike | None = None, exclude_group: ArrayLike | None = None
    ) -> Hits:
        """The k most similar references of every query.

        Args:
            queries: (q, d) templates.
            k: references wanted, 1 to 1,000,000.
            allowed: (m,) reference keys that may be found; unknown ones are ignored.
            exclude_group: (q,) group that each query may not find; -1 = none.

        Raises:
            InvalidInput: another dimension, NaN or infinite values, a zero vector under cosine, or an argument out of
                range.
        """
        return self._search(queries, k, allowed, exclude_group, by_group=False)

    def search_groups(
        self, queries: ArrayLike, k: int, *, allowed: ArrayLike | None = None, exclude_group: ArrayLike | None = None
    ) -> Hits:
        """The k most similar groups of every query, each by its most similar reference; arguments as for `search`."""
        return self._search(queries, k, allowed, exclude_group, by_group=True)

    def search_among(
        self,
        queries: ArrayLike,
        k: int,
        candidates: Integers,
        *,
        exclude_group: ArrayLike | None = None,
        by_group: bool = False,
    ) -> Hits:
        """The best of some candidates for each query, exactly.

        Args:
            queries: (q, d) templates.
            k: references or groups wanted.
            candidates: (q, m) reference keys for each query, each once; unknown ones, such as -1, are ignored.
            exclude_group: as for `search`.
            by_group: as `search_groups` does.
        """
        probes, wanted, exclude = self._asked(queries, k, exclude_group)
        with self._lock.reading():
            questions = self._questions(probes, wanted, exclude, by_group=by_group)
            rows = self._held.find(candidates.ravel()).reshape(candidates.shape)
            hits = Hits.none(len(probes), wanted)
            for place, row in enumerate(rows):
                one = slice(place, place + 1)
                field = field_of(self._held, self.metric, np.unique(row[row >= 0]))
                hits.put(one, answer(self._held, questions[one], field))
        return hits

    def _search(
        self, queries: ArrayLike, k: int, allowed: ArrayLike | None, exclude_group: ArrayLike | None, by_group: bool
    ) -> Hits:
        probes, wanted, exclude = self._asked(queries, k, exclude_group)
        choice = None if allowed is None else checks.key_array("allowed", allowed)
        hits = Hits.none(len(probes), wanted)
        with self._lock.reading():
            field = field_of_keys(self._held, self.metric, choice)
            step = max(1, min(_QUERIES, _PAIRS // min(wanted, len(field) or 1)))
            for start in range(0, len(probes) if len(field) else 0, step):
                part = slice(start, start + step)
                own = None if exclude is None else exclude[part]
                questions = self._questions(probes[part], min(wanted, len(field)), own, by_group=by_group)
                hits.put(part, answer(self._held, questions, field))
        return hits

    def _asked(
        self, queries: ArrayLike, k: int, exclude_group: ArrayLike | None
    ) -> tuple[NDArray[np.float32], int, Integers | None]:
        """Checked arguments."""
        wanted = ranges.whole("k", k, 1, _MOST_WANTED)
        probes = checks.float_rows("queries", queries, self.dimension)
        checks.checked_lengths("queries", probes, self.metric)
        return probes, wanted, None if exclude_group is None else checks.excluded_groups(exclude_group, len(probes))

    def _questions(self, probes: NDArray[np.float32], k: int, exclude: Integers | None, *, by_group: bool) -> Questions:
        return ask(probes, self.metric, self._held.vectors.factor, k, by_group=by_group, exclude=exclude)

    def _checked(self, rows: ArrayLike) -> tuple[NDArray[np.float32] | NDArray[np.int8], NDArray[np.float64]]:
        """Rows that can be kept, and their squared lengths."""
        if self.precision == "float32":
            values = checks.float_rows("rows", rows, self.dimension)
            return values, checks.checked_lengths("rows", values, self.metric)
        if self.scale is None:
            raise InvalidInput("rows: int8 codes mean nothing without their scale; set the scale of the tier first")
        codes = checks.code_rows("rows", rows, self.dimension)
        return codes, checks.checked_lengths("rows", codes, self.metric, self.scale)
