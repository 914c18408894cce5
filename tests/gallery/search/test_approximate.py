"""The approximate index: measured recall, exact scores, doubts settled, and in step with the tier."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gallery.search.model_tier import same
from tests.gallery.search.test_tier import crowd, kinds, stored

from visavis.errors import InvalidInput
from visavis.gallery.search import ApproximateIndex, SearchTier
from visavis.gallery.search.shortcodes import ShortCodes
from visavis.gallery.search.trust import fit_trust
from visavis.matching import fit_scale


def filled(metric="cosine", precision="float32", people=3000, photos=4, d=32, seed=0):
    """A tier of `people` * `photos` references, and probes of other photos of the first people."""
    rng = np.random.default_rng(seed)
    owners, rows = crowd(rng, people, photos + 1, d)
    probe = np.arange(len(rows)) % (photos + 1) == photos
    scale = None if precision == "float32" else fit_scale(rows)
    tier = SearchTier(d, metric, precision, scale)
    keys = rng.permutation(10**6)[: (~probe).sum()]
    tier.put(keys, owners[~probe], stored(rows[~probe], scale))
    return tier, rows[probe]


@pytest.fixture(scope="module")
def plain():
    tier, probes = filled()
    return tier, ApproximateIndex(tier), probes


@kinds
def test_it_finds_what_the_exact_search_finds_as_often_as_it_says(metric, precision):
    tier, probes = filled(metric, precision)
    index = ApproximateIndex(tier)
    asked = np.concatenate([probes[:300], crowd(np.random.default_rng(8), 100, 1, 32)[1]])
    exact = tier.search(asked, 1)
    assert index.recall.at_1 >= 0.99
    assert (index.search(asked, 1).scores == exact.scores).mean() >= 0.99
    people = index.search_groups(asked, 1)
    assert (people.scores == exact.scores).mean() >= 0.99
    assert index.recall.queries == 250
    assert set(index.recall.to_dict()) >= {"at_1", "perturbed", "leave_one_out", "rechecked"}


def test_the_scores_of_all_hits_are_exact_and_in_order(plain):
    tier, index, probes = plain
    hits = index.search(probes[:50], 7)
    for place, keys in enumerate(hits.keys):
        same(
            tier.search_among(probes[place : place + 1], 7, keys[None]),
            type(hits)(*(getattr(hits, name)[place : place + 1] for name in ("keys", "groups", "scores"))),
        )


def test_short_codes_take_a_sixteenth_of_float32(plain):
    _, index, _ = plain
    assert index.nbytes == len(index) * (32 // 4 + 8)


class Blind:
    """Codes that never see the most similar references, and know how little they know."""

    def __init__(self, codes, keys, hidden):
        self._codes, self._keys, self._hidden = codes, keys, hidden

    def search(self, queries, count):
        estimates, places = self._codes.search(queries, 2 * count)
        seen = ~np.isin(self._keys[places], self._hidden)
        order = np.argsort(~seen, axis=1, kind="stable")[:, :count]
        estimates, places = np.take_along_axis(estimates, order, 1), np.take_along_axis(places, order, 1)
        estimates[:, -1] = 0.9
        return estimates, places


def with_other(index, **parts):
    """The same index, some of its parts replaced."""
    other = ApproximateIndex.__new__(ApproximateIndex)
    other._tier, other._built = index._tier, dataclasses.replace(index._built, **parts)
    return other


@pytest.fixture
def blind(plain):
    """An index whose codes miss the best references of the first probes."""
    tier, index, probes = plain
    hidden = tier.search(probes[:20], 1).keys[:, 0]
    return with_other(index, codes=Blind(index._built.codes, index._built.keys, hidden))


def test_a_hit_that_something_unseen_may_beat_is_searched_for_exactly(plain, blind):
    tier, _, probes = plain
    same(blind.search(probes[:20], 3), tier.search(probes[:20], 3))
    same(blind.search_groups(probes[:20], 3), tier.search_groups(probes[:20], 3))


def test_doubts_that_only_concern_scores_below_the_threshold_are_not_settled(plain, blind, monkeypatch):
    tier, _, probes = plain
    monkeypatch.setattr(tier, "search", None)
    with pytest.raises(TypeError):
        blind.search(probes[:20], 1, threshold=0.8)
    assert (blind.search(probes[:20], 1, threshold=2.0).keys >= 0).all()


def test_changes_of_the_tier_show_at_once(plain):
    tier, probes = filled(seed=3)
    index = ApproximateIndex(tier)
    probe = probes[:1]
    first = index.search(probe, 1)
    tier.drop(first.keys[0])
    second = index.search(probe, 1)
    assert second.keys[0, 0] != first.keys[0, 0]
    tier.regroup(second.keys[0], [777_777])
    assert index.search_groups(probe, 1).groups[0, 0] == 777_777
    tier.put([2_000_000], [42], probe)
    hits = index.search_groups(probe, 2)
    assert hits.keys[0, 0] == 2_000_000
    assert hits.groups[0].tolist() == [42, 777_777]
    assert hits.scores[0, 0] == pytest.approx(1)
    tier.put([2_000_000], [43], -probe)
    assert index.search(probe, 1).keys[0, 0] == second.keys[0, 0]
    assert index.search(-probe, 1).groups[0, 0] == 43


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_after_any_changes_no_hit_is_dropped_twice_or_of_the_wrong_group(plain, seed):
    tier, index, probes = plain
    rng = np.random.default_rng(seed)
    keys = tier.keys
    for _ in range(4):
        some = rng.choice(keys, 30, replace=False)
        step = rng.integers(0, 4)
        if step == 0:
            tier.drop(some)
        elif step == 1:
            tier.regroup(some, rng.integers(0, 3000, 30))
        else:
            tier.put(some + rng.integers(0, 2), rng.integers(0, 3000, 30), crowd(rng, 30, 1, 32)[1])
    now = dict(zip(*(column.tolist() for column in tier.members()), strict=True))
    asked, exclude = probes[rng.integers(0, len(probes), 20)], rng.integers(-1, 3000, 20)
    for by_group in (False, True):
        hits = (index.search_groups if by_group else index.search)(asked, 5, exclude_group=exclude)
        exact = (tier.search_groups if by_group else tier.search)(asked, 5, exclude_group=exclude)
        assert (hits.scores[:, 0] == exact.scores[:, 0]).mean() >= 0.9
        for row, own, banned in zip(hits.keys.tolist(), hits.groups.tolist(), exclude.tolist(), strict=True):
            assert len(set(own if by_group else row)) == 5
            assert [now[key] for key in row] == own
            assert banned not in own


def test_a_person_of_more_references_than_candidates_does_not_hide_the_others():
    tier, probes = filled(people=2600)
    crowded = probes[0] + 0.05 * np.random.default_rng(1).normal(size=(1500, 32)).astype(np.float32)
    tier.put(np.arange(2_000_000, 2_001_500), np.full(1500, 99_999), crowded)
    index = with_other(ApproximateIndex(tier), candidates=100)
    assert index.search(probes[:1], 5).groups.tolist() == [[99_999] * 5]
    for threshold in (None, 1.9):
        same(index.search_groups(probes[:1], 3, threshold=threshold), tier.search_groups(probes[:1], 3))
    same(index.search(probes[:1], 1, exclude_group=[99_999]), tier.search(probes[:1], 1, exclude_group=[99_999]))


def test_an_index_notices_what_is_put_while_it_is_built(monkeypatch):
    tier, probes = filled(seed=5)
    add = ShortCodes.add

    def add_while_others_write(self, vectors):
        tier.put([3_000_000], [5], probes[:1])
        tier.drop(tier.keys[:10])
        add(self, vectors)

    monkeypatch.setattr(ShortCodes, "add", add_while_others_write)
    index = ApproximateIndex(tier)
    assert index.search(probes[:1], 1).keys[0, 0] == 3_000_000


def test_an_outdated_index_says_so_and_a_rebuilt_one_is_new():
    tier, probes = filled(seed=6)
    seen = []
    index = ApproximateIndex(tier, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12_000, 12_000)
    states = [index.outdated]
    tier.put(np.arange(5_000_000, 5_000_600), np.arange(600), crowd(np.random.default_rng(2), 600, 1, 32)[1])
    states.append(index.outdated)
    index.rebuild()
    states.append(index.outdated)
    assert states == [False, True, False]
    assert len(index) == 12_600
    same(index.search(probes[:20], 1), tier.search(probes[:20], 1))
    tier.drop(tier.keys[: len(tier) // 3 * 2])
    with pytest.raises(InvalidInput, match="4200 references are too few, it takes 10000"):
        index.rebuild()
    assert len(index.search(probes[:2], 4)) == 2


def test_people_with_one_reference_each_and_odd_dimensions_work_too(monkeypatch):
    monkeypatch.setattr("visavis.gallery.search.shortcodes._PART", 3000)
    rng = np.random.default_rng(7)
    tier = SearchTier(19, "euclidean")
    rows = rng.normal(size=(10_000, 19)).astype(np.float32)
    tier.put(np.arange(10_000), np.arange(10_000), rows)
    index = ApproximateIndex(tier)
    assert index.recall.at_1 >= 0.99
    assert index.search(rows[:20], 1).keys[:, 0].tolist() == list(range(20))


def test_filters_and_many_hits_are_answered_by_the_tier(plain):
    tier, index, probes = plain
    allowed = tier.keys[::3]
    same(index.search(probes[:3], 4, allowed=allowed), tier.search(probes[:3], 4, allowed=allowed))
    same(index.search_groups(probes[:3], 4, allowed=allowed), tier.search_groups(probes[:3], 4, allowed=allowed))
    same(index.search(probes[:2], 5000), tier.search(probes[:2], 5000))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"queries": np.ones((1, 31))}, "one model has one dimension"),
        ({"queries": np.zeros((1, 32))}, "zero vector"),
        ({"queries": np.full((1, 32), np.nan)}, "NaN or infinite"),
        ({"queries": np.ones((1, 32)), "k": 0}, "k: expected a whole number"),
        ({"queries": np.ones((2, 32)), "exclude_group": [1]}, "exclude_group: expected 2 whole numbers"),
    ],
)
def test_bad_queries_are_refused(plain, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        plain[1].search(**{"k": 1, **arguments})


def test_small_galleries_are_refused():
    tier = SearchTier(4, "cosine")
    tier.put([1], [1], np.ones((1, 4), np.float32))
    with pytest.raises(InvalidInput, match="1 references are too few, it takes 10000; the exact search"):
        ApproximateIndex(tier)


def test_searches_run_while_the_tier_changes_and_the_index_is_rebuilt():
    tier, probes = filled(seed=9)
    index, failures, done = ApproximateIndex(tier), [], threading.Event()

    def look():
        while not done.is_set():
            hits = index.search(probes[:3], 2)
            if (hits.keys < 0).any():
                failures.append(hits)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    rng = np.random.default_rng(1)
    for step in range(10):
        tier.drop(rng.choice(tier.keys, 20))
        tier.put(np.arange(10**7 + step * 20, 10**7 + step * 20 + 20), np.arange(20), crowd(rng, 20, 1, 32)[1])
    index.rebuild()
    done.set()
    for thread in threads:
        thread.join(30)
    assert not failures


def test_trust_recovers_the_line_that_made_the_estimates():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.2, 0.9, 5000)
    estimates = 0.9 * scores - 0.01 + rng.normal(0, 0.02, 5000)
    trust = fit_trust(scores, estimates, "cosine")
    assert (trust.slope, trust.offset, trust.deviation) == pytest.approx((0.9, -0.01, 0.02), abs=0.003)
    assert (trust.highest_score(estimates, "cosine") < scores).mean() < 1e-3
    distances = rng.uniform(0.2, 1.2, 5000)
    estimates = -(distances**2) * 0.95 + rng.normal(0, 0.02, 5000)
    trust = fit_trust(1 - distances, estimates, "euclidean")
    assert (trust.highest_score(estimates, "euclidean") < 1 - distances).mean() < 1e-3
