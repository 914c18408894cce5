"""Chinese whispers (Biemann, 2006): every face takes the label that its neighbours, weighted, are most for.

No library keeps it well: the one on the package index is pure Python on networkx, which would need gigabytes for the
graph of 100,000 faces. This one holds the graph in lists and looks only at faces whose neighbours have changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.clustering.graph import Graph

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_ROUNDS = 50
"""Faces may swap labels for ever where two are equally right; they come to rest within 10 or 20 rounds otherwise."""


def chinese_whispers(graph: Graph, weights: FloatArray, seed: int = 0) -> IntArray:
    """Labels of n faces, (n,): equal ones belong together; a face without neighbours keeps one of its own.

    Faces are visited in an order that `seed` shuffles. A face keeps its label while none has more weight, so that all
    come to rest; of several with more weight the one that comes first in the shuffled order wins.

    Args:
        graph: who is linked with whom.
        weights: (m,) positive weight of each link.
        seed: of the order.
    """
    ends, others, links = _adjacency(graph)
    starts = np.searchsorted(ends, np.arange(graph.faces + 1)).tolist()
    neighbours, pull = others.tolist(), weights[links].tolist()
    order: list[int] = np.random.default_rng(seed).permutation(graph.faces).tolist()
    labels: list[int] = np.argsort(order).tolist()  # a label is the place of its first owner in the order
    restless = [starts[face + 1] > starts[face] for face in range(graph.faces)]
    for _ in range(_ROUNDS):
        if not any(restless):
            break
        for face in order:
            if not restless[face]:  # asked now, for a neighbour may have changed in this round
                continue
            restless[face] = False
            near = slice(starts[face], starts[face + 1])
            if (label := _strongest(labels, neighbours[near], pull[near], labels[face])) != labels[face]:
                labels[face] = label
                for other in neighbours[near]:
                    restless[other] = True
    return np.asarray(labels)


def _strongest(labels: list[int], neighbours: list[int], pull: list[float], own: int) -> int:
    votes: dict[int, float] = {}
    for other, weight in zip(neighbours, pull, strict=True):
        label = labels[other]
        votes[label] = votes.get(label, 0.0) + weight
    most = max(votes.values())
    if votes.get(own, 0.0) >= most:
        return own
    return min(label for label, weight in votes.items() if weight == most)


def _adjacency(graph: Graph) -> tuple[IntArray, IntArray, IntArray]:
    """Every link from both ends: (2m,) ends, rising, (2m,) others, and (2m,) the number of the link."""
    ends, others = np.concatenate([graph.first, graph.second]), np.concatenate([graph.second, graph.first])
    order = np.lexsort((others, ends))
    return ends[order], others[order], np.tile(np.arange(len(graph.first)), 2)[order]
