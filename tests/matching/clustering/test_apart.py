from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching.clustering.made_up import SEEDS, forbidden_pairs, photographed

from visavis.errors import InvalidInput
from visavis.matching.clustering import Apart


def told(apart, count=6):
    return {(a, b) for a in range(count) for b in range(count) if a != b and apart.forbidden(a, np.array([b]))[0]}


def test_faces_of_one_photo_are_apart_and_others_are_not():
    assert told(Apart(6).photos(["a", "b", "a", None, None, "b"])) == {(0, 2), (2, 0), (1, 5), (5, 1)}


def test_pairs_and_photos_hold_together():
    apart = Apart(6).photos(["a", "a", "b", "c", "d", "e"]).pairs([(2, 3), (3, 4)])
    assert told(apart) == {(0, 1), (1, 0), (2, 3), (3, 2), (3, 4), (4, 3)}


def test_groups_that_are_apart_keep_all_their_faces_apart_but_not_each_of_them():
    apart = Apart(6).groups(["x", "x", "y", "y", "z", None], [("x", "y"), ("z", "nobody")])
    assert told(apart) == {(a, b) for a in range(4) for b in range(4) if (a < 2) != (b < 2)}


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, joins=st.integers(0, 6))
def test_what_sets_grow_into_inherits_every_constraint(seed, joins):
    rng = np.random.default_rng(seed)
    photos = photographed(seed, 9)
    pairs = [tuple(rng.choice(9, 2, replace=False).tolist()) for _ in range(3)]
    apart, spelt = Apart(9).photos(photos).pairs(pairs), forbidden_pairs(photos, pairs)
    sets = {face: {face} for face in range(9)}
    for _ in range(joins):
        keep, gone = rng.choice(sorted(sets), 2, replace=False).tolist()
        apart.join(keep, gone)
        sets[keep] |= sets.pop(gone)
    for a, first in sets.items():
        for b, second in sets.items():
            if a != b:
                expected = any((i, j) in spelt for i in first for j in second)
                assert apart.forbidden(a, np.array([b]))[0] == expected


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_a_set_holds_what_must_be_apart_exactly_if_two_of_it_must(seed):
    rng = np.random.default_rng(seed)
    photos, members = photographed(seed, 12), rng.choice(12, 4, replace=False).tolist()
    pairs = [tuple(rng.choice(12, 2, replace=False).tolist())]
    spelt = forbidden_pairs(photos, pairs)
    expected = any((a, b) in spelt for a in members for b in members)
    assert Apart(12).photos(photos).pairs(pairs).holds(members) == expected


def test_a_selection_keeps_the_constraints_among_its_faces_and_joining_in_it_changes_nothing_here():
    apart = Apart(6).photos(["a", "b", "a", "b", "c", "c"])
    chosen = apart.of([2, 4, 0])
    assert told(chosen, 3) == {(0, 2), (2, 0)}
    chosen.join(0, 1)
    assert told(apart) == {(0, 2), (2, 0), (1, 3), (3, 1), (4, 5), (5, 4)}


def test_constraints_added_to_a_selection_do_not_meet_those_it_came_with():
    chosen = Apart(4).photos(["a", "a", "b", "b"]).over([[0], [2], [1]]).photos([None, "x", "x"])
    assert told(chosen, 3) == {(0, 2), (2, 0), (1, 2), (2, 1)}


def test_a_photo_of_thousands_takes_memory_for_faces_not_for_pairs():
    apart = Apart(50_000).photos(["crowd"] * 50_000)
    assert sum(len(tokens) for tokens in apart._carried.values()) == 50_000
    assert apart.holds([3, 40_000])


@pytest.mark.parametrize("wrong", [lambda a: a.photos(["a"]), lambda a: a.groups(["a"], [])])
def test_labels_for_another_number_of_faces_are_refused(wrong):
    with pytest.raises(InvalidInput, match="1 labels for 3 faces"):
        wrong(Apart(3))


def test_nobody_can_be_kept_apart_from_himself():
    with pytest.raises(InvalidInput, match="apart from itself"):
        Apart(3).pairs([(1, 1)])


@pytest.mark.parametrize("pair", [(0, 3), (-1, 0), (0, 1.5)])
def test_a_face_that_is_not_there_is_refused(pair):
    with pytest.raises(InvalidInput, match=r"whole number in 0\.\.2"):
        Apart(3).pairs([pair])
