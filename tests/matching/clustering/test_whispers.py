from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.matching.clustering.made_up import SEEDS, people, same_partition

from visavis.matching.clustering.graph import Graph, neighbour_graph
from visavis.matching.clustering.whispers import chinese_whispers

pytest.importorskip("faiss", reason="needs visavis[cluster]")


def graph_of(count, links):
    first, second = np.array(sorted(links), dtype=np.int64).reshape(-1, 2).T
    return Graph(count, first, second, np.zeros(len(first)))


def random_graph(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 25))
    links = {tuple(sorted(rng.choice(count, 2, replace=False).tolist())) for _ in range(rng.integers(0, 50))}
    graph = graph_of(count, links)
    return graph, rng.uniform(0.1, 1, len(graph.first))


def textbook(graph, weights, seed):
    """The method as its paper tells it, every face in every round."""
    order = np.random.default_rng(seed).permutation(graph.faces)
    labels, rank = np.empty(graph.faces, int), np.argsort(order)
    labels[:] = rank
    matrix = np.zeros((graph.faces, graph.faces))
    matrix[graph.first, graph.second] = matrix[graph.second, graph.first] = weights
    for _ in range(50):
        before = labels.copy()
        for face in order.tolist():
            votes = np.bincount(labels, matrix[face], graph.faces)
            if matrix[face].any() and votes.max() > votes[labels[face]] * (1 + 1e-12):
                labels[face] = np.flatnonzero(votes >= votes.max() * (1 - 1e-12))[0]
        if (labels == before).all():
            break
    return labels


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_labels_are_those_of_the_textbook(seed):
    graph, weights = random_graph(seed)
    assert np.array_equal(chinese_whispers(graph, weights, seed), textbook(graph, weights, seed))


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_at_rest_every_face_has_the_label_that_its_neighbours_are_most_for(seed):
    graph, weights = random_graph(seed)
    labels = chinese_whispers(graph, weights)
    for face in range(graph.faces):
        votes = np.zeros(graph.faces)
        for a, b, weight in zip(graph.first, graph.second, weights, strict=True):
            if face in (a, b):
                votes[labels[b if face == a else a]] += weight
        assert not votes.any() or votes[labels[face]] >= votes.max() - 1e-9


def test_two_cliques_with_one_weak_link_are_two():
    cliques = {(a, b) for start in (0, 5) for a in range(start, start + 5) for b in range(a + 1, start + 5)}
    graph = graph_of(10, cliques | {(4, 5)})
    assert same_partition(chinese_whispers(graph, np.ones(21)), np.repeat([0, 1], 5))


def test_faces_without_neighbours_stay_alone():
    assert len(set(chinese_whispers(graph_of(7, []), np.zeros(0)).tolist())) == 7


def test_people_far_apart_are_found_whatever_the_seed():
    templates, owner = people([30, 12, 4, 2])
    graph = neighbour_graph(templates.astype(np.float64), 0.5)
    for seed in range(5):
        assert same_partition(chinese_whispers(graph, np.ones(len(graph.first)), seed), owner)
