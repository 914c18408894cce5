"""Similarities against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from visavis.errors import InvalidInput, TemplateMismatch
from visavis.matching.scores import cross_scores, distance_of, paired_similarity, similarity, similarity_matrix
from visavis.types import Template

METRICS = ["euclidean", "cosine"]


def normal(*shape):
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


components = st.floats(-2, 2, width=32).map(lambda v: v or 0.5)  # no zero vectors
pairs_of_arrays = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda s: st.tuples(
        npst.arrays(np.float32, (s[0], s[2]), elements=components),
        npst.arrays(np.float32, (s[1], s[2]), elements=components),
    )
)


def by_hand(a, b, metric):
    if metric == "euclidean":
        return 1 - math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
    lengths = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths


@pytest.mark.parametrize("metric", METRICS)
@given(pairs_of_arrays)
def test_the_matrix_holds_the_definition_in_every_cell(metric, arrays):
    first, second = arrays
    matrix = similarity_matrix(first, second, metric)
    want = [[by_hand(a.tolist(), b.tolist(), metric) for b in second] for a in first]
    np.testing.assert_allclose(matrix, want, atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_pairs_are_the_diagonal_of_the_matrix_and_templates_give_the_same(metric):
    a, b = normal(2, 7, 16)
    paired = paired_similarity(a, b, metric)
    np.testing.assert_allclose(paired, similarity_matrix(a, b, metric).diagonal(), atol=1e-9)
    assert similarity(Template(a[3], "m"), Template(b[3], "m"), metric) == paired[3]


@pytest.mark.parametrize("metric", METRICS)
def test_a_template_is_most_like_itself_and_order_does_not_matter(metric):
    a, b = (Template(v, "m") for v in normal(2, 128))
    assert similarity(a, a, metric) == pytest.approx(1, abs=1e-12)
    assert similarity(a, b, metric) == similarity(b, a, metric) < 1


def test_dlibs_distance_of_0_6_is_a_similarity_of_0_4():
    a, b = np.zeros(128), np.zeros(128)
    a[0], b[0] = 1.0, 1.6
    assert similarity(Template(a, "m"), Template(b, "m"), "euclidean") == pytest.approx(0.4)
    assert distance_of(0.4, "euclidean") == pytest.approx(0.6)
    assert distance_of(0.25, "cosine") == 0.75


@pytest.mark.parametrize("metric", METRICS)
def test_cross_scores_are_every_pair_once_sorted_by_truth(metric, monkeypatch):
    monkeypatch.setattr("visavis.matching.scores._BLOCK", 4)
    vectors, people = normal(11, 8), np.array(list("aabbbcdaaeb"))
    mated, nonmated = cross_scores(vectors, people, metric)
    want = {True: [], False: []}
    for i in range(11):
        for j in range(i + 1, 11):
            want[people[i] == people[j]].append(by_hand(vectors[i].tolist(), vectors[j].tolist(), metric))
    np.testing.assert_allclose(sorted(mated), sorted(want[True]), atol=1e-9)
    np.testing.assert_allclose(sorted(nonmated), sorted(want[False]), atol=1e-9)


def test_templates_of_two_models_are_refused_and_both_are_named():
    with pytest.raises(TemplateMismatch, match=r"dlib@1.*arc@2"):
        similarity(Template([1, 2], "dlib@1"), Template([1, 2], "arc@2"), "cosine")


@pytest.mark.parametrize(
    ("first", "second", "metric", "message"),
    [
        ([[1, 2]], [[1, 2, 3]], "cosine", r"\(1, 2\) and \(1, 3\)"),
        ([1, 2], [[1, 2]], "cosine", "shapes"),
        ([[1, np.nan]], [[1, 2]], "euclidean", "NaN"),
        ([[1, np.inf]], [[1, 2]], "euclidean", "infinite"),
        ([[1, 2], [0, 0]], [[1, 2]], "cosine", "row 1 is a zero vector"),
        ([[1, 2]], [[1, 2]], "manhattan", "euclidean, cosine"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused(first, second, metric, message):
    with pytest.raises(InvalidInput, match=message):
        similarity_matrix(first, second, metric)


def test_a_zero_vector_is_fine_where_no_direction_is_needed():
    assert similarity_matrix([[0, 0]], [[3, 4]], "euclidean")[0, 0] == -4


def test_unequal_numbers_of_rows_or_labels_are_refused():
    with pytest.raises(InvalidInput, match="1 rows against 2"):
        paired_similarity([[1]], [[1], [2]], "cosine")
    with pytest.raises(InvalidInput, match="labels"):
        cross_scores([[1], [2]], ["a"], "cosine")


def test_an_unknown_metric_has_no_distance():
    with pytest.raises(InvalidInput, match="'l1'"):
        distance_of(0.1, "l1")
