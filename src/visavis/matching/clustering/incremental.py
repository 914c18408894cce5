"""New faces for clusters that exist: they join one, open new ones, or stay alone; nobody who is in a cluster moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import InvalidInput
from visavis.matching.clustering.apart import Apart
from visavis.matching.clustering.batch import low_quality
from visavis.matching.clustering.groups import Groups
from visavis.matching.clustering.linkage import average_linkage
from visavis.matching.clustering.result import UNASSIGNED, by_size
from visavis.matching.clustering.space import canonical_order, checked_templates, points_of, squared_distance_at

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.clustering.result import Clustering

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


def assign(
    clustering: Clustering,
    known: ArrayLike,
    new: ArrayLike,
    *,
    apart: Apart | None = None,
    quality: ArrayLike | None = None,
) -> Clustering:
    """Add new faces to a clustering.

    Average linkage, whatever method made the clusters, at the clustering's threshold; it starts from the clusters that
    are there, and keeps them apart from each other. Faces that were unassigned may be joined by new ones, and then are
    in a cluster, too. The order of the new faces does not matter; what they are added with does: two clusters that a
    clustering of all faces would have joined stay two.

    Args:
        clustering: of the n known faces.
        known: (n, d) their templates.
        new: (m, d) templates of the same model.
        apart: constraints among all n + m faces, the known ones first.
        quality: (m,) quality summaries of the new faces.

    Returns: the clustering of n + m faces. Clusters keep their ids; those that are new follow by falling size.

    Raises:
        InvalidInput: templates or constraints that do not fit.
        MissingExtra: faiss is not installed.
    """
    old_vectors, new_vectors = checked_templates(known), checked_templates(new)
    if len(old_vectors) != len(clustering):
        raise InvalidInput(f"known: {len(old_vectors)} templates for a clustering of {len(clustering)} faces")
    total = len(old_vectors) + len(new_vectors)
    constraints = Apart(total) if apart is None else apart
    if len(constraints) != total:
        raise InvalidInput(f"apart: constraints among {len(constraints)} faces do not fit {total} faces")
    settings = clustering.settings
    left_out = np.concatenate([clustering.left_out, low_quality(quality, len(new_vectors), settings.min_quality)])
    labels = np.concatenate([clustering.labels, np.full(len(new_vectors), UNASSIGNED)])
    vectors = _together(old_vectors, new_vectors)
    joined = _joined(clustering, vectors, labels, left_out, constraints)
    return replace(clustering, labels=joined, left_out=left_out)


def _together(known: NDArray[np.floating], new: NDArray[np.floating]) -> NDArray[np.floating]:
    filled = [vectors for vectors in (known, new) if len(vectors)]
    if len(filled) == 2 and known.shape[1] != new.shape[1]:
        raise InvalidInput(f"templates: the known ones have {known.shape[1]} numbers each, the new ones {new.shape[1]}")
    return np.concatenate(filled) if filled else known


def _joined(
    clustering: Clustering, vectors: NDArray[np.floating], labels: IntArray, left_out: NDArray[np.bool_], apart: Apart
) -> IntArray:
    """The labels after joining singles to the clusters and to each other."""
    singles = np.flatnonzero((labels == UNASSIGNED) & ~left_out)
    if not len(singles):
        return labels
    singles = singles[canonical_order(vectors[singles])]
    fixed = clustering.clusters
    sets = [*fixed, *singles[:, None]]
    groups = _groups(points_of(vectors, clustering.metric), sets)
    limit = squared_distance_at(clustering.threshold.similarity, clustering.metric)
    ends = average_linkage(groups, limit, _kept_apart(apart, sets, len(fixed)))
    opened = by_size(np.where(np.isin(ends, ends[: len(fixed)]), UNASSIGNED, ends), clustering.settings.min_size)
    number = np.where(opened == UNASSIGNED, UNASSIGNED, opened + len(fixed))
    cluster_of = np.full(len(ends), UNASSIGNED)
    cluster_of[ends[: len(fixed)]] = np.arange(len(fixed))
    labels[singles] = np.where(cluster_of[ends] == UNASSIGNED, number, cluster_of[ends])[len(fixed) :]
    return labels


def _groups(points: FloatArray, sets: list[IntArray]) -> Groups:
    members = np.concatenate(sets)
    return Groups.of(points[members], np.repeat(np.arange(len(sets)), [len(one) for one in sets]), len(sets))


def _kept_apart(apart: Apart, sets: list[IntArray], fixed: int) -> Apart:
    """The constraints among sets of faces, of which the first `fixed` must not be joined with each other."""
    return apart.over([one.tolist() for one in sets]).photos([*[0] * fixed, *[None] * (len(sets) - fixed)])
