"""Kept crops: what they show, where the points are, and that another model finds the same face in them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from visavis.face import Engine
from visavis.gallery.enrolment.crops import AROUND, MOST, cut_crop
from visavis.gallery.types import Crop
from visavis.images import Photo
from visavis.matching.scores import paired_similarity
from visavis.types import Faces


def one_face(box, points, size):
    return Faces(np.array([box], np.float32), np.array([points], np.float32), np.ones(1, np.float32), "photo.jpg", size)


def opened(crop: Crop) -> Image.Image:
    return Image.open(BytesIO(crop.data))


def dots(size, points):
    """A black picture with a white square of 5 pixels around each point."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    for x, y in points:
        pixels[y - 2 : y + 3, x - 2 : x + 3] = 255
    return Photo(Image.fromarray(pixels), "photo.jpg")


POINTS = [(180, 190), (220, 190), (200, 210), (185, 230), (215, 230)]


def test_a_small_face_is_kept_as_it_is():
    photo = dots((600, 400), POINTS)
    crop = cut_crop(photo, one_face((160, 150, 240, 250), POINTS, (600, 400)), 0)
    image = opened(crop)
    assert image.size == (round(AROUND * 100), round(AROUND * 100))
    for x, y in crop.points:
        assert np.asarray(image)[round(y), round(x)].min() > 240


@pytest.mark.parametrize("zoom", [3, 5.5, 20])
def test_a_large_face_is_brought_down_and_its_points_with_it(zoom):
    points = [(round(x * zoom), round(y * zoom)) for x, y in POINTS]
    size = round(400 * zoom), round(400 * zoom)
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    half = round(2.5 * zoom)
    for x, y in points:
        pixels[y - half : y + half + 1, x - half : x + half + 1] = 255
    box = tuple(zoom * np.array((160, 150, 240, 250)))
    crop = cut_crop(Photo(Image.fromarray(pixels)), one_face(box, points, size), 0)
    grey = np.asarray(opened(crop).convert("L"), np.float64)
    assert max(grey.shape) == MOST
    for x, y in crop.points:
        left, top = round(x) - 6, round(y) - 6
        window = grey[top : top + 13, left : left + 13]
        mass = window.sum()
        assert (window.sum(0) @ np.arange(13)) / mass + left == pytest.approx(x, abs=0.15)
        assert (window.sum(1) @ np.arange(13)) / mass + top == pytest.approx(y, abs=0.15)


@pytest.mark.parametrize("box", [(-30, -20, 40, 60), (560, 350, 640, 430), (0, 0, 600, 400), (10, 10, 11, 11)])
def test_the_crop_ends_where_the_photo_does(box):
    photo = dots((600, 400), POINTS)
    crop = cut_crop(photo, one_face(box, POINTS, (600, 400)), 0)
    width, height = opened(crop).size
    assert 1 <= width <= MOST
    assert 1 <= height <= MOST
    assert opened(crop).format == "JPEG"


@pytest.mark.weights
@pytest.mark.parametrize("enlarged", [1, 4])
def test_a_template_of_the_crop_is_that_of_the_photo(portrait, enlarged):
    engine = Engine()
    photo = Image.fromarray(portrait.image)
    photo = photo.resize((photo.width * enlarged, photo.height * enlarged), Image.Resampling.BICUBIC)
    faces = engine.faces(photo)
    crop = cut_crop(Photo(photo), faces, 0)
    kept = opened(crop)
    again = one_face((0, 0, kept.width - 1, kept.height - 1), crop.points, kept.size)
    template = engine.embed(engine.chips(kept, again))
    distance = 1 - paired_similarity(template, faces.templates[:1], "euclidean")[0]
    assert distance < 0.1
    assert len(crop.data) < 60_000


@pytest.mark.weights
@pytest.mark.data
def test_crops_of_real_photos_give_nearly_their_templates(shared_data):
    engine = Engine()
    photos = sorted((shared_data / "celebrities_small" / "images").rglob("*.jpg"))[::6]
    distances = []
    for photo in photos:
        faces = engine.faces(photo)
        image = Image.open(photo).convert("RGB")
        crop = cut_crop(Photo(image), faces, 0)
        kept = opened(crop)
        again = one_face((0, 0, kept.width - 1, kept.height - 1), crop.points, kept.size)
        template = engine.embed(engine.chips(kept, again))
        distances.append(1 - paired_similarity(template, faces.templates[:1], "euclidean")[0])
    assert np.median(distances) < 0.03
    assert max(distances) < 0.12
