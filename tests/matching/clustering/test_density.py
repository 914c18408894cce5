"""HDBSCAN on the sparse graph against HDBSCAN on the full matrix that the graph stands for."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from tests.matching.clustering.made_up import people, same_partition

from visavis.errors import MissingExtra
from visavis.matching.clustering.density import density_clusters
from visavis.matching.clustering.graph import Graph, neighbour_graph

csgraph = pytest.importorskip("scipy.sparse.csgraph", reason="needs visavis[cluster]")
cluster = pytest.importorskip("sklearn.cluster", reason="needs visavis[cluster]")
pytest.importorskip("faiss", reason="needs visavis[cluster]")


def with_singles(labels):
    """Noise as clusters of one."""
    return np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)


def dense(points, limit, min_size):
    """The full matrix of those who are linked with enough others, directly or through others."""
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    part = csgraph.connected_components(distances <= limit)[1]
    large = np.flatnonzero(np.bincount(part)[part] >= min_size)
    full = np.full((len(large) + min_size, len(large) + min_size), limit)
    full[: len(large), : len(large)] = np.clip(distances[np.ix_(large, large)], 0.9 * limit, limit)
    full[len(large) :, len(large) :] = 0.9 * limit
    np.fill_diagonal(full, 0)
    model = cluster.HDBSCAN(min_cluster_size=min_size, min_samples=2, metric="precomputed", copy=True)
    labels = np.full(len(points), -1)
    labels[large] = model.fit(full).labels_[: len(large)]
    return labels


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("min_size", [2, 4])
def test_the_sparse_graph_gives_what_the_full_matrix_gives(seed, min_size):
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(size=(9, 3)), np.arange(2, 11), axis=0)
    points, limit = centres + 0.25 * rng.normal(size=centres.shape), 0.6
    graph = neighbour_graph(points, limit**2, len(points))
    found = density_clusters(graph, np.sqrt(graph.squares), limit, min_size)
    assert same_partition(with_singles(found), with_singles(dense(points, limit, min_size)))


def test_one_person_alone_is_a_cluster():
    templates, _ = people([9])
    graph = neighbour_graph(templates.astype(np.float64), 0.5)
    assert density_clusters(graph, np.sqrt(graph.squares), 0.7, 2).tolist() == [0] * 9


def test_copies_of_a_photo_do_not_leave_the_rest_of_the_person_as_noise():
    templates, _ = people([9])
    points = np.concatenate([templates, templates[:1]]).astype(np.float64)
    graph = neighbour_graph(points, 0.5)
    assert set(density_clusters(graph, np.sqrt(graph.squares), 0.7, 2).tolist()) == {0}


def test_without_links_there_is_only_noise():
    nobody = np.zeros(0, np.int64)
    assert density_clusters(Graph(4, nobody, nobody, np.zeros(0)), np.zeros(0), 0.5, 2).tolist() == [-1] * 4


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtra, match=r"visavis\[cluster\]"):
        density_clusters(Graph(1, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)), np.zeros(0), 0.5, 2)
