from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from visavis.errors import InvalidInput
from visavis.face.align import DLIB_150
from visavis.face.dlib_chip import dlib_chips, hog_like_squares

MEAN = [(0.859567, 0.213498), (0.64606, 0.228967), (0.120575, 0.213727), (0.334085, 0.229064), (0.490112, 0.627798)]
"""dlib's mean face, to six digits."""


def placed(size=150, padding=0.25, scale=1.0, shift=(0.0, 0.0)):
    """Points whose chip lies unturned in the image at `shift`, `scale` image pixels to a chip pixel."""
    return (size * (padding + np.array(MEAN)) / (1 + 2 * padding) * scale + shift)[None]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_a_chip_at_scale_one_reads_between_the_pixels_as_dlib_does():
    image = noise(200, 220)
    corner = image[20:171, 30:181].astype(int)
    between = (corner[:-1, :-1] + corner[:-1, 1:] + corner[1:, :-1] + corner[1:, 1:]) // 4
    chip = dlib_chips(image, placed(shift=(30, 20)))[0]
    assert np.abs(chip - between).max() <= 1  # the six digits of MEAN leave some thousandths of a pixel


def test_a_shrunk_chip_keeps_the_mean_of_noise_but_not_its_spread():
    image = noise(800, 800)
    chip = dlib_chips(image, placed(scale=5, shift=(10, 10)))[0]
    assert chip.mean() == pytest.approx(image.mean(), abs=2)
    assert chip.std() < image.std() / 3


def test_outside_the_image_is_black():
    white = np.full((100, 100, 3), 255, np.uint8)
    chip = dlib_chips(white, placed(shift=(-60, -80)))[0]
    assert (chip[:79] == 0).all()
    assert (chip[:, :59] == 0).all()
    assert (chip[81:, 61:] >= 254).all()


def test_a_face_far_outside_the_image_gives_a_black_chip():
    for shift in ((-5000, 0), (5000, 0), (0, -5000), (0, 5000)):
        assert not dlib_chips(noise(50, 50), placed(shift=shift)).any()


def test_chips_of_other_sizes_show_the_same_face():
    image = noise(60, 60).repeat(20, axis=0).repeat(20, axis=1)
    points = placed(scale=4, shift=(200, 200))
    large, small = dlib_chips(image, points, size=200)[0], dlib_chips(image, points, size=100)[0]
    halved = large.reshape(100, 2, 100, 2, 3).mean((1, 3))
    assert np.corrcoef(halved.ravel(), small.ravel())[0, 1] > 0.9


def test_no_faces_give_no_chips():
    assert dlib_chips(noise(20, 20), np.zeros((0, 5, 2))).shape == (0, 150, 150, 3)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.zeros((1, 4, 2)), np.zeros((1, 5, 3))])
def test_points_of_another_shape_are_refused(points):
    with pytest.raises(InvalidInput, match="from dlib's trees, got"):
        dlib_chips(noise(20, 20), points)


def test_points_in_one_place_are_refused():
    with pytest.raises(InvalidInput, match="lie all in one place"):
        dlib_chips(noise(20, 20), np.full((1, 5, 2), 7.0))


def test_points_that_are_no_numbers_are_refused():
    with pytest.raises(InvalidInput, match="lie all in one place"):
        dlib_chips(noise(20, 20), np.full((1, 5, 2), np.nan))


@given(st.floats(0.3, 30), st.floats(-0.5, 0.5), st.floats(-50, 500), st.floats(-50, 500))
def test_squares_follow_the_face(scale, angle, x, y):
    a = scale * np.exp(1j * angle)
    moved = a * (np.array(DLIB_150.points) @ (1, 1j)) + complex(x, y)
    left, top, right, bottom = hog_like_squares(np.stack([moved.real, moved.imag], axis=-1)[None])[0]
    centre = a * (72.4 + 73.4j) + complex(x, y)
    assert right - left == pytest.approx(126.8 * scale)
    assert bottom - top == pytest.approx(126.8 * scale)
    assert (left + right, top + bottom) == pytest.approx((2 * centre.real, 2 * centre.imag), abs=1e-6)


def test_no_faces_give_no_squares():
    assert hog_like_squares(np.zeros((0, 5, 2))).shape == (0, 4)


@given(st.integers(0, 10**6), st.sampled_from([5, 68]), st.sampled_from([(150, 0.25), (60, 0.0), (200, 0.6)]))
@settings(max_examples=60, deadline=None)
def test_chips_equal_dlibs(seed, count, shape):
    dlib = pytest.importorskip("dlib", reason="the comparison needs dlib-bin")
    rng = np.random.default_rng(seed)
    image = noise(*rng.integers(1, 400, 2), seed)
    points = np.round(rng.normal(rng.uniform(-100, 400, 2), rng.uniform(5, 400), (count, 2))).astype(int)
    try:
        ours = dlib_chips(image, points[None], *shape)[0]
    except InvalidInput:
        reject()  # random points may fit a face of no size, which dlib draws as one smeared pixel
    parts = dlib.points([dlib.point(*map(int, point)) for point in points])
    theirs = dlib.get_face_chip(image, dlib.full_object_detection(dlib.rectangle(0, 0, 1, 1), parts), *shape)
    difference = np.abs(ours.astype(int) - theirs)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


def test_the_chip_of_a_portrait_is_dlibs_own(astronaut):
    points = [[(255, 104), (238, 105), (195, 101), (212, 103), (224, 135)]]
    digest = hashlib.sha256(dlib_chips(astronaut, points)[0].tobytes()).hexdigest()
    assert digest == "c9669b652503f092cb3b6fd6c778570b596fc19669bc42bd228552d080203e9d"
