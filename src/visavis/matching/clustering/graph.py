"""The sparse graph of similar faces: every face with those nearest to it, as far as they are near enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.matching.clustering.nearest import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.clustering.nearest import Progress

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

MOST_NEIGHBOURS = 64
"""A face is linked to so many others at most, unless these list it among theirs: memory stays linear in the faces."""
_SLACK = 1e-5
_BLOCK = 1 << 15


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """An undirected graph over n faces.

    Attributes:
        faces: n.
        first: (m,) one end of every link, the lower number.
        second: (m,) the other.
        squares: (m,) squared distances of the two points.
    """

    faces: int
    first: IntArray
    second: IntArray
    squares: FloatArray


def neighbour_graph(
    points: FloatArray, limit: float, most: int = MOST_NEIGHBOURS, progress: Progress | None = None
) -> Graph:
    """Link every point with the `most` nearest to it whose squared distance is at most `limit`.

    Exact, whichever way the search came: distances are measured again in float64. Where nobody has more than `most`
    neighbours, it holds every pair within the limit.

    Args:
        points: (n, d).
        limit: of the squared distance.
        most: neighbours that each point contributes.
        progress: called with (points done, n) after every block.

    Raises:
        MissingExtra: faiss is not installed.
    """
    count = len(points)
    most = min(most, count - 1)
    if most < 1:
        nobody = np.zeros(0, np.int64)
        return Graph(count, nobody, nobody, np.zeros(0))
    codes = [np.zeros(0, np.int64)]
    small = points.astype(np.float32)
    for block, found, squares in nearest(small, small, np.arange(count), most, progress):
        near = squares <= limit + _SLACK
        ends = np.repeat(np.arange(block.start, block.stop), near.sum(axis=1))
        codes.append(np.minimum(ends, found[near]) * count + np.maximum(ends, found[near]))
    first, second = np.divmod(np.unique(np.concatenate(codes)), count)
    exact = squared_distances(points, first, second)
    inside = exact <= limit
    return Graph(count, first[inside], second[inside], exact[inside])


def squared_distances(points: FloatArray, first: IntArray, second: IntArray) -> FloatArray:
    """(m,) squared distances of the points `first[i]` and `second[i]`."""
    found = np.empty(len(first))
    for start in range(0, len(first), _BLOCK):
        between = points[first[start : start + _BLOCK]] - points[second[start : start + _BLOCK]]
        found[start : start + _BLOCK] = np.einsum("ij,ij->i", between, between)
    return found
