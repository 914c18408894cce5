"""The default detector on real portraits placed where we know them to be."""

from __future__ import annotations

import csv
import math
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import visavis as vv
from visavis.errors import CardError, InvalidInput
from visavis.face.detect import DetectionSettings, Detector, tiles
from visavis.models import Network, find_card, model_bytes

MIDDLE = np.array([225.7, 118.0])
"""Centre of the face in the astronaut portrait, in pixels."""


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


def placed(astronaut, size, corner, scale=1.0):
    """The portrait, scaled, on a grey canvas."""
    canvas = Image.new("RGB", size, (110, 120, 115))
    portrait = Image.fromarray(astronaut)
    canvas.paste(portrait.resize((round(512 * scale),) * 2, Image.Resampling.LANCZOS), corner)
    return canvas


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
def test_one_portrait_has_one_face_with_points_where_the_features_are(detect, astronaut):
    found = detect(Image.fromarray(astronaut))
    assert len(found) == 1
    np.testing.assert_allclose(centres(found)[0], MIDDLE, atol=3)
    left_eye, right_eye, nose, left_mouth, right_mouth = found.points[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


@pytest.mark.weights
@pytest.mark.parametrize("corner", [(0, 0), (37, 101), (400, 250)])
def test_boxes_move_with_the_face(detect, astronaut, corner):
    found = detect(placed(astronaut, (1000, 800), corner))
    assert len(found) == 1
    np.testing.assert_allclose(centres(found)[0], MIDDLE + corner, atol=4)


@pytest.mark.weights
@pytest.mark.parametrize("scale", [0.4, 1.0, 2.3])
def test_boxes_grow_with_the_face(detect, astronaut, scale):
    found = detect(placed(astronaut, (1200, 1200), (0, 0), scale))
    usual = detect(Image.fromarray(astronaut))
    np.testing.assert_allclose(centres(found)[0], (MIDDLE + 0.5) * scale - 0.5, atol=4 * scale + 1)
    height, expected = (float(f.boxes[0, 3] - f.boxes[0, 1]) for f in (found, usual))
    assert height == pytest.approx(expected * scale, rel=0.1)


@pytest.mark.weights
def test_small_faces_of_a_large_photo_are_found_by_looking_closer(detect, astronaut):
    photo = placed(astronaut, (2560, 1440), (1500, 700), 0.4)  # a face of 48 px, 12 in the first look
    found = detect(photo)
    assert len(found) == 1
    np.testing.assert_allclose(centres(found)[0], MIDDLE * 0.4 + (1500, 700), atol=3)
    assert len(detect(photo, hint_score=0.5)) == 0


@pytest.mark.weights
def test_tiles_find_faces_that_one_look_cannot_see(detect, astronaut):
    photo = placed(astronaut, (3840, 2160), (3000, 1500), 0.2)  # a face of 24 px, 4 in the first look
    assert len(detect(photo)) == 0
    found = detect(photo, tiles=True)
    assert len(found) == 1
    np.testing.assert_allclose(centres(found)[0], MIDDLE * 0.2 + (3000, 1500), atol=2)


@pytest.mark.weights
def test_a_face_that_fills_the_picture_is_found(detect, astronaut):
    found = detect(Image.fromarray(astronaut[58:178, 182:270]))
    assert len(found) == 1
    np.testing.assert_allclose(centres(found)[0], MIDDLE - (182, 58), atol=8)


@pytest.mark.weights
@pytest.mark.parametrize("size", [(1, 1), (3, 500), (640, 480)])
def test_empty_pictures_have_no_faces(detect, size):
    assert len(detect(Image.new("RGB", size, (90, 120, 60)))) == 0


@pytest.mark.weights
def test_too_small_faces_are_left_out_when_asked(detect, astronaut):
    assert len(detect(Image.fromarray(astronaut), min_size=100)) == 1
    assert len(detect(Image.fromarray(astronaut), min_size=140)) == 0


@pytest.mark.weights
def test_the_main_face_is_the_large_one_inside_the_picture(detect, astronaut):
    canvas = placed(astronaut, (900, 512), (388, 0))
    larger = Image.fromarray(astronaut).resize((768, 768))
    canvas.paste(larger.crop((340, 0, 768, 512)), (0, 0))  # a larger face, half of it cut off by the left edge
    found = detect(canvas)
    np.testing.assert_allclose(centres(found)[0], MIDDLE + np.array([388, 0]), atol=6)


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
