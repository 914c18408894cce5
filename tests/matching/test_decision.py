"""The decision rule at, above and below both thresholds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import InvalidInput, NotCalibrated
from visavis.matching.calibration import fmr_at_threshold, probability, threshold_at_fmr, threshold_at_fnmr
from visavis.matching.decision import judge
from visavis.models.calibration import Calibration
from visavis.types import Decision


def calibration(fmr_thresholds, fnmr_thresholds):
    rates = (1e-3, 1e-2, 1e-1)
    return Calibration(
        slope=10,
        intercept=-5,
        llr_min=-6,
        llr_max=8,
        fmr=tuple(zip(rates, fmr_thresholds, strict=True)),
        fnmr=tuple(zip(rates, fnmr_thresholds, strict=True)),
        mated=10_000,
        nonmated=10_000,
        identities=100,
        cllr=0.1,
        source="test",
        command="pytest",
    )


OVERLAPPING = calibration((0.7, 0.6, 0.5), (0.3, 0.4, 0.5))
"""T(FMR=1e-3) = 0.7 lies above T(FNMR=1e-2) = 0.4: scores between are inconclusive."""

APART = calibration((0.3, 0.2, 0.1), (0.6, 0.7, 0.8))
"""T(FMR=1e-3) = 0.3 lies below T(FNMR=1e-2) = 0.7: every score decides."""


@pytest.mark.parametrize(
    ("score", "decision"),
    [
        (0.7, Decision.MATCH),
        (np.nextafter(0.7, 0), Decision.INCONCLUSIVE),
        (0.4, Decision.INCONCLUSIVE),
        (np.nextafter(0.4, 0), Decision.NO_MATCH),
        (-3.0, Decision.NO_MATCH),
    ],
)
def test_thresholds_belong_to_the_side_above_them(score, decision):
    assert judge(score, OVERLAPPING).decision == decision


@pytest.mark.parametrize(("score", "decision"), [(0.3, Decision.MATCH), (0.2999, Decision.NO_MATCH)])
def test_nothing_is_inconclusive_when_both_rates_can_be_kept(score, decision):
    evidence = judge(score, APART)
    assert evidence.decision == decision
    assert evidence.no_match_threshold == evidence.match_threshold == 0.3


def test_the_evidence_states_its_thresholds_rates_and_prior():
    evidence = judge(0.62, OVERLAPPING, fmr=1e-2, fnmr=1e-1, prior=0.01)
    assert evidence.match_threshold == threshold_at_fmr(OVERLAPPING, 1e-2) == 0.6
    assert evidence.no_match_threshold == threshold_at_fnmr(OVERLAPPING, 1e-1) == 0.5
    assert (evidence.fmr, evidence.fnmr, evidence.prior) == (1e-2, 1e-1, 0.01)
    assert evidence.fnmr_at_match_threshold == 1  # beyond its table: the bound
    assert evidence.log_likelihood_ratio == pytest.approx(10 * 0.62 - 5)
    assert evidence.probability == probability(evidence.log_likelihood_ratio, 0.01)


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(1e-3, 1e-1), st.floats(1e-3, 1e-1))
def test_a_higher_score_never_speaks_less_for_a_match(one, other, fmr, fnmr):
    order = [Decision.NO_MATCH, Decision.INCONCLUSIVE, Decision.MATCH]
    low, high = (judge(score, OVERLAPPING, fmr, fnmr) for score in sorted((one, other)))
    assert order.index(low.decision) <= order.index(high.decision)
    assert low.log_likelihood_ratio <= high.log_likelihood_ratio
    assert low.probability <= high.probability


@given(st.floats(1e-3, 1e-1))
def test_the_match_threshold_keeps_the_rate_asked_for(rate):
    assert fmr_at_threshold(OVERLAPPING, judge(0.5, OVERLAPPING, fmr=rate).match_threshold) == pytest.approx(rate)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused(score):
    with pytest.raises(InvalidInput, match="finite"):
        judge(score, OVERLAPPING)


def test_rates_beyond_the_calibration_are_refused_not_guessed():
    with pytest.raises(NotCalibrated, match=r"false-match rate 1e-05.*0\.001 to 0\.1"):
        judge(0.5, OVERLAPPING, fmr=1e-5)
    with pytest.raises(NotCalibrated, match="false-non-match rate"):
        judge(0.5, OVERLAPPING, fnmr=1e-5)


def test_a_certain_prior_is_refused():
    with pytest.raises(InvalidInput, match="prior"):
        judge(0.5, OVERLAPPING, prior=1.0)
