"""Calibration against known generators, brute force and its own promises."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from visavis.errors import InvalidInput, NotCalibrated
from visavis.matching.calibration import (
    MIN_ERRORS,
    cllr,
    fit_calibration,
    fit_logistic,
    fmr_at_threshold,
    fnmr_at_threshold,
    llr_bounds,
    log_likelihood_ratio,
    min_cllr,
    pav_llr,
    probability,
    threshold_at_fmr,
    threshold_at_fnmr,
)
from visavis.matching.error_rates import fmr, fnmr

tied_scores = st.lists(st.integers(-5, 5).map(lambda k: k / 4), min_size=1, max_size=12)


def two_gaussians(gap=3.0, mated=2000, nonmated=20_000, seed=0):
    """Equal variances: the true log likelihood ratio is gap * score - gap^2 / 2."""
    rng = np.random.default_rng(seed)
    return rng.normal(gap, 1, mated), rng.normal(0, 1, nonmated)


def calibrated(mated, nonmated):
    return fit_calibration(mated, nonmated, identities=100, source="test", command="pytest")


@pytest.fixture(scope="module")
def gaussian():
    return calibrated(*two_gaussians())


def cost(mated, nonmated, slope, intercept, prior=0.5):
    """The objective, written out."""
    offset = math.log(prior / (1 - prior)) + intercept
    same = sum(np.logaddexp(0, -(slope * s + offset)) for s in mated) / len(mated)
    different = sum(np.logaddexp(0, slope * s + offset) for s in nonmated) / len(nonmated)
    return prior * same + (1 - prior) * different


# --- the fit ---------------------------------------------------------------------------------------------------------


def test_the_fit_recovers_a_known_likelihood_ratio(gaussian):
    assert gaussian.slope == pytest.approx(3, rel=0.05)
    assert gaussian.intercept == pytest.approx(-4.5, rel=0.06)


def test_the_fit_does_not_depend_on_how_many_of_each_kind_there_are():
    mated, nonmated = two_gaussians(mated=300, nonmated=500)
    assert fit_logistic(np.tile(mated, 7), nonmated) == pytest.approx(fit_logistic(mated, nonmated), rel=1e-6)


def test_no_nearby_line_costs_less():
    mated, nonmated = two_gaussians(mated=80, nonmated=90)
    slope, intercept = fit_logistic(mated, nonmated)
    best = cost(mated, nonmated, slope, intercept)
    for change in (-0.05, 0.05):
        assert cost(mated, nonmated, slope + change, intercept) > best
        assert cost(mated, nonmated, slope, intercept + change) > best


@pytest.mark.parametrize("seed", range(12))
def test_heavy_tails_and_a_small_prior_lead_to_the_optimum_too(seed):
    rng = np.random.default_rng(seed)
    mated, nonmated = 100 * rng.normal(0.5, 1, 50) ** 3, rng.normal(-1, 1, 20) ** 5
    slope, intercept = fit_logistic(mated, nonmated, prior=1e-3)
    best = cost(mated, nonmated, slope, intercept, prior=1e-3)
    for factor in (0.9, 1.1):
        assert cost(mated, nonmated, slope * factor, intercept, prior=1e-3) > best
        assert cost(mated, nonmated, slope, intercept * factor, prior=1e-3) > best


def test_a_fit_that_does_not_settle_says_so(monkeypatch):
    monkeypatch.setattr("visavis.matching.calibration._MAX_STEPS", 2)
    with pytest.raises(NotCalibrated, match="did not converge in 2 steps"):
        fit_logistic(*two_gaussians(mated=50, nonmated=50))


def test_the_fit_follows_the_scale_of_the_scores():
    mated, nonmated = two_gaussians(mated=200, nonmated=300)
    slope, intercept = fit_logistic(mated, nonmated)
    scaled = fit_logistic(0.01 * mated + 5, 0.01 * nonmated + 5)
    assert scaled == pytest.approx((slope / 0.01, intercept - 5 * slope / 0.01), rel=1e-5)


def test_the_ridge_bends_an_ordinary_fit_by_less_than_its_sampling_error():
    mated, nonmated = two_gaussians(gap=5, mated=1000, nonmated=5000)
    slope, intercept = fit_logistic(mated, nonmated)
    best = cost(mated, nonmated, slope, intercept)
    free = [cost(mated, nonmated, slope * f, intercept * f) for f in np.linspace(0.99, 1.01, 21)]
    assert best - min(free) < 1e-6


@pytest.mark.parametrize("gap", [0.0, 1e-3, 1.0, 1e6])
def test_fully_separated_scores_give_a_finite_fit_with_the_border_in_the_gap(gap):
    mated, nonmated = [0.5 + gap, 0.6 + gap, 0.7 + gap], [0.1, 0.3, 0.49]
    slope, intercept = fit_logistic(mated, nonmated)
    assert slope > 0
    assert 0.3 < -intercept / slope < 0.6 + gap


def test_the_prior_weighs_the_kinds_without_moving_a_well_specified_fit():
    mated, nonmated = two_gaussians(mated=20_000, nonmated=20_000)
    assert fit_logistic(mated, nonmated, prior=0.1) == pytest.approx(fit_logistic(mated, nonmated), rel=0.05)


@given(tied_scores, tied_scores, st.floats(0.1, 1e4))
def test_the_fit_either_works_or_says_why_not(mated, nonmated, scale):
    try:
        slope, intercept = fit_logistic(np.array(mated) * scale, np.array(nonmated) * scale)
    except InvalidInput:
        assert len({*mated, *nonmated}) == 1
    except NotCalibrated:
        assert np.mean(mated) <= np.mean(nonmated) + 1e-6
    else:
        assert np.isfinite([slope, intercept]).all()
        assert slope > 0


def test_distances_passed_for_similarities_are_noticed():
    mated, nonmated = two_gaussians(mated=50, nonmated=50)
    with pytest.raises(NotCalibrated, match="similarities, not distances"):
        fit_logistic(-mated, -nonmated)


@pytest.mark.parametrize(
    ("mated", "nonmated", "message"),
    [
        ([], [0.1], "mated scores"),
        ([0.1, math.nan], [0.1], "NaN"),
        ([0.1], [math.inf], "non-mated"),
        ([0.3, 0.3], [0.3], "all equal"),
    ],
)
def test_unusable_scores_are_refused(mated, nonmated, message):
    with pytest.raises(InvalidInput, match=message):
        fit_logistic(mated, nonmated)


# --- likelihood ratios -----------------------------------------------------------------------------------------------


def test_the_ratio_stays_within_what_the_comparisons_support(gaussian):
    assert (gaussian.llr_min, gaussian.llr_max) == llr_bounds(2000, 20_000) == (-math.log(2001), math.log(20_001))
    assert log_likelihood_ratio(gaussian, 99.0) == gaussian.llr_max
    assert log_likelihood_ratio(gaussian, -99.0) == gaussian.llr_min
    inside = log_likelihood_ratio(gaussian, np.array([1.0, 2.0]))
    np.testing.assert_allclose(inside, gaussian.slope * np.array([1.0, 2.0]) + gaussian.intercept)


@given(st.floats(-50, 50), st.floats(0.001, 0.999))
def test_the_probability_is_bayes_rule(llr, prior):
    odds = math.exp(llr) * prior / (1 - prior)
    assert probability(llr, prior) == pytest.approx(odds / (1 + odds), rel=1e-9)


def test_extreme_ratios_overflow_nowhere():
    assert probability(math.inf) == 1
    assert probability(-math.inf) == 0
    assert probability(-2000.0) == 0


@pytest.mark.parametrize("prior", [0, 1, -1, math.nan])
def test_a_prior_that_is_certain_or_no_probability_is_refused(prior):
    with pytest.raises(InvalidInput, match="prior"):
        probability(0.0, prior)


# --- the cost --------------------------------------------------------------------------------------------------------


def test_saying_nothing_costs_one_bit_and_the_truth_costs_none():
    assert cllr([0.0, 0.0], [0.0]) == pytest.approx(1)
    assert cllr([math.inf], [-math.inf]) == 0
    assert cllr([-3.0], [3.0]) > 1


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=9), st.lists(st.floats(-9, 9), min_size=1, max_size=9))
def test_the_cost_is_the_formula_written_out(mated, nonmated):
    same = sum(math.log2(1 + math.exp(-v)) for v in mated) / len(mated)
    different = sum(math.log2(1 + math.exp(v)) for v in nonmated) / len(nonmated)
    assert cllr(mated, nonmated) == pytest.approx((same + different) / 2)


def slow_pav(mated, nonmated):
    """Isotonic regression by its min-max formula: max over starts of min over ends of the mean label."""
    values = sorted({*mated, *nonmated})
    m, n = ([xs.count(v) for v in values] for xs in (mated, nonmated))
    share = [
        max(min(sum(m[i:j]) / (sum(m[i:j]) + sum(n[i:j])) for j in range(k + 1, len(values) + 1)) for i in range(k + 1))
        for k in range(len(values))
    ]
    odds = [math.inf if p == 1 else p / (1 - p) * len(nonmated) / len(mated) for p in share]
    return {v: -math.inf if o == 0 else math.log(o) for v, o in zip(values, odds, strict=True)}


@given(tied_scores, tied_scores)
def test_pooling_violators_is_isotonic_regression(mated, nonmated):
    want = slow_pav(mated, nonmated)
    same, different = pav_llr(mated, nonmated)
    np.testing.assert_allclose(same, [want[s] for s in mated], atol=1e-9)
    np.testing.assert_allclose(different, [want[s] for s in nonmated], atol=1e-9)


@given(tied_scores, tied_scores, st.floats(0.1, 9), st.floats(-9, 9))
def test_no_rising_line_costs_less_than_the_least_cost(mated, nonmated, slope, intercept):
    lines = cllr(slope * np.array(mated) + intercept, slope * np.array(nonmated) + intercept)
    least = min_cllr(mated, nonmated)
    assert least <= min(lines, 1) + 1e-9
    assert min_cllr(np.exp(mated), np.exp(nonmated)) == pytest.approx(least, abs=1e-12)


def test_separated_scores_have_no_least_cost_and_reversed_ones_one_bit():
    assert min_cllr([2, 3], [0, 1]) == 0
    assert min_cllr([0, 1], [2, 3]) == pytest.approx(1)


# --- the tables ------------------------------------------------------------------------------------------------------


def test_every_row_is_the_conservative_threshold_at_1_2_5_and_leaves_room_for_ten_errors(gaussian):
    mated, nonmated = two_gaussians()
    for rows, count in ((gaussian.fmr, len(nonmated)), (gaussian.fnmr, len(mated))):
        rates = [rate for rate, _ in rows]
        assert rates == sorted(rates)
        assert rates[0] * count == pytest.approx(MIN_ERRORS)
        assert rates[-1] == 0.5
        assert all(f"{rate:e}"[0] in "125" for rate in rates)
    for rate, threshold in gaussian.fmr:
        below = max(s for s in np.concatenate([mated, nonmated]) if s < threshold)
        assert fmr(nonmated, threshold) <= rate < fmr(nonmated, below)
    for rate, threshold in gaussian.fnmr:
        assert fnmr(mated, threshold) <= rate < fnmr(mated, np.nextafter(threshold, np.inf))


@pytest.mark.parametrize("name", ["fmr", "fnmr"])
def test_thresholds_between_rows_invert_to_their_rate(gaussian, name):
    forth, back = {"fmr": (threshold_at_fmr, fmr_at_threshold), "fnmr": (threshold_at_fnmr, fnmr_at_threshold)}[name]
    rows = getattr(gaussian, name)
    for rate, threshold in rows:
        assert forth(gaussian, rate) == pytest.approx(threshold)
    for (low, a), (high, b) in pairwise(rows):
        middle = math.sqrt(low * high)
        assert forth(gaussian, middle) == pytest.approx((a + b) / 2)
        assert back(gaussian, forth(gaussian, middle)) == pytest.approx(middle)


def test_rates_beyond_the_table_are_bounded_from_above(gaussian):
    assert fmr_at_threshold(gaussian, 99.0) == pytest.approx(gaussian.fmr[0][0])
    assert fmr_at_threshold(gaussian, -99.0) == 1
    assert fnmr_at_threshold(gaussian, -99.0) == pytest.approx(gaussian.fnmr[0][0])
    assert fnmr_at_threshold(gaussian, 99.0) == 1


def test_where_several_rates_share_a_threshold_the_smallest_is_read_back():
    scores = np.repeat([0.0, 1.0], [60, 40])
    tied = calibrated(scores + 0.5, scores)
    threshold = threshold_at_fmr(tied, 0.1)
    assert len({t for rate, t in tied.fmr if rate < 0.4}) == 1
    assert fmr_at_threshold(tied, threshold) == pytest.approx(tied.fmr[0][0])


def test_a_rate_that_too_few_comparisons_support_is_refused_with_the_range(gaussian):
    with pytest.raises(NotCalibrated, match=r"1e-06: the calibration's 20000 non-mated .* support 0.0005 to 0.5"):
        threshold_at_fmr(gaussian, 1e-6)
    with pytest.raises(NotCalibrated, match=r"2000 mated .* support 0.005 to 0.5"):
        threshold_at_fnmr(gaussian, 0.9)


@pytest.mark.parametrize("rate", [0, 1, -1e-3, math.nan])
def test_what_is_no_rate_is_refused(gaussian, rate):
    with pytest.raises(InvalidInput, match="strictly between"):
        threshold_at_fmr(gaussian, rate)


def test_a_nan_threshold_has_no_rate(gaussian):
    with pytest.raises(InvalidInput, match="NaN"):
        fnmr_at_threshold(gaussian, math.nan)


def test_too_few_comparisons_for_any_rate_are_refused():
    with pytest.raises(InvalidInput, match="19 non-mated comparisons support no error rate; pass at least 20"):
        calibrated(np.linspace(1, 2, 20), np.linspace(0, 1, 19))


@given(st.integers(20, 80), st.integers(20, 80), st.integers(1, 8), st.integers(0, 9))
def test_any_overlapping_or_tied_scores_give_a_valid_calibration(mated, nonmated, levels, seed):
    rng = np.random.default_rng(seed)
    same, different = rng.integers(0, levels + 1, mated) / levels + 0.6, rng.integers(0, levels + 1, nonmated) / levels
    assume(same.mean() > different.mean() + 0.1)
    result = calibrated(same, different)  # the model checks that its tables are monotone
    assert all(fmr(different, threshold) <= rate for rate, threshold in result.fmr)
    assert all(fnmr(same, threshold) <= rate for rate, threshold in result.fnmr)
    assert min_cllr(same, different) <= result.cllr + 1e-9 <= 1 + 1e-6


def test_reading_a_calibration_does_not_import_pydantic():
    code = (
        "import sys, visavis.matching.calibration, visavis.matching.scores; raise SystemExit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
