"""What users of face_recognition rely on: counts, box order, features, distances, matches, and clear errors."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.people import calm_photo, face_boxes

from visavis.compat import face_recognition
from visavis.errors import ImageNotFound, ImageUnreadable, InvalidInput, LicenceRestricted

HOG_BOX = (76, 265, 166, 175)
"""(top, right, bottom, left) that dlib's detector gives the astronaut."""


# --- loading ---------------------------------------------------------------------------------------------------------


def saved(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, **{"format": "PNG", **options})
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize("channels", [3, 4])
def test_images_load_as_rgb_arrays(tmp_path, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 7, channels), np.uint8)
    pixels[..., 3:] = 255
    path = tmp_path / "image.png"
    path.write_bytes(saved(pixels).getvalue())
    loaded = face_recognition.load_image_file(path)
    np.testing.assert_array_equal(loaded, pixels[..., :3], strict=True)
    np.testing.assert_array_equal(face_recognition.load_image_file(path.open("rb")), loaded)
    loaded[0, 0] = 0  # writable, as drawing on it needs


def test_grey_mode_gives_one_channel():
    assert face_recognition.load_image_file(saved(np.zeros((5, 6, 3), np.uint8)), mode="L").shape == (5, 6)


def test_photos_load_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert face_recognition.load_image_file(saved(np.zeros((5, 9, 3), np.uint8), exif=exif)).shape == (9, 5, 3)


def test_files_that_are_no_images_are_refused(tmp_path):
    with pytest.raises(ImageUnreadable):
        face_recognition.load_image_file(io.BytesIO(b"no image"))
    with pytest.raises(ImageNotFound, match="nobody"):
        face_recognition.load_image_file(tmp_path / "nobody.jpg")
    with pytest.raises(InvalidInput, match="mode 'CMYK': choose 'RGB' or 'L'"):
        face_recognition.load_image_file(io.BytesIO(), mode="CMYK")


# --- distances -------------------------------------------------------------------------------------------------------


@given(st.integers(0, 1000), st.integers(1, 9))
def test_distances_are_euclidean(seed, count):
    rng = np.random.default_rng(seed)
    known, probe = rng.normal(size=(count, 128)), rng.normal(size=128)
    expected = [np.sqrt(((row - probe) ** 2).sum()) for row in known]
    for encodings in (known, list(known), known.tolist()):
        distances = face_recognition.face_distance(encodings, probe)
        np.testing.assert_allclose(distances, expected)
        matches = face_recognition.compare_faces(encodings, probe, tolerance=expected[0])
        assert matches == [distance <= expected[0] for distance in distances]
        assert type(matches) is list


@pytest.mark.parametrize("nothing", [[], np.array([])])
def test_nothing_known_gives_nothing_back(nothing):
    distances = face_recognition.face_distance(nothing, np.zeros(128))
    assert isinstance(distances, np.ndarray)
    assert distances.shape == (0,)
    assert face_recognition.compare_faces(nothing, np.zeros(128)) == []


@pytest.mark.parametrize(
    ("known", "probe"),
    [
        (np.zeros(128), np.zeros(128)),
        (np.zeros((2, 128)), np.zeros((1, 128))),
        (np.zeros((2, 64)), np.zeros(128)),
        ([np.zeros(3), np.zeros(4)], np.zeros(4)),
        (["a"], np.zeros(128)),
    ],
)
def test_encodings_that_cannot_be_compared_are_refused(known, probe):
    with pytest.raises(InvalidInput, match="face encodings"):
        face_recognition.face_distance(known, probe)


# --- finding ---------------------------------------------------------------------------------------------------------


def iou(a, b):
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[1], b[1]) - max(a[3], b[3]))
    return shared / (sum((box[2] - box[0]) * (box[1] - box[3]) for box in (a, b)) - shared)


