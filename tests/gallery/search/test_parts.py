"""The parts of the search tier, each against a simpler way to get the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.gallery.search.blocks import BLOCK, Blocks, ByteBlocks
from visavis.gallery.search.bytescan import scan_bytes
from visavis.gallery.search.columns import Column
from visavis.gallery.search.gains import gains, slacks, terms
from visavis.gallery.search.hits import best_hits, exact_scores
from visavis.gallery.search.keytable import KeyTable
from visavis.gallery.search.locks import ReadWriteLock
from visavis.gallery.search.panels import ask
from visavis.gallery.search.shortlist import Shortlist
from visavis.gallery.search.threads import share_out
from visavis.gallery.search.vectors import ByteVectors
from visavis.matching.scores import paired_similarity, similarity_matrix

METRICS = ("cosine", "euclidean")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "move"]), st.integers(0, 2**32 - 1)), max_size=30))
def test_the_table_of_keys_finds_what_a_dictionary_finds(steps):
    table, keys, rows = KeyTable(), np.full(2000, -7), {}
    for step, seed in steps:
        rng = np.random.default_rng(seed)
        if step == "add":
            new = np.setdiff1d(rng.choice([3, 10**6, 2**62], 1) + rng.integers(0, 99, 40), list(rows))
            free = np.setdiff1d(np.arange(2000), list(rows.values()))[: len(new)]
            keys[free] = new
            table.add(free, keys)
            rows.update(zip(new.tolist(), free.tolist(), strict=True))
        elif rows:
            some = rng.choice(list(rows), rng.integers(1, len(rows) + 1), replace=False)
            if step == "remove":
                table.remove(some, keys)
                for key in some.tolist():
                    keys[rows.pop(key)] = -7
            else:
                free = np.setdiff1d(np.arange(2000), list(rows.values()))[: len(some)]
                table.move(some, free, keys)
                keys[free] = some
                rows.update(zip(some.tolist(), free.tolist(), strict=True))
        asked = np.r_[list(rows), 5, 77, 2**62 + 5].astype(np.int64)
        assert table.find(asked, keys).tolist() == [rows.get(key, -1) for key in asked.tolist()]


def test_a_million_consecutive_keys_cost_eight_megabytes_and_are_all_found():
    table, keys = KeyTable(), np.arange(1_000_000) + 5
    table.add(np.arange(len(keys)), keys)
    assert table.nbytes <= 8.4e6
    assert (table.find(keys, keys) == np.arange(len(keys))).all()
    assert (table.find(keys + 10**6, keys) == -1).all()


def test_a_snapshot_of_a_column_stays_as_it_was_whatever_follows():
    column = Column(np.int64)
    column.append(np.arange(100))
    first = column.snapshot()
    column.write(np.array([3]), np.array([-1]))
    second = column.snapshot()
    column.truncate(50)
    column.append(np.full(60, 9))
    assert first.tolist() == list(range(100))
    assert second.tolist() == [0, 1, 2, -1, *range(4, 100)]
    assert column.values.tolist() == [*second[:50].tolist(), *[9] * 60]
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_a_column_gives_memory_back():
    column = Column(np.int64)
    column.append(np.arange(100_000))
    column.truncate(10)
    assert column.nbytes < 10_000
    assert column.values.tolist() == list(range(10))


@pytest.mark.parametrize("kind", [Blocks, lambda d: ByteBlocks(d, "euclidean")])
def test_blocks_hold_what_an_array_holds_and_forgotten_rows_leave_no_bytes(kind):
    rng, blocks = np.random.default_rng(0), kind(3)
    rows = rng.integers(-128, 128, (2 * BLOCK + 70, 3)).astype(blocks.dtype)
    for part in np.array_split(rows, [5, 64, 70, BLOCK - 1, BLOCK + 1]):
        blocks.append(part)
    places = rng.permutation(len(rows))[:1000]
    np.testing.assert_array_equal(blocks.read(places), rows[places])
    blocks.write(places, rows[places[::-1]])
    rows[places] = rows[places[::-1]]
    np.testing.assert_array_equal(blocks.read(np.arange(len(rows))), rows)
    blocks.truncate(BLOCK + 3)
    assert not blocks.view(BLOCK + 3, BLOCK + 70).any()
    assert blocks.nbytes <= (2 * BLOCK + 128) * 3 * blocks.dtype.itemsize
    blocks.append(rows[:9])
    np.testing.assert_array_equal(blocks.read(np.arange(BLOCK, BLOCK + 12)), np.r_[rows[BLOCK : BLOCK + 3], rows[:9]])


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 5, 200]), st.sampled_from([1e-9, 1.0, 1e9]), st.booleans())
def test_a_gain_bounds_the_value_of_its_pair_from_above_by_at_most_its_slack(metric, seed, queries, size, close):
    rng = np.random.default_rng(seed)
    rows = (size * rng.normal(size=(50, 40))).astype(np.float32)
    asked = (size * rng.normal(size=(queries, 40))).astype(np.float32)
    if close:
        asked = rows[rng.integers(0, 50, queries)]
    exact, a = rows.astype(np.float64), asked.astype(np.float64)
    squares = (exact**2).sum(axis=1)
    left = a / np.linalg.norm(a, axis=1, keepdims=True) if metric == "cosine" else 2 * a
    term = terms(squares, 40, metric)
    gain = gains(left.astype(np.float32), (rows, term), metric, np.empty(queries * 50, np.float32)).astype(np.float64)
    slack = slacks(np.repeat((a**2).sum(axis=1), 50), np.tile(term, queries), 40, metric).reshape(gain.shape)
    if metric == "cosine":
        value = similarity_matrix(asked, rows, metric)
        constant = slack / 2
    else:
        value = 2 * a @ exact.T - squares
        constant = 2 * (1.5 * 40 + 32) * 2.0**-24 * (a**2).sum(axis=1)[:, None]
    assert (gain + constant >= value - 1e-15 * np.abs(value)).all()
    assert (gain + constant - slack <= value + 1e-15 * np.abs(value)).all()


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans())
def test_a_shortlist_loses_none_of_the_best_and_drops_what_cannot_be(seed, k, by_group):
    rng = np.random.default_rng(seed)
    value = np.round(rng.normal(size=(3, 3000)), 2)
    slack = rng.uniform(0, 0.05, value.shape)
    gain = value + slack * rng.uniform(0, 1, value.shape)
    groups = rng.integers(0, 40, 3000)
    best = Shortlist(3, k, by_group)
    for rows in np.array_split(np.arange(3000), 60):
        query, column = np.nonzero(gain[:, rows].astype(np.float32) >= best.bar[:, None])
        row = rows[column]
        best.add(query, row, groups[row], gain[query, row].astype(np.float32) + 1e-6, slack[query, row] + 2e-6)
    query, row = best.pairs()
    for own in range(3):
        order = np.argsort(-value[own], kind="stable")
        if by_group:
            order = order[np.sort(np.unique(groups[order], return_index=True)[1])]
        assert {int(place) for place in order[:k]} <= set(row[query == own].tolist())
        assert (query == own).sum() < 400


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 8, 32]))
def test_no_row_that_the_quick_scan_leaves_out_scores_above_its_bound(metric, seed, d):
    rng = np.random.default_rng(seed)
    codes = rng.integers(-127, 128, (3000, d)).astype(np.int8)
    codes[~codes.any(axis=1)] = 1
    vectors = ByteVectors(d, metric, 0.01)
    vectors.append(codes, 1e-4 * (codes.astype(float) ** 2).sum(axis=1))
    queries = rng.normal(0, 0.7, (4, d)).astype(np.float32)
    questions = ask(queries, metric, vectors.factor, 1, by_group=False, exclude=None)
    query, row, bound = scan_bytes(questions, vectors, metric, None, 6)
    scores = similarity_matrix(queries, codes * np.float32(0.01), metric)
    scores[query, row] = -np.inf
    assert (scores.max(axis=1) <= bound).all()
    assert np.bincount(query).tolist() == [6] * 4


def test_hits_come_by_score_then_key_and_one_per_group_if_asked():
    query, keys = np.array([1, 1, 1, 1, 0]), np.array([9, 4, 7, 2, 5])
    groups, scores = np.array([1, 1, 2, 3, 8]), np.array([0.5, 0.5, 0.5, 0.1, 0.0])
    hits = best_hits((3, 3), query, keys, groups, scores, by_group=False)
    assert hits.keys.tolist() == [[5, -1, -1], [4, 7, 9], [-1, -1, -1]]
    people = best_hits((3, 3), query, keys, groups, scores, by_group=True)
    assert people.keys.tolist() == [[5, -1, -1], [4, 7, 2], [-1, -1, -1]]
    assert people.groups.tolist() == [[8, -1, -1], [1, 2, 3], [-1, -1, -1]]
    assert people.scores[0].tolist() == [0.0, -np.inf, -np.inf]


@pytest.mark.parametrize("metric", METRICS)
def test_an_exact_score_does_not_depend_on_the_pairs_around_it(metric, monkeypatch):
    rng = np.random.default_rng(4)
    queries, rows = rng.normal(size=(2, 300, 37)).astype(np.float32)
    pairs = rng.integers(0, 300, (2, 500))
    whole = exact_scores(queries, *pairs, lambda places: rows[places], metric)
    monkeypatch.setattr("visavis.gallery.search.hits._PAIRS", 100)
    assert (exact_scores(queries, *pairs, lambda places: rows[places], metric) == whole).all()
    one_by_one = [paired_similarity(queries[q : q + 1], rows[r : r + 1], metric)[0] for q, r in pairs.T]
    assert whole.tolist() == one_by_one


def test_readers_hold_the_lock_together_and_a_writer_alone():
    lock, inside, most, mixed = ReadWriteLock(), [], [], []
    together = threading.Barrier(3, timeout=10)

    def read():
        with lock.reading():
            inside.append("reader")
            most.append(together.wait())
            mixed.append("writer" in inside)
            inside.remove("reader")

    def write():
        for _ in range(50):
            with lock.writing():
                inside.append("writer")
                mixed.append(len(inside) > 1)
                inside.remove("writer")

    threads = [threading.Thread(target=work) for work in (read, read, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(most) == 3  # the barrier opened: all three were inside at once
    assert not any(mixed)


def test_a_failing_worker_fails_the_call(monkeypatch):
    monkeypatch.setattr("visavis.gallery.search.threads._cores", lambda: 3)

    def work(parts):
        return [1 // part for part in parts]

    assert [value for share in share_out(work, [1, 1, 1], 10**9) for value in share] == [1, 1, 1]
    with pytest.raises(ZeroDivisionError):
        share_out(work, [1, 0, 1], 10**9)
