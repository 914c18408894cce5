from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import InvalidInput
from visavis.synthetic.render import Camera, angles, rotation

ANGLE = st.floats(-180, 180)


@given(yaw=st.floats(-89, 89), pitch=ANGLE, roll=ANGLE)
def test_angles_return_the_pose_that_a_rotation_was_made_of(yaw, pitch, roll):
    turned = rotation(yaw, pitch, roll)
    difference = np.subtract(angles(turned), (yaw, pitch, roll))
    assert np.abs((difference + 180) % 360 - 180).max() < 1e-6
    assert np.allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1)


def test_poses_turn_the_way_their_signs_say():
    nose, crown = np.array([0, 0, 1.0]), np.array([0, 1.0, 0])
    assert (rotation(30, 0, 0) @ nose)[0] > 0  # to the picture's right
    assert (rotation(0, 30, 0) @ nose)[1] > 0  # up
    assert (rotation(0, 0, 30) @ crown)[0] > 0  # crown to the picture's right
    a, b, c = (rotation(*pose) for pose in ((20, 0, 0), (0, 10, 0), (0, 0, 5)))
    assert np.allclose(rotation(20, 10, 5), c @ a @ b)


def test_projection_is_the_pinhole_formula(camera):
    points = np.random.default_rng(0).uniform(-0.3, 0.3, (4, 5, 3))
    pixels, depth = camera.project(points)
    assert depth == pytest.approx(1.0 - points[..., 2])
    assert pixels[..., 0] == pytest.approx(11.3 + 26 * (points[..., 0] - 0.02) / depth)
    assert pixels[..., 1] == pytest.approx(9.1 - 26 * (points[..., 1] + 0.01) / depth)


def test_unprojection_inverts_projection_under_any_rotation():
    camera = Camera(64, 48, 70.0, (30.0, 20.0), np.array([0.1, 0.2, 1.5]), rotation(15, -8, 4))
    points = np.random.default_rng(1).uniform(-0.3, 0.3, (50, 3))
    pixels, depth = camera.project(points)
    assert np.abs(camera.unproject(pixels, depth) - points).max() < 1e-12


def test_what_lies_behind_the_lens_has_no_pixel(camera):
    pixels, depth = camera.project([[0, 0, 2.0]])
    assert np.isnan(pixels).all()
    assert depth[0] < 0


def test_a_portrait_shows_the_head_at_its_share_and_place():
    camera = Camera.portrait((120, 160), distance=0.9, share=0.5, centre=(0.25, 0.5), target=(0.1, 0.2, 0.0), head=0.2)
    (top, bottom, middle), depth = camera.project([(0.1, 0.3, 0.0), (0.1, 0.1, 0.0), (0.1, 0.2, 0.0)])
    assert bottom[1] - top[1] == pytest.approx(80)
    assert middle == pytest.approx([29.5, 79.5])
    assert depth == pytest.approx(0.9)


@pytest.mark.parametrize("samples", [2, 3])
def test_a_finer_camera_puts_its_pixels_inside_the_coarse_ones(camera, samples):
    point = [(0.11, -0.07, 0.1)]
    coarse, fine = camera.project(point)[0], camera.finer(samples).project(point)[0]
    assert (fine + 0.5) / samples - 0.5 == pytest.approx(coarse)
    assert (camera.finer(samples).width, camera.finer(samples).height) == (24 * samples, 20 * samples)


def test_a_band_of_rows_shows_the_same_pixels(camera):
    point = [(0.11, -0.07, 0.1)]
    whole, band = camera.project(point)[0], camera.rows(5, 12).project(point)[0]
    assert band == pytest.approx(whole - (0, 5))
    assert camera.rows(5, 12).height == 7


def test_a_camera_describes_itself_for_json(camera):
    again = json.loads(json.dumps(camera.to_dict()))
    copy = Camera(**{**again, "centre": tuple(again["centre"])})
    assert copy.to_dict() == camera.to_dict()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("width", 0, r"1\.\.16384"), ("height", 20_000, r"1\.\.16384"), ("width", 2.5, r"1\.\.16384"),
        ("width", float("nan"), r"1\.\.16384"), ("height", "wide", r"1\.\.16384"),
        ("focal", 0.0, "focal length"), ("focal", float("nan"), "focal length"), ("centre", (1, 2, 3), "centre"),
        ("position", (0, 0, np.inf), "position"), ("rotation", np.ones((3, 3)), "orthonormal"),
        ("rotation", np.diag([1, 1, -1]), "right-handed"),
    ],
)  # fmt: skip
def test_a_camera_out_of_range_is_refused_by_name(field, value, message):
    fields = {"width": 10, "height": 10, "focal": 10.0, "centre": (4.5, 4.5), field: value}
    with pytest.raises(InvalidInput, match=message):
        Camera(**fields)


def test_angles_need_a_matrix():
    with pytest.raises(InvalidInput, match="rotation"):
        angles(np.eye(2))
