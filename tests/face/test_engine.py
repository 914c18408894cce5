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

import visavis as vv
from visavis.errors import CardError, ImageError, ImageNotFound, InvalidInput, ModelNotFound

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def engine():
    return vv.Engine(threads=2)


@pytest.fixture(scope="module")
def pictures(astronaut, grace_hopper):
    """Twelve different pictures: with one face, with two, with none."""
    both = np.concatenate([astronaut[:500], grace_hopper[:500]], axis=1)
    turned = [np.rot90(astronaut, k) for k in range(4)]
    return [astronaut, grace_hopper, both, np.zeros((40, 60, 3), np.uint8), *turned, astronaut[::2, ::2], both[:, ::-1]]


def assert_same(one, other):
    assert len(one) == len(other)
    for name in ("boxes", "points", "scores", "templates"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=2e-4)
    assert one.source == other.source
    assert one.model == other.model


def test_a_batch_gives_what_single_photos_give_and_in_their_order(engine, pictures):
    batch = engine.faces_batch(pictures)
    assert [len(faces) for faces in batch][:4] == [1, 1, 2, 0]
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


def test_a_bad_photo_stops_a_batch_or_stands_in_its_place(engine, astronaut, tmp_path):
    images = [astronaut, tmp_path / "missing.jpg", astronaut]
    with pytest.raises(ImageNotFound):
        engine.faces_batch(images)
    first, second, third = engine.faces_batch(images, errors="return")
    assert len(first) == len(third) == 1
    assert isinstance(second, ImageNotFound)
    with pytest.raises(InvalidInput, match="choose 'raise' or 'return'"):
        engine.faces_batch(images, errors="ignore")


def test_a_stream_reads_only_a_little_ahead(engine, astronaut):
    taken = 0

    def source():
        nonlocal taken
        for _ in range(400):
            taken += 1
            yield astronaut[::4, ::4]

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


def test_one_image_in_place_of_several_is_refused(engine, astronaut, tmp_path):
    for single in ("photo.jpg", tmp_path, b"bytes", astronaut, Image.fromarray(astronaut), io.BytesIO(), None, 7):
        with pytest.raises(InvalidInput, match="images: expected several, got one"):
            engine.faces_batch(single)
        with pytest.raises(InvalidInput, match="pass a list of images, or use `faces`"):
            engine.stream(single)
    assert [len(faces) for faces in engine.faces_batch(np.stack([astronaut, astronaut]))] == [1, 1]
    assert engine.faces_batch([]) == []


def test_a_long_stream_keeps_nothing(engine, astronaut):
    small = astronaut[::4, ::4]
    tracemalloc.start()
    marks = []
    for number, _ in enumerate(engine.stream(small for _ in range(300))):
        if number in (100, 299):
            marks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert marks[1] - marks[0] < 200_000


def test_templates_and_quality_come_only_when_asked_for(engine, astronaut):
    faces = engine.faces(astronaut, embed=False, quality=False)
    assert (faces.templates, faces.quality, faces.model) == (None, None, None)
    full = engine.faces(astronaut)
    assert full.templates.shape == (1, 128)
    assert full.model == engine.fingerprint
    assert full.quality.summary[0] > 0.5


def test_flip_fusion_does_not_see_mirroring_of_the_chip(engine, astronaut):
    chips = engine.chips(astronaut, engine.faces(astronaut))
    flip = vv.Engine(flip=True, threads=1)
    np.testing.assert_allclose(flip.embed(chips), flip.embed(chips[:, :, ::-1]), atol=1e-5)
    assert flip.fingerprint == engine.fingerprint + "+flip"
    plain = (engine.embed(chips) + engine.embed(chips[:, :, ::-1])) / 2
    np.testing.assert_allclose(flip.embed(chips), plain, atol=1e-5)


def test_templates_with_and_without_flip_fusion_do_not_mix(engine, astronaut):
    one, other = engine.faces(astronaut)[0], vv.Engine(flip=True).faces(astronaut)[0]
    with pytest.raises(vv.VisavisError, match=r"\+flip"):
        vv.compare(one, other)


def test_dlibs_alignment_stays_near_ours(engine, astronaut, grace_hopper):
    dlib5 = vv.Engine(align="dlib5")
    assert dlib5.fingerprint == engine.fingerprint
    for photo in (astronaut, grace_hopper):
        a, b = engine.faces(photo).templates[0], dlib5.faces(photo).templates[0]
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.97


def test_the_size_of_a_batch_does_not_matter(engine):
    chips = np.random.default_rng(0).integers(0, 256, (35, 150, 150, 3), np.uint8)  # more than one batch
    together = engine.embed(chips)
    for row in (0, 31, 32, 34):
        np.testing.assert_allclose(together[row], engine.embed(chips[row : row + 1])[0], atol=1e-5)


def test_what_decoding_decided_is_noted_with_the_faces(engine, astronaut):
    buffer = io.BytesIO()
    frames = [Image.fromarray(astronaut).quantize(64), Image.new("P", (512, 512))]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    faces = engine.faces(buffer.getvalue())
    assert len(faces) == 1
    assert any("first frame" in note for note in faces.notes)
    assert any("first frame" in note for note in vv.match(buffer.getvalue(), astronaut, engine=engine).notes)


def test_photos_turned_by_exif_give_the_same_face(engine, astronaut):
    expected = engine.faces(astronaut)
    stored = {1: 0, 8: 3, 3: 2, 6: 1}  # orientation tag -> quarter turns (counter-clockwise) of the stored picture
    for orientation, turns in stored.items():
        buffer, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(np.rot90(astronaut, turns)).save(buffer, "PNG", exif=exif)
        np.testing.assert_allclose(engine.faces(buffer.getvalue()).boxes, expected.boxes, atol=1e-3)


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
def test_an_engine_that_was_used_still_works_in_a_forked_process(astronaut):
    engine = vv.Engine(threads=2)
    engine.faces_batch([astronaut])
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_faces_in_fork, args=(engine, astronaut, results))
    child.start()
    try:
        assert results.get(timeout=60) == [1, 1]
    finally:
        child.kill()


def test_an_engine_goes_away_when_nobody_holds_it(astronaut):
    engine = vv.Engine(threads=2)
    engine.faces_batch([astronaut])
    gone = weakref.ref(engine)
    gc.disable()
    try:
        del engine
        assert gone() is None
    finally:
        gc.enable()
