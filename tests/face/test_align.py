from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.people import calm_photo

from visavis.errors import InvalidInput
from visavis.face.align import ARCFACE_112, DLIB_150, align, arcface_template, chip_template, warp

MIRRORED = [1, 0, 2, 4, 3]
PHOTO = Image.fromarray(np.random.default_rng(5).integers(0, 256, (300, 300, 3), np.uint8))


def psnr(a, b):
    return 10 * np.log10(255**2 / max(1e-9, np.mean((a.astype(float) - b.astype(float)) ** 2)))


def sampled(pixels, a, b, size):
    """Bilinear sampling at a*z + b written out, black outside; the reference where nothing is averaged."""
    z = np.arange(size) + 1j * np.arange(size)[:, None]
    place = a * z + b
    x, y = place.real, place.imag
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    padded = np.pad(pixels.astype(float), ((2, 2), (2, 2), (0, 0)), mode="edge")

    def at(column, row):
        return padded[np.clip(row + 2, 0, len(padded) - 1), np.clip(column + 2, 0, padded.shape[1] - 1)]

    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    top = at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx
    bottom = at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx
    height, width = pixels.shape[:2]
    inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
    return np.where(inside[..., None], top * (1 - fy) + bottom * fy, 0)


@pytest.mark.parametrize("template", [DLIB_150, ARCFACE_112, arcface_template(128), arcface_template(224)])
def test_points_on_the_template_leave_the_picture_as_it_is(template):
    image = PHOTO.crop((0, 0, template.size, template.size))
    np.testing.assert_array_equal(align(image, np.array([template.points]), template)[0], np.asarray(image))


@given(st.floats(0.4, 1.0), st.floats(-3.1, 3.1), st.floats(-20, 200), st.floats(-20, 200))
def test_chips_are_what_bilinear_sampling_gives(scale, turn, left, top):
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    a, b = scale * np.exp(1j * turn), complex(left, top)
    chip = warp(Image.fromarray(pixels), a, b, 40).astype(float)
    difference = np.abs(chip - sampled(pixels, a, b, 40))
    assert np.mean(difference > 2) < 0.01  # rounding decides about single pixels at the very edge


@pytest.mark.parametrize("degrees", [-170, -35, 10, 90])
def test_turning_image_and_points_together_leaves_the_chip(degrees, astronaut):
    image, points = Image.fromarray(astronaut), np.array([[203, 102], [247, 104], [223, 125], [203, 142], [241, 144]])
    turned = image.rotate(-degrees, Image.Resampling.BICUBIC)
    z = (points[:, 0] + 1j * points[:, 1] - 255.5 * (1 + 1j)) * np.exp(1j * np.radians(degrees)) + 255.5 * (1 + 1j)
    moved = np.stack([z.real, z.imag], axis=1)
    assert psnr(align(image, points[None], DLIB_150)[0], align(turned, moved[None], DLIB_150)[0]) > 33


def test_a_mirrored_image_with_swapped_points_gives_the_mirrored_chip(portrait):
    points = portrait.points[None]
    mirrored = points[:, MIRRORED] * (-1, 1) + (portrait.image.shape[1] - 1, 0)
    chip = align(Image.fromarray(portrait.image), points, DLIB_150)[0]
    other = align(Image.fromarray(portrait.image[:, ::-1]), mirrored, DLIB_150)[0]
    # the template is symmetric about column 74.5 (nose included), so only resampling noise may remain
    assert psnr(chip[:, ::-1], other) > 35


SHOTS = (
    {},
    {"roll": 40.0},
    {"roll": -130.0},
    {"head_share": 0.3, "centre_x": 0.3},
    {"expression": "happy", "yaw": 15.0},
)


@pytest.mark.parametrize("template", [DLIB_150, ARCFACE_112, arcface_template(224)])
@pytest.mark.parametrize("shot", SHOTS, ids=str)
def test_the_features_of_a_person_land_on_the_template_wherever_the_face_is(world, template, shot):
    """A spot of light on each feature in turn, and where the chip shows it."""
    points = calm_photo(world, 3, size=320, **shot).points
    landed = np.array([middle_of_light(align(spot(point, 320), points[None], template)[0]) for point in points])
    assert np.linalg.norm(landed - template.points, axis=1).mean() < 0.06 * template.size
    # a least-squares fit leaves the middle of all points where it was
    np.testing.assert_allclose(landed.mean(axis=0), np.mean(template.points, axis=0), atol=0.006 * template.size)


