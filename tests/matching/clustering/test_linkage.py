"""Average linkage against scipy's, and under constraints against the slow way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching.clustering.made_up import (
    SEEDS,
    apart,
    forbidden_pairs,
    photographed,
    same_partition,
    slow_average_linkage,
)

from visavis.matching.clustering import Apart
from visavis.matching.clustering import linkage as module
from visavis.matching.clustering.groups import Groups
from visavis.matching.clustering.linkage import average_linkage
from visavis.matching.clustering.nearest import nearest

hierarchy = pytest.importorskip("scipy.cluster.hierarchy", reason="needs visavis[cluster]")
pytest.importorskip("faiss", reason="needs visavis[cluster]")


@pytest.fixture(params=[1, 3, 32])
def known(request, monkeypatch):
    """How many neighbours a search gives: few make groups search again and again."""
    monkeypatch.setattr(module, "_KNOWN", request.param)
    monkeypatch.setattr(module, "_MOST_KNOWN", 2 * request.param)


def linked(points, limit, constraints=None):
    copy = np.array(points, dtype=np.float64)
    return average_linkage(Groups.singles(copy), limit, constraints or Apart(len(points)))


def between_merges(tree, place):
    """A limit between two heights of a tree, so that rounding cannot decide."""
    heights = np.unique(tree[:, 2])
    return (heights[:-1] + np.diff(heights) / 2)[int(place * (len(heights) - 1))] if len(heights) > 1 else np.inf


@pytest.mark.parametrize("seed", range(40))
def test_partitions_are_those_of_scipys_average_linkage(seed, known):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(rng.integers(3, 90), rng.integers(1, 9)))
    tree = hierarchy.linkage(points, "average", metric="sqeuclidean")
    limit = between_merges(tree, rng.uniform())
    assert same_partition(linked(points, limit), hierarchy.fcluster(tree, limit, "distance"))


@pytest.mark.parametrize("seed", range(6))
def test_partitions_of_people_are_those_of_scipy_whatever_their_sizes(seed, known):
    rng = np.random.default_rng(seed)
    sizes = (300 / np.arange(1, 20)).astype(int)
    centres = rng.normal(size=(len(sizes), 12))
    points = np.repeat(centres, sizes, axis=0) + 0.45 * rng.normal(size=(sizes.sum(), 12))
    tree = hierarchy.linkage(points, "average", metric="sqeuclidean")
    for place in (0.5, 0.9, 0.97):
        limit = between_merges(tree, place)
        assert same_partition(linked(points, limit), hierarchy.fcluster(tree, limit, "distance"))


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, share=st.floats(0.2, 1))
def test_constrained_partitions_are_those_of_the_slow_way(seed, share):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(rng.integers(2, 16), 3))
    photos = photographed(seed, len(points))
    pairs = [tuple(rng.choice(len(points), 2, replace=False).tolist()) for _ in range(rng.integers(0, 4))]
    limit = float(np.quantile(((points[:, None] - points) ** 2).sum(axis=2), share)) if share < 0.9 else np.inf
    found = linked(points, limit + 1e-9, apart(len(points), photos, pairs))
    assert same_partition(found, slow_average_linkage(points, limit + 1e-9, forbidden_pairs(photos, pairs)))


def test_forbidden_neighbours_do_not_hide_allowed_ones_behind_them(monkeypatch):
    monkeypatch.setattr(module, "_KNOWN", 1)
    crowded = np.column_stack([np.linspace(0, 0.1, 20), np.zeros(20)])
    points = np.concatenate([crowded, [[1.0, 0.0]]])  # 20 faces of one photo, and one of another
    labels = linked(points, 9.0, apart(21, [0] * 20 + [1]))
    assert labels[20] == labels[19]
    assert len(set(labels.tolist())) == 20


def test_copies_of_one_face_become_one_cluster_in_few_searches(monkeypatch):
    searches = []

    def counted(*arguments):
        searches.append(arguments)
        return nearest(*arguments)

    monkeypatch.setattr(module, "nearest", counted)
    assert set(linked(np.ones((500, 4)), 0.1).tolist()) == {0}
    assert len(searches) < 20


def test_it_goes_on_from_groups_as_if_they_had_been_joined_before():
    rng = np.random.default_rng(5)
    points = rng.normal(size=(60, 4))
    tree = hierarchy.linkage(points, "average", metric="sqeuclidean")
    early, late = between_merges(tree, 0.3), between_merges(tree, 0.8)
    first = linked(points, early)
    groups = Groups.of(points, first, first.max() + 1)
    then = average_linkage(groups, late, Apart(len(groups)))
    assert same_partition(then[first], hierarchy.fcluster(tree, late, "distance"))


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_alone_are_fine(count):
    assert linked(np.zeros((count, 3)), 1.0).tolist() == [0] * count


def test_progress_tells_of_all_faces():
    told = []
    average_linkage(
        Groups.singles(np.random.default_rng(0).normal(size=(30, 2))), 0.1, Apart(30), lambda *p: told.append(p)
    )
    assert told == [(30, 30)]
