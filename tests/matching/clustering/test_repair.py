from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.matching.clustering.made_up import SEEDS, forbidden_pairs, people, photographed

from visavis.matching.clustering import Apart
from visavis.matching.clustering.repair import split_forbidden

pytest.importorskip("faiss", reason="needs visavis[cluster]")


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_clusters_are_only_ever_split_and_only_where_they_must_be(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 30))
    points, labels, photos = rng.normal(size=(count, 3)), rng.integers(-1, 4, count), photographed(seed, count)
    spelt = forbidden_pairs(photos)
    found = split_forbidden(points, labels, Apart(count).photos(photos))
    for cluster in range(4):
        members = np.flatnonzero(labels == cluster)
        held = any((a, b) in spelt for a in members.tolist() for b in members.tolist())
        assert len(set(found[members].tolist())) == 1 or held or not len(members)
    for a in range(count):
        for b in range(count):
            if found[a] == found[b] >= 0 and a != b:
                assert labels[a] == labels[b]
                assert (a, b) not in spelt
    assert np.array_equal(found == -1, labels == -1)


def test_the_weakest_links_give_way():
    templates, owner = people([12, 7])
    photos = list(range(19))
    photos[int(np.flatnonzero(owner == 1)[0])] = photos[int(np.flatnonzero(owner == 0)[0])]  # both on one photo
    found = split_forbidden(templates.astype(np.float64), np.zeros(19, int), Apart(19).photos(photos))
    assert len(set(zip(found.tolist(), owner.tolist(), strict=True))) == 2
