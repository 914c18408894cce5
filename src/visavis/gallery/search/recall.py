"""How often an approximate search finds what the exact one finds: measured on the gallery itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.gallery.search.trust import fit_trust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.search.shortcodes import ShortCodes
    from visavis.gallery.search.tier import SearchTier
    from visavis.gallery.search.trust import Trust

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float32]
    Scores = NDArray[np.float64]

_TRIALS = 250  # searches of each kind
_LEAST_PAIRS = 20  # of references of one person, to learn from how photos of a person differ
_CHOICES = (512, 1024, 2048, 4096)  # how many candidates to compare
_BEST = 32  # references of each trial that tell what estimates are worth


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of searches whose best reference is that of the exact search.

    Attributes:
        perturbed: probes made of an enrolled template and the difference of two templates of somebody else.
        leave_one_out: enrolled templates, searched for without themselves.
        perturbed_alone: the same without the exact re-check.
        leave_one_out_alone: the same without the exact re-check.
        rechecked: share of these searches that were repeated exactly.
        queries: searches of each kind.
    """

    perturbed: float
    leave_one_out: float
    perturbed_alone: float
    leave_one_out_alone: float
    rechecked: float
    queries: int

    @property
    def at_1(self) -> float:
        """The lower of both: what to show to people."""
        return min(self.perturbed, self.leave_one_out)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: round(getattr(self, name), 4) for name in ("at_1", *self.__slots__)}


@dataclass(frozen=True, eq=False, slots=True)
class _Trials:
    """Searches of one kind, their exact answers, and what the codes say.

    Attributes:
        queries: (q, d).
        keys: (q,) best reference.
        scores: (q,) its exact score.
        found: (q, m) candidates by falling estimate; -1 for what the query may not find.
        estimates: (q, m) of the candidates.
    """

    queries: Floats
    keys: Integers
    scores: Scores
    found: Integers
    estimates: Scores

    def places(self) -> Integers:
        """(q,) place of the best reference among the candidates; their number if it is not there."""
        hit = self.found == self.keys[:, None]
        return np.asarray(np.where(hit.any(axis=1), hit.argmax(axis=1), self.found.shape[1]), np.int64)


def measure(
    tier: SearchTier, codes: ShortCodes, keys: Integers, target: float, rng: np.random.Generator
) -> tuple[int, Trust, Recall]:
    """How many candidates to compare, how far to trust codes, and the recall that this gives.

    Args:
        tier: what is searched.
        codes: of n references.
        keys: (n,) of the references.
        target: share of best references that the candidates must hold.
        rng: draws the trials.

    Returns: number of candidates, what estimates are worth, and the recall that both give.
    """
    own = rng.permutation(keys)[:_TRIALS]
    there, queries = tier.held(own)
    left_out = _trials(tier, codes, keys, queries, own[there])
    changed = _trials(tier, codes, keys, _perturbed(tier, left_out, rng), np.full(len(queries), -1))
    both = changed, left_out
    count = next((n for n in _CHOICES if all((trials.places() < n).mean() >= target for trials in both)), _CHOICES[-1])
    scores, estimates = np.concatenate([_known(tier, trials) for trials in both], axis=1)
    trust = fit_trust(scores, estimates, tier.metric)
    (changed_with, changed_alone, again), (left_with, left_alone, left_again) = (
        _rates(tier, trials, count, trust) for trials in both
    )
    recall = Recall(changed_with, left_with, changed_alone, left_alone, (again + left_again) / 2, len(queries))
    return count, trust, recall


def candidates(codes: ShortCodes, keys: Integers, queries: Floats, count: int) -> tuple[Integers, Scores]:
    """Reference keys (q, count) that look most similar, -1 at the end of short rows, and (q, count) their estimates."""
    estimates, places = codes.search(queries, count)
    return np.where(places < 0, -1, keys[places]), estimates


def _trials(tier: SearchTier, codes: ShortCodes, keys: Integers, queries: Floats, own: Integers) -> _Trials:
    """Search for queries that may not find the reference of their own key."""
    hits = tier.search(queries, 2)
    best = np.arange(len(own)), (hits.keys[:, 0] == own).astype(np.int64)
    found, estimates = candidates(codes, keys, queries, _CHOICES[-1])
    return _Trials(queries, hits.keys[best], hits.scores[best], np.where(found == own[:, None], -1, found), estimates)


def _rates(tier: SearchTier, trials: _Trials, count: int, trust: Trust) -> tuple[float, float, float]:
    """Recall with the re-check, recall without it, and the share of re-checks."""
    hits = tier.search_among(trials.queries, 1, trials.found[:, :count])
    right = hits.scores[:, 0] == trials.scores
    doubtful = hits.scores[:, 0] < trust.highest_score(trials.estimates[:, count - 1], tier.metric)
    return float((right | doubtful).mean()), float(right.mean()), float(doubtful.mean())


def _known(tier: SearchTier, trials: _Trials) -> Scores:
    """Exact scores and estimates (2, m) of the best references of each trial."""
    found = trials.found[:, : _CHOICES[1]]
    hits = tier.search_among(trials.queries, _BEST, found)
    columns = []
    for row, estimates, keys, scores in zip(found, trials.estimates, hits.keys, hits.scores, strict=True):
        some, order = keys >= 0, np.argsort(row)
        columns.append(np.stack([scores[some], estimates[order[np.searchsorted(row, keys[some], sorter=order)]]]))
    return np.concatenate(columns, axis=1)


def _perturbed(tier: SearchTier, trials: _Trials, rng: np.random.Generator) -> Floats:
    """Probes that nobody enrolled: the queries, changed as much as photos of one person differ.

    Where too few people have two references, by noise half as long as the way to the most similar reference.
    """
    noise = _differences(tier, len(trials.queries), rng)
    if len(noise) >= _LEAST_PAIRS:
        return trials.queries + noise[rng.integers(0, len(noise), len(trials.queries))]
    there, nearest = tier.held(np.maximum(trials.keys, 0))
    way = np.linalg.norm(trials.queries[there] - nearest, axis=1)
    direction = rng.normal(size=trials.queries.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return (trials.queries + (np.median(way) / 2 if len(way) else 0) * direction).astype(np.float32)


def _differences(tier: SearchTier, count: int, rng: np.random.Generator) -> Floats:
    """Differences (m, d) of two templates of one person, of `count` people or fewer."""
    keys, groups = tier.members()
    order = np.argsort(groups, kind="stable")
    pairs = rng.permutation(np.flatnonzero(groups[order[1:]] == groups[order[:-1]]))[:count]
    (first, left), (second, right) = (tier.held(keys[order[pairs + step]]) for step in (0, 1))
    both = first & second  # one may have been dropped since
    return left[both[first]] - right[both[second]]
