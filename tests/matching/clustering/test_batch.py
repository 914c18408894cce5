"""What holds whatever the method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching.clustering.made_up import (
    SEEDS,
    apart,
    crowd,
    forbidden_pairs,
    people,
    photographed,
    same_partition,
    slow_average_linkage,
    threshold,
)

from visavis.errors import InvalidInput
from visavis.matching.clustering import METHODS, Apart, ClusterSettings, cluster_faces

pytest.importorskip("faiss", reason="needs visavis[cluster]")
pytest.importorskip("sklearn", reason="needs visavis[cluster]")
METHOD = st.sampled_from(METHODS)


def clustered(templates, at=0.5, method="average", metric="euclidean", constraints=None, quality=None, **other):
    return cluster_faces(
        templates, threshold(at), metric, ClusterSettings(method, **other), apart=constraints, quality=quality
    )


def with_singles(clustering):
    labels = clustering.labels
    return np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)


@pytest.mark.parametrize("method", METHODS)
def test_people_far_apart_are_found_and_those_alone_stay_unassigned(method):
    templates, owner = people([40, 20, 7, 2, 1, 1])
    found = clustered(templates, method=method)
    assert [len(members) for members in found.clusters] == [40, 20, 7, 2]
    assert same_partition(with_singles(found), owner)
    assert set(owner[found.unassigned].tolist()) == {4, 5}


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, method=METHOD, metric=st.sampled_from(["euclidean", "cosine"]))
def test_no_cluster_holds_two_faces_that_must_be_apart(seed, method, metric):
    templates, at = crowd(seed)
    rng, count = np.random.default_rng(seed), len(templates)
    photos = photographed(seed, count)
    pairs = [tuple(rng.choice(count, 2, replace=False).tolist()) for _ in range(rng.integers(0, 5))]
    found = clustered(templates, at, method, metric, apart(count, photos, pairs))
    spelt = forbidden_pairs(photos, pairs)
    for members in found.clusters:
        assert not any((a, b) in spelt for a in members.tolist() for b in members.tolist())


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, method=METHOD)
def test_the_order_of_the_faces_changes_nothing(seed, method):
    templates, at = crowd(seed)
    photos = photographed(seed, len(templates))
    order = np.random.default_rng(seed + 1).permutation(len(templates))
    first = clustered(templates, at, method, constraints=Apart(len(templates)).photos(photos))
    shuffled = Apart(len(templates)).photos([photos[i] for i in order])
    second = clustered(templates[order], at, method, constraints=shuffled)
    assert same_partition(with_singles(first)[order], with_singles(second))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_average_linkage_joins_down_to_the_mean_square_of_the_thresholds_distance(seed):
    templates, at = crowd(seed, most=20)
    expected = slow_average_linkage(templates.astype(np.float64), (1 - at) ** 2)
    assert same_partition(with_singles(clustered(templates, at)), expected)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_under_the_cosine_metric_it_joins_down_to_the_threshold_as_mean_cosine(seed):
    templates, _ = crowd(seed, most=20)
    units = templates.astype(np.float64) / np.linalg.norm(templates, axis=1, keepdims=True)
    expected = slow_average_linkage(units, 2 * (1 - 0.6))
    assert same_partition(with_singles(clustered(7 * templates, 0.6, metric="cosine")), expected)


@pytest.mark.parametrize("method", METHODS)
def test_under_the_cosine_metric_the_length_of_templates_means_nothing(method):
    templates, _ = people([9, 5, 3], noise=0.1)
    stretched = templates * np.random.default_rng(0).uniform(0.5, 4, (len(templates), 1)).astype(np.float32)
    first, second = (clustered(t, 0.8, method, "cosine") for t in (templates, stretched))
    assert same_partition(with_singles(first), with_singles(second))


@pytest.mark.parametrize("method", METHODS)
def test_people_on_the_same_photos_are_told_apart_though_they_are_more_alike_than_the_threshold(method):
    templates, twin = people([10, 10], noise=0.01)
    templates = (templates / 20).astype(np.float32)  # all nearer to each other than the threshold
    photos = np.empty(20, int)
    for one in (0, 1):
        photos[twin == one] = np.arange(10)
    found = clustered(templates, method=method, constraints=Apart(20).photos(photos.tolist()))
    assert same_partition(found.labels, twin)


@pytest.mark.parametrize("method", METHODS)
def test_smaller_clusters_than_asked_for_are_unassigned(method):
    templates, _ = people([8, 4, 3, 2])
    found = clustered(templates, method=method, min_size=4)
    assert [len(members) for members in found.clusters] == [8, 4]
    assert len(found.unassigned) == 5


@pytest.mark.parametrize("method", METHODS)
def test_faces_of_low_quality_are_left_out_and_influence_nothing(method):
    templates, owner = people([6, 6])
    bridge = np.linspace(templates[owner == 0].mean(axis=0), templates[owner == 1].mean(axis=0), 30)
    quality = np.r_[np.full(12, 0.8), np.full(30, 0.2), [np.nan]]
    every = np.concatenate([templates, bridge, templates[:1]]).astype(np.float32)
    found = clustered(every, method=method, quality=quality, min_quality=0.5)
    assert [len(members) for members in found.clusters] == [7, 6]  # quality that is not known leaves nobody out
    assert found.left_out.tolist() == [False] * 12 + [True] * 30 + [False]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_faces_are_no_error(method, count):
    found = clustered(np.arange(count * 4, dtype=np.float32).reshape(count, 4), method=method)
    assert (found.clusters, found.unassigned.tolist()) == ([], list(range(count)))


@pytest.mark.parametrize("method", METHODS)
def test_copies_of_one_photo_are_one_cluster(method):
    (members,) = clustered(np.ones((50, 8), np.float32), method=method).clusters
    assert len(members) == 50


def test_nothing_reaches_a_similarity_beyond_that_of_copies():
    assert clustered(np.ones((5, 3)), 1.01).clusters == []


def test_clusters_come_by_size_then_by_their_first_face():
    templates, _ = people([3, 5, 3, 4])
    found = clustered(templates)
    assert [len(members) for members in found.clusters] == [5, 4, 3, 3]
    assert found.clusters[2][0] < found.clusters[3][0]


@pytest.mark.parametrize(
    ("templates", "said"),
    [
        (np.zeros(4), r"need the shape \(n, d\)"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), "row 1 holds NaN"),
        (np.array([[0.0, 0.0], [1.0, 0.0]]), "row 0 is a zero vector"),
    ],
)
def test_templates_that_cannot_be_clustered_are_named(templates, said):
    with pytest.raises(InvalidInput, match=said):
        clustered(templates, metric="cosine")


def test_constraints_and_qualities_must_be_of_these_faces():
    with pytest.raises(InvalidInput, match="constraints among 3 faces do not fit 4"):
        clustered(np.zeros((4, 2)), constraints=Apart(3))
    with pytest.raises(InvalidInput, match=r"quality: \(3,\) values for 4 faces"):
        clustered(np.zeros((4, 2)), quality=[1, 1, 1])


@pytest.mark.parametrize("wrong", [{"method": "kmeans"}, {"min_size": 1}, {"min_quality": 2.0}, {"seed": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        replace(ClusterSettings(), **wrong)
