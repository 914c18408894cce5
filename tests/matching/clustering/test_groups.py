from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.matching.clustering.made_up import SEEDS

from visavis.matching.clustering.groups import Groups


def mean_square(first, second):
    return ((first[:, None] - second) ** 2).sum(axis=2).mean()


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_distances_are_the_means_over_all_pairs(seed):
    rng = np.random.default_rng(seed)
    points, labels = rng.normal(size=(30, 5)) + 3, np.r_[np.arange(6), rng.integers(0, 6, 24)]
    groups = Groups.of(points, labels, 6)
    first, second = np.array([0, 3]), np.array([5, 1])
    expected = [mean_square(points[labels == a], points[labels == b]) for a, b in zip(first, second, strict=True)]
    assert groups.distances(first, second) == pytest.approx(expected)


def test_joined_groups_are_the_groups_of_the_joined_labels():
    rng = np.random.default_rng(1)
    points, labels = rng.normal(size=(40, 5)), np.r_[np.arange(6), rng.integers(0, 6, 34)]
    groups = Groups.of(points, labels, 6)
    groups.join(0, 1)
    groups.join(2, 5)
    relabelled = np.array([0, 0, 1, 2, 3, 1])[labels]
    expected = Groups.of(points, relabelled, 4)
    alive = [0, 2, 3, 4]
    assert groups.sizes[alive] == pytest.approx(expected.sizes)
    assert groups.means[alive] == pytest.approx(expected.means)
    assert groups.spreads[alive] == pytest.approx(expected.spreads)


def test_what_is_searched_orders_groups_by_their_distance():
    rng = np.random.default_rng(2)
    points, labels = rng.normal(size=(50, 4)), np.r_[np.arange(10), rng.integers(0, 10, 40)]
    groups, rows = Groups.of(points, labels, 10), np.arange(10)
    between = groups.as_queries(rows)[:, None] - groups.as_targets(rows)
    squares = (between.astype(np.float64) ** 2).sum(axis=2) + groups.spreads[:, None]
    expected = groups.distances(np.repeat(rows, 10), np.tile(rows, 10)).reshape(10, 10)
    assert squares == pytest.approx(expected, abs=1e-5)
