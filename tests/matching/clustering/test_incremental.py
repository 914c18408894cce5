from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching.clustering.made_up import (
    SEEDS,
    crowd,
    forbidden_pairs,
    people,
    photographed,
    same_partition,
    threshold,
)

from visavis.errors import InvalidInput
from visavis.matching.clustering import METHODS, Apart, ClusterSettings, assign, cluster_faces

pytest.importorskip("faiss", reason="needs visavis[cluster]")
pytest.importorskip("sklearn", reason="needs visavis[cluster]")


def clustered(templates, at=0.5, method="average", photos=None, quality=None, min_quality=0.0):
    constraints = Apart(len(templates)).photos(photos or [None] * len(templates))
    chosen = ClusterSettings(method, min_quality=min_quality)
    return cluster_faces(templates, threshold(at), "euclidean", chosen, apart=constraints, quality=quality)


def with_singles(labels):
    return np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, method=st.sampled_from(METHODS), parts=st.integers(2, 5))
def test_on_people_far_apart_adding_faces_gives_what_clustering_all_gives(seed, method, parts):
    templates, _ = people([12, 7, 5, 3, 2, 1, 1], seed)
    ends = np.sort(np.random.default_rng(seed).integers(0, len(templates) + 1, parts - 1))
    first, *more = np.split(templates, ends)
    found, known = clustered(first, method=method), first
    for new in more:
        found, known = assign(found, known, new), np.concatenate([known, new])
    assert same_partition(with_singles(found.labels), with_singles(clustered(templates, method=method).labels))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, method=st.sampled_from(METHODS))
def test_nobody_who_is_in_a_cluster_moves_and_constraints_hold(seed, method):
    templates, at = crowd(seed)
    count = len(templates) // 2
    photos = photographed(seed, len(templates))
    before = clustered(templates[:count], at, method, photos[:count])
    constraints = Apart(len(templates)).photos(photos)
    after = assign(before, templates[:count], templates[count:], apart=constraints)
    settled = before.labels >= 0
    assert np.array_equal(after.labels[:count][settled], before.labels[settled])
    spelt = forbidden_pairs(photos)
    for members in after.clusters:
        assert not any((a, b) in spelt for a in members.tolist() for b in members.tolist())
        assert len(members) >= 2


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_the_order_of_the_new_faces_changes_nothing(seed):
    templates, at = crowd(seed)
    count = len(templates) // 2
    order = np.random.default_rng(seed).permutation(len(templates) - count)
    before = clustered(templates[:count], at)
    first = assign(before, templates[:count], templates[count:]).labels
    second = assign(before, templates[:count], templates[count:][order]).labels
    both = np.concatenate([np.arange(count), count + order])
    assert same_partition(with_singles(first)[both], with_singles(second))


def test_a_new_face_joins_the_cluster_whose_mean_square_is_least_and_within_the_threshold():
    templates = np.array([[0, 0], [0, 0.2], [1, 0], [1, 0.2]], np.float32)
    before = clustered(templates, 0.5)
    after = assign(before, templates, np.array([[0.3, 0.1], [0.9, 0.1], [0.5, 9]], np.float32))
    assert after.labels.tolist() == [0, 0, 1, 1, 0, 1, -1]


def test_clusters_keep_their_ids_and_new_ones_follow_by_size():
    first, _ = people([5, 3], seed=1)
    new, owner = people([9, 4], seed=2)
    before = clustered(first)
    after = assign(before, first, new)
    assert [len(members) for members in after.clusters] == [5, 3, 9, 4]
    assert np.array_equal(after.labels[:8], before.labels)
    assert same_partition(after.labels[8:], owner)


def test_somebody_who_was_alone_is_joined_by_a_new_face():
    templates, _ = people([4, 1], seed=3)
    before = clustered(templates)
    (alone,) = before.unassigned.tolist()
    after = assign(before, templates, templates[[alone]] + np.float32(0.01))
    assert after.labels[alone] == after.labels[5] == 1


def test_faces_of_low_quality_stay_out_old_or_new():
    templates, _ = people([4], seed=4)
    before = clustered(templates, quality=[1, 1, 0.1, 1], min_quality=0.5)
    after = assign(before, templates, templates[:2], quality=[0.2, 0.9])
    assert after.labels.tolist() == [0, 0, -1, 0, -1, 0]
    assert after.left_out.tolist() == [False, False, True, False, True, False]


@pytest.mark.parametrize("known", [0, 4])
@pytest.mark.parametrize("new", [0, 3])
def test_no_known_or_no_new_faces_are_no_error(known, new):
    templates, _ = people([7], seed=5)
    after = assign(clustered(templates[:known]), templates[:known], templates[known : known + new])
    assert after.labels.tolist() == [0] * (known + new)


def test_templates_and_constraints_must_fit_the_clustering():
    templates, _ = people([4])
    found = clustered(templates)
    with pytest.raises(InvalidInput, match="3 templates for a clustering of 4 faces"):
        assign(found, templates[:3], templates)
    with pytest.raises(InvalidInput, match="constraints among 4 faces do not fit 8"):
        assign(found, templates, templates, apart=Apart(4))
    with pytest.raises(InvalidInput, match="16 numbers each, the new ones 3"):
        assign(found, templates, templates[:, :3])
