"""Limits of an error rate: against another computation, and against worlds whose true rate is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.matching.identification.intervals import binomial_limits, incomplete_beta, linked_clusters, rate_interval


def chance_of_at_least(k, n, p):
    """P(X >= k) of a binomial variable, term by term."""
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


@pytest.mark.parametrize(("k", "n"), [(0, 5), (1, 5), (3, 40), (12, 300), (299, 300), (7, 7)])
def test_the_limits_are_the_rates_at_which_the_count_seen_becomes_unlikely(k, n):
    low, high = binomial_limits(k, n, 0.9)
    assert low == 0 if k == 0 else chance_of_at_least(k, n, low) == pytest.approx(0.05, rel=1e-6)
    assert high == 1 if k == n else 1 - chance_of_at_least(k + 1, n, high) == pytest.approx(0.05, rel=1e-6)


def test_the_incomplete_beta_function_agrees_with_scipy():
    special = pytest.importorskip("scipy.special")
    rng = np.random.default_rng(3)
    for a, b in 10 ** rng.uniform(-1, 6, (400, 2)):
        x = rng.beta(a, b)
        assert incomplete_beta(x, a, b) == pytest.approx(special.betainc(a, b, x), abs=1e-8)


def test_the_ends_of_the_incomplete_beta_function_are_0_and_1():
    assert (incomplete_beta(0.0, 2.0, 3.0), incomplete_beta(1.0, 2.0, 3.0)) == (0.0, 1.0)


def test_independent_searches_have_a_design_effect_of_one():
    interval = rate_interval([True] * 3 + [False] * 97, range(100))
    assert interval.design_effect == 1
    assert (interval.low, interval.high) == binomial_limits(3, 100, 0.95)
    assert (interval.rate, interval.errors, interval.searches) == (0.03, 3, 100)


def test_errors_that_always_come_in_pairs_count_half():
    interval = rate_interval([True] * 6 + [False] * 94, np.arange(100) // 2)
    assert interval.design_effect == 2
    assert (interval.low, interval.high) == binomial_limits(3, 50, 0.95)


def test_without_errors_photos_of_one_person_count_as_one_search():
    interval = rate_interval([False] * 60, np.arange(60) // 3)
    assert (interval.low, interval.high) == binomial_limits(0, 20, 0.95)


def test_a_stated_least_design_effect_widens_the_interval():
    errors, people = [True] * 4 + [False] * 96, range(100)
    narrow, wide = rate_interval(errors, people), rate_interval(errors, people, least_design_effect=2)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_people_who_are_mistaken_for_each_other_are_one_cluster():
    people, nearest = list("abcdef"), list("bacfab")
    clusters = linked_clusters([True, True, False, True, False, False], people, nearest)
    assert clusters[0] == clusters[1]
    assert clusters[3] == clusters[5]
    assert len(set(clusters[[0, 2, 3, 4]])) == 4


def test_errors_that_hit_one_person_are_one_cluster():
    clusters = linked_clusters([True] * 5, list("bcdef"), list("aaaaa"))
    assert len(set(clusters)) == 1


@pytest.mark.parametrize("arguments", [([], []), ([True], [1, 2]), ([[True]], [[1]])])
def test_shapes_that_do_not_fit_are_named(arguments):
    with pytest.raises(InvalidInput, match="equal, non-empty shapes"):
        rate_interval(*arguments)


@pytest.mark.parametrize("level", [0, 1, -1, float("nan")])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(InvalidInput, match="confidence level"):
        rate_interval([True, False], [1, 2], level)


def test_labels_of_another_length_are_refused():
    with pytest.raises(InvalidInput, match="one label each"):
        linked_clusters([True], ["a"], ["b", "c"])


@pytest.mark.parametrize(("n", "p"), [(20, 0.3), (300, 0.04), (1000, 0.01)])
def test_the_interval_covers_the_true_rate_of_independent_searches_as_often_as_it_says(n, p):
    chances = {k: math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(min(n, 60) + 1)}
    limits = {k: binomial_limits(k, n, 0.95) for k in chances}
    assert sum(chances[k] for k, (low, high) in limits.items() if low <= p <= high) >= 0.95


def test_the_interval_covers_the_true_rate_when_errors_cluster_by_person():
    """150 worlds of 300 people; a person's chance of error is Beta distributed, the same for all of their photos."""
    rng = np.random.default_rng(4)
    people, covered = np.repeat(np.arange(300), 4), 0
    for _ in range(150):
        chance = rng.beta(0.3, 7.2, 300)  # mean 0.04
        interval = rate_interval(rng.random(len(people)) < chance[people], people)
        covered += interval.low <= 0.04 <= interval.high
    assert covered >= 0.92 * 150
