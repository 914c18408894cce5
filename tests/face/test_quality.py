from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from tests.people import CALM, calm_photo

from visavis.face.align import DLIB_150, align
from visavis.face.quality import exposure, eye_distance_score, frontality, quality, sharpness

POINTS = np.array([[203.15, 101.68], [247.01, 104.51], [223.26, 125.08], [203.38, 142.33], [241.33, 144.42]])


def rho(points):
    return float(frontality(np.asarray(points, np.float64)[None])[0])


@given(st.floats(0.2, 20), st.floats(-3.1, 3.1), st.floats(-500, 500), st.floats(-500, 500))
def test_frontality_ignores_place_size_and_turn(scale, turn, dx, dy):
    z = (POINTS[:, 0] + 1j * POINTS[:, 1]) * scale * np.exp(1j * turn) + complex(dx, dy)
    assert rho(np.stack([z.real, z.imag], axis=1)) == pytest.approx(rho(POINTS), abs=1e-5)


def test_frontality_is_the_same_for_the_mirrored_face():
    assert rho(POINTS[[1, 0, 2, 4, 3]] * (-1, 1)) == pytest.approx(rho(POINTS), abs=1e-6)


def test_frontality_is_one_on_the_midline_and_zero_at_an_eye():
    face = [[0, 0], [10, 0], [5, 8], [2, 15], [8, 15]]
    assert rho(face) == 1
    face[2] = [10, 8]
    assert rho(face) == 0
    assert rho([[4, 4], [4.2, 4], [4.1, 5], [4, 6], [4, 6]]) == 0


@pytest.mark.parametrize("yaw", [-40, -11, 0, 5, 25])
def test_frontality_follows_the_turn_of_a_projected_head(yaw):
    eye, nose, angle = 30.0, 28.0, np.radians(yaw)
    head = np.array([[-eye, 0, 0], [eye, 0, 0], [0, 30, nose], [-20, 60, 0], [20, 60, 0]])
    x = head[:, 0] * np.cos(angle) + head[:, 2] * np.sin(angle)
    expected = max(0.0, 1 - nose / eye * abs(np.tan(angle)))
    assert rho(np.stack([x, head[:, 1]], axis=1)) == pytest.approx(expected, abs=1e-6)


def test_pitch_alone_does_not_change_frontality():
    for pitch in np.radians([-30, -10, 20, 30]):
        head = np.array([[-30, 0, 0], [30, 0, 0], [0, 30, 28], [-20, 60, 0], [20, 60, 0]])
        y = head[:, 1] * np.cos(pitch) - head[:, 2] * np.sin(pitch)
        assert rho(np.stack([head[:, 0], y], axis=1)) > 0.98


YAWS = (0.0, 10.0, 20.0, 30.0, 40.0)


@pytest.mark.parametrize("side", [-1, 1])
def test_the_further_a_head_is_turned_the_less_frontal_its_true_points_are(world, side):
    for k in range(3):
        values = [rho(calm_photo(world, k, size=64, yaw=side * yaw).points) for yaw in YAWS]
        assert all(a > b or a == 0 for a, b in pairwise(values)), values
        assert values[0] > 0.9
        assert values[-1] < 0.45


def test_leaning_and_nodding_heads_are_as_frontal_as_upright_ones(world):
    for k in range(3):
        poses = ({"roll": 30.0}, {"roll": -150.0}, {"pitch": 18.0}, {"pitch": -18.0})
        assert min(rho(calm_photo(world, k, size=64, **pose).points) for pose in poses) > 0.85


def chip_of(image, points=POINTS):
    return align(image, points[None], DLIB_150)


@pytest.fixture
def photo(portrait):
    return Image.fromarray(portrait.image)


def luma(chips):
    return chips[:, 30:120, 30:120].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def test_blur_lowers_sharpness_step_by_step(photo, portrait):
    blurred = [photo.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4, 8)]
    values = [float(sharpness(luma(chip_of(image, portrait.points)))[0]) for image in blurred]
    assert all(a > b or a == 1 for a, b in pairwise(values)), values
    assert values[0] > 0.4
    assert values[-1] < 0.25


