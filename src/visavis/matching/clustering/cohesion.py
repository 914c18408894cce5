"""How well faces sit in their clusters: the evidence beside the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.matching.clustering.groups import Groups
from visavis.matching.clustering.space import points_of, similarity_at

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.clustering.result import Clustering

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Cohesion:
    """Similarities within clusters, each that of a mean squared distance.

    Attributes:
        faces: (n,) of each face to the others of its cluster; NaN in none.
        clusters: (k,) among all faces of each cluster.
    """

    faces: FloatArray
    clusters: FloatArray

    def typical_first(self, members: NDArray[np.int64]) -> NDArray[np.int64]:
        """Faces of one cluster, most like the others first: those at the end are the ones to doubt."""
        return members[np.argsort(-self.faces[members], kind="stable")]


def cohesion(clustering: Clustering, templates: ArrayLike) -> Cohesion:
    """How similar faces are to the others of their cluster.

    Args:
        clustering: of n faces.
        templates: (n, d) theirs.
    """
    faces, clusters = np.full(len(clustering), np.nan), clustering.clusters
    inside = np.flatnonzero(clustering.labels >= 0)
    if not len(inside):
        return Cohesion(faces, np.zeros(0))
    points, labels = points_of(np.asarray(templates)[inside], clustering.metric), clustering.labels[inside]
    groups = Groups.of(points, labels, len(clusters))
    others = groups.sizes[labels] / (groups.sizes[labels] - 1)  # a face is at distance 0 from itself
    away = ((points - groups.means[labels]) ** 2).sum(axis=1) + groups.spreads[labels]
    faces[inside] = similarity_at(away * others, clustering.metric)
    within = 2 * groups.spreads * groups.sizes / (groups.sizes - 1)
    return Cohesion(faces, similarity_at(within, clustering.metric))
