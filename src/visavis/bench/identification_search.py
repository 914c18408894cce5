"""Exact searches of labelled templates, block by block: what the identification protocol counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.matching.identification import NonmatedSearches, fuse, rank
from visavis.matching.scores import similarity_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from visavis.matching.identification import Fusion
    from visavis.matching.scores import Metric

    Scores = NDArray[np.float64]

_BLOCK = 1024  # probes compared at once: bounds the memory


@dataclass(frozen=True, eq=False, slots=True)
class Searches:
    """What q searches of one gallery gave; probes without a template have NaN.

    Attributes:
        best: (q,) highest fused score.
        second: (q,) that of the next person; -inf in a gallery of one.
        person: (q,) who has the highest score.
        own: (q,) score of the probe's own person; -inf if not enrolled.
        rank: (q,) place of the probe's own person, 1 = first; 0 if not enrolled or without a template.
    """

    best: Scores
    second: Scores
    person: NDArray[np.str_]
    own: Scores
    rank: NDArray[np.int64]


def search(
    probes: NDArray[np.float32],
    identities: NDArray[np.str_],
    references: NDArray[np.float32],
    owners: NDArray[np.str_],
    metric: Metric,
    fusion: Fusion,
) -> Searches:
    """Search a gallery for every probe, exactly.

    Args:
        probes: (q, d) templates; NaN rows have none.
        identities: (q,) who is on each.
        references: (r, d) templates of the gallery.
        owners: (r,) whose they are.
        metric: of the model.
        fusion: see `fuse`.
    """
    count = len(probes)
    best, second, own = np.full(count, np.nan), np.full(count, np.nan), np.full(count, np.nan)
    person, place = np.full(count, "", dtype=owners.dtype), np.zeros(count, dtype=np.int64)
    for rows, names, fused in _fused(probes, references, owners, metric, fusion):
        order = np.argsort(-fused, axis=1, kind="stable")
        best[rows], person[rows] = np.take_along_axis(fused, order[:, :1], 1)[:, 0], names[order[:, 0]]
        second[rows] = np.take_along_axis(fused, order[:, 1:2], 1)[:, 0] if len(names) > 1 else -np.inf
        column = np.minimum(np.searchsorted(names, identities[rows]), len(names) - 1)
        known = names[column] == identities[rows]
        own[rows] = np.where(known, fused[np.arange(len(rows)), column], -np.inf)
        place[rows] = np.where(known, rank(fused, column), 0)
    return Searches(best, second, person, own, place)


def gallery_searches(
    references: NDArray[np.float32], owners: NDArray[np.str_], metric: Metric, fusion: Fusion
) -> NonmatedSearches | None:
    """Every reference searches the gallery without its own person; None in a gallery of one person."""
    if len(np.unique(owners)) < 2:
        return None
    scores, nearest = np.empty(len(owners)), np.empty_like(owners)
    for rows, names, fused in _fused(references, references, owners, metric, fusion):
        others = np.where(names == owners[rows, None], -np.inf, fused)
        scores[rows], nearest[rows] = others.max(axis=1), names[others.argmax(axis=1)]
    return NonmatedSearches(scores, owners, nearest)


def _fused(
    probes: NDArray[np.float32],
    references: NDArray[np.float32],
    owners: NDArray[np.str_],
    metric: Metric,
    fusion: Fusion,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.str_], Scores]]:
    """Block by block: rows of probes with a template, the people, and the probes' fused scores for them."""
    found = np.flatnonzero(~np.isnan(probes[:, 0]))
    for start in range(0, len(found), _BLOCK):
        rows = found[start : start + _BLOCK]
        yield rows, *fuse(similarity_matrix(probes[rows], references, metric), owners, fusion)
