from __future__ import annotations

import pytest
from tests.picture.conftest import faces_in

from visavis.picture import faces_picture
from visavis.types import Faces


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (9000, 30), (30, 9000), (5000, 4000)])
def test_photos_of_any_size_become_pictures_that_fit_a_screen(photo_of, size):
    photo = photo_of(*size)
    for faces in (faces_in(photo, 0.5), Faces.empty(photo.source, size)):
        picture = faces_picture(photo, faces)
        assert 320 <= picture.width <= 1600
        assert picture.height <= 1700


def test_every_face_changes_the_picture(photo_of):
    photo = photo_of(800, 600)
    pictures = {faces_picture(photo, faces_in(photo, *shares)).tobytes() for shares in ((0.4,), (0.4, 0.8), (0.8,))}
    assert len(pictures) == 3


def test_the_photo_itself_is_left_as_it_is(photo_of):
    photo = photo_of(800, 600)
    before = photo.image.tobytes()
    faces_picture(photo, faces_in(photo, 0.4))
    assert photo.image.tobytes() == before
