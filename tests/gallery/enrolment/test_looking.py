"""Looking at photos with the real engine: order, errors, crops, and that the engine stays what it was."""

from __future__ import annotations

import hashlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from visavis.errors import ImageUnreadable
from visavis.face import Engine
from visavis.gallery.enrolment.looking import looked
from visavis.gallery.enrolment.photos import PhotoOf, requested, seen
from visavis.images import Limits
from visavis.types import Faces

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def engine():
    return Engine(threads=2)


def encoded(image):
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def requests(engine, *photos, face=None):
    return [requested(PhotoOf(data, "Ada", face, f"{i}.png"), engine.limits) for i, data in enumerate(photos)]


def test_what_is_found_comes_in_order_with_its_crop_and_is_what_the_engine_finds(engine, portrait, stranger):
    photos = [encoded(portrait.image), b"no photo", encoded(np.zeros((60, 60, 3), np.uint8)), encoded(stranger.image)]
    found = list(looked(engine, requests(engine, *photos), keep_crops=True))
    assert [request.source for request, *_ in found] == ["0.png", "1.png", "2.png", "3.png"]
    first, broken, empty, last = (faces for _, faces, _ in found)
    assert isinstance(first, Faces)
    assert isinstance(last, Faces)
    np.testing.assert_allclose(first.templates, engine.faces(photos[0]).templates, atol=1e-4)
    assert isinstance(broken, ImageUnreadable)
    assert len(empty) == 0
    assert [crop is not None for *_, crop in found] == [True, False, False, True]
    assert last.model == engine.fingerprint


def test_the_crop_is_that_of_the_face_asked_for(engine, group_photo):
    data = encoded(group_photo.image)
    crops = {}
    for face in (0, 1, None):
        ((request, faces, crop),) = looked(engine, requests(engine, data, face=face), keep_crops=True)
        assert crop is not None
        crops[face] = crop.data
        assert seen(request, faces, crop).face.index == (face or 0)
    assert crops[0] == crops[None] != crops[1]


def test_crops_are_cut_only_when_asked_for(engine, portrait):
    ((_, _, crop),) = looked(engine, requests(engine, encoded(portrait.image)), keep_crops=False)
    assert crop is None


def test_the_engine_is_left_as_it_was(engine, portrait):
    before = dict(vars(engine))
    list(looked(engine, requests(engine, encoded(portrait.image)), keep_crops=True))
    after = dict(vars(engine))
    assert {k: v for k, v in after.items() if k != "_pool"} == {k: v for k, v in before.items() if k != "_pool"}
    assert type(engine) is Engine
    assert len(engine.faces(portrait.image)) == 1


def test_a_photo_is_known_by_the_bytes_of_its_file(tmp_path, portrait):
    data = encoded(portrait.image)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    from_path, from_bytes = (requested(PhotoOf(photo, "Ada"), Limits()) for photo in (path, data))
    assert from_path.digest == from_bytes.digest == hashlib.sha256(data).hexdigest()
    assert from_path.reference == from_bytes.reference
    assert (from_path.source, from_bytes.source) == (str(path), "<bytes>")


def test_how_prominent_the_next_face_is_counts_only_while_nobody_chose(engine, group_photo):
    data = encoded(group_photo.image)
    for face, least, most in ((None, 0.05, 1.0), (0, 0.0, 0.0)):
        ((request, faces, crop),) = looked(engine, requests(engine, data, face=face), keep_crops=False)
        one = seen(request, faces, crop)
        assert least <= one.sample.rival <= most
        assert one.sample.faces == len(faces) == 3
