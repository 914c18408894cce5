"""Error rates and conservative thresholds, against counting them out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import InvalidInput
from visavis.matching.error_rates import allowed_errors, fmr, fmr_threshold, fnmr, fnmr_threshold, highest_rejected

tied_scores = st.lists(st.integers(-6, 6).map(lambda k: k / 4), min_size=1, max_size=40)
rates = st.floats(0.001, 0.999)


@given(tied_scores, st.integers(-7, 7).map(lambda k: k / 4))
def test_the_rates_are_what_counting_gives(scores, threshold):
    assert fmr(scores, threshold) == sum(s >= threshold for s in scores) / len(scores)
    assert fnmr(scores, threshold) == sum(s < threshold for s in scores) / len(scores)


def test_many_thresholds_give_as_many_rates():
    thresholds = np.array([-np.inf, 0.5, np.inf])
    assert fmr([0.2, 0.5, 0.5, 0.9], thresholds).tolist() == [1, 0.75, 0]
    assert fnmr([0.2, 0.5, 0.5, 0.9], thresholds).tolist() == [0, 0.25, 1]


@given(tied_scores, tied_scores, rates)
def test_the_match_threshold_is_the_smallest_observed_score_that_keeps_the_rate(mated, nonmated, rate):
    threshold = fmr_threshold(mated, nonmated, rate)
    assert fmr(nonmated, threshold) <= rate
    keeping = [t for t in [*mated, *nonmated] if fmr(nonmated, t) <= rate]
    if keeping:
        assert threshold == min(keeping)
    else:
        assert max(nonmated) < threshold < max(nonmated) + 1e-12


@given(tied_scores, rates)
def test_the_no_match_threshold_is_the_largest_score_that_keeps_the_rate(mated, rate):
    threshold = fnmr_threshold(mated, rate)
    assert fnmr(mated, threshold) <= rate < fnmr(mated, np.nextafter(threshold, np.inf))


@given(st.integers(1, 400), rates)
def test_allowed_errors_is_the_largest_count_within_the_rate(count, rate):
    k = allowed_errors(rate, count)
    assert k / count <= rate < (k + 1) / count


@pytest.mark.parametrize(
    ("rate", "count", "errors"), [(0.29, 100, 29), (0.07, 100, 7), (1e-3, 3000, 3), (1e-3, 999, 0)]
)
def test_allowed_errors_are_not_lost_to_rounding(rate, count, errors):
    assert allowed_errors(rate, count) == errors


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, float("nan")])
def test_a_rate_outside_0_to_1_is_refused(rate):
    with pytest.raises(InvalidInput, match="strictly between 0 and 1"):
        allowed_errors(rate, 10)


@pytest.mark.parametrize("scores", [[], [[0.1, 0.2]], [0.1, float("nan")]])
def test_unusable_scores_are_refused_by_name(scores):
    with pytest.raises(InvalidInput, match="mated scores"):
        fnmr(scores, 0.5)


def test_a_nan_threshold_is_refused():
    with pytest.raises(InvalidInput, match="threshold"):
        fmr([0.1], float("nan"))


@given(tied_scores, rates)
def test_thresholds_just_above_the_highest_rejected_score_keep_the_rate_and_those_at_it_do_not(nonmated, rate):
    bound = highest_rejected(nonmated, rate)
    assert fmr(nonmated, np.nextafter(bound, np.inf)) <= rate < fmr(nonmated, bound)


def test_an_infinite_nonmated_score_leaves_no_threshold_to_choose():
    with pytest.raises(InvalidInput, match="infinite"):
        fmr_threshold([0.5], [0.1, float("inf")], 0.1)
