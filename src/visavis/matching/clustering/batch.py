"""Clustering faces, by the method asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import InvalidInput
from visavis.matching.clustering.apart import Apart
from visavis.matching.clustering.density import density_clusters
from visavis.matching.clustering.graph import MOST_NEIGHBOURS, neighbour_graph
from visavis.matching.clustering.groups import Groups
from visavis.matching.clustering.linkage import average_linkage
from visavis.matching.clustering.repair import split_forbidden
from visavis.matching.clustering.result import UNASSIGNED, Clustering, ClusterSettings, by_size
from visavis.matching.clustering.space import (
    canonical_order,
    checked_templates,
    points_of,
    similarity_at,
    squared_distance_at,
)
from visavis.matching.clustering.whispers import chinese_whispers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.clustering.nearest import Progress
    from visavis.matching.clustering.thresholds import ClusterThreshold
    from visavis.matching.scores import Metric

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_DEFAULTS = ClusterSettings()


def cluster_faces(
    templates: ArrayLike,
    threshold: ClusterThreshold,
    metric: Metric,
    settings: ClusterSettings = _DEFAULTS,
    *,
    apart: Apart | None = None,
    quality: ArrayLike | None = None,
    progress: Progress | None = None,
) -> Clustering:
    """Which of n faces show one person.

    The partition does not depend on the order of the faces, unless templates are exactly equal and constraints tell
    their faces apart.

    Args:
        templates: (n, d) of one model.
        threshold: similarity that joins faces; see `calibrated_threshold`. "average" joins two clusters while the mean
            squared distance between their faces is at most that of this similarity; the others link single faces.
        metric: of the model.
        settings: method, smallest cluster, lowest quality.
        apart: faces known to be of different people; holds under every method.
        quality: (n,) quality summaries; faces without one (NaN) are never left out.
        progress: called with (faces compared with all others, faces); the search for neighbours is most of the work.

    Raises:
        InvalidInput: unusable templates, or constraints or qualities for another number of faces.
        MissingExtra: faiss or scikit-learn is not installed.
    """
    vectors = checked_templates(templates)
    count = len(vectors)
    constraints = Apart(count) if apart is None else apart
    if len(constraints) != count:
        raise InvalidInput(f"apart: constraints among {len(constraints)} faces do not fit {count} templates")
    left_out = low_quality(quality, count, settings.min_quality)
    used = np.flatnonzero(~left_out)
    order = used[canonical_order(vectors[used])]
    labels = np.full(count, UNASSIGNED)
    if len(order):
        points = points_of(vectors[order], metric)
        labels[order] = _partition(points, threshold.similarity, metric, settings, constraints.of(order), progress)
    notes = () if settings.method == "average" else (f"each face was linked to its {MOST_NEIGHBOURS} nearest at most",)
    return Clustering(by_size(labels, settings.min_size), left_out, metric, settings, threshold, notes)


def low_quality(quality: ArrayLike | None, count: int, least: float) -> NDArray[np.bool_]:
    """(n,) faces to be left out.

    Raises:
        InvalidInput: not one value for each face.
    """
    if quality is None:
        return np.zeros(count, bool)
    values = np.asarray(quality, dtype=np.float64)
    if values.shape != (count,):
        raise InvalidInput(f"quality: {values.shape} values for {count} faces; give one for each")
    return np.asarray(values < least)


def _partition(
    points: FloatArray,
    similarity: float,
    metric: Metric,
    settings: ClusterSettings,
    apart: Apart,
    progress: Progress | None,
) -> IntArray:
    limit = squared_distance_at(similarity, metric)
    if settings.method == "average":
        return average_linkage(Groups.singles(points), limit, apart, progress)
    graph = neighbour_graph(points, limit, progress=progress)
    similarities = similarity_at(graph.squares, metric)
    if settings.method == "whispers":
        found = chinese_whispers(graph, np.maximum(similarities, 1e-9), settings.seed)
    else:
        found = density_clusters(graph, 1 - similarities, 1 - similarity, settings.min_size)
    return split_forbidden(points, found, apart)
