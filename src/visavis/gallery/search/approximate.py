"""Approximate search, on request: short codes choose candidates, and the tier compares them exactly.

Every score is exact, and no answer comes from the codes alone. What can go wrong is that the best reference is not
among the candidates; how often that happens is measured on the gallery when the index is built (`recall`). A best hit
whose margin is low, because a reference that was left out may score as high as far as the codes tell, is searched for
again by the tier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput
from visavis.gallery.search.checks import checked_lengths, excluded_groups, float_rows
from visavis.gallery.search.hits import Hits, best_hits
from visavis.gallery.search.recall import Recall, candidates, measure
from visavis.gallery.search.shortcodes import ShortCodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from visavis.gallery.search.tier import SearchTier
    from visavis.gallery.search.trust import Trust
    from visavis.gallery.search.watch import Watch

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float32]
    Progress = Callable[[int, int], None]

LEAST_ROWS = 10_000
"""References from which on an approximate index is built; fewer are searched exactly in less than a millisecond."""

_SAMPLE = 1 << 16  # rows that the codes are fitted to
_BLOCK = 1 << 16  # rows coded at once
_QUERIES = 64
_PER_HIT = 16  # candidates for each hit wanted
_NEW, _GONE = 1 / 32, 1 / 4  # shares of the rows from which on an index is out of date
_MOST_NEW = 20_000


@dataclass(frozen=True, eq=False, slots=True)
class _Built:
    """An index as it was built.

    Attributes:
        codes: of n rows.
        keys: (n,) their reference keys.
        watch: what changed since.
        candidates: how many are compared for each query.
        trust: what a code says about the value behind it.
        recall: measured.
    """

    codes: ShortCodes
    keys: Integers
    watch: Watch
    candidates: int
    trust: Trust
    recall: Recall


class ApproximateIndex:
    """An index beside a search tier, for galleries so large that exact searches take too long.

    It follows the tier by itself: what was dropped is not found, what was regrouped is found in its new group, and what
    was put since is searched exactly. When much has changed it is `outdated`, still right, but slower.

    Args:
        tier: what to search; the index keeps it.
        target: share of best references that the candidates must hold without any re-check, in (0, 1).
        seed: of the samples that the codes are fitted to and the recall is measured on.
        progress: called with (rows coded, all).

    Raises:
        InvalidInput: the tier holds fewer than `LEAST_ROWS` references, or an argument is out of range.
        MissingExtra: faiss is not installed.
    """

    def __init__(
        self, tier: SearchTier, *, target: float = 0.99, seed: int = 0, progress: Progress | None = None
    ) -> None:
        self._tier = tier
        self._target = ranges.number("target", target, 0.5, 1.0)
        self._seed = ranges.whole("seed", seed, 0, 2**63 - 1)
        self._built = _build(tier, self._target, self._seed, progress)

    def __len__(self) -> int:
        return len(self._built.keys)

    @property
    def recall(self) -> Recall:
        """Recall at 1, measured when the index was built; whoever uses the index shows it."""
        return self._built.recall

    @property
    def candidates(self) -> int:
        """References that are compared exactly for each query."""
        return self._built.candidates

    @property
    def nbytes(self) -> int:
        """Memory of the index, beside that of the tier."""
        return self._built.codes.nbytes + self._built.keys.nbytes

    @property
    def outdated(self) -> bool:
        """Whether so much has changed since the index was built that it should be rebuilt."""
        new, gone = len(self._built.watch.put()), self._built.watch.dropped
        return new > min(_NEW * len(self), _MOST_NEW) or gone > _GONE * len(self)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Build the index again from what the tier holds now; searches go on with the old one meanwhile.

        Raises:
            InvalidInput: the tier has become too small; the old index stays.
        """
        self._built = _build(self._tier, self._target, self._seed, progress)

    def search(
        self,
        queries: ArrayLike,
        k: int,
        *,
        allowed: ArrayLike | None = None,
        exclude_group: ArrayLike | None = None,
        threshold: float | None = None,
    ) -> Hits:
        """The k most similar references of every query: all scores exact, the best hit right as often as `recall` says.

        Args:
            queries: (q, d) templates.
            k: references wanted, 1 to 1,000,000.
            allowed: (m,) reference keys that may be found; such a search is an exact one.
            exclude_group: (q,) group that each query may not find; -1 = none.
            threshold: similarity below which the caller discards hits; doubts about lower ones are not settled.

        Raises:
            InvalidInput: as for `SearchTier.search`.
        """
        if allowed is not None:
            return self._tier.search(queries, k, allowed=allowed, exclude_group=exclude_group)
        return self._search(queries, k, exclude_group, threshold, by_group=False)

    def search_groups(
        self,
        queries: ArrayLike,
        k: int,
        *,
        allowed: ArrayLike | None = None,
        exclude_group: ArrayLike | None = None,
        threshold: float | None = None,
    ) -> Hits:
        """The k most similar groups of every query, each by its most similar reference; arguments as for `search`."""
        if allowed is not None:
            return self._tier.search_groups(queries, k, allowed=allowed, exclude_group=exclude_group)
        return self._search(queries, k, exclude_group, threshold, by_group=True)

    def _search(
        self, queries: ArrayLike, k: int, exclude_group: ArrayLike | None, threshold: float | None, by_group: bool
    ) -> Hits:
        wanted = ranges.whole("k", k, 1, 1_000_000)
        probes = float_rows("queries", queries, self._tier.dimension)
        checked_lengths("queries", probes, self._tier.metric)
        nobody = np.full(len(probes), -1)
        exclude = nobody if exclude_group is None else excluded_groups(exclude_group, len(probes))
        hits = Hits.none(len(probes), wanted)
        for start in range(0, len(probes), _QUERIES):
            part = slice(start, start + _QUERIES)
            hits.put(part, self._answer(self._built, probes[part], wanted, exclude[part], threshold, by_group))
        return hits

    def _answer(
        self, built: _Built, queries: Floats, k: int, exclude: Integers, threshold: float | None, by_group: bool
    ) -> Hits:
        """Candidates by their codes, compared exactly; what is new, exactly; and doubtful queries all over again."""
        exactly = self._tier.search_groups if by_group else self._tier.search
        count = max(built.candidates, _PER_HIT * k)
        if count > len(built.keys) // 8:
            return exactly(queries, k, exclude_group=exclude)
        keys, values = candidates(built.codes, built.keys, queries, count)
        hits = self._tier.search_among(queries, k, keys, exclude_group=exclude, by_group=by_group)
        if len(new := built.watch.put()):
            hits = merged(hits, exactly(queries, k, allowed=new, exclude_group=exclude), by_group=by_group)
        unseen = built.trust.highest_score(values[:, -1], self._tier.metric)
        doubtful = (hits.scores[:, 0] < unseen) & (unseen >= (-np.inf if threshold is None else threshold))
        doubtful |= hits.keys[:, -1] < 0
        if doubtful.any():
            rows = np.flatnonzero(doubtful)
            hits.put(rows, exactly(queries[rows], k, exclude_group=exclude[rows]))
        return hits


