from __future__ import annotations

import gc
import io
import multiprocessing
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from tests.people import calm_photo, face_boxes, overlap

import visavis as vv
from visavis.errors import CardError, ImageError, ImageNotFound, InvalidInput, ModelNotFound

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def engine():
    return vv.Engine(threads=2)


@pytest.fixture(scope="module")
def photo(portrait):
    """(320, 320, 3) uint8 with one face."""
    return portrait.image


@pytest.fixture(scope="module")
def pictures(portrait, stranger, group_photo):
    """Nine different pictures: with one face, with three, with two, with none."""
    one, group = portrait.image, group_photo.image
    both = np.concatenate([one, stranger.image], axis=1)
    turned = [np.rot90(one, k) for k in range(1, 4)]
    return [one, group, both, np.zeros((40, 60, 3), np.uint8), *turned, one[::2, ::2], group[:, ::-1]]


def assert_same(one, other):
    assert len(one) == len(other)
    for name in ("boxes", "points", "scores", "templates"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=2e-4)
    assert one.source == other.source
    assert one.model == other.model


def test_a_batch_gives_what_single_photos_give_and_in_their_order(engine, pictures):
    batch = engine.faces_batch(pictures)
    assert [len(faces) for faces in batch][:4] == [1, 3, 2, 0]
    for faces, picture in zip(batch, pictures, strict=True):
        assert_same(faces, engine.faces(picture))


def test_one_thread_gives_what_two_give(engine, pictures):
    for one, two in zip(vv.Engine(threads=1).faces_batch(pictures), engine.faces_batch(pictures), strict=True):
        assert_same(one, two)


