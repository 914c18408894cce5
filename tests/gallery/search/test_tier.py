"""The search tier against a dictionary that compares pair by pair, after any sequence of changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gallery.search.model_tier import ModelTier, same, small_parts

from visavis.gallery.search import SearchTier
from visavis.matching import quantize

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
    return draw(st.integers(0, 2**32 - 1)), steps, draw(st.booleans()), draw(st.sampled_from([1, 3, 16]))


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