@pytest.mark.weights
@pytest.mark.parametrize("model", ["hog", "cnn"])
@pytest.mark.parametrize("upsamples", [0, 1, 2])
def test_a_portrait_has_one_face_near_the_peers_box(astronaut, model, upsamples):
    (box,) = face_recognition.face_locations(astronaut, upsamples, model)
    assert isinstance(box, tuple)
    assert all(type(side) is int for side in box)
    assert iou(box, HOG_BOX) > 0.7
    top, right, bottom, left = box
    assert abs((right - left) - (bottom - top)) <= 1


def css(box):
    """(top, right, bottom, left) of a true box."""
    left, top, right, bottom = box
    return top, right, bottom, left


@pytest.mark.weights
def test_everybody_in_a_group_has_a_box_about_the_true_face(group_photo):
    boxes = face_recognition.face_locations(group_photo.image)
    shared = np.array([[iou(box, css(true)) for box in boxes] for true in face_boxes(group_photo)])
    assert shared.argmax(axis=1).tolist() == [0, 1, 2]
    assert shared.shape == (3, 3)
    assert shared.diagonal().min() > 0.5


@pytest.mark.weights
def test_grey_and_mirrored_memory_find_the_same_face(portrait):
    photo = portrait.image
    (box,) = face_recognition.face_locations(photo)
    (grey,) = face_recognition.face_locations(photo.mean(axis=2).astype(np.uint8))
    (view,) = face_recognition.face_locations(photo.copy()[:, ::-1][:, ::-1])
    assert iou(box, grey) > 0.85
    assert view == box


@pytest.mark.weights
def test_a_face_cut_by_the_edge_is_found_and_its_box_ends_there(astronaut):
    half = astronaut[:, 215:]
    (box,) = face_recognition.face_locations(half)
    assert box[3] == 0
    assert iou(box, (76, 50, 166, 0)) > 0.5


@pytest.mark.weights
def test_more_upsampling_finds_smaller_faces(portrait):
    scene = np.full((960, 1280, 3), 110, np.uint8)
    heads, true = (128, 64, 32, 16), []
    for row, head in enumerate(heads):
        side = round(320 * head / portrait.box.height)
        small = np.asarray(Image.fromarray(portrait.image).resize((side, side), Image.Resampling.LANCZOS))
        top, left = 480 * (row // 2) + 40, 640 * (row % 2) + 40
        scene[top : top + side, left : left + side] = small
        true.append(css(np.array(portrait.box.as_list()) * side / 320 + [left, top, left, top]))
    found = [face_recognition.face_locations(scene, upsamples) for upsamples in range(4)]
    counts = [len(boxes) for boxes in found]
    assert counts == sorted(counts)
    assert counts[0] >= 1
    assert counts[1] >= 2
    assert counts[2] >= 3
    assert counts[3] == 4
    for boxes in found:
        assert all(max(iou(box, face) for face in true) > 0.45 for box in boxes)


@pytest.mark.weights
def test_nothing_is_found_in_an_empty_picture():
    grey = np.full((200, 300, 3), 127, np.uint8)
    assert face_recognition.face_locations(grey) == []
    assert face_recognition.face_encodings(grey) == []
    assert face_recognition.face_landmarks(grey, model="small") == []


@pytest.mark.weights
def test_a_batch_gives_what_each_image_gives(portrait, group_photo):
    batch = [portrait.image, group_photo.image, portrait.image[:300]]
    found = face_recognition.batch_face_locations(batch, number_of_times_to_upsample=0, batch_size=2)
    assert found == [face_recognition.face_locations(image, 0) for image in batch]
    assert face_recognition.batch_face_locations([]) == []


# --- landmarks -------------------------------------------------------------------------------------------------------


@pytest.mark.weights
def test_the_small_model_names_eyes_and_nose(astronaut):
    (face,) = face_recognition.face_landmarks(astronaut, [HOG_BOX], model="small")
    assert face == {  # as the peer gives them
        "nose_tip": [(224, 135)],
        "left_eye": [(195, 101), (212, 103)],
        "right_eye": [(255, 104), (238, 105)],
    }
    (found,) = face_recognition.face_landmarks(astronaut, model="small")
    assert np.abs(np.subtract(found["nose_tip"], face["nose_tip"])).max() <= 4


@pytest.mark.weights
@pytest.mark.parametrize("shot", [{}, {"yaw": 20.0}, {"yaw": -20.0}, {"roll": 15.0}, {"expression": "happy"}], ids=str)
def test_the_small_model_puts_its_points_where_eyes_and_nose_are(world, shot):
    """The outer and inner corners of both eyes, and a nose point below the tip, as dlib's labels have them."""
    for k in range(3):
        sample = calm_photo(world, k, size=256, **shot)
        (face,) = face_recognition.face_landmarks(sample.image, model="small")
        corners = sample.landmarks[[36, 39, 45, 42]]
        error = np.linalg.norm(np.array(face["left_eye"] + face["right_eye"]) - corners, axis=1)
        assert error.mean() < 0.06 * sample.box.height
        nose = np.linalg.norm(np.array(face["nose_tip"][0]) - sample.landmarks[30:36].mean(axis=0))
        assert nose < 0.12 * sample.box.height


@pytest.mark.weights
def test_the_large_model_must_be_fetched_on_purpose(portrait, tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path))
    for use in (face_recognition.face_landmarks, face_recognition.face_encodings):
        with pytest.raises(LicenceRestricted, match=r"commercial use.*visavis models pull dlib-landmarks68 --allow-r"):
            use(portrait.image, [HOG_BOX], model="large")


