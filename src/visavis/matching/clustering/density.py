"""HDBSCAN (Campello, Moulavi & Sander, 2013), scikit-learn's, on the sparse graph of similar faces.

What that graph does not link is as far apart as the threshold; what is nearer than 0.9 of the threshold's distance
counts as that near. Without this floor HDBSCAN with clusters of two takes near copies of a photo for the densest and
therefore best of clusters, and drops the rest of the person as noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import MissingExtra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.clustering.graph import Graph

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_FLOOR = 0.9


def density_clusters(graph: Graph, distances: FloatArray, limit: float, min_size: int) -> IntArray:
    """Labels of n faces, (n,); -1 = in no cluster.

    Args:
        graph: who is linked with whom.
        distances: (m,) the model's distance along each link.
        limit: the largest of them that could be there.
        min_size: smallest cluster, 2 or more.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    hdbscan, sparse, connected_components = _libraries()
    shape = (graph.faces, graph.faces)
    links = sparse.coo_array((np.ones(len(graph.first)), (graph.first, graph.second)), shape)
    part = connected_components(links, directed=False)[1]
    labels = np.full(graph.faces, -1)
    large = np.flatnonzero(np.bincount(part, minlength=graph.faces)[part] >= min_size)
    if not len(large) or limit <= 0:
        return labels
    inside = np.isin(graph.first, large)
    first, second = np.searchsorted(large, graph.first[inside]), np.searchsorted(large, graph.second[inside])
    lengths = np.maximum(distances[inside], _FLOOR * limit)
    # As many more points as make a cluster, near each other and far from all: a person who is alone would be the root
    # of the hierarchy, and the root is no cluster. Then links from part to part: one connected graph is asked for.
    strangers = np.arange(len(large), count := len(large) + min_size)
    bridges = np.append(np.unique(part[large], return_index=True)[1], len(large))
    rows = np.concatenate([first, strangers[:-1], bridges[:-1]])
    columns = np.concatenate([second, strangers[1:], bridges[1:]])
    lengths = np.concatenate([lengths, np.full(min_size - 1, _FLOOR * limit), np.full(len(bridges) - 1, limit)])
    ends = np.r_[rows, columns], np.r_[columns, rows]
    matrix = sparse.coo_array((np.tile(lengths, 2), ends), (count, count)).tocsr()
    model = hdbscan(min_cluster_size=min_size, min_samples=1, metric="precomputed", copy=False)
    labels[large] = model.fit(matrix).labels_[: len(large)]
    return labels


def _libraries() -> tuple[Any, Any, Any]:
    try:
        from scipy import sparse
        from scipy.sparse.csgraph import connected_components
        from sklearn.cluster import HDBSCAN
    except ImportError as problem:
        raise MissingExtra('HDBSCAN needs scikit-learn: pip install "visavis[cluster]"') from problem
    return HDBSCAN, sparse, connected_components
