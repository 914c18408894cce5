"""May templates of two models be compared? VAL@FAR against brute force, and verdicts on spaces whose truth is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import InvalidInput
from visavis.matching.compatibility import MIN_PEOPLE, compatibility, val_at_far
from visavis.matching.pair_scores import pair_scores
from visavis.matching.scores import similarity
from visavis.types import Template


def people(count=60, photos=4, dimension=16, noise=0.6, seed=0):
    """Photos of people as points, and a second look at the same photos that sees a little less noise."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count, dimension)).repeat(photos, axis=0)
    common = rng.normal(size=centres.shape)
    old, new = (centres + noise * (common + 0.5 * rng.normal(size=centres.shape)) for _ in range(2))
    return old, centres + 0.6 * (new - centres), np.repeat(np.arange(count), photos)


def turned(vectors, seed=1):
    """The same space seen by a model that was trained apart: every direction means something else."""
    return vectors @ np.linalg.qr(np.random.default_rng(seed).normal(size=(vectors.shape[1],) * 2))[0]


def brute(first, second, labels, metric, *, twice):
    """(mated, non-mated) scores, pair by pair."""
    score = {"cosine": lambda a, b: a @ b / np.sqrt((a @ a) * (b @ b)), "euclidean": lambda a, b: 1 - math.dist(a, b)}
    pairs = itertools.permutations(range(len(labels)), 2) if twice else itertools.combinations(range(len(labels)), 2)
    kinds: tuple[list[float], list[float]] = [], []
    for i, j in pairs:
        kinds[int(labels[i] != labels[j])].append(score[metric](first[i], second[j]))
    return kinds


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=12),
    st.lists(st.integers(0, 6), min_size=4, max_size=30),
    st.sampled_from([0.25, 0.3, 0.5, 0.9]),
)
def test_val_at_far_is_that_of_the_formula_with_all_its_ties(mated, nonmated, far):
    """VAL(d) and FAR(d) count distances <= d; the answer is the largest VAL(d) whose FAR(d) is allowed."""
    a, b = -np.array(mated, float), -np.array(nonmated, float)  # distances
    distances = [*np.unique([*a, *b]), min(*a, *b) - 1]
    allowed = [(a <= d).mean() for d in distances if (b <= d).mean() <= far]
    # between two observed distances VAL is that of the lower one, FAR too
    assert val_at_far(mated, nonmated, far) == max(allowed)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["cosine", "euclidean"]), st.sampled_from([0.02, 0.05, 0.2]))
def test_all_three_rates_are_those_of_every_pair_counted_by_hand(seed, metric, far):
    old, new, labels = people(count=6, photos=3, dimension=3, noise=0.6, seed=seed)
    found = compatibility(old, new, labels, metric=metric, far=far)
    for kind, first, second in (("old_old", old, old), ("new_old", new, old), ("new_new", new, new)):
        mated, nonmated = brute(first, second, labels, metric, twice=kind == "new_old")
        measured = getattr(found, kind)
        assert (measured.mated, measured.nonmated) == (len(mated), len(nonmated))
        assert measured.val == pytest.approx(val_at_far(mated, nonmated, far))
        assert measured.low <= measured.val <= measured.high
    mated, nonmated = brute(new, old, labels, metric, twice=True)
    bound = found.old_old.threshold * (1 + 1e-9) if found.old_old.threshold > 0 else found.old_old.threshold + 1e-9
    assert found.far_at_old_threshold == pytest.approx(np.mean(np.array(nonmated) > bound))
    assert found.val_at_old_threshold == pytest.approx(np.mean(np.array(mated) > bound))


def test_the_scores_that_are_kept_are_the_highest_of_all_blocks(monkeypatch):
    monkeypatch.setattr("visavis.matching.pair_scores._BLOCK", 7)
    monkeypatch.setattr("visavis.matching.pair_scores._SPARE", 0.0)
    old, new, labels = people(count=20, photos=2)
    kept = pair_scores(new, old, labels, "cosine", 0.01)
    _, nonmated = brute(new, old, labels, "cosine", twice=True)
    assert np.allclose(kept.highest, np.sort(nonmated)[::-1][:100])
    assert (kept.first != kept.second).all()


def test_a_better_view_of_the_same_space_is_compatible_and_in_order():
    old, new, labels = people()
    found = compatibility(old, new, labels, metric="cosine", far=0.01)
    assert found.verdict == "compatible"
    assert found.ordered
    assert not found.chance
    assert found.low <= found.difference <= found.high
    assert found.new_new.val > found.new_old.val > found.old_old.val


def test_models_that_were_trained_apart_are_at_chance_however_good_each_is():
    old, new, labels = people(noise=0.1)
    found = compatibility(old, turned(new), labels, metric="cosine", far=0.01)
    assert (found.verdict, found.chance) == ("incompatible", True)
    assert -1 <= found.low <= found.difference <= found.high <= -0.9
    assert found.new_new.val > 0.99
    assert found.new_old.val < 0.1