# --- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.weights
def test_an_encoding_of_a_known_box_is_the_peers_own(astronaut):
    (encoding,) = face_recognition.face_encodings(astronaut, [HOG_BOX])
    assert encoding.shape == (128,)
    assert encoding.dtype == np.float64
    some = [-0.066278, -0.150517, -0.096372, 0.132444, 0.136748, -0.041434, -0.155302, 0.129671]  # dlib's
    np.testing.assert_allclose(encoding[::16], some, atol=2e-6)
    assert np.linalg.norm(encoding) == pytest.approx(1.4572879, abs=1e-5)
    assert encoding @ np.arange(128) == pytest.approx(-38.262728, abs=1e-3)


@pytest.mark.weights
def test_the_same_person_matches_and_another_does_not(astronaut, grace_hopper):
    (known,) = face_recognition.face_encodings(astronaut)
    dark = (astronaut[20:400, 40:420] * 0.6).astype(np.uint8)
    small = face_recognition.load_image_file(saved(dark, format="JPEG", quality=40))[::2, ::2]
    probes = [face_recognition.face_encodings(image)[0] for image in (small, grace_hopper)]
    assert face_recognition.compare_faces(probes, known) == [True, False]
    assert (face_recognition.face_distance(probes, known) < [0.4, 9]).all()


@pytest.mark.weights
def test_boxes_are_encoded_in_their_order(astronaut):
    boxes = [HOG_BOX, (60, 275, 180, 165), np.array(HOG_BOX)]
    first, second, third = face_recognition.face_encodings(astronaut, boxes)
    np.testing.assert_allclose(first, third, atol=1e-6)
    assert 0 < np.linalg.norm(first - second) < 0.3
    assert face_recognition.face_encodings(astronaut, []) == []


@pytest.mark.weights
def test_encodings_are_nearest_for_the_same_person(portrait, same_person_again, stranger, group_photo):
    """By rank: distances among renders are smaller than among photos, and 0.6 says nothing about them."""
    known = [face_recognition.face_encodings(sample.image)[0] for sample in (portrait, stranger)]
    (probe,) = face_recognition.face_encodings(same_person_again.image)
    mated, nonmated = face_recognition.face_distance(known, probe)
    assert mated < 0.75 * nonmated
    assert face_recognition.compare_faces(known, probe, tolerance=(mated + nonmated) / 2) == [True, False]
    group = face_recognition.face_encodings(group_photo.image, face_recognition.face_locations(group_photo.image))
    standing = [face.place.person for face in group_photo.faces]
    for sample, encoding in zip((portrait, stranger), known, strict=True):
        assert standing[int(face_recognition.face_distance(group, encoding).argmin())] == sample.person_id


