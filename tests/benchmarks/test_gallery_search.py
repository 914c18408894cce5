"""The synthetic crowd that searches are measured on, and the figures made of what was found."""

import argparse

import numpy as np
import pytest

from _crowd import BLOCK, Crowd, Probes
from _machine import Timing
from gallery_search import PARTS, in_turn, losses, read, slower
from visavis.gallery.search import Hits, SearchTier


@pytest.fixture(scope="module")
def crowd():
    return Crowd(BLOCK + 5000, 128)


def test_a_crowd_is_made_block_by_block_and_always_the_same(crowd):
    templates = crowd.templates()
    again = Crowd(BLOCK + 5000, 128)
    assert [start for start, _ in again.blocks()] == [0, BLOCK]
    np.testing.assert_array_equal(np.concatenate([block for _, block in again.blocks()]), templates)
    assert (Crowd(1000, 128, seed=1).templates() != templates[:1000]).any()
    np.testing.assert_allclose(np.linalg.norm(templates, axis=1), 1, atol=1e-5)


def test_photos_of_one_person_are_alike_as_stated_and_numbers_spread_alike(crowd):
    templates, owners = crowd.templates(), crowd.owners
    mated = np.flatnonzero(owners[1:] == owners[:-1])
    cosines = (templates[mated] * templates[mated + 1]).sum(axis=1)
    strangers = (templates[:5000] * templates[20_000:25_000]).sum(axis=1)
    assert np.median(cosines) == pytest.approx(0.65, abs=0.02)
    assert abs(np.mean(strangers)) < 0.01
    assert np.bincount(owners).min() >= 1
    assert np.bincount(owners).max() == 15
    spread = templates.std(axis=0)
    assert spread.max() < 1.5 * spread.min()


def test_probes_are_new_photos_of_enrolled_people_and_of_nobody(crowd):
    probes = crowd.probes(400, strangers=0.25)
    assert (probes.people < 0).sum() == 100
    tier = SearchTier(128, "cosine")
    tier.put(np.arange(len(crowd)), crowd.owners, crowd.templates())
    hits = tier.search(probes.templates, 1)
    mated = probes.people >= 0
    assert (hits.groups[mated, 0] == probes.people[mated]).mean() > 0.99
    assert hits.scores[mated].max() < 0.999
    assert hits.scores[~mated].max() < 0.6


def test_losses_count_people_for_mated_probes_and_references_for_all():
    def hits(keys, groups, scores):
        return Hits(*(np.array(column)[:, None] for column in (keys, groups, scores)))

    probes = Probes(np.zeros((4, 2), np.float32), np.array([10, 20, 30, -1]))
    whole = hits([1, 2, 3, 4], [10, 20, 30, 40], [0.9, 0.8, 0.7, 0.3])
    codes = hits([1, 5, 6, 7], [10, 20, 60, 70], [0.9, 0.8, 0.6, 0.3])
    figures = losses(whole, codes, probes)
    assert figures["recall_at_1"] == {"float32": 1.0, "int8": 0.6667}
    assert figures["recall_at_1_loss_points"] == pytest.approx(100 / 3, abs=0.01)
    assert figures["same_first_reference_mated"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["same_first_reference_strangers"] == 0
    assert figures["largest_score_change"] == pytest.approx(0.1)


def test_slower_compares_the_least_times_and_the_rounds():
    ours, peer = Timing((9.0, 9.0, 9.0), (2.0, 3.0, 8.0)), Timing((9.0, 9.0, 9.0), (2.0, 2.0, 2.0))
    assert slower(ours, peer, "wall") == {"of_minima": 1.0, "median": 1.5}


def test_calls_take_turns_and_the_first_turn_only_warms_up():
    order = []
    times = in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2)
    assert "".join(order) == "ababab"
    assert {name: (len(timing.cpu), len(timing.wall)) for name, timing in times.items()} == {"a": (2, 2), "b": (2, 2)}


def test_reading_looks_at_every_number():
    numbers = np.zeros((10, 4), np.float32)
    low = read(numbers)
    numbers[9, 3] = 7
    assert read(numbers) > low


@pytest.mark.slow
@pytest.mark.parametrize("part", ["exact-128", "bytes", "approximate-128"])
def test_a_part_runs_on_a_small_gallery(part):
    figures = PARTS[part](argparse.Namespace(rows=12_000, rounds=2))
    assert figures