def test_a_real_portrait_is_sharp_until_it_is_blurred(astronaut):
    image = Image.fromarray(astronaut)
    values = [float(sharpness(luma(chip_of(image.filter(ImageFilter.GaussianBlur(r)))))[0]) for r in (0, 1, 2, 4, 8)]
    assert all(a > b for a, b in pairwise(values)), values
    assert values[0] > 0.5
    assert values[-1] < 0.25


def test_a_face_far_from_the_lens_has_less_detail_and_closer_eyes(world):
    shares = (0.62, 0.4, 0.25, 0.15)
    samples = [calm_photo(world, 2, size=320, head_share=share) for share in shares]
    points = np.stack([sample.points for sample in samples])
    chips = [chip_of(Image.fromarray(sample.image), sample.points) for sample in samples]
    scores = [quality(chip, p[None], np.ones(1, np.float32)) for chip, p in zip(chips, points, strict=True)]
    for component in ("size", "sharpness", "summary"):
        values = [float(getattr(score, component)[0]) for score in scores]
        assert values == sorted(values, reverse=True), component


def test_sharpness_does_not_depend_on_light(photo, portrait):
    bright = luma(chip_of(photo, portrait.points))
    assert sharpness(bright * 0.4 + 20)[0] == pytest.approx(sharpness(bright)[0], abs=0.02)


def test_exposure_falls_when_tones_are_lost_and_not_with_brightness(astronaut):
    face = luma(chip_of(Image.fromarray(astronaut)))
    usual = float(exposure(face)[0])
    assert float(exposure(face * 0.6)[0]) == pytest.approx(usual, abs=0.05)
    assert float(exposure(np.clip(face * 4, 0, 255))[0]) < 0.5 * usual
    assert float(exposure(np.clip(face - 200, 0, 255))[0]) < 0.5 * usual
    assert float(exposure(np.full_like(face, 127))[0]) == 0


def test_a_well_lit_face_is_as_well_exposed_in_dark_as_in_light_skin(world):
    """The same person in the same light; only the skin's tone is set."""
    from visavis.synthetic import photograph

    scores = []
    for tone in (0.0, 2.5, 5.0):
        figure = world.figure(replace(world.person(2), tone=tone))
        sample = photograph(figure, world.shot(2, 0, **CALM), 224)
        face = luma(chip_of(Image.fromarray(sample.image), sample.points))
        scores.append(float(exposure(face)[0]))
        for lost in (np.clip(face * 6, 0, 255), np.clip(face - np.quantile(face, 0.9), 0, 255)):
            assert float(exposure(lost)[0]) < 0.5 * scores[-1]
    assert max(scores) - min(scores) < 0.15


def test_exposure_treats_dark_and_bright_alike(photo, portrait):
    face = luma(chip_of(photo, portrait.points))
    for tones in (face, np.clip(face * 1.5, 0, 255), np.clip(face - 60, 0, 255)):
        assert exposure(255 - tones)[0] == pytest.approx(exposure(tones)[0], abs=1e-5)


def test_farther_eyes_score_higher_up_to_a_limit():
    scores = [float(eye_distance_score((POINTS * s)[None])[0]) for s in (0.05, 0.2, 0.5, 1, 2, 10)]
    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (0, 1)


def test_the_summary_is_the_geometric_mean_and_never_leaves_its_range(astronaut):
    chips = np.concatenate([chip_of(Image.fromarray(astronaut)), np.zeros((1, 150, 150, 3), np.uint8)])
    result = quality(chips, np.stack([POINTS, POINTS * 0]).astype(np.float32), np.array([0.9, 0.5], np.float32))
    parts = [result.size, result.sharpness, result.exposure, result.frontality, result.detection]
    expected = np.prod([np.maximum(part, 0.01) for part in parts], axis=0) ** (1 / 5)
    np.testing.assert_allclose(result.summary, expected, rtol=1e-4)
    assert result.summary[0] > 0.8
    assert result.summary[1] < 0.1


def test_no_faces_have_no_quality():
    assert (
        len(quality(np.zeros((0, 150, 150, 3), np.uint8), np.zeros((0, 5, 2), np.float32), np.zeros(0, np.float32)))
        == 0
    )
