"""Side by side with dlib itself: needs dlib-bin and its original weight files."""

from __future__ import annotations

import numpy as np
import pytest
from tests.people import calm_photo

from visavis.compat import face_recognition
from visavis.models import DEFAULT_EMBEDDER, find_card, pull
from visavis.models.cache import Cache
from visavis.models.converters import dlib_trees
from visavis.models.regression_trees import RegressionTrees

TREES = {5: "dlib-landmarks5", 68: "dlib-landmarks68"}
dlib = pytest.importorskip("dlib", reason="the comparison needs dlib-bin")


@pytest.fixture(scope="module")
def portraits(astronaut, grace_hopper, world):
    """Images with (top, right, bottom, left) boxes about their faces, some of them far off."""
    rng = np.random.default_rng(0)
    faces = [(astronaut, (76, 265, 166, 175), 0.3), (grace_hopper, (139, 366, 325, 180), 0.3)]
    for k, shot in enumerate(({"yaw": 30.0}, {"occluder": "mask"}, {"roll": -25.0, "light": "low"})):
        sample = calm_photo(world, k, size=240, **shot)
        true = sample.box
        faces.append((sample.image, (true.top, true.right, true.bottom, true.left), 0.12))
    return [
        (image, np.round(rng.normal(box, (0.02 if near else far) * (box[2] - box[0]))).astype(int).tolist())
        for image, box, far in faces
        for near in (True, True, True, False, False, False)
    ]


def rectangle(css):
    top, right, bottom, left = css
    return dlib.rectangle(left, top, right, bottom)


@pytest.mark.parametrize("count", [5, pytest.param(68, marks=pytest.mark.slow)])
def test_landmarks_are_dlibs_to_the_pixel(original_weights, portraits, count):
    path = original_weights(TREES[count])
    trees, theirs = (
        RegressionTrees.load(dlib_trees.convert(path.read_bytes(), path.name)),
        dlib.shape_predictor(str(path)),
    )
    assert trees.points == count
    for image, (top, right, bottom, left) in portraits:
        expected = [(point.x, point.y) for point in theirs(image, rectangle((top, right, bottom, left))).parts()]
        np.testing.assert_array_equal(trees.predict(image, [(left, top, right, bottom)]), [expected])


@pytest.fixture
def large_model(original_weights, tmp_path, monkeypatch):
    """What `visavis models pull dlib-landmarks68 --allow-restricted` does, into a cache of this test's own."""
    face_recognition._engine().embed(np.zeros((1, 150, 150, 3), np.uint8))  # loaded while its own cache is in place
    pull(find_card(TREES[68]), cache=Cache(tmp_path), archive=original_weights(TREES[68]), allow_restricted=True)
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path))
    yield
    face_recognition._trees.cache_clear()


def check_encodings(original_weights, portraits, model, count):
    predictor = dlib.shape_predictor(str(original_weights(TREES[count])))
    network = dlib.face_recognition_model_v1(str(original_weights(DEFAULT_EMBEDDER)))
    for image, css in portraits:
        expected = np.array(network.compute_face_descriptor(image, predictor(image, rectangle(css))))
        (encoding,) = face_recognition.face_encodings(image, [css], model=model)
        assert np.abs(encoding - expected).max() < 1e-4  # a few grey values of a chip may be one level off


@pytest.mark.weights
def test_encodings_of_known_boxes_are_dlibs_to_float_noise(original_weights, portraits):
    check_encodings(original_weights, portraits, "small", 5)


@pytest.mark.slow
@pytest.mark.weights
def test_encodings_by_68_points_are_dlibs_to_float_noise(original_weights, portraits, large_model):
    check_encodings(original_weights, portraits, "large", 68)


@pytest.mark.slow
@pytest.mark.weights
def test_the_large_model_names_nine_features(original_weights, astronaut, large_model):
    (face,) = face_recognition.face_landmarks(astronaut, [(76, 265, 166, 175)])
    parts = dlib.shape_predictor(str(original_weights(TREES[68])))(astronaut, rectangle((76, 265, 166, 175))).parts()
    points = [(point.x, point.y) for point in parts]
    assert {name: len(group) for name, group in face.items()} == {
        "chin": 17,
        "left_eyebrow": 5,
        "right_eyebrow": 5,
        "nose_bridge": 4,
        "nose_tip": 5,
        "left_eye": 6,
        "right_eye": 6,
        "top_lip": 12,
        "bottom_lip": 12,
    }
    assert face["chin"] == points[:17]
    assert face["left_eye"] == points[36:42]
    assert face["top_lip"][:7] == points[48:55]
    assert face["top_lip"][0] == face["bottom_lip"][6]
    assert set(face["top_lip"]) | set(face["bottom_lip"]) == set(points[48:])
