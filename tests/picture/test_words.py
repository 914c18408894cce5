from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.models import find_card
from visavis.picture import evidence_in_words, verdict
from visavis.picture.words import likelihood_in_words, probability_in_words


@pytest.fixture
def said(photo_of, compared):
    photo = photo_of(300, 300)
    return lambda score, **rates: compared(score, photo, photo, **rates)


def test_the_verdict_is_one_line_with_decision_score_error_rate_and_probability(said):
    comparison = said(0.55)
    line, e = verdict(comparison), comparison.evidence
    assert line.startswith("match: similarity 0.550, 1 in ")
    posterior = f"LLR {e.log_likelihood_ratio:+.1f} (posterior {e.probability:.4f} at prior 0.5)"
    assert f"non-mated pairs score this high; {posterior}" in line
    assert "\n" not in line


def test_each_decision_tells_the_error_that_it_risks(said):
    assert evidence_in_words(said(0.5)).endswith("non-mated pairs score this high")
    assert evidence_in_words(said(0.3)).endswith("mated pairs score this low")
    assert "non-mated pairs score this high and " in evidence_in_words(said(0.4))


def test_rates_beyond_the_calibration_are_bounds_not_claims(said):
    assert evidence_in_words(said(0.95)).startswith("at most 1 in 500,000 ")
    assert evidence_in_words(said(-0.5)).startswith("at most 1 in 500 ")
    assert evidence_in_words(said(0.10, fmr=0.5, fnmr=0.002)).startswith("at most 1 in 500 ")


def test_a_score_on_a_row_of_the_table_is_given_that_rows_rate(said):
    threshold = dict(find_card("dlib-resnet").calibration["plain"].fmr)[0.001]
    assert evidence_in_words(said(threshold)).startswith("1 in 1,000 ")


@given(st.floats(-30, 30))
def test_likelihoods_name_the_side_that_the_sign_favours(llr):
    words = likelihood_in_words(llr)
    if abs(llr) < math.log(1.05):
        assert words == "about as likely for one person as for two"
    else:
        assert (" for one person than " in words) == (llr > 0)


@given(st.floats(0, 1))
def test_probabilities_never_claim_certainty(probability):
    assert probability_in_words(probability) not in ("0.0000", "1.0000")
