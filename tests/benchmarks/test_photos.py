import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from _photos import encoded, mixed_photo, one_face, portraits, public_portraits, six_faces

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255))
PEOPLE = [Image.new("RGB", (200, 300), colour) for colour in COLOURS]


def decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_six_people_fill_the_photo_each_in_a_cell_of_their_own():
    pixels = np.asarray(six_faces(PEOPLE))
    assert pixels.shape == (720, 1280, 3)
    colours, areas = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    assert {tuple(colour) for colour in colours.tolist()} == set(COLOURS)
    assert (np.abs(areas - 1280 * 720 / 6) <= 360).all()


def test_one_person_is_shown_whole_at_the_size_asked_for():
    pixels = np.asarray(one_face(PEOPLE[0]))
    red = (pixels == COLOURS[0]).all(2)
    assert pixels.shape == (480, 640, 3)
    assert red.sum() == 480 * 320


@pytest.mark.parametrize("number", range(12))
def test_a_mixed_photo_is_the_same_every_time_and_keeps_the_bounds_of_its_sides(number):
    data = mixed_photo(PEOPLE, number, sides=(100, 400))
    assert data == mixed_photo(PEOPLE, number, sides=(100, 400))
    assert all(100 <= side <= 400 for side in decoded(data).size)


def test_mixed_photos_come_in_several_formats_and_colour_modes():
    photos = [decoded(mixed_photo(PEOPLE, number, sides=(100, 120))) for number in range(80)]
    assert {photo.format for photo in photos} == {"JPEG", "PNG", "WEBP"}
    assert {photo.mode for photo in photos} == {"RGB", "L", "CMYK"}


def test_without_research_photos_the_public_portraits_are_taken_and_said_so(tmp_path: Path):
    pytest.importorskip("skimage", reason="a portrait ships in scikit-image")
    people, origin = portraits(tmp_path)
    assert "public portraits" in origin
    assert [p.size for p in people] == [p.size for p in public_portraits()]
    assert len(people) == 6


def test_encoded_pictures_decode_to_their_size():
    assert decoded(encoded(PEOPLE[0], "WEBP")).size == PEOPLE[0].size
