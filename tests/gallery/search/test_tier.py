"""The search tier against a dictionary that compares pair by pair, after any sequence of changes."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gallery.search.model_tier import ModelTier, same, small_parts

from visavis.errors import InvalidInput, MissingExtra
from visavis.gallery.search import SearchTier
from visavis.gallery.search.shortlist import Shortlist
from visavis.matching import fit_scale, quantize
from visavis.matching.scores import similarity_matrix

METRICS = ("cosine", "euclidean")
PRECISIONS = ("float32", "int8")
kinds = pytest.mark.parametrize(("metric", "precision"), [(m, p) for m in METRICS for p in PRECISIONS])


def vectors(rng, count, d, coarse):
    """Rows without zero vectors; coarse ones repeat, so that many scores are equal."""
    if not coarse:
        return rng.normal(size=(count, d)).astype(np.float32)
    rows = rng.integers(-1, 2, (count, d)).astype(np.float32)
    rows[~rows.any(axis=1), 0] = 1
    return rows


def stored(rows, scale):
    if scale is None or not len(rows):
        return rows if scale is None else np.empty(rows.shape, np.int8)
    codes = quantize(rows, scale).codes
    codes[~codes.any(axis=1), 0] = 1
    return codes


@st.composite
def histories(draw):
    steps = draw(st.lists(st.sampled_from(["put", "drop", "regroup", "search", "groups"]), min_size=2, max_size=14))
    return draw(st.integers(0, 2**32 - 1)), steps, draw(st.booleans()), draw(st.sampled_from([1, 3, 32]))


@kinds
@settings(max_examples=120, deadline=None)
@given(histories())
def test_after_any_history_the_tier_finds_what_comparing_every_pair_finds(metric, precision, history):
    seed, steps, coarse, d = history
    rng = np.random.default_rng(seed)
    scale = None if precision == "float32" else 0.02 if not coarse else 0.5
    model = ModelTier(metric, scale)
    with small_parts(rows=int(rng.choice([4, 8, 64]))):
        tier = SearchTier(d, metric, precision, scale)
        for step in ["put", *steps, "search", "groups"]:
            keys = rng.choice(60, size=int(rng.integers(0, 40)), replace=False)
            groups = rng.integers(0, int(rng.choice([2, 5, 50])), len(keys))
            if step == "put":
                rows = stored(vectors(rng, len(keys), d, coarse), scale)
                tier.put(keys, groups, rows)
                model.put(keys, groups, rows)
            elif step == "drop":
                tier.drop(keys)
                model.drop(keys)
            elif step == "regroup":
                tier.regroup(keys, groups)
                model.regroup(keys, groups)
            else:
                queries = vectors(rng, int(rng.integers(0, 6)), d, coarse)
                asked = {
                    "allowed": rng.choice(80, int(rng.integers(0, 80))) if rng.random() < 0.4 else None,
                    "exclude_group": rng.integers(-1, 5, len(queries)) if rng.random() < 0.4 else None,
                }
                k, by_group = int(rng.choice([1, 2, 7, 100])), step == "groups"
                found = (tier.search_groups if by_group else tier.search)(queries, k, **asked)
                same(found, model.search(queries, k, by_group=by_group, **asked))
        assert sorted(zip(*(column.tolist() for column in tier.members()), strict=True)) == sorted(
            (key, group) for key, (group, _) in model.held.items()
        )
        kept = rng.permutation(list(model.held))
        expected = [model.decoded(int(key)) for key in kept]
        np.testing.assert_array_equal(tier.vectors(kept), np.array(expected, np.float32).reshape(-1, d))


def crowd(rng, people, photos, d, noise=0.5):
    """Unit vectors of people who are points on a sphere, and whose they are."""
    centres = rng.normal(size=(people, d))
    owners = np.repeat(np.arange(people), photos)
    rows = centres[owners] + noise * rng.normal(size=(len(owners), d))
    return owners, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@kinds
@pytest.mark.parametrize("d", [20, 128])
def test_in_a_gallery_of_common_size_every_way_to_search_gives_the_same_exact_answer(metric, precision, d):
    rng = np.random.default_rng(d)
    owners, rows = crowd(rng, 1500, 6, d)
    keys = rng.permutation(10**6)[: len(rows)]
    scale = None if precision == "float32" else fit_scale(rows)
    codes = stored(rows, scale)
    tier = SearchTier(d, metric, precision, scale)
    tier.put(keys, owners, codes)
    queries = crowd(rng, 1500, 1, d)[1][:70]
    queries[:20] += rows[::400][:20]
    matrix = similarity_matrix(queries, tier.vectors(keys), metric)
    for count in (1, 3, 5, 70):  # single products, a matrix product, whole numbers
        hits = tier.search(queries[:count], 10)
        same(hits, first_rows(tier.search(queries, 10), count))
        for place in range(count):
            best = np.lexsort((keys, -matrix[place]))[:10]
            np.testing.assert_allclose(hits.scores[place], matrix[place, best], atol=2e-8)
            assert hits.keys[place].tolist() == keys[best].tolist()


def first_rows(hits, count):
    return type(hits)(hits.keys[:count], hits.groups[:count], hits.scores[:count])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("by_group", [False, True])
def test_the_quick_scan_of_int8_templates_answers_by_itself_in_a_common_gallery(metric, by_group, monkeypatch):
    rng = np.random.default_rng(1)
    owners, rows = crowd(rng, 2000, 4, 128)
    tier = SearchTier(128, metric, "int8", fit_scale(rows))
    tier.put(np.arange(len(rows)), owners, stored(rows, tier.scale))
    monkeypatch.setattr("visavis.gallery.search.exact.search_panels", None)
    search = tier.search_groups if by_group else tier.search
    assert (search(rows[::800], 1).keys[:, 0] == np.arange(len(rows))[::800]).all()


def small(metric="cosine", precision="float32"):
    tier = SearchTier(4, metric, precision, None if precision == "float32" else 0.01)
    rows = np.eye(4, dtype=np.float32) if precision == "float32" else 100 * np.eye(4, dtype=np.int8)
    tier.put([5, 3, 9, 1], [50, 50, 90, 10], rows)
    return tier


NAN, HUGE = np.full((1, 4), np.nan), np.full((1, 4), 1e30)


@pytest.mark.parametrize(
    ("keys", "groups", "rows", "message"),
    [
        ([7, 7], [1, 1], np.ones((2, 4)), "keys: 7 is given twice"),
        ([-1], [1], np.ones((1, 4)), "keys: -1 is negative"),
        ([7], [-1], np.ones((1, 4)), "groups: -1 is negative"),
        ([7.5], [1], np.ones((1, 4)), "keys: expected an array"),
        ([[7]], [1], np.ones((1, 4)), "keys: expected an array"),
        ([7, 8], [1], np.ones((2, 4)), "groups: 1 for 2 keys"),
        ([7], [1], np.ones((2, 4)), "rows: 2 for 1 keys"),
        ([7], [1], np.ones((1, 5)), r"rows: expected shape \(n, 4\), got \(1, 5\)"),
        ([7], [1], np.ones(4), "rows: expected shape"),
        ([7], [1], [["a"] * 4], "rows: not an array of numbers"),
        ([8, 7], [1, 1], np.r_[np.ones((1, 4)), NAN], "rows: row 1 holds NaN or infinite values"),
        ([7], [1], HUGE, "rows: row 0 holds NaN or infinite values, or is longer"),
        ([7], [1], np.zeros((1, 4)), "rows: row 0 is a zero vector"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(keys, groups, rows, message):
    tier = small()
    with pytest.raises(InvalidInput, match=message):
        tier.put(keys, groups, rows)
    assert sorted(tier.keys.tolist()) == [1, 3, 5, 9]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"queries": np.ones((1, 3))}, "one model has one dimension"),
        ({"queries": np.ones(4)}, "queries: expected shape"),
        ({"queries": NAN}, "queries: row 0 holds NaN"),
        ({"queries": np.zeros((1, 4))}, "queries: row 0 is a zero vector"),
        ({"k": 0}, "k: expected a whole number in 1..1000000, got 0"),
        ({"k": 1.5}, "k: expected a whole number"),
        ({"allowed": [[1]]}, "allowed: expected an array"),
        ({"allowed": [-4]}, "allowed: -4 is negative"),
        ({"exclude_group": [1, 2]}, "exclude_group: expected 1 whole numbers"),
        ({"exclude_group": [0.5]}, "exclude_group: expected 1 whole numbers"),
    ],
)
def test_what_cannot_be_searched_is_refused_even_by_an_empty_tier(arguments, message):
    for tier in (small(), SearchTier(4, "cosine")):
        for search in (tier.search, tier.search_groups):
            with pytest.raises(InvalidInput, match=message):
                search(**{"queries": np.ones((1, 4)), "k": 2, **arguments})


def test_zero_vectors_have_a_place_under_the_euclidean_metric():
    tier = SearchTier(4, "euclidean")
    tier.put([1, 2], [1, 2], np.array([[0, 0, 0, 0], [0, 0, 3, 4]], np.float32))
    assert tier.search(np.zeros((1, 4)), 2).scores.tolist() == [[1, -4]]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_empty_tier_and_no_queries_have_empty_answers(precision):
    tier = SearchTier(4, "cosine", precision, None if precision == "float32" else 0.1)
    hits = tier.search(np.ones((2, 4)), 3)
    assert hits.keys.tolist() == hits.groups.tolist() == [[-1] * 3] * 2
    assert (hits.scores == -np.inf).all()
    for full in (tier, small(precision=precision)):
        assert full.search(np.empty((0, 4)), 3).keys.shape == (0, 3)
        assert full.search_groups(np.ones((1, 4)), 3, allowed=[]).keys.tolist() == [[-1] * 3]
        assert full.vectors([]).shape == (0, 4)


def test_int8_rows_need_codes_and_a_scale_that_stays():
    tier = SearchTier(4, "euclidean", "int8")
    with pytest.raises(InvalidInput, match="set the scale of the tier first"):
        tier.put([1], [1], np.ones((1, 4), np.int8))
    tier.scale = 0.5
    with pytest.raises(InvalidInput, match="expected int8 codes, got float64"):
        tier.put([1], [1], np.ones((1, 4)))
    tier.put([1], [1], np.full((1, 4), -128, np.int8))
    assert tier.vectors([1]).tolist() == [[-64.0] * 4]
    tier.scale = 0.5
    with pytest.raises(InvalidInput, match=r"scale 0.7: the tier holds templates of scale 0\.5"):
        tier.scale = 0.7
    with pytest.raises(InvalidInput, match="float32 templates have none"):
        SearchTier(4, "cosine", "float32", 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, "cosine"), "dimension: expected"),
        ((4, "manhattan"), "metric: expected one of euclidean, cosine"),
        ((4, "cosine", "float16"), "precision: expected one of float32, int8"),
        ((4, "cosine", "int8", -1.0), "scale: expected a number"),
    ],
)
def test_a_tier_of_impossible_settings_is_not_made(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        SearchTier(*arguments)


def test_templates_come_back_as_they_were_put_and_unknown_keys_are_named():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(300, 7)).astype(np.float32)
    tier = SearchTier(7, "cosine")
    tier.put(np.arange(300), np.zeros(300, int), rows)
    places = rng.integers(0, 300, 50)
    assert tier.vectors(places).tobytes() == rows[places].tobytes()
    assert tier.holds([299, 300, 0, 0]).tolist() == [True, False, True, True]
    with pytest.raises(InvalidInput, match="key 300: the search tier has no such reference"):
        tier.vectors([1, 300])


def test_keys_and_groups_are_of_one_moment_and_cannot_be_changed():
    tier = small()
    keys, groups = tier.members()
    tier.regroup([5, 777], [51, 52])
    tier.drop([3, 4, 4])
    tier.put([2], [20], np.ones((1, 4)))
    assert (keys.tolist(), groups.tolist()) == ([5, 3, 9, 1], [50, 50, 90, 10])
    assert dict(zip(*(column.tolist() for column in tier.members()), strict=True)) == {5: 51, 9: 90, 1: 10, 2: 20}
    for column in (keys, tier.keys, tier.groups):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 4


def test_a_dropped_template_is_gone_from_memory_and_memory_is_given_back():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 8)).astype(np.float32)
    tier = SearchTier(8, "cosine")
    tier.put(np.arange(3000), np.arange(3000), rows)
    tier.drop(np.arange(0, 3000, 2))
    memory = b"".join(block.tobytes() for block in tier._held.vectors.blocks._blocks)
    assert all(row.tobytes() not in memory for row in rows[::2])
    assert all(row.tobytes() in memory for row in rows[1::2])


def test_a_million_bytes_of_codes_take_a_quarter_of_the_memory():
    rows = np.ones((1 << 16, 128), np.int8)
    keys = np.arange(len(rows))
    small_tier, large = SearchTier(128, "euclidean", "int8", 0.1), SearchTier(128, "euclidean")
    small_tier.put(keys, keys, rows)
    large.put(keys, keys, rows.astype(np.float32))
    assert small_tier._held.vectors.nbytes == 128 * len(rows)
    assert large._held.vectors.nbytes == (512 + 4) * len(rows)
    assert small_tier.nbytes < 0.3 * large.nbytes


@kinds
def test_one_far_outlier_neither_hides_nor_slows_the_others(metric, precision):
    rng = np.random.default_rng(3)
    owners, rows = crowd(rng, 1500, 4, 32)
    rows[77] *= 1e6 if precision == "float32" else 1
    codes = stored(rows, None if precision == "float32" else 0.01)
    tier = SearchTier(32, metric, precision, None if precision == "float32" else 0.01)
    tier.put(np.arange(len(rows)), owners, codes)
    queries = crowd(rng, 5, 1, 32)[1]
    matrix = similarity_matrix(queries, tier.vectors(np.arange(len(rows))), metric)
    assert (tier.search(queries, 1).keys[:, 0] == matrix.argmax(axis=1)).all()


def test_a_hundred_copies_of_one_template_come_by_key():
    tier = SearchTier(16, "cosine")
    row = np.random.default_rng(1).normal(size=(1, 16)).astype(np.float32)
    tier.put(np.arange(500, 0, -1), np.arange(500) // 100, row.repeat(500, axis=0))
    assert tier.search(row, 100).keys[0].tolist() == list(range(1, 101))
    assert tier.search_groups(row, 3).keys[0].tolist() == [1, 101, 201]


def test_what_was_dropped_is_not_found_by_any_search_that_begins_later():
    rng = np.random.default_rng(0)
    owners, rows = crowd(rng, 400, 3, 16)
    tier, gone, wrong, done = SearchTier(16, "cosine"), set(), [], threading.Event()
    tier.put(np.arange(len(rows)), owners, rows)

    def look(seed):
        own = np.random.default_rng(seed)
        while not done.is_set():
            before = set(gone)
            hits = tier.search(rows[own.integers(0, len(rows), 3)], 5)
            if before & set(hits.keys.ravel().tolist()) or (hits.keys < 0).any():
                wrong.append(hits)

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for key in rng.permutation(len(rows))[:800].tolist():
        tier.drop([key])
        gone.add(key)
        tier.put([key + 10_000], [1], rows[key : key + 1])
    done.set()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert len(tier) == len(rows)


def test_memory_that_runs_out_leaves_the_tier_as_it_was(monkeypatch):
    tier = small()

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(tier._held._table, "add", full)
    with pytest.raises(MemoryError):
        tier.put([1, 70], [10, 10], np.full((2, 4), 2, np.float32))
    assert sorted(tier.keys.tolist()) == [1, 3, 5, 9]
    assert tier.search(np.eye(4), 1).keys[:, 0].tolist() == [5, 3, 9, 1]


def test_without_faiss_float32_is_searched_and_int8_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert small().search(np.eye(4), 1).keys[:, 0].tolist() == [5, 3, 9, 1]
    with pytest.raises(MissingExtra, match=r'pip install "visavis\[gallery\]"'):
        small(precision="int8")


@kinds
def test_fewer_people_than_asked_for_are_all_found_without_keeping_every_reference(metric, precision, monkeypatch):
    rng = np.random.default_rng(5)
    order = rng.permutation(48_000)
    owners, rows = (column[order] for column in crowd(rng, 6, 8000, 16))
    tier = SearchTier(16, metric, precision, None if precision == "float32" else fit_scale(rows))
    tier.put(np.arange(len(rows)), owners, stored(rows, tier.scale))
    added, add = [], Shortlist.add

    def counting(self, query, *rest):
        added.append(len(query))
        add(self, query, *rest)

    monkeypatch.setattr(Shortlist, "add", counting)
    asked, excluded = rows[::1000][:40], np.arange(40) % 8 - 1
    hits = tier.search_groups(asked, 10, exclude_group=excluded)
    for own, banned in zip(hits.groups.tolist(), excluded.tolist(), strict=True):
        assert set(own) - {-1} == set(range(6)) - {banned}
    matrix = similarity_matrix(asked, tier.vectors(np.arange(len(rows))), metric)
    matrix[owners == excluded[:, None]] = -np.inf
    assert sum(added) < 0.7 * np.isfinite(matrix).sum()
    np.testing.assert_allclose(hits.scores[:, 0], matrix.max(axis=1), atol=2e-8)
    assert tier.search_groups(rows[:1], 2, allowed=np.flatnonzero(owners == 3), exclude_group=[3]).keys.max() == -1
