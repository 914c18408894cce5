"""Identification against a gallery: who is named, with which evidence, and when it declines."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.gallery.small_gallery import SmallGallery, crowd, space

from visavis.errors import InvalidInput, TemplateMismatch
from visavis.gallery.identify import Identifier
from visavis.gallery.thresholds import gallery_threshold
from visavis.gallery.types import Where
from visavis.matching.scores import similarity_matrix
from visavis.models import find_card
from visavis.types import Faces, Quality

FINGERPRINT = find_card("dlib-resnet").fingerprint


def faces_of(*templates, model="m@1", quality=0.9):
    n = len(templates)
    boxes = np.array([[10 * i, 0, 10 * i + 9, 9] for i in range(n)], np.float32)
    described = Quality(*(np.full(n, quality, np.float32) for _ in range(6)))
    points, scores = np.ones((n, 5, 2), np.float32), np.ones(n, np.float32)
    return Faces(boxes, points, scores, "photo.jpg", (99, 99), described, np.stack(templates), model)


@pytest.fixture
def hall():
    return crowd(noise=0.05)


def test_an_enrolled_person_is_named_and_a_stranger_is_not(hall):
    gallery, photograph = hall
    identifier = Identifier(gallery, fpir=0.1)
    named = [identifier.faces(faces_of(photograph(person)))[0].decision for person in range(60)]
    assert named == [f"person {person}" for person in range(60)]
    strangers = [identifier.faces(faces_of(photograph(person)))[0] for person in range(60, 110)]
    assert sum(answer.outcome == "identified" for answer in strangers) <= 10


def test_nobody_is_excluded_while_a_part_of_the_gallery_cannot_be_found_under_the_model(hall):
    gallery, photograph = hall

    class HalfWay(SmallGallery):
        def count(self):
            people, references = super().count()
            return people, references + 5

    half = HalfWay(gallery.owners, gallery.vectors, gallery.model)
    stranger, known = Identifier(half, fpir=0.1).faces(faces_of(photograph(60) + 9, photograph(3)))
    assert (stranger.outcome, stranger.decision) == ("no decision", None)
    assert "only 120 of 125 references" in stranger.verdict.reason
    assert known.decision == "person 3"


def test_the_evidence_is_that_of_every_single_comparison(hall):
    gallery, photograph = hall
    probe = photograph(7)
    answer = Identifier(gallery, fpir=0.1, top=3).faces(faces_of(probe))[0]
    scores = similarity_matrix(probe[None], gallery.vectors, "euclidean")[0]
    best = sorted(((scores[gallery.owners == i].max(), i) for i in range(60)), reverse=True)[:3]
    assert [candidate.person for candidate in answer.candidates] == [f"person {i}" for _, i in best]
    assert [candidate.similarity for candidate in answer.candidates] == pytest.approx([s for s, _ in best])
    for candidate in answer.candidates:
        own = [(f"r{k + 1}", s) for k, s in enumerate(scores) if f"person {gallery.owners[k]}" == candidate.person]
        assert [r.id for r in candidate.references] == [k for k, _ in sorted(own, key=lambda row: -row[1])]
        assert candidate.references[0].similarity == pytest.approx(candidate.similarity)
    assert answer.nearest_nonmate is not None
    assert answer.nearest_nonmate.person == f"person {best[1][1]}"
    assert answer.threshold == gallery_threshold(gallery, 0.1)
    assert (answer.gallery_version, answer.model, answer.fusion) == (7, "m@1", "max")
    json.dumps(answer.to_dict())


def test_a_calibrated_model_gives_likelihood_ratios():
    gallery, photograph = crowd(fingerprint=FINGERPRINT, noise=0.01)
    answer = Identifier(gallery).faces(faces_of(photograph(3), model=FINGERPRINT))[0]
    assert answer.decision == "person 3"
    data = answer.to_dict()
    assert data["candidates"][0]["log_likelihood_ratio"] > 10
    assert data["likelihood_ratio_to_next"] > 10
    assert data["threshold"]["method"] == "calibration"


def test_two_enrolled_people_who_look_alike_are_not_told_apart():
    gallery, _ = crowd(fingerprint=FINGERPRINT)
    twin = gallery.vectors[gallery.owners == 4] + np.float32(0.001)
    gallery.vectors[gallery.owners == 5] = twin
    answer = Identifier(gallery).faces(faces_of(twin[0], model=FINGERPRINT))[0]
    assert (answer.outcome, answer.decision) == ("no decision", None)
    assert "person 4" in answer.verdict.reason
    assert "person 5" in answer.verdict.reason


def test_two_faces_in_one_photo_are_two_people(hall):
    gallery, photograph = hall
    near, far = gallery.vectors[gallery.owners == 9][0], photograph(9)
    first, second, other = Identifier(gallery, fpir=0.1).faces(faces_of(far, near, photograph(2)))
    assert (first.decision, second.decision, other.decision) == (None, "person 9", "person 2")
    assert first.outcome == "no decision"
    assert "two faces in one photo are two people" in first.verdict.reason


def test_a_poor_face_gets_no_decision(hall):
    gallery, photograph = hall
    answer = Identifier(gallery, fpir=0.1).faces(faces_of(photograph(3), quality=0.2))[0]
    assert answer.outcome == "no decision"
    assert answer.candidates[0].person == "person 3"


def test_without_a_threshold_candidates_are_listed_and_nobody_is_named():
    gallery, photograph = crowd(4)
    answer = Identifier(gallery).faces(faces_of(photograph(3)))[0]
    assert (answer.outcome, answer.threshold) == ("no decision", None)
    assert "no calibration" in answer.verdict.reason
    assert answer.candidates[0].person == "person 3"
    assert any("not calibrated" in note for note in answer.notes)


def test_nobody_is_found_in_an_empty_gallery():
    empty = SmallGallery(np.zeros(0, int), np.zeros((0, 6), np.float32), space())
    answer = Identifier(empty).faces(faces_of(np.ones(6, np.float32)))[0]
    assert (answer.outcome, answer.candidates) == ("not identified", ())


def test_a_person_forgotten_since_the_search_is_left_out(hall):
    gallery, photograph = hall
    everybody = gallery.references
    gallery.references = lambda **which: [r for r in everybody(**which) if r.person != "person 3"]
    answer = Identifier(gallery, fpir=0.1).faces(faces_of(photograph(3)))[0]
    assert '"person 3"' not in json.dumps(answer.to_dict())


def test_a_photo_without_faces_has_no_answers(hall):
    assert Identifier(hall[0]).faces(Faces.empty("wall.jpg")) == []


def test_top_limits_what_is_listed_but_not_what_is_weighed():
    gallery, photograph = crowd(fingerprint=FINGERPRINT, noise=0.01)
    answer = Identifier(gallery, top=1).faces(faces_of(photograph(3), model=FINGERPRINT))[0]
    assert len(answer.candidates) == 1
    assert answer.verdict.lead is not None


def test_a_filter_is_noted(hall):
    gallery, photograph = hall
    answer = Identifier(gallery, fpir=0.1, where=Where(min_quality=0.5)).faces(faces_of(photograph(3)))[0]
    assert any("part of the gallery" in note for note in answer.notes)


def test_references_without_a_template_of_the_model_are_noted(hall):
    gallery, photograph = hall
    gallery.count = lambda: (60, 130)
    answer = Identifier(gallery, fpir=0.1).faces(faces_of(photograph(3)))[0]
    assert any("only 120 of 130 references" in note for note in answer.notes)


def test_faces_of_another_model_are_refused(hall):
    with pytest.raises(TemplateMismatch):
        Identifier(hall[0]).faces(faces_of(np.ones(6, np.float32), model="m@2"))


def test_faces_without_templates_are_refused(hall):
    with pytest.raises(InvalidInput, match="carry no templates"):
        Identifier(hall[0]).faces(replace(faces_of(np.ones(6, np.float32)), templates=None, model=None))


@pytest.mark.parametrize("top", [0, -1, 1.5])
def test_an_impossible_number_of_candidates_is_refused(hall, top):
    with pytest.raises(InvalidInput, match="top"):
        Identifier(hall[0], top=top)
