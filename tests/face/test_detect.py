"""The default detector on synthetic people, whose faces are where the labels say, and on two real portraits."""

from __future__ import annotations

import csv
import math
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from tests.people import calm_photo, face_boxes, overlap, row_of_people

import visavis as vv
from visavis.errors import CardError, InvalidInput
from visavis.face.detect import DetectionSettings, Detector, tiles
from visavis.models import Network, find_card, model_bytes

MIDDLE = {"astronaut": (225.7, 118.0), "grace_hopper": (265.4, 233.4)}
"""Centre of the face in the real portraits, in pixels."""


@pytest.fixture(scope="module")
def detect():
    """A function that finds the faces of a picture under given settings."""
    card = find_card("centerface")
    network = Network(model_bytes(card), card.id, threads=1)

    def run(image, **settings):
        return Detector(card, network, DetectionSettings(**settings)).detect(image)

    return run


def centres(found):
    return (found.boxes[:, :2] + found.boxes[:, 2:]) / 2


def placed(portrait, size, corner, scale=1.0):
    """The picture of a synthetic person, scaled, on a grey canvas; and the true box and points there."""
    canvas = Image.new("RGB", size, (110, 120, 115))
    side = round(320 * scale)
    canvas.paste(Image.fromarray(portrait.image).resize((side, side), Image.Resampling.LANCZOS), corner)
    box, points = (((known + 0.5) * (side / 320) - 0.5) + corner for known in truth(portrait))
    return canvas, box.ravel(), points


def truth(sample):
    """The true box as (2, 2) corners, and the (5, 2) points."""
    return np.reshape(sample.box.as_list(), (2, 2)), sample.points


def check_found(found, box, points, least=0.6, off=0.1):
    """Exactly one face was found; its box is the true one nearly, and its points lie at the features."""
    assert len(found) == 1
    assert overlap(found.boxes, box)[0, 0] > least
    assert points_error(found.points[0], box, points) < off


def points_error(found, box, points):
    """Mean distance of five points from the true ones over the height of the true box."""
    _, top, _, bottom = np.ravel(box)
    return np.linalg.norm(found - points, axis=1).mean() / (bottom - top)