def spot(place, side):
    """A black picture with a soft white spot."""
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    light = 255 * np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * 2.0**2))
    return Image.fromarray(np.repeat(light[..., None], 3, axis=2).astype(np.uint8))


def middle_of_light(chip):
    weight = chip[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("roll", [-40.0, 25.0, 160.0])
def test_a_head_that_leans_gives_nearly_the_chip_of_one_that_does_not(world, roll):
    """In even light, which is the albedo; without turning, the chip would be another picture."""
    upright, leaning = (calm_photo(world, 2, roll=lean, head_share=0.5) for lean in (0.0, roll))
    expected, turned = (face_of(sample, sample.points) for sample in (upright, leaning))
    unturned = face_of(leaning, upright.points - upright.points.mean(axis=0) + leaning.points.mean(axis=0))
    assert psnr(expected, turned) > psnr(expected, unturned) + 8


def face_of(sample, points):
    """The middle of the chip, without hair and background."""
    even = Image.fromarray((255 * sample.albedo.clip(0, 1) ** (1 / 2.2)).astype(np.uint8))
    return align(even, points[None], DLIB_150)[0, 25:125, 25:125]


@pytest.mark.parametrize("scale", [2.0, 3.7, 8.0, 13.3])
def test_fine_patterns_turn_grey_instead_of_aliasing(scale):
    board = (np.indices((1600, 1600)).sum(0) % 2 * 255).astype(np.uint8)
    chip = warp(Image.fromarray(np.stack([board] * 3, axis=-1)), complex(scale), 30 + 30j, 100)
    odd_block = 255 / (2 * int(scale) ** 2)  # a block of an odd number of cells cannot be half black, half white
    assert np.abs(chip.astype(float) - 127.5).max() <= odd_block + 1.5


@pytest.mark.parametrize("scale", [1.3, 1.99, 2.0, 3.5])
def test_noise_is_averaged_as_its_area_would_be(scale):
    noise = np.random.default_rng(0).normal(128, 40, (900, 900, 3)).clip(0, 255).astype(np.uint8)
    chip = warp(Image.fromarray(noise), complex(scale), 20.3 + 20.3j, 150)
    assert chip.std() < 1.1 * noise.std() / scale


@pytest.mark.parametrize("scale", [2.5, 6.0])
def test_large_faces_keep_their_place_when_averaged_down(scale):
    ramp = np.linspace(0, 255, 1200).astype(np.float32)
    picture = np.repeat(np.broadcast_to(ramp, (1200, 1200))[..., None], 3, axis=2).astype(np.uint8)
    chip = warp(Image.fromarray(picture), complex(scale), 100 + 100j, 100)
    expected = np.interp(scale * np.arange(100) + 100, np.arange(1200), ramp)
    assert np.abs(chip[50, :, 0] - expected).max() < 2


def test_beyond_the_picture_is_black():
    assert not warp(PHOTO, 1 + 0j, 5000 + 5000j, 20).any()
    assert not warp(PHOTO, 9 + 0j, -9000 + 0j, 20).any()


@pytest.mark.parametrize(
    "points",
    [
        np.full((1, 5, 2), 7.0),
        np.full((1, 5, 2), np.nan),
        np.full((1, 5, 2), np.inf),
        np.array([DLIB_150.points]) * 1e30,
        [],
        np.zeros((5, 2)),
        np.zeros((1, 4, 2)),
    ],
)
def test_points_without_direction_are_refused(points):
    with pytest.raises(InvalidInput, match="detect the face again"):
        align(PHOTO, points, DLIB_150)


def test_points_on_a_line_still_have_a_direction():
    points = np.stack([np.linspace(100, 200, 5), np.linspace(100, 150, 5)], axis=1)[None]
    assert align(PHOTO, points, DLIB_150).shape == (1, 150, 150, 3)


def test_no_faces_give_no_chips():
    assert align(PHOTO, np.zeros((0, 5, 2)), DLIB_150).shape == (0, 150, 150, 3)


def test_templates_follow_insightfaces_rule():
    assert arcface_template(112) == ARCFACE_112
    assert arcface_template(128).points[0] == pytest.approx((38.2946 + 8, 51.6963))
    assert arcface_template(224).points[2] == pytest.approx((2 * 56.0252, 2 * 71.7366))
    assert chip_template("dlib-150") is DLIB_150
    for name in ("arcface-100", "arcface-0", "dlib-112", "", "arcface-", "arcface-\N{SUPERSCRIPT TWO}"):
        with pytest.raises(InvalidInput):
            chip_template(name)
