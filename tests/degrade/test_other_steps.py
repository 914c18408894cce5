"""Resizing and JPEG are Pillow's, exposure is a factor in linear light, and every step refuses what is no frame."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from tests.degrade.frames import picture

from visavis.degrade import (
    BoxBlur,
    Exposure,
    GaussianBlur,
    GaussianNoise,
    Jpeg,
    KernelBlur,
    MotionBlur,
    PoissonNoise,
    Rescale,
    Resize,
    ResizeJitter,
    SensorNoise,
)
from visavis.errors import InvalidInput

RNG = np.random.default_rng(0)
PILLOW = {
    "nearest": Image.Resampling.NEAREST,
    "area": Image.Resampling.BOX,
    "linear": Image.Resampling.BILINEAR,
    "cubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
EVERY = [
    BoxBlur(3),
    GaussianBlur(1),
    KernelBlur("plateau", 5, 1, 1),
    MotionBlur(3, 20),
    Resize(9, 7),
    Rescale(0.4),
    ResizeJitter(0.7),
    GaussianNoise(3),
    PoissonNoise(),
    SensorNoise(1, 1),
    Jpeg(70),
    Exposure(-1),
]


@pytest.mark.parametrize("method", PILLOW)
def test_resizing_is_pillows(method):
    image = Image.fromarray(picture(41, 30))
    for step, size in (
        (Resize(13, 8, method), (13, 8)),
        (Rescale(0.6, method), (25, 18)),
        (Rescale(2, method), (82, 60)),
    ):
        wanted = np.asarray(image.resize(size, PILLOW[method]))
        np.testing.assert_array_equal(step.apply(picture(41, 30), RNG), wanted)


@pytest.mark.parametrize("method", PILLOW)
@pytest.mark.parametrize("factor", [0.01, 0.5, 0.77, 1.5])
def test_jitter_goes_there_and_back(method, factor):
    image = Image.fromarray(picture(41, 30))
    between = image.resize((max(1, round(41 * factor)), max(1, round(30 * factor))), PILLOW[method])
    back = np.asarray(between.resize((41, 30), PILLOW[method]))
    np.testing.assert_array_equal(ResizeJitter(factor, method).apply(picture(41, 30), RNG), back)


def test_jitter_by_one_changes_nothing():
    np.testing.assert_array_equal(ResizeJitter(1, "lanczos").apply(picture(), RNG), picture())


@pytest.mark.parametrize("quality", [1, 30, 75, 95, 100])
def test_jpeg_equals_pillow_at_that_quality(quality):
    file = BytesIO()
    Image.fromarray(picture()).save(file, "JPEG", quality=quality)
    np.testing.assert_array_equal(Jpeg(quality).apply(picture(), RNG), np.asarray(Image.open(file)))


def test_lower_quality_is_further_from_the_frame():
    errors = [np.abs(Jpeg(q).apply(picture(), RNG).astype(int) - picture()).mean() for q in (10, 40, 70, 95)]
    assert errors == sorted(errors, reverse=True)


def test_no_stops_change_nothing_and_steps_down_halve_the_light():
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    np.testing.assert_array_equal(Exposure(0).apply(ramp, RNG), ramp)
    darker = Exposure(-1).apply(ramp, RNG)[0, :, 0]
    assert darker[255] == 188  # sRGB of half of the light
    light = ((ramp[0, 20:, 0] / 255 + 0.055) / 1.055) ** 2.4
    halved = ((darker[20:] / 255 + 0.055) / 1.055) ** 2.4
    assert np.abs(halved / light - 0.5).max() < 0.05
    assert (Exposure(2).apply(ramp, RNG)[0, 188:, 0] == 255).all()


@pytest.mark.parametrize("step", EVERY, ids=str)
@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        ([[1, 2, 3]], "got list"),
        (np.zeros((4, 4, 3)), "expected uint8 values 0..255, got float64"),
        (np.full((4, 4, 3), np.nan, np.float32), "repair NaN"),
        (np.zeros((4, 4), np.uint8), r"expected shape \(H, W, 3\) in RGB, got \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), "expected shape"),
        (np.zeros((2, 4, 4, 3), np.uint8), "expected shape"),
        (np.zeros((0, 4, 3), np.uint8), "holds no frame or no pixels"),
    ],
)
def test_what_is_no_frame_is_refused(step, frame, problem):
    with pytest.raises(InvalidInput, match=problem):
        step.apply(frame, RNG)


def test_frames_larger_than_jpeg_are_refused():
    with pytest.raises(InvalidInput, match=r"JPEG holds 1..65500 pixels a side, got 65501 x 1; resize"):
        Jpeg(90).apply(np.zeros((1, 65_501, 3), np.uint8), RNG)


@pytest.mark.parametrize("step", EVERY, ids=str)
def test_steps_give_new_uint8_frames_and_leave_theirs_alone(step):
    pixels = picture()
    result = step.apply(pixels, RNG)
    assert result.dtype == np.uint8
    assert result.ndim == 3
    np.testing.assert_array_equal(pixels, picture())


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Jpeg(0), "Jpeg.quality: expected a whole number in 1..100, got 0"),
        (lambda: Jpeg(101), "1..100"),
        (lambda: Jpeg(70.0), "whole number"),
        (lambda: Rescale(0), "Rescale.factor: expected a number in 0.01..16, got 0"),
        (lambda: Rescale(1, "bicubic"), "Rescale.method: expected one of nearest, area, linear, cubic, lanczos"),
        (lambda: ResizeJitter(0), "ResizeJitter.factor: expected a number in 0.01..16"),
        (lambda: ResizeJitter(1, 3), "ResizeJitter.method"),
        (lambda: Resize(0, 5), "Resize.width: expected a whole number in 1..20000"),
        (lambda: Resize(5, 20_001), "Resize.height"),
        (lambda: Exposure(float("nan")), "Exposure.stops: expected a number in -10..10, got nan"),
    ],
)
def test_parameters_out_of_range_are_refused_with_the_range(make, problem):
    with pytest.raises(InvalidInput, match=problem):
        make()