def test_one_engine_serves_many_threads(engine, pictures):
    expected = [engine.faces(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(pool.map(engine.faces, pictures * 3), expected * 3, strict=True):
            assert_same(one, other)


def test_a_bad_photo_stops_a_batch_or_stands_in_its_place(engine, photo, tmp_path):
    images = [photo, tmp_path / "missing.jpg", photo]
    with pytest.raises(ImageNotFound):
        engine.faces_batch(images)
    first, second, third = engine.faces_batch(images, errors="return")
    assert len(first) == len(third) == 1
    assert isinstance(second, ImageNotFound)
    with pytest.raises(InvalidInput, match="choose 'raise' or 'return'"):
        engine.faces_batch(images, errors="ignore")


def test_a_stream_reads_only_a_little_ahead(engine, photo):
    taken = 0

    def source():
        nonlocal taken
        for _ in range(400):
            taken += 1
            yield photo[::2, ::2]

    stream = engine.stream(source())
    for _ in range(3):
        next(stream)
    assert taken < 100
    stream.close()


def test_a_stream_without_faces_does_not_wait_for_one(engine):
    taken = 0

    def source():
        nonlocal taken
        while True:
            taken += 1
            yield np.zeros((40, 60, 3), np.uint8)

    stream = engine.stream(source())
    assert len(next(stream)) == 0
    assert taken < 100
    stream.close()


def test_one_image_in_place_of_several_is_refused(engine, photo, tmp_path):
    for single in ("photo.jpg", tmp_path, b"bytes", photo, Image.fromarray(photo), io.BytesIO(), None, 7):
        with pytest.raises(InvalidInput, match="images: expected several, got one"):
            engine.faces_batch(single)
        with pytest.raises(InvalidInput, match="pass a list of images, or use `faces`"):
            engine.stream(single)
    assert [len(faces) for faces in engine.faces_batch(np.stack([photo, photo]))] == [1, 1]
    assert engine.faces_batch([]) == []


def test_a_long_stream_keeps_nothing(engine, photo):
    small = photo[::2, ::2]
    tracemalloc.start()
    marks = []
    for number, _ in enumerate(engine.stream(small for _ in range(300))):
        if number in (100, 299):
            marks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert marks[1] - marks[0] < 200_000


def test_templates_and_quality_come_only_when_asked_for(engine, photo):
    faces = engine.faces(photo, embed=False, quality=False)
    assert (faces.templates, faces.quality, faces.model) == (None, None, None)
    full = engine.faces(photo)
    assert full.templates.shape == (1, 128)
    assert full.model == engine.fingerprint
    assert full.quality.summary[0] > 0.5


def test_flip_fusion_does_not_see_mirroring_of_the_chip(engine, photo):
    chips = engine.chips(photo, engine.faces(photo))
    flip = vv.Engine(flip=True, threads=1)
    np.testing.assert_allclose(flip.embed(chips), flip.embed(chips[:, :, ::-1]), atol=1e-5)
    assert flip.fingerprint == engine.fingerprint + "+flip"
    plain = (engine.embed(chips) + engine.embed(chips[:, :, ::-1])) / 2
    np.testing.assert_allclose(flip.embed(chips), plain, atol=1e-5)


def test_templates_with_and_without_flip_fusion_do_not_mix(engine, photo):
    one, other = engine.faces(photo)[0], vv.Engine(flip=True).faces(photo)[0]
    with pytest.raises(vv.VisavisError, match=r"\+flip"):
        vv.compare(one, other)


def test_whatever_the_shot_the_nearest_passport_photo_is_the_person_s_own(engine, world):
    """Turned, smiling, leaning, with glasses, in other light, by another camera."""
    shots = [
        {"yaw": 15.0, "expression": "happy", "intensity": 0.7},
        {"yaw": -15.0, "light": "outdoor", "glasses_on": True, "sensor": "camera"},
        {"pitch": -8.0, "roll": 15.0, "light": "low"},
    ]
    people = range(6)
    passports = [calm_photo(world, k, size=192).image for k in people]
    others = [calm_photo(world, k, j, 192, **shot).image for k in people for j, shot in enumerate(shots, 1)]
    gallery, probes = (
        np.concatenate([faces.templates[:1] for faces in engine.faces_batch(images)]) for images in (passports, others)
    )
    distances = np.linalg.norm(probes[:, None] - gallery, axis=2)
    owner = np.repeat(people, len(shots))
    nearest = distances.argmin(axis=1)
    assert np.mean(nearest == owner) >= 0.9
    mated = distances[np.arange(len(owner)), owner]
    assert np.median(mated) < 0.75 * np.median(distances[owner[:, None] != people])


def test_the_face_of_each_person_in_a_group_is_known_again(engine, group_photo, portrait, same_person_again, stranger):
    """Boxes, points and templates stay together: every row of the group belongs to the person who stands there."""
    faces = engine.faces(group_photo.image)
    assert overlap(faces.boxes, face_boxes(group_photo)).argmax(axis=1).tolist() == [0, 1, 2]
    standing = [face.place.person for face in group_photo.faces]
    for sample in (portrait, same_person_again, stranger):
        (template,) = engine.faces(sample.image).templates
        nearest = np.linalg.norm(faces.templates - template, axis=1).argmin()
        assert standing[nearest] == sample.person_id


def test_the_quality_of_a_face_falls_with_distance_turning_and_bad_cameras(engine, world):
    good, far, turned, spoilt = (
        engine.faces(calm_photo(world, 2, size=224, **shot).image)[0].quality
        for shot in ({}, {"head_share": 0.2}, {"yaw": 45.0}, {"sensor": "surveillance"})
    )
    assert far["size"] < good["size"]
    assert turned["frontality"] < good["frontality"]
    assert spoilt["sharpness"] < good["sharpness"]
    assert good["summary"] > max(far["summary"], turned["summary"], spoilt["summary"])


def test_dlibs_alignment_stays_near_ours(engine, astronaut, grace_hopper, portrait, stranger):
    dlib5 = vv.Engine(align="dlib5")
    assert dlib5.fingerprint == engine.fingerprint
    for photo in (astronaut, grace_hopper, portrait.image, stranger.image):
        a, b = engine.faces(photo).templates[0], dlib5.faces(photo).templates[0]
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.97


def test_the_size_of_a_batch_does_not_matter(engine):
    chips = np.random.default_rng(0).integers(0, 256, (35, 150, 150, 3), np.uint8)  # more than one batch
    together = engine.embed(chips)
    for row in (0, 31, 32, 34):
        np.testing.assert_allclose(together[row], engine.embed(chips[row : row + 1])[0], atol=1e-5)


def test_what_decoding_decided_is_noted_with_the_faces(engine, photo):
    buffer = io.BytesIO()
    frames = [Image.fromarray(photo).quantize(64), Image.new("P", (320, 320))]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    faces = engine.faces(buffer.getvalue())
    assert len(faces) == 1
    assert any("first frame" in note for note in faces.notes)
    assert any("first frame" in note for note in vv.match(buffer.getvalue(), photo, engine=engine).notes)


STORED = {1: (0, 0), 2: (1, 0), 3: (0, 2), 4: (1, 2), 5: (1, 1), 6: (0, 1), 7: (1, 3), 8: (0, 3)}
"""Under each orientation tag, whether the picture is stored mirrored, and by how many quarter turns (to the left)."""


@pytest.mark.parametrize("orientation", STORED)
def test_photos_turned_or_mirrored_by_exif_give_the_same_face(engine, portrait, orientation):
    expected, shown = engine.faces(portrait.image), portrait.image
    mirrored, turns = STORED[orientation]
    stored = np.rot90(shown[:, ::-1] if mirrored else shown, turns)
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(buffer, "PNG", exif=exif)
    found = engine.faces(buffer.getvalue())
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-3)
    np.testing.assert_allclose(found.points, expected.points, atol=1e-3)
    assert overlap(found.boxes, portrait.box.as_list())[0, 0] > 0.6


def test_arguments_are_checked_at_once():
    for arguments, kind in (
        ({"detector": "nothing"}, ModelNotFound),
        ({"embedder": "centerface"}, CardError),
        ({"align": "best"}, InvalidInput),
        ({"threads": 0}, InvalidInput),
        ({"threads": 1.5}, InvalidInput),
        ({"device": "tpu"}, InvalidInput),
        ({"min_score": None}, InvalidInput),
        ({"detector": None}, ModelNotFound),
        ({"long_side": 1}, InvalidInput),
    ):
        with pytest.raises(kind):
            vv.Engine(**arguments)
    with pytest.raises(vv.VisavisError, match="'cuda' was asked for"):
        vv.Engine(device="cuda").faces(np.zeros((64, 64, 3), np.uint8))


def test_chips_of_a_wrong_kind_are_refused(engine):
    wrong_sides, wrong_type = np.zeros((1, 112, 112, 3), np.uint8), np.zeros((1, 150, 150, 3))
    for chips in (wrong_sides, wrong_type, np.zeros((150, 150, 3), np.uint8), [[1, 2]], None):
        with pytest.raises(InvalidInput, match=r"reads \(n, 150, 150, 3\) uint8"):
            engine.embed(chips)


def test_an_image_that_cannot_be_used_is_an_image_error(engine):
    with pytest.raises(ImageError):
        engine.faces(b"not an image")


def _faces_in_fork(engine, picture, results):
    results.put([len(faces) for faces in engine.faces_batch([picture, picture])])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_an_engine_that_was_used_still_works_in_a_forked_process(photo):
    engine = vv.Engine(threads=2)
    engine.faces_batch([photo])
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_faces_in_fork, args=(engine, photo, results))
    child.start()
    try:
        assert results.get(timeout=60) == [1, 1]
    finally:
        child.kill()


def test_an_engine_goes_away_when_nobody_holds_it(photo):
    engine = vv.Engine(threads=2)
    engine.faces_batch([photo])
    gone = weakref.ref(engine)
    gc.disable()
    try:
        del engine
        assert gone() is None
    finally:
        gc.enable()
