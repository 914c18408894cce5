from __future__ import annotations

import builtins

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching.clustering.made_up import SEEDS

from visavis.errors import MissingExtra
from visavis.matching.clustering import nearest as module
from visavis.matching.clustering.graph import neighbour_graph
from visavis.matching.clustering.nearest import nearest

pytest.importorskip("faiss", reason="needs visavis[cluster]")


def all_squares(points):
    return ((points[:, None] - points) ** 2).sum(axis=2)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, most=st.integers(1, 40))
def test_links_are_the_nearest_within_the_limit_of_either_end(seed, most):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(rng.integers(1, 40), 3))
    squares = all_squares(points)
    limit = float(np.quantile(squares, 0.4)) + 1e-9
    nearest_of = np.argsort(squares + np.diag(np.full(len(points), np.inf)), axis=1)[:, :most]
    expected = {
        (min(a, b), max(a, b))
        for a, near in enumerate(nearest_of.tolist())
        for b in near
        if a != b and squares[a, b] <= limit
    }
    graph = neighbour_graph(points, limit, most)
    assert set(zip(graph.first.tolist(), graph.second.tolist(), strict=True)) == expected
    assert graph.squares == pytest.approx(squares[graph.first, graph.second])


def test_a_limit_that_a_pair_just_meets_keeps_it():
    points = np.array([[0.1, 0.7], [0.4, 0.3]])
    exact = float(((points[0] - points[1]) ** 2).sum())
    assert len(neighbour_graph(points, exact).first) == 1
    assert len(neighbour_graph(points, np.nextafter(exact, 0)).first) == 0


def test_neighbours_are_found_block_by_block(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 7)
    points = np.random.default_rng(3).normal(size=(40, 5)).astype(np.float32)
    told, rows = [], []
    for block, found, squares in nearest(points, points, np.arange(40), 4, lambda *p: told.append(p)):
        rows += found.tolist()
        assert (np.diff(squares, axis=1) >= 0).all()
        assert found.shape == (block.stop - block.start, 4)
    expected = np.argsort(all_squares(points) + np.diag(np.full(40, np.inf)), axis=1)[:, :4]
    assert np.array_equal(rows, expected)
    assert told == [(7, 40), (14, 40), (21, 40), (28, 40), (35, 40), (40, 40)]


def test_among_copies_a_point_is_never_its_own_neighbour():
    points = np.zeros((20, 2), np.float32)
    for block, found, _ in nearest(points, points, np.arange(20), 5):
        assert (found != np.arange(20)[block][:, None]).all()


def test_without_faiss_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "faiss":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtra, match=r"visavis\[cluster\]"):
        neighbour_graph(np.zeros((3, 2)), 1.0)
