from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.people import face_boxes
from tests.picture.conftest import faces_in

from visavis.images import Photo
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


def test_every_face_of_a_group_is_framed_where_it_is_and_left_to_see(group_photo):
    photo, true = Photo(Image.fromarray(group_photo.image), "group.png", ()), face_boxes(group_photo)
    points = np.array([face.face.points for face in group_photo.faces])
    size = (photo.width, photo.height)
    drawn, plain = (
        np.asarray(faces_picture(photo, faces).crop((0, 0, *size)))
        for faces in (Faces(true, points, np.full(3, 0.9), photo.source, size), Faces.empty(photo.source, size))
    )
    changed = (drawn != plain).any(axis=2)
    for left, top, right, bottom in np.round(true).astype(int):
        sides = changed[top - 3 : bottom + 4, left - 3 : left + 4], changed[top - 3 : bottom + 4, right - 3 : right + 4]
        assert all(side.any(axis=1).mean() > 0.9 for side in sides)
        third = (bottom - top) // 3
        assert changed[bottom - third : bottom - 4, left + 4 : right - 4].mean() < 0.2  # mouth and chin can be seen
