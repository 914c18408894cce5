"""The search tier against a dictionary that compares pair by pair, after any sequence of changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gallery.search.model_tier import ModelTier, same, small_parts

from visavis.gallery.search import SearchTier
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
    queries = crowd(rng, 1500, 1, d)[1][:40]
    queries[:20] += rows[::400][:20]
    matrix = similarity_matrix(queries, tier.vectors(keys), metric)
    for count in (1, 3, 5, 40):  # single products, a matrix product, whole numbers
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
    monkeypatch.setattr("visavis.gallery.search.tier.search_panels", None)
    search = tier.search_groups if by_group else tier.search
    assert (search(rows[::800], 1).keys[:, 0] == np.arange(len(rows))[::800]).all()