def test_a_model_that_is_partly_compatible_is_neither_chance_nor_compatible():
    old, new, labels = people(noise=0.15)
    blurred = new + 0.9 * np.random.default_rng(5).normal(size=new.shape)
    found = compatibility(old, blurred, labels, metric="cosine", far=0.01)
    assert (found.verdict, found.chance, found.ordered) == ("incompatible", False, False)


def test_the_same_templates_twice_change_nothing():
    old, _, labels = people()
    found = compatibility(old, old.copy(), labels, metric="euclidean", far=0.01)
    assert found.new_old.val == pytest.approx(found.old_old.val)
    assert (found.verdict, found.same, found.ordered) == ("compatible", True, False)
    rounded = compatibility(old, 3 * old.astype(np.float16), labels, metric="cosine", far=0.01)
    assert (rounded.same, rounded.verdict) == (True, "compatible")
    assert not compatibility(old, 3 * old, labels, metric="euclidean", far=0.01).same


def test_few_people_are_not_enough_to_be_sure():
    old, new, labels = people(count=MIN_PEOPLE - 1)
    found = compatibility(old, new, labels, metric="cosine", far=0.01)
    assert (found.verdict, found.difference > 0) == ("undecided", True)


@pytest.mark.parametrize(("count", "verdict"), [(100, "undecided"), (400, "compatible")])
def test_no_loss_among_few_people_is_no_proof_of_none(count, verdict):
    """With p people and none worse, a share of 1 - 0.025^(1/p) may still be: 3.6 % of 100, 0.9 % of 400."""
    old, new, labels = people(count=count, photos=2, noise=0.05)
    found = compatibility(old, new, labels, metric="cosine", far=0.01)
    assert found.old_old.val == found.new_old.val == 1
    assert found.low == pytest.approx(0.025 ** (1 / count) - 1) == -found.high
    assert found.old_old.low == pytest.approx(0.025 ** (1 / count))
    assert found.old_old.high == 1
    assert found.verdict == verdict


def test_limits_hold_the_truth_about_as_often_as_they_say():
    truth = compatibility(*people(count=600, photos=2, seed=99), metric="cosine", far=0.01)
    inside = 0
    for seed in range(16):
        old, new, labels = people(count=60, photos=3, seed=seed)
        found = compatibility(old, new, labels, metric="cosine", far=0.01)
        inside += found.low <= truth.difference <= found.high
    assert inside >= 13  # of 16, where 95 % are asked for


def test_metrics_are_each_model_s_own_and_the_old_one_s_between_them():
    old, new, labels = people()
    stretched = new * np.random.default_rng(3).uniform(0.3, 3, (len(new), 1))  # lengths mean nothing to a cosine
    found = compatibility(old, stretched, labels, metric="euclidean", new_metric="cosine", far=0.01)
    plain = compatibility(old, new, labels, metric="euclidean", new_metric="cosine", far=0.01)
    assert found.new_new.val == pytest.approx(plain.new_new.val)
    assert found.new_old.val < plain.new_old.val


def test_templates_of_two_dimensions_are_refused_naming_both():
    old, new, labels = people()
    with pytest.raises(InvalidInput, match="templates of 16 and of 12 numbers cannot be compared"):
        compatibility(old, new[:, :12], labels, metric="cosine")


def test_a_rate_that_the_photos_cannot_show_is_an_error_that_says_how_many_could():
    old, new, labels = people(count=5, photos=2)
    with pytest.raises(
        InvalidInput, match=r"40 non-mated comparisons cannot show that rate, 1000 could \(photos of 46 "
    ):
        compatibility(old, new, labels, metric="cosine", far=1e-3)
    with pytest.raises(InvalidInput, match="3 non-mated"):
        val_at_far([0.5], [0.1, 0.2, 0.3], 0.3)
    assert val_at_far([0.5], [0.1, 0.2, 0.3], 0.34) == 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"people": [0, 1, 2, 3]}, "with two photos"),
        ({"people": [0, 0, 0, 0]}, "two people"),
        ({"people": [0, 0, 1]}, "need one of each"),
        ({"far": 0.0}, "strictly between 0 and 1"),
        ({"far": 1.0}, "strictly between 0 and 1"),
        ({"new": np.full((4, 2), np.nan)}, "NaN"),
        ({"tolerance": -1}, "tolerance"),
    ],
)
def test_what_cannot_be_measured_is_one_clear_error(change, words):
    templates = np.random.default_rng(0).normal(size=(4, 2))
    given = {"old": templates, "new": templates, "people": [0, 0, 1, 1], "far": 0.5, **change}
    with pytest.raises(InvalidInput, match=words):
        compatibility(given.pop("old"), given.pop("new"), given.pop("people"), metric="cosine", **given)


def test_one_pair_s_score_is_the_one_that_matching_gives():
    old, new, labels = people(count=2, photos=2)
    kept = pair_scores(new, old, labels, "cosine", 0.5)
    mated = [
        similarity(Template(new[i], "m"), Template(old[j], "m"), "cosine") for i, j in ((0, 1), (1, 0), (2, 3), (3, 2))
    ]
    assert np.allclose(kept.mated, sorted(mated, reverse=True), atol=1e-6)
