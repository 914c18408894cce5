"""All comparisons among labelled photos, kept as what a low false-accept rate needs: the mated, and the best others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.matching.scores import similarity_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.scores import Metric

    Floats = NDArray[np.float64]
    Labels = NDArray[np.int64]

_BLOCK = 512  # rows compared at once
_SPARE = 4.0
"""How many times more non-mated scores are kept than the rate allows: resampled people may weigh some of them more."""


@dataclass(frozen=True, eq=False, slots=True)
class PairScores:
    """Comparisons of n photos with each other, or of their templates by two models.

    Attributes:
        mated: (m,) scores, falling.
        person: (m,) whose they are.
        highest: (k,) the highest non-mated scores, falling.
        first: (k,) one person of each.
        second: (k,) the other.
        nonmated: number of all non-mated comparisons.
        above: number of non-mated scores above the threshold that was asked about.
        ordered: how often a pair of photos counts: 1, or 2 if new with old and old with new are two comparisons.
    """

    mated: Floats
    person: Labels
    highest: Floats
    first: Labels
    second: Labels
    nonmated: int
    above: int
    ordered: int

    def at(self, far: float, drawn: Labels | None = None, sizes: Labels | None = None) -> tuple[float, float]:
        """The highest rejected score at a false-accept rate, and the share of mated scores above it.

        Args:
            far: the rate.
            drawn: (p,) how often each person counts; once each if None.
            sizes: (p,) photos of each person; with `drawn`.
        """
        if drawn is None or sizes is None:
            cost, total, weights = np.ones(len(self.highest)), float(self.nonmated), np.ones(len(self.mated))
        else:
            cost, weights = (drawn[self.first] * drawn[self.second]).astype(float), drawn[self.person].astype(float)
            photos = drawn * sizes
            total = self.ordered * float(photos.sum() ** 2 - (photos**2).sum()) / 2
        over = np.cumsum(cost) > far * total * (1 + 1e-12)
        bound = float(self.highest[np.argmax(over) if over.any() else -1])
        accepted = len(self.mated) - int(np.searchsorted(self.mated[::-1], bound, side="right"))
        return bound, float(weights[:accepted].sum() / weights.sum())


def pair_scores(
    first: Floats, second: Floats, labels: Labels, metric: Metric, far: float, threshold: float = math.inf
) -> PairScores:
    """Compare the templates of n photos with each other, never a photo with itself.

    Args:
        first: (n, d) templates.
        second: (n, d) templates of the same photos; the same array: each pair of photos counts once.
        labels: (n,) number of the person on each.
        metric: how they are compared.
        far: the rate that is to be looked at.
        threshold: count the non-mated scores above it.
    """
    ordered = 1 if first is second else 2
    nonmated = ordered * (len(labels) ** 2 - int((np.bincount(labels) ** 2).sum())) // 2
    mated: list[tuple[Floats, Labels]] = []
    best, above = _Best(min(nonmated, math.ceil(_SPARE * far * nonmated) + 100)), 0
    columns = np.arange(len(labels))
    for start in range(0, len(labels), _BLOCK):
        rows = columns[start : start + _BLOCK, None]
        scores = similarity_matrix(first[rows[:, 0]], second, metric)
        same, counted = labels[rows] == labels, rows < columns if ordered == 1 else rows != columns
        mated.append((scores[same & counted], np.broadcast_to(labels[rows], same.shape)[same & counted]))
        scores[same | ~counted] = -np.inf  # what is left is non-mated
        above += int((scores > threshold).sum())
        best.add(scores, start)
    values, owners = (np.concatenate(parts) for parts in zip(*mated, strict=True))
    order, rank = np.argsort(-values, kind="stable"), np.argsort(-best.scores, kind="stable")
    a, b = labels[best.places[:, rank]]
    return PairScores(values[order], owners[order], best.scores[rank], a, b, nonmated, above, ordered)


class _Best:
    """The `most` highest scores seen, and where each was."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._least = -np.inf
        self.scores: Floats = np.zeros(0)
        self.places: Labels = np.zeros((2, 0), dtype=np.int64)

    def add(self, scores: Floats, start: int) -> None:
        """A block (rows, n) of scores whose first row is row `start`; those of -inf are none."""
        rows, columns = np.nonzero(scores > self._least)
        self.scores = np.concatenate([self.scores, scores[rows, columns]])
        self.places = np.concatenate([self.places, [rows + start, columns]], axis=1)
        if len(self.scores) > self._most:
            keep = np.argpartition(-self.scores, self._most - 1)[: self._most]
            self.scores, self.places = self.scores[keep], self.places[:, keep]
            self._least = float(self.scores.min())
