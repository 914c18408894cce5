"""The rule: who is named, when nobody is, and when that is left open; and the answer as JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.matching.identification import Candidate, Identification, MatchedReference, Outcome, decide, fpir_threshold
from visavis.models.calibration import Calibration
from visavis.types import Box, Face

CALIBRATION = Calibration(
    slope=20,
    intercept=-10,
    llr_min=-5,
    llr_max=8,
    fmr=((0.001, 0.6), (0.1, 0.3)),
    fnmr=((0.01, 0.35), (0.2, 0.6)),
    mated=1000,
    nonmated=10000,
    identities=100,
    cllr=0.1,
    source="made up",
    command="pytest",
)


@pytest.fixture(scope="module")
def threshold():
    """At 0.51: scores 0.00 .. 0.99 in steps of 0.01 would give FPIR 0.49 there."""
    return fpir_threshold(np.arange(100) / 100, np.arange(100), 0.49, enrolled=(100, 100), model="m@1")


def candidates(*scores):
    return tuple(Candidate(f"person {i}", f"id{i}", score) for i, score in enumerate(scores))


def test_who_reaches_the_threshold_clearly_is_named(threshold):
    verdict = decide(candidates(0.8, 0.4), threshold, CALIBRATION, quality=0.9)
    assert (verdict.outcome, verdict.decision) == (Outcome.IDENTIFIED, "person 0")
    assert verdict.margin == pytest.approx(0.8 - threshold.threshold)
    assert verdict.lead == pytest.approx(20 * 0.4)
    assert verdict.fpir_at_score is not None
    assert 0.19 <= verdict.fpir_at_score <= 0.5
    assert "0.8000" in verdict.reason
    assert "person 1" in verdict.reason


def test_a_score_at_the_threshold_is_enough_and_one_below_is_not(threshold):
    at = threshold.threshold
    assert decide(candidates(at), threshold).outcome == "identified"
    below = decide(candidates(np.nextafter(at, 0)), threshold, CALIBRATION)
    assert (below.outcome, below.decision) == ("not identified", None)
    assert "misses up to" in below.reason


def test_nobody_is_named_where_nobody_is_enrolled(threshold):
    assert decide((), threshold).outcome == "not identified"
    assert decide((), None).outcome == "not identified"


def test_without_a_threshold_there_is_no_decision():
    verdict = decide(candidates(0.9), None, no_threshold="the card does not reach")
    assert (verdict.outcome, verdict.decision, verdict.reason) == ("no decision", None, "the card does not reach")
    assert verdict.margin is None


@pytest.mark.parametrize("score", [0.9, 0.1])
def test_a_poor_face_neither_names_nor_excludes(threshold, score):
    verdict = decide(candidates(score), threshold, CALIBRATION, quality=0.39)
    assert (verdict.outcome, verdict.decision) == ("no decision", None)
    assert "quality 0.39" in verdict.reason
    assert decide(candidates(score), threshold, CALIBRATION, quality=0.4).outcome != "no decision"


def test_two_people_who_explain_the_face_alike_are_not_told_apart(threshold):
    close, apart = 0.8 - math.log(9.9) / 20, 0.8 - math.log(10.1) / 20
    verdict = decide(candidates(0.8, close), threshold, CALIBRATION)
    assert (verdict.outcome, verdict.decision) == ("no decision", None)
    assert "person 0" in verdict.reason
    assert "person 1" in verdict.reason
    assert decide(candidates(0.8, apart), threshold, CALIBRATION).outcome == "identified"


def test_the_lead_is_judged_beyond_the_bounds_of_the_calibration(threshold):
    """Both scores lie where single likelihood ratios are cut off at 8; the order of the two is still known."""
    assert decide(candidates(0.99, 0.92), threshold, CALIBRATION, min_ratio=4).outcome == "identified"


def test_a_lead_of_one_never_declines(threshold):
    assert decide(candidates(0.8, 0.8), threshold, CALIBRATION, min_ratio=1).decision == "person 0"


def test_candidates_out_of_order_are_refused(threshold):
    with pytest.raises(InvalidInput, match="ordered by falling similarity"):
        decide(candidates(0.4, 0.8), threshold)


@pytest.mark.parametrize("limits", [{"min_quality": 2}, {"min_ratio": 0.5}])
def test_limits_out_of_range_are_refused(threshold, limits):
    with pytest.raises(InvalidInput, match=next(iter(limits))):
        decide(candidates(0.4), threshold, **limits)


def answer(threshold, *scores):
    face = Face(Box(1, 2, 30, 40), np.zeros((5, 2), np.float32), 0.9, 1, "party.jpg", {"summary": 0.8})
    reference = MatchedReference("r1", 0.8, "a.jpg", 0.7)
    listed = (Candidate("Ann", "id", scores[0], 6.0, (reference,)), *candidates(*scores[1:]))
    verdict = decide(listed, threshold, CALIBRATION, 0.8)
    return Identification(face, listed, verdict, threshold, "m@1", "max", 7, ("a note",))


def test_the_answer_as_json_holds_the_evidence(threshold):
    data = json.loads(json.dumps(answer(threshold, 0.8, 0.3).to_dict()))
    assert (data["probe"], data["face"], data["box"], data["decision"]) == ("party.jpg", 1, [1, 2, 30, 40], "Ann")
    assert [c["person"] for c in data["candidates"]] == ["Ann", "person 0"]
    assert data["candidates"][0]["references"][0]["id"] == "r1"
    assert data["nearest_nonmate"]["person"] == "person 0"
    assert data["threshold"]["fpir"] == 0.49
    assert data["likelihood_ratio_to_next"] == pytest.approx(math.exp(10))


def test_the_nearest_nonmate_of_an_unnamed_face_is_the_first_candidate(threshold):
    found = answer(threshold, 0.4, 0.3)
    assert found.decision is None
    assert found.nearest_nonmate.person == "Ann"
    assert found.to_dict()["decision"] is None