@pytest.mark.weights
def test_jittering_repeats_and_stays_near(astronaut):
    plain, jittered, again = (
        face_recognition.face_encodings(astronaut, [HOG_BOX], num_jitters=count)[0] for count in (1, 12, 12)
    )
    np.testing.assert_array_equal(jittered, again)
    assert 0.01 < np.linalg.norm(plain - jittered) < 0.25


@pytest.mark.weights
def test_threads_share_one_engine_and_agree(portrait, stranger):
    images = [portrait.image, stranger.image] * 4
    alone = [face_recognition.face_encodings(image)[0] for image in images[:2]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(face_recognition.face_encodings, images))
    for number, (encoding,) in enumerate(together):
        np.testing.assert_allclose(encoding, alone[number % 2], atol=1e-5)


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8), None, "photo.jpg", [[1, 2]]],
)
def test_what_is_no_image_is_refused_everywhere(image):
    for use in (
        face_recognition.face_locations,
        face_recognition.face_landmarks,
        face_recognition.face_encodings,
        lambda image: face_recognition.batch_face_locations([image]),
    ):
        with pytest.raises(InvalidInput, match="image: "):
            use(image)


@pytest.mark.weights
@pytest.mark.parametrize(
    "locations",
    [
        [(1, 2, 3)],
        [(10, 20, 30)],
        (10, 90, 90, 10),
        [("a", 2, 3, 4)],
        [None],
        7,
        [(90, 50, 10, 10)],
        [(0, 9, np.nan, 1)],
    ],
)
def test_impossible_locations_are_refused(portrait, locations):
    with pytest.raises(InvalidInput, match=r"face locations: |boxes: "):
        face_recognition.face_encodings(portrait.image, locations)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda image: face_recognition.face_locations(image, model="mtcnn"), "model 'mtcnn': choose 'hog' or 'cnn'"),
        (lambda image: face_recognition.face_landmarks(image, model="huge"), "model 'huge': choose 'large' or 'small'"),
        (lambda image: face_recognition.face_encodings(image, model="huge"), "model 'huge': choose 'large' or 'small'"),
        (lambda image: face_recognition.face_encodings(image, num_jitters=-1), "num_jitters -1: needs a whole number"),
        (lambda image: face_recognition.face_locations(image, 1.5), "number_of_times_to_upsample 1.5: needs a whole"),
    ],
)
def test_wrong_options_are_refused(call, words):
    with pytest.raises(InvalidInput, match=words):
        call(np.zeros((40, 40, 3), np.uint8))


def test_enlarging_without_bounds_is_refused():
    with pytest.raises(Exception, match=r"enlarged .* by number_of_times_to_upsample") as caught:
        face_recognition.face_locations(np.zeros((400, 400, 3), np.uint8), 12)
    assert "scale it down" in str(caught.value)


# --- the peer's own photos -------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.weights
def test_the_peers_example_people_are_told_apart(shared_data):
    folder = shared_data / "celebrities_small"
    with (folder / "images.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source_set"] == "face_recognition_examples"]
    names = np.array([row["identity"] for row in rows])
    found = [face_recognition.face_encodings(face_recognition.load_image_file(folder / row["path"])) for row in rows]
    assert [len(faces) for faces in found] == [1] * len(rows)
    encodings = [faces[0] for faces in found]
    for name, encoding in zip(names, encodings, strict=True):
        assert face_recognition.compare_faces(encodings, encoding) == (names == name).tolist()
