"""The single checks of the guard: what each of them finds, and what it lets pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.gallery.enrolment.studio import CALIBRATION, Studio, centre

from visavis.gallery.enrolment import guard
from visavis.gallery.enrolment.findings import IMPOSSIBLE, Finding, Kind, refused, under
from visavis.gallery.enrolment.guard import Match, Sample
from visavis.gallery.enrolment.limits import identity_limits, nearer

LIMITS = identity_limits(CALIBRATION, "euclidean", 0.5)
GOOD = {"size": 0.9, "sharpness": 0.9, "exposure": 0.9, "frontality": 0.9, "detection": 0.9, "summary": 0.9}


def sample(vector=None, *, rival=0.0, faces=1, quality=None):
    vector = np.zeros(128, np.float32) if vector is None else vector
    return Sample("a.jpg", vector, GOOD if quality is None else {**GOOD, **quality}, faces, rival)


@pytest.mark.parametrize(
    ("flaw", "words"), [("size", "too small"), ("sharpness", "too blurred"), ("exposure", "too dark, too bright")]
)
def test_a_face_without_detail_is_refused_and_the_flaw_is_named(flaw, words):
    finding = guard.quality_finding(sample(quality={flaw: guard.MIN_DETAIL - 0.01}))
    assert finding is not None
    assert finding.severity == "refuse"
    assert finding.message.startswith("a.jpg: the face is " + words)
    assert guard.quality_finding(sample(quality={flaw: guard.MIN_DETAIL})) is None


def test_a_face_turned_away_is_only_told():
    finding = guard.quality_finding(sample(quality={"frontality": 0.0, "summary": 0.36}))
    assert finding is not None
    assert finding.severity == "flag"
    assert guard.quality_finding(sample(quality={"frontality": 0.0, "summary": 0.4})) is None


def test_quality_that_was_not_measured_is_not_judged():
    assert guard.quality_finding(Sample("a.jpg", np.zeros(3, np.float32))) is None


@pytest.mark.parametrize(
    ("rival", "support", "severity"),
    [
        (0.0, "none", None),
        (0.05, "none", "flag"),
        (0.2, "none", "refuse"),
        (0.9, "alone", None),
        (0.9, "crowds", "flag"),
    ],
)
def test_several_faces_are_refused_if_nothing_tells_who_is_meant(rival, support, severity):
    finding = guard.crowd_finding(sample(rival=rival, faces=2), "Ada", support)
    assert (finding and finding.severity) == severity
    assert finding is None or "has 2 faces" in finding.message


def test_a_photo_agrees_with_a_person_when_half_of_the_references_do():
    studio = Studio()
    ada, ben = (np.stack([studio.vector(name) for _ in range(3)]) for name in ("Ada", "Ben"))
    probe = studio.vector("Ada")[None]
    assert guard.agreement(probe, ada, LIMITS, "euclidean").tolist() == [True]
    assert guard.agreement(probe, ben, LIMITS, "euclidean").tolist() == [False]
    assert guard.agreement(probe, np.concatenate([ada[:2], ben[:2]]), LIMITS, "euclidean").tolist() == [True]
    assert guard.agreement(probe, np.concatenate([ada[:1], ben[:2]]), LIMITS, "euclidean").tolist() == [False]


def clusters(*sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return labels[:, None] == labels


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ((1,), 1),
        ((5,), 5),
        ((3, 1), 3),
        ((3, 2), 3),
        ((5, 1, 1), 5),
        ((11, 10), 11),
        ((1, 1), 0),
        ((2, 2), 0),
        ((2, 1, 1), 0),
        ((4, 3, 3), 0),
        ((1, 1, 1), 0),
    ],
)
def test_the_majority_is_kept_and_without_one_nobody_is(sizes, kept):
    agree = clusters(*sizes)
    keep = guard.majority(agree, np.zeros(len(agree), bool))
    assert keep.tolist() == [i < kept for i in range(len(agree))]


def test_of_two_photos_that_disagree_the_one_that_shows_somebody_enrolled_goes():
    assert guard.majority(clusters(1, 1), np.array([False, True])).tolist() == [True, False]
    assert guard.majority(clusters(2, 2), np.array([True, True, False, False])).tolist() == [False, False, True, True]


@given(arrays.arrays(bool, (7, 7)), arrays.arrays(bool, 7))
def test_those_kept_are_a_majority_and_agree_with_half_of_each_other(links, doubtful):
    agree = links | links.T
    keep = guard.majority(agree, doubtful)
    if keep.any():
        inside = (agree & ~np.eye(7, dtype=bool))[np.ix_(keep, keep)]
        assert (2 * inside.sum(1) >= keep.sum() - 1).all()
        assert 2 * keep.sum() > 7 - (doubtful & ~keep).sum()


@given(st.permutations(range(6)))
def test_the_order_of_the_photos_does_not_matter(order):
    agree = clusters(4, 2)
    keep = guard.majority(agree[np.ix_(order, order)], np.zeros(6, bool))
    assert sorted(np.array(order)[keep].tolist()) == [0, 1, 2, 3]


def matches(*people, similarity=0.6):
    return [Match(name, f"id {name}", similarity, centre(name).astype(np.float32)) for name in people]


def test_a_template_near_three_people_who_are_strangers_is_a_hub():
    finding = guard.hub_finding(sample(), matches("Ada", "Ben", "Cem"), LIMITS, "euclidean")
    assert finding is not None
    assert finding.kind is Kind.HUB
    assert refused([finding])
    assert finding.ids == ("id Ada", "id Ben", "id Cem")
    assert all(name in finding.message for name in ("Ada", "Ben", "Cem", "a.jpg"))


def test_one_person_enrolled_under_several_names_makes_no_hub():
    one = [Match(name, None, 0.6, centre("Ada").astype(np.float32)) for name in ("Ada", "A. L.", "Countess", "Byron")]
    assert guard.hub_finding(sample(), one, LIMITS, "euclidean") is None
    assert guard.hub_finding(sample(), matches("Ada", "Ben"), LIMITS, "euclidean") is None
    assert guard.hub_finding(sample(), matches("Ada", "Ben", "Cem", similarity=0.49), LIMITS, "euclidean") is None


def test_limits_come_from_the_calibration():
    assert LIMITS.named == 0.5
    assert LIMITS.match == pytest.approx(dict(CALIBRATION.fmr)[0.001])
    assert LIMITS.consistent == pytest.approx(dict(CALIBRATION.fnmr)[0.01])
    assert np.exp(LIMITS.lead * CALIBRATION.slope) == pytest.approx(10)
    assert LIMITS.match < LIMITS.near < 1


def test_rates_beyond_a_small_calibration_are_replaced_by_its_nearest():
    small = CALIBRATION.model_copy(update={"fmr": ((0.01, 0.38), (0.1, 0.29)), "fnmr": ((0.02, 0.39), (0.2, 0.49))})
    limits = identity_limits(small, "euclidean", 0.5)
    assert (limits.match, limits.consistent) == (0.38, 0.39)


def test_a_share_of_the_distance_is_taken_as_the_metric_has_it():
    a, b = np.array([1.0, 0.0]), np.array([np.cos(0.3), np.sin(0.3)])
    shorter = a + (b - a) * 0.5
    assert nearer(1 - np.linalg.norm(a - b), "euclidean", 0.5) == pytest.approx(1 - np.linalg.norm(a - shorter))
    chord = np.sqrt(2 * (1 - nearer(a @ b, "cosine", 0.5)))
    assert chord == pytest.approx(np.linalg.norm(a - b) / 2)


def test_a_setting_of_the_guard_lowers_findings_but_never_what_is_impossible():
    found = [Finding(kind, "refuse", "why") for kind in Kind]
    assert under("refuse", found) == tuple(found)
    flagged = under("flag", found)
    assert {finding.kind for finding in flagged if finding.severity == "refuse"} == IMPOSSIBLE
    assert len(flagged) == len(found)
    assert {finding.kind for finding in under("off", found)} == IMPOSSIBLE
