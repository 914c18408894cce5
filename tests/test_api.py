"""`import visavis as vv`: the names that users type, and the kinds of input they may pass."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from PIL import Image

import visavis as vv
from visavis.errors import FaceNotFound, InvalidInput, NotCalibrated

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def photo(portrait):
    """(320, 320, 3) uint8 with one face."""
    return portrait.image


@pytest.fixture(scope="module")
def file(photo, tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "portrait.png"
    Image.fromarray(photo).save(path)
    return path


def test_every_public_name_is_there():
    for name in vv.__all__:
        assert getattr(vv, name) is not None
    assert set(vv.__all__) <= set(dir(vv))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        vv.nothing  # noqa: B018


def test_every_kind_of_input_gives_the_same_face(file, photo):
    engine = vv.Engine(threads=1)
    expected = engine.faces(photo)
    rgba = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    kinds = [
        str(file),
        file,
        file.read_bytes(),
        bytearray(file.read_bytes()),
        memoryview(file.read_bytes()),
        io.BytesIO(file.read_bytes()),
        Image.open(file),
        photo.astype(np.float32) / 255,
        np.asfortranarray(photo),
        rgba,
        vv.load_image(file),
    ]
    for kind in kinds:
        np.testing.assert_allclose(engine.faces(kind).templates, expected.templates, atol=1e-4)
    with file.open("rb") as opened:
        np.testing.assert_allclose(engine.faces(opened).templates, expected.templates, atol=1e-4)


def test_one_person_matches_and_two_do_not(astronaut, grace_hopper):
    same = vv.match(astronaut, astronaut[:300, 100:400])
    assert same.decision is vv.Decision.MATCH
    assert same.evidence.log_likelihood_ratio > 5
    assert same.score >= same.evidence.match_threshold
    different = vv.match(astronaut, grace_hopper)
    assert different.decision is vv.Decision.NO_MATCH
    assert different.evidence.probability < 0.5
    assert different.distance == pytest.approx(1 - different.score)


def test_a_stricter_rate_raises_the_threshold(astronaut, grace_hopper):
    thresholds = [
        vv.match(astronaut, grace_hopper, fmr=rate).evidence.match_threshold for rate in (1e-2, 1e-3, 1e-4, 1e-5)
    ]
    assert thresholds == sorted(thresholds)
    with pytest.raises(NotCalibrated, match="1e-09"):
        vv.match(astronaut, grace_hopper, fmr=1e-9)
    with pytest.raises(InvalidInput, match="prior"):
        vv.match(astronaut, grace_hopper, prior=1.5)


def test_several_faces_are_noted_and_any_can_be_chosen(group_photo, portrait, stranger):
    group = group_photo.image
    comparison = vv.match(group, portrait.image)
    assert "3 faces" in comparison.notes[0]
    for sample in (portrait, stranger):
        scores = [vv.match(group, sample.image, face=index).score for index in range(3)]
        assert group_photo.faces[int(np.argmax(scores))].place.person == sample.person_id
        assert comparison.score == vv.match(group, portrait.image, face=0).score
    with pytest.raises(FaceNotFound, match="face 3 of the probe was asked for, but it has 3"):
        vv.match(group, portrait.image, face=3)


def test_the_same_person_scores_higher_than_a_stranger(portrait, same_person_again, stranger):
    same, other = (vv.match(portrait.image, sample.image).score for sample in (same_person_again, stranger))
    assert same > other + 0.1
    assert vv.match(same_person_again.image, portrait.image).score == pytest.approx(same, abs=1e-5)


def test_a_picture_without_a_face_is_named(photo):
    with pytest.raises(FaceNotFound, match="no face was found in the reference"):
        vv.match(photo, np.zeros((200, 200, 3), np.uint8))


def test_results_can_be_sent_to_other_processes(photo):
    comparison = vv.match(photo, photo)
    copy = pickle.loads(pickle.dumps(comparison))
    assert copy.to_dict() == comparison.to_dict()
    faces = vv.default_engine().faces(photo)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(faces)).templates, faces.templates)


def test_faces_without_templates_cannot_be_compared(photo):
    face = vv.default_engine().faces(photo, embed=False)[0]
    with pytest.raises(InvalidInput, match="has no template"):
        vv.compare(face, face)