class OneFace:
    """A network that sees a face of this height, in pixels of its input, in the first picture, and nothing after."""

    input_shape = ("n", "height", "width", 3)

    def __init__(self, height, landmarks, cell=(20, 30)):
        self.seen = []
        self._maps = (math.log(height / 4), cell, landmarks)

    def run(self, batch):
        self.seen.append(batch.shape)
        maps = np.full((1, 15, batch.shape[1] // 4, batch.shape[2] // 4), -9, np.float32)
        if len(self.seen) == 1:
            log_size, (row, column), landmarks = self._maps
            maps[0, :, row, column] = [2, log_size, log_size, 0, 0, *np.ravel(landmarks)]
        return [maps]


FEATURES = [(0.4, 0.3), (0.4, 0.7), (0.6, 0.5), (0.8, 0.35), (0.8, 0.65)]
"""(y, x) of the five points in a box."""


def detector(network, **settings):
    return Detector(find_card("centerface"), network, DetectionSettings(**settings))


@pytest.mark.parametrize("height", np.linspace(6, 25, 12))
def test_closer_looks_are_of_one_small_size(height):
    network = OneFace(height, FEATURES)
    detector(network).detect(Image.new("RGB", (1920, 1440)))
    assert network.seen[:2] == [(1, 480, 640, 3), (1, 192, 192, 3)]


def test_faces_in_full_view_get_no_closer_look():
    network = OneFace(40, FEATURES)
    (box,) = detector(network).detect(Image.new("RGB", (1920, 1440))).boxes
    assert network.seen == [(1, 480, 640, 3)]
    centre = 3 * np.array([4 * 30.5, 4 * 20.5]) - 0.5
    np.testing.assert_allclose((box[:2] + box[2:]) / 2, centre, atol=1e-3)
    np.testing.assert_allclose(box[2:] - box[:2], (120, 120), rtol=1e-5)


def test_what_is_centred_in_the_padding_is_no_face():
    for cell, count in (((20, 30), 1), ((28, 30), 0)):  # the picture ends in row 25, its padding in row 31
        network = OneFace(40, FEATURES, cell)
        assert len(detector(network).detect(Image.new("RGB", (640, 100)))) == count


def test_points_that_coincide_make_no_face():
    assert len(detector(OneFace(40, [(0.5, 0.5)] * 5)).detect(Image.new("RGB", (640, 480)))) == 0


@pytest.mark.weights
@pytest.mark.parametrize("name", ["astronaut", "grace_hopper"])
def test_a_real_portrait_has_one_face_with_points_where_the_features_are(detect, name, request):
    found = detect(Image.fromarray(request.getfixturevalue(name)))
    assert len(found) == 1
    np.testing.assert_allclose(centres(found)[0], MIDDLE[name], atol=5)
    left_eye, right_eye, nose, left_mouth, right_mouth = found.points[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


POSES = {
    "calm": {},
    "smiling": {"expression": "happy", "intensity": 1.0},
    "mouth open": {"expression": "surprised", "intensity": 1.0},
    "turned right": {"yaw": 35.0},
    "turned left": {"yaw": -35.0},
    "far aside": {"yaw": 55.0},
    "nodding": {"pitch": -18.0},
    "leaning": {"roll": 25.0},
    "close to the lens": {"distance": 0.5},
    "in low light": {"light": "low"},
}


@pytest.mark.weights
@pytest.mark.parametrize("pose", POSES.values(), ids=POSES)
def test_one_person_is_one_face_in_its_true_box_with_points_at_the_features(detect, world, pose):
    boxes, errors = [], []
    for k in range(4):
        sample = calm_photo(world, k, size=192, **pose)
        found = detect(Image.fromarray(sample.image))
        assert len(found) == 1
        boxes.append(overlap(found.boxes, sample.box.as_list())[0, 0])
        errors.append(points_error(found.points[0], *truth(sample)))
    assert min(boxes) > 0.45
    assert np.mean(boxes) > 0.65
    assert np.mean(errors) < 0.07


@pytest.mark.weights
@pytest.mark.parametrize("cover", ["mask", "sunglasses", "hand", "hair"])
def test_a_face_that_is_half_covered_is_still_found_where_it_is(detect, world, cover):
    for k in range(4):
        sample = calm_photo(world, k, size=192, occluder=cover)
        box, points = truth(sample)
        check_found(detect(Image.fromarray(sample.image)), box, points, off=0.2 if cover == "hand" else 0.1)


@pytest.mark.weights
def test_the_points_keep_the_picture_s_order_when_the_head_turns(detect, world):
    """Nose between the eyes while frontal, beside their middle toward where the head faces when turned."""
    sides = []
    for yaw in (-30.0, 0.0, 30.0):
        sample = calm_photo(world, 2, size=192, yaw=yaw)
        (points,) = detect(Image.fromarray(sample.image)).points
        assert points[0, 0] < points[1, 0]
        assert points[3, 0] < points[4, 0]
        sides.append((points[2, 0] - points[:2, 0].mean(), sample.points[2, 0] - sample.points[:2, 0].mean()))
    assert sides[0][0] < sides[1][0] < sides[2][0]
    assert sides[0][0] < 0 < sides[2][0]
    np.testing.assert_allclose(*zip(*sides, strict=True), atol=6)


@pytest.mark.weights
@pytest.mark.parametrize("corner", [(0, 0), (37, 101), (600, 440)])
def test_boxes_move_with_the_face(detect, portrait, corner):
    photo, box, points = placed(portrait, (1000, 800), corner)
    check_found(detect(photo), box, points)


@pytest.mark.weights
@pytest.mark.parametrize("scale", [0.4, 1.0, 3.5])
def test_boxes_grow_with_the_face(detect, portrait, scale):
    photo, box, points = placed(portrait, (1200, 1200), (0, 0), scale)
    found = detect(photo)
    check_found(found, box, points)
    usual = detect(Image.fromarray(portrait.image))
    height, expected = (float(f.boxes[0, 3] - f.boxes[0, 1]) for f in (found, usual))
    assert height == pytest.approx(expected * scale, rel=0.1)


@pytest.mark.weights
def test_small_faces_of_a_large_photo_are_found_by_looking_closer(detect, portrait):
    found_at_once = found_closer = 0
    for scale in (0.24, 0.28, 0.32, 0.36):  # faces of 36 to 54 px: 9 to 13 in the first look
        photo, box, points = placed(portrait, (2560, 1440), (1500, 700), scale)
        found_at_once += len(detect(photo, hint_score=0.5))
        if len(found := detect(photo)):
            found_closer += 1
            check_found(found, box, points)
    assert found_closer > found_at_once
    assert found_closer >= 3


@pytest.mark.weights
def test_tiles_find_faces_that_one_look_cannot_see(detect, portrait):
    photo, box, points = placed(portrait, (3840, 2160), (3000, 1500), 0.14)  # a face of 24 px, 4 in the first look
    assert len(detect(photo)) == 0
    check_found(detect(photo, tiles=True), box, points)


@pytest.mark.weights
def test_a_face_that_fills_the_picture_is_found(detect, portrait):
    box = np.round(portrait.box.as_list())
    image = Image.fromarray(portrait.image).crop(tuple(box.astype(int).tolist()))
    check_found(detect(image), box - np.tile(box[:2], 2), portrait.points - box[:2])


@pytest.mark.weights
@pytest.mark.parametrize("size", [(1, 1), (3, 500), (640, 480)])
def test_empty_pictures_have_no_faces(detect, size):
    assert len(detect(Image.new("RGB", size, (90, 120, 60)))) == 0


@pytest.mark.weights
def test_too_small_faces_are_left_out_when_asked(detect, portrait):
    height = portrait.box.height
    assert len(detect(Image.fromarray(portrait.image), min_size=0.7 * height)) == 1
    assert len(detect(Image.fromarray(portrait.image), min_size=1.3 * height)) == 0


@pytest.mark.weights
def test_everybody_in_a_group_is_found_once_the_nearest_first(detect, group_photo):
    found, true = detect(Image.fromarray(group_photo.image)), face_boxes(group_photo)
    shared = overlap(found.boxes, true)
    assert shared.argmax(axis=1).tolist() == [0, 1, 2]  # the places stand nearest first
    assert shared.diagonal().min() > 0.6
    for row, person in enumerate(group_photo.faces):
        assert points_error(found.points[row], true[row], person.face.points) < 0.1


@pytest.mark.weights
def test_crowded_pictures_give_a_face_for_a_person_and_none_for_things(detect, world):
    """People may stand half behind others, turn away and be 4 m off; balls and boxes hang in the air."""
    from visavis.synthetic import Scene, Stream, photograph_scene

    clear = hit = 0
    for number in range(5):
        scene = Scene.sample(Stream(42, ("crowd", number)), people=number, occluder="none", sensor="clean")
        sample = photograph_scene(world, scene, (320, 240))
        boxes = detect(Image.fromarray(sample.image)).boxes
        shared = overlap(face_boxes(sample), boxes)
        assert (shared.max(axis=0, initial=0) > 0.3).all(), "a face where nobody is"
        assert (shared > 0.45).sum() <= len(sample.faces), "one face found twice"
        for row, person in enumerate(sample.faces):
            if person.seen > 0.9 and abs(person.face.pose[0]) < 35 and person.face.box.height > 24:
                clear, hit = clear + 1, hit + (shared[row].max(initial=0) > 0.45)
    assert clear >= 8
    assert hit >= 0.9 * clear


@pytest.mark.weights
def test_the_main_face_is_the_large_one_inside_the_picture(detect, world):
    from visavis.synthetic import photograph_scene

    scene = row_of_people(world, {5: (0.0, 0.8), 2: (0.62, 1.0)})  # the nearer person is cut off by the left edge
    sample = photograph_scene(world, scene, (480, 320))
    cut, whole = face_boxes(sample)
    assert cut[0] < -0.3 * (cut[2] - cut[0])
    assert cut[3] - cut[1] > 1.15 * (whole[3] - whole[1])
    first = detect(Image.fromarray(sample.image)).boxes[0]
    assert overlap(first, whole)[0, 0] > 0.6


@pytest.mark.weights
@pytest.mark.data
def test_group_photos_give_every_labelled_face(detect, shared_data):
    folder = shared_data / "group_photos"
    with (folder / "images.csv").open(newline="") as file:
        counts = {row["path"]: int(row["n_faces"]) for row in csv.DictReader(file)}
    with (folder / "nose_points.csv").open(newline="") as file:
        noses = [(row["path"], float(row["x"]), float(row["y"])) for row in csv.DictReader(file)]
    found = {path: detect(Image.open(folder / path).convert("RGB")) for path in counts}
    hits = [any(((b[:2] <= (x, y)) & (b[2:] >= (x, y))).all() for b in found[path].boxes) for path, x, y in noses]
    assert all(hits)
    assert sum(len(found[path]) == count for path, count in counts.items()) >= 0.9 * len(counts)


@pytest.mark.parametrize("size", [(640, 640), (1000, 700), (4032, 3024), (641, 100)])
def test_tiles_cover_the_photo_and_overlap(size):
    cover = np.zeros(size[::-1], int)
    for left, top, right, bottom in tiles(*size, 640):
        assert right - left <= 640
        assert bottom - top <= 640
        cover[top:bottom, left:right] += 1
    assert cover.min() >= 1
    starts = sorted({left for left, *_ in tiles(*size, 640)})
    assert all(b - a <= 480 for a, b in pairwise(starts))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"long_side": 10}, "long_side 10"),
        ({"min_score": 0.0}, r"min_score 0\.0"),
        ({"min_score": 1.0}, r"min_score 1\.0"),
        ({"hint_score": 1.5}, r"hint_score 1\.5"),
        ({"max_iou": 2.0}, r"max_iou 2\.0"),
        ({"min_size": float("nan")}, "min_size nan"),
        ({"long_side": "640"}, "long_side '640': is not a number"),
        ({"long_side": 640.5}, r"long_side 640\.5: needs 64 to 8192 whole pixels"),
        ({"min_score": None}, "min_score None: is not a number"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings, name):
    with pytest.raises(InvalidInput, match=name):
        DetectionSettings(**settings)


def test_a_model_for_another_task_is_refused():
    with pytest.raises(CardError, match="dlib-resnet is a model for the task 'embed', not 'detect'"):
        vv.Engine(detector="dlib-resnet")
