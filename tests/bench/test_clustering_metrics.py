"""Measures against scikit-learn's, against pairs and faces counted one by one, and against examples done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.bench.clustering_metrics import Agreement, bcubed, normalized_mutual_information, pairwise
from visavis.errors import InvalidInput

LABELLINGS = st.integers(1, 25).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 6), min_size=n, max_size=n) for _ in range(2)))
)

# Amigo et al. (2009) print no such example, so here is one done by hand. Truth: a a a b b; clusters: 0 0 1 1 1.
TRUTH, CLUSTERS = list("aaabb"), [0, 0, 1, 1, 1]


def test_pairwise_by_hand():
    # Put together: 1 + 3 = 4 pairs, of one person 3 + 1 = 4, both: (0,1) and (3,4).
    assert pairwise(TRUTH, CLUSTERS) == Agreement(2 / 4, 2 / 4)
    assert pairwise(TRUTH, CLUSTERS).f == pytest.approx(0.5)


def test_bcubed_by_hand():
    # Precision: 1, 1, 1/3, 2/3, 2/3. Recall: 2/3, 2/3, 1/3, 1, 1.
    found = bcubed(TRUTH, CLUSTERS)
    assert found.precision == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert found.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)


def test_mutual_information_by_hand():
    truth = -(0.6 * math.log(0.6) + 0.4 * math.log(0.4))  # both divide 3 to 2
    joint = -(0.4 * math.log(0.4) + 0.2 * math.log(0.2) + 0.4 * math.log(0.4))
    assert normalized_mutual_information(TRUTH, CLUSTERS) == pytest.approx((2 * truth - joint) / truth)


@settings(max_examples=200, deadline=None)
@given(LABELLINGS)
def test_pairwise_counts_pairs_and_bcubed_counts_faces(labels):
    truth, clusters = labels
    n = len(truth)
    pairs = [(a, b) for a in range(n) for b in range(a)]
    same = {(a, b) for a, b in pairs if truth[a] == truth[b]}
    put = {(a, b) for a, b in pairs if clusters[a] == clusters[b]}
    found = pairwise(truth, clusters)
    assert found.precision == pytest.approx(len(same & put) / len(put) if put else 1)
    assert found.recall == pytest.approx(len(same & put) / len(same) if same else 1)

    def share(of, among):
        rows = [[b for b in range(n) if among[b] == among[a]] for a in range(n)]
        return np.mean([np.mean([of[b] == of[a] for b in row]) for a, row in enumerate(rows)])

    found = bcubed(truth, clusters)
    assert found.precision == pytest.approx(share(truth, clusters))
    assert found.recall == pytest.approx(share(clusters, truth))


@settings(max_examples=100, deadline=None)
@given(LABELLINGS)
def test_values_are_those_of_scikit_learn(labels):
    metrics = pytest.importorskip("sklearn.metrics", reason="needs visavis[cluster]")
    truth, clusters = labels
    assert normalized_mutual_information(truth, clusters) == pytest.approx(
        metrics.normalized_mutual_info_score(truth, clusters), abs=1e-9
    )
    (_, wrong), (missed, both) = metrics.cluster.pair_confusion_matrix(truth, clusters)
    found = pairwise(truth, clusters)
    assert found.precision == pytest.approx(both / (both + wrong) if both + wrong else 1)
    assert found.recall == pytest.approx(both / (both + missed) if both + missed else 1)
    if both + wrong and both + missed:
        assert math.sqrt(found.precision * found.recall) == pytest.approx(
            metrics.fowlkes_mallows_score(truth, clusters)
        )


@given(LABELLINGS)
def test_exchanging_truth_and_clusters_exchanges_precision_and_recall(labels):
    for measure in (pairwise, bcubed):
        one, other = measure(*labels), measure(*labels[::-1])
        assert (one.precision, one.recall) == pytest.approx((other.recall, other.precision))


@given(LABELLINGS)
def test_the_truth_itself_is_perfect_under_any_names(labels):
    truth = np.array(labels[0])
    for measure in (pairwise, bcubed):
        assert measure(truth, 7 - truth).f == pytest.approx(1)
    assert normalized_mutual_information(truth, 7 - truth) == pytest.approx(1)


def test_unassigned_faces_are_clusters_of_one():
    truth = ["a", "a", "b", "c"]
    for measure in (pairwise, bcubed, normalized_mutual_information):
        assert measure(truth, [-1, -1, -1, -1]) == measure(truth, [0, 1, 2, 3])
        assert measure(truth, [0, 0, -1, -1]) == measure(truth, truth)


def test_everybody_in_one_cluster_has_full_recall_and_no_information():
    truth = np.arange(10)
    assert bcubed(truth, np.zeros(10, int)) == Agreement(pytest.approx(0.1), 1.0)
    assert pairwise(truth, np.zeros(10, int)).precision == 0
    assert pairwise(truth, np.zeros(10, int)).f == 0
    assert normalized_mutual_information(truth, np.zeros(10, int)) == 0


def test_large_people_are_counted_without_overflow():
    truth = np.zeros(200_000, int)
    assert pairwise(truth, truth) == Agreement(1.0, 1.0)


@pytest.mark.parametrize(("truth", "clusters"), [([], []), ([1, 2], [1]), ([[1]], [[1]])])
def test_labels_that_do_not_fit_are_refused(truth, clusters):
    with pytest.raises(InvalidInput, match="labels: need as many"):
        bcubed(truth, clusters)
