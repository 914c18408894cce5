"""One score per person, against a loop; and places in the candidate list."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.matching.identification import fuse, rank


@pytest.mark.parametrize(("how", "slow"), [("max", max), ("mean", lambda values: sum(values) / len(values))])
def test_the_fused_score_of_every_person_is_that_of_a_loop(how, slow):
    rng = np.random.default_rng(5)
    people, scores = rng.integers(0, 9, 60), rng.normal(size=(4, 60))
    names, fused = fuse(scores, people, how)
    for column, name in enumerate(names):
        for row in range(4):
            assert fused[row, column] == pytest.approx(slow(scores[row, people == name].tolist()))


def test_one_probe_gives_one_row():
    names, fused = fuse([0.1, 0.5, 0.3], ["b", "a", "b"])
    assert names.tolist() == ["a", "b"]
    assert fused.tolist() == [0.5, 0.3]


@pytest.mark.parametrize(
    ("scores", "people", "how", "words"),
    [
        ([0.1], ["a", "b"], "max", "need"),
        ([], [], "max", "r > 0"),
        ([np.nan], ["a"], "max", "NaN"),
        ([0.1], ["a"], "median", "expected one of max, mean"),
    ],
)
def test_what_cannot_be_fused_is_named(scores, people, how, words):
    with pytest.raises(InvalidInput, match=words):
        fuse(scores, people, how)


def test_a_tie_counts_against_the_person():
    assert rank([[0.5, 0.5, 0.1], [0.2, 0.9, 0.1]], [0, 1]).tolist() == [2, 1]


def test_ranks_need_one_person_per_probe():
    with pytest.raises(InvalidInput, match="need"):
        rank([[0.5, 0.4]], [0, 1])
