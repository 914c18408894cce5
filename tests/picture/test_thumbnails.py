from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from visavis.errors import ImageUnreadable
from visavis.picture.thumbnails import thumbnail
from visavis.types import Box


def opened(data):
    image = Image.open(BytesIO(data))
    image.load()
    return image


def photo_with_white_square(box=(40, 60, 60, 80), size=(200, 160)):
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    return pixels


def test_the_face_is_in_the_middle_with_a_margin_around_it():
    small = opened(thumbnail(photo_with_white_square(), Box(40, 60, 60, 80), side=100))
    assert (small.format, small.size, small.mode) == ("JPEG", (100, 100), "RGB")
    white = np.asarray(small)[..., 0] > 128
    assert white.mean() == pytest.approx(1 / 1.7**2, abs=0.03)
    rows, columns = np.nonzero(white)
    assert (rows.mean(), columns.mean()) == pytest.approx((49.5, 49.5), abs=1)


def test_at_the_photos_edge_the_square_moves_inside():
    small = np.asarray(opened(thumbnail(photo_with_white_square((0, 140, 20, 160)), Box(0, 140, 20, 160), side=100)))
    white = small[..., 0] > 128
    assert white.mean() == pytest.approx(1 / 1.7**2, abs=0.03)
    assert white[-1, 0]
    assert not white[0].any()


def test_a_face_that_fills_its_photo_is_the_photo():
    small = np.asarray(opened(thumbnail(np.full((50, 40, 3), 255, np.uint8), Box(2, 3, 38, 47), side=100)))
    assert small.min() > 250


def test_without_a_box_the_whole_photo_is_fitted_in():
    small = np.asarray(opened(thumbnail(np.full((50, 100, 3), 255, np.uint8), side=100)))
    assert small[50, [2, 97]].min() > 250
    assert small[[5, 95], 50] == pytest.approx(np.full((2, 3), 128), abs=4)


def test_a_box_far_outside_is_no_error():
    assert opened(thumbnail(np.zeros((10, 10, 3), np.uint8), Box(500, 500, 520, 520))).size == (128, 128)


def test_no_metadata_of_the_photo_goes_along():
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a private note"
    Image.new("RGB", (40, 40)).save(buffer, "JPEG", exif=exif, comment=b"another note")
    data = thumbnail(buffer.getvalue(), Box(5, 5, 20, 20))
    assert b"note" not in data
    assert not opened(data).getexif()


def test_a_photo_that_cannot_be_read_is_an_error():
    with pytest.raises(ImageUnreadable):
        thumbnail(b"no image")
