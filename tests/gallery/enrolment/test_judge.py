"""The photos of one person judged together: who belongs, who does not, and what is said about it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.gallery.enrolment.studio import CALIBRATION, Studio, centre

from visavis.gallery.enrolment.findings import refused
from visavis.gallery.enrolment.guard import Match, Sample
from visavis.gallery.enrolment.judge import Case, judge
from visavis.gallery.enrolment.limits import identity_limits

LIMITS = identity_limits(CALIBRATION, "euclidean", 0.5)
NOBODY = np.zeros((0, 128), np.float32)
POOR = {"size": 0.1, "sharpness": 0.9, "exposure": 0.9, "summary": 0.3}


@pytest.fixture
def studio():
    return Studio()


def case(studio, shown, *, own=(), enrolled=(), limits=LIMITS, apart=(), **samples):
    """Photos given for Ada that show the people named; `own` and `enrolled` are who is on what is there already."""
    faces = [Sample(f"{i}.jpg", studio.vector(name), **samples) for i, name in enumerate(shown)]
    known = [(name, centre(name).astype(np.float32)) for name in enrolled]
    others = []
    for face in faces:
        near = [Match(n, f"id {n}", 1 - float(np.linalg.norm(v - face.vector)), v) for n, v in known]
        others.append(sorted((m for m in near if m.similarity >= LIMITS.named), key=lambda m: -m.similarity))
    vectors = np.stack([studio.vector(name) for name in own]) if own else NOBODY
    return Case("Ada", faces, vectors, others, limits, "euclidean", frozenset(apart))


def kinds(found):
    return [[str(finding.kind) for finding in findings] for findings in found]


def test_photos_of_one_person_are_found_in_order(studio):
    assert judge(case(studio, ["Ada"] * 5)) == [()] * 5
    assert judge(case(studio, ["Ada"])) == [()]
    assert judge(case(studio, ["Ada"] * 3, own=["Ada"] * 2, enrolled=["Ben", "Cem"])) == [()] * 3


def test_a_stranger_in_a_folder_is_refused_and_the_others_stay(studio):
    found = judge(case(studio, ["Ada", "Ben", "Ada", "Ada", "Ada"]))
    assert kinds(found) == [[], ["outlier"], [], [], []]
    assert refused(found[1])
    assert "most of the other 4 given for Ada" in found[1][0].message


def test_a_third_of_strangers_makes_the_folder_itself_doubtful(studio):
    found = judge(case(studio, ["Ada", "Ben", "Ada"]))
    assert kinds(found) == [["mixed folder"], ["outlier"], ["mixed folder"]]
    assert [refused(findings) for findings in found] == [False, True, False]


@pytest.mark.parametrize("shown", [["Ada", "Ben"], ["Ada", "Ada", "Ben", "Ben"], ["Ada", "Ben", "Cem"]])
def test_without_a_majority_nobody_is_enrolled(studio, shown):
    found = judge(case(studio, shown))
    assert kinds(found) == [["mixed folder"]] * len(shown)
    assert all(refused(findings) for findings in found)


def test_enrolled_references_outvote_a_folder_of_somebody_else(studio):
    found = judge(case(studio, ["Ben"] * 5, own=["Ada"]))
    assert kinds(found) == [["outlier"]] * 5
    assert "the 1 enrolled of Ada" in found[0][0].message


def test_a_photo_of_somebody_enrolled_names_that_person(studio):
    found = judge(case(studio, ["Ada", "Ben"], own=["Ada"] * 2, enrolled=["Ben", "Cem"]))
    assert kinds(found) == [[], ["contradiction"]]
    assert (found[1][0].people, found[1][0].ids) == (("Ben",), ("id Ben",))
    assert "shows Ben" in found[1][0].message


def test_of_two_photos_that_disagree_the_one_of_an_enrolled_person_is_refused(studio):
    found = judge(case(studio, ["Ada", "Ben"], enrolled=["Ben"]))
    assert kinds(found) == [["mixed folder"], ["contradiction"]]
    assert [refused(findings) for findings in found] == [False, True]


def test_a_new_person_who_is_enrolled_under_another_name_is_told(studio):
    found = judge(case(studio, ["Ben"] * 3, enrolled=["Ben"]))
    assert kinds(found) == [["possible duplicate"]] * 3
    assert not any(refused(findings) for findings in found)
    assert kinds(judge(case(studio, ["Ben"], enrolled=["Ben"]))) == [["possible duplicate"]]


def test_a_person_s_photo_that_resembles_another_more_is_told_unless_they_were_set_apart(studio):
    twin = Match("Bea", "id Bea", 0.75, studio.vector("Ada"))
    given = case(studio, ["Ada"], own=["Ada"] * 3)
    given = Case("Ada", given.samples, given.own, [[twin]], LIMITS, "euclidean")
    assert kinds(judge(given)) == [["closer to another"]]
    declared = Case("Ada", given.samples, given.own, [[twin]], LIMITS, "euclidean", frozenset({"id Bea"}))
    assert kinds(judge(declared)) == [[]]


def test_a_hub_is_refused_and_has_nothing_else_said_about_it(studio):
    near = [Match(name, None, 0.6, studio.vector(name)) for name in ("Ben", "Cem", "Dan")]
    given = case(studio, ["Ada"] * 3)
    found = judge(Case("Ada", given.samples, NOBODY, [[], near, []], LIMITS, "euclidean"))
    assert kinds(found)[1] == ["hub"]
    assert refused(found[1])


def test_poor_photos_have_no_vote(studio):
    good = case(studio, ["Ada"] * 2).samples
    poor = [Sample(f"poor {i}.jpg", studio.vector("Ben"), POOR) for i in range(4)]
    found = judge(Case("Ada", [*poor, *good], NOBODY, [[]] * 6, LIMITS, "euclidean"))
    assert kinds(found) == [["poor quality"]] * 4 + [[]] * 2


def crowds(studio, shown, rival):
    return [Sample(f"crowd {i}.jpg", studio.vector(name), None, 3, rival) for i, name in enumerate(shown)]


def test_photos_of_the_person_alone_tell_who_is_meant_in_a_crowd(studio):
    alone = case(studio, ["Ada"] * 2).samples
    together = crowds(studio, ["Ada", "Ben"], 0.9)
    found = judge(Case("Ada", [*alone, *together], NOBODY, [[]] * 4, LIMITS, "euclidean"))
    assert kinds(found) == [[], [], [], ["several faces"]]
    assert refused(found[3])
    found = judge(Case("Ada", together, np.stack([studio.vector("Ada")]), [[]] * 2, LIMITS, "euclidean"))
    assert kinds(found) == [[], ["several faces"]]


def test_crowds_that_share_their_main_face_are_enrolled_and_told(studio):
    found = judge(Case("Ada", crowds(studio, ["Ada"] * 3, 0.9), NOBODY, [[]] * 3, LIMITS, "euclidean"))
    assert kinds(found) == [["several faces"]] * 3
    assert not any(refused(findings) for findings in found)
    assert "none alone" in found[0][0].message


@pytest.mark.parametrize(("rival", "kept"), [(0.05, True), (0.5, False)])
def test_a_crowd_without_other_photos_is_enrolled_only_if_one_face_dominates(studio, rival, kept):
    found = judge(Case("Ada", crowds(studio, ["Ada"], rival), NOBODY, [[]], LIMITS, "euclidean"))
    assert kinds(found) == [["several faces"]]
    assert refused(found[0]) is not kept


def test_near_duplicates_are_told_once_each(studio):
    vector = studio.vector("Ada")
    copies = [Sample(f"{i}.jpg", vector + np.float32(0.005 * i)) for i in range(3)]
    found = judge(Case("Ada", copies, NOBODY, [[]] * 3, LIMITS, "euclidean"))
    assert kinds(found) == [[], ["near duplicate"], ["near duplicate"]]
    again = judge(Case("Ada", copies[:1], vector[None], [[]], LIMITS, "euclidean"))
    assert kinds(again) == [["near duplicate"]]


def test_without_a_calibration_only_the_photo_itself_is_judged(studio):
    given = case(studio, ["Ada", "Ben"], limits=None)
    assert judge(given) == [(), ()]
    crowd = case(studio, ["Ada", "Ben"], limits=None, rival=0.9, faces=2)
    assert kinds(judge(crowd)) == [["several faces"]] * 2
