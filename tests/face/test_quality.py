from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

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


def chip_of(image):
    return align(image, POINTS[None], DLIB_150)


def luma(chips):
    return chips[:, 30:120, 30:120].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def test_blur_lowers_sharpness_step_by_step(astronaut):
    image = Image.fromarray(astronaut)
    values = [float(sharpness(luma(chip_of(image.filter(ImageFilter.GaussianBlur(r)))))[0]) for r in (0, 1, 2, 4, 8)]
    assert all(a > b for a, b in pairwise(values)), values
    assert values[0] > 0.5
    assert values[-1] < 0.25


def test_sharpness_does_not_depend_on_light(astronaut):
    bright = luma(chip_of(Image.fromarray(astronaut)))
    assert sharpness(bright * 0.4 + 20)[0] == pytest.approx(sharpness(bright)[0], abs=0.02)


def test_exposure_falls_when_tones_are_lost_and_not_with_brightness(astronaut):
    face = luma(chip_of(Image.fromarray(astronaut)))
    usual = float(exposure(face)[0])
    assert float(exposure(face * 0.6)[0]) == pytest.approx(usual, abs=0.05)
    assert float(exposure(np.clip(face * 4, 0, 255))[0]) < 0.5 * usual
    assert float(exposure(np.clip(face - 200, 0, 255))[0]) < 0.5 * usual
    assert float(exposure(np.full_like(face, 127))[0]) == 0


def test_exposure_treats_dark_and_bright_alike(astronaut):
    face = luma(chip_of(Image.fromarray(astronaut)))
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