def merged(first: Hits, second: Hits, *, by_group: bool) -> Hits:
    """The best of two answers to the same queries."""
    shape = first.keys.shape
    keys, groups, scores = (
        np.concatenate([getattr(hits, name) for hits in (first, second)], axis=1)
        for name in ("keys", "groups", "scores")
    )
    query, place = np.nonzero(keys >= 0)
    keys, groups, scores = keys[query, place], groups[query, place], scores[query, place]
    _, once = np.unique(np.stack([query, keys]), axis=1, return_index=True)
    return best_hits(shape, query[once], keys[once], groups[once], scores[once], by_group)


def _build(tier: SearchTier, target: float, seed: int, progress: Progress | None) -> _Built:
    rng = np.random.default_rng(seed)
    watch = tier.watch()  # first, so that nothing is put unnoticed
    keys = tier.keys
    if len(keys) < LEAST_ROWS:
        raise InvalidInput(
            f"approximate index: {len(keys)} references are too few, it takes {LEAST_ROWS}; "
            "the exact search answers in less than a millisecond"
        )
    codes = ShortCodes(tier.held(rng.permutation(keys)[:_SAMPLE])[1], tier.metric)
    coded = []
    for start in range(0, len(keys), _BLOCK):
        there, vectors = tier.held(keys[start : start + _BLOCK])
        codes.add(vectors)
        coded.append(keys[start : start + _BLOCK][there])
        if progress:
            progress(min(start + _BLOCK, len(keys)), len(keys))
    coded_keys = np.concatenate(coded)
    return _Built(codes, coded_keys, watch, *measure(tier, codes, coded_keys, target, rng))
