"""Factors: distributions, ranges, and messages that name them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from visavis.errors import InvalidInput
from visavis.synthetic import Stream
from visavis.synthetic.factors import (
    Choice,
    Codes,
    Flag,
    Normal,
    Uniform,
    Whole,
    blend,
    drawn_within,
    pick,
    truncated_normal,
)  # fmt: skip


def draws(factor, count=2000):
    return [factor.draw(Stream(1, (n,))) for n in range(count)]


def test_truncated_normal_is_the_quantile_function_of_the_cut_distribution():
    u = np.linspace(0.001, 0.999, 101)
    ours = [truncated_normal(float(q), 2.0, 3.0, -1.0, 4.0) for q in u]
    assert np.allclose(ours, stats.truncnorm(-1.0, 2 / 3, loc=2.0, scale=3.0).ppf(u), atol=1e-9)


@pytest.mark.parametrize(
    "factor", [Uniform(-2.0, 5.0), Normal(1.0, 2.0, -2.0, 3.0), Normal(0.0, 9.0, -90.0, 90.0, reach=20.0)]
)
def test_numbers_stay_in_their_range_and_spread_over_it(factor):
    values = draws(factor)
    reach = getattr(factor, "reach", None)
    low, high = (-reach, reach) if reach else (factor.low, factor.high)
    assert low <= min(values)
    assert max(values) <= high
    assert max(values) - min(values) > 0.85 * (high - low)


def test_whole_numbers_reach_both_ends_evenly():
    counts = np.bincount(draws(Whole(0, 4), 5000))
    assert len(counts) == 5
    assert stats.chisquare(counts).pvalue > 1e-4


def test_choices_follow_their_weights():
    values = draws(Choice({"a": 1.0, "b": 3.0, "never": 0.0}), 4000)
    assert abs(values.count("b") / 4000 - 0.75) < 0.03
    assert "never" not in values


def test_flags_come_with_their_probability():
    assert abs(np.mean(draws(Flag(0.3), 4000)) - 0.3) < 0.03


def test_codes_are_standard_normal_within_their_limit():
    codes = np.array(draws(Codes(5, 2.0), 2000))
    assert abs(codes).max() <= 2.0
    assert stats.kstest(codes.ravel(), stats.truncnorm(-2, 2).cdf).pvalue > 1e-4


def test_blending_goes_from_one_table_to_the_other():
    none, all_ = {"x": 1.0, "y": 1.0}, {"x": 4.0, "y": 0.0}
    assert blend(0.6, 0.0, none, all_) == "y"
    assert blend(0.6, 1.0, none, all_) == "x"
    assert pick(0.999999, none) == "y"


@pytest.mark.parametrize(
    ("factor", "wrong", "told"),
    [
        (Uniform(0.0, 5.0, "m"), 5.01, "0 to 5 m"),
        (Uniform(0.0, 5.0), float("nan"), "0 to 5"),
        (Uniform(0.0, 5.0), "2", "0 to 5"),
        (Uniform(0.0, 1.0), True, "0 to 1"),
        (Normal(0.0, 1.0, -4.0, 4.0, "mm"), -4.5, "-4 to 4 mm"),
        (Whole(0, 6), 7, "whole number from 0 to 6"),
        (Whole(0, 6), 2.5, "whole number from 0 to 6"),
        (Choice({"a": 1.0, "b": 1.0}), "c", "one of a, b"),
        (Flag(0.5), 1, "True or False"),
        (Codes(3, 2.0), (0.0, 0.0), "3 numbers from -2 to 2"),
        (Codes(2, 2.0), (0.0, 2.5), "2 numbers from -2 to 2"),
        (Codes(2, 2.0), None, "2 numbers from -2 to 2"),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(factor, wrong, told):
    with pytest.raises(InvalidInput, match=told) as caught:
        factor.check("thing", wrong)
    assert "thing" in str(caught.value)


def test_a_part_of_a_range_holds_all_draws():
    for n in range(200):
        assert 1.0 <= drawn_within(Uniform(0.0, 5.0), "tone", (1.0, 2.0), Stream(n)) <= 2.0
        assert drawn_within(Choice({"a": 1.0, "b": 1.0, "c": 0.0}), "style", ("a", "c"), Stream(n)) in ("a", "c")
        assert drawn_within(Normal(0.0, 1.0, -3.0, 3.0), "x", (2.0, 3.0), Stream(n)) >= 2.0
        assert drawn_within(Whole(0, 9), "moles", (4, 5), Stream(n)) in (4, 5)


def test_one_value_holds_a_factor_to_it():
    assert drawn_within(Uniform(0.0, 5.0), "tone", 3, Stream(0)) == 3.0
    assert drawn_within(Choice({"a": 1.0}), "style", "a", Stream(0)) == "a"


@pytest.mark.parametrize("held", [(2.0, 1.0), (1.0,), (1.0, 9.0), "dark"])
def test_a_wrong_part_of_a_range_is_told(held):
    with pytest.raises(InvalidInput, match="tone"):
        drawn_within(Uniform(0.0, 5.0), "tone", held, Stream(0))


@pytest.mark.parametrize(("low", "high"), [(1.2, 1.4), (-90.0, -60.0), (100.0, 120.0)])
def test_a_part_far_out_in_the_tail_of_a_normal_factor_can_be_drawn(low, high):
    values = [drawn_within(Normal(0.0, 0.05, -180.0, 180.0), "x", (low, high), Stream(n)) for n in range(40)]
    assert all(low <= value <= high for value in values)
    assert max(values) - min(values) > 0.5 * (high - low)


@pytest.mark.parametrize("codes", [(10**400, 0), "00", (float("nan"), 0), iter([0, 0]), 5, np.float64(1)])
def test_what_is_no_vector_of_codes_is_refused(codes):
    with pytest.raises(InvalidInput, match="2 numbers from -2 to 2"):
        Codes(2, 2.0).check("shape", codes)


def test_a_number_too_long_to_be_printed_is_refused_all_the_same():
    with pytest.raises(InvalidInput, match="a value of type int: needs 0 to 1"):
        Uniform(0.0, 1.0).check("x", 10**5000)
