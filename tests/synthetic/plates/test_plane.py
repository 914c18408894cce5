"""The homography against a pinhole projection written out."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.synthetic.plates.plane import Plane, place, rotation


def test_rotations_turn_the_way_their_names_say():
    normal, up = np.array([0, 0, 1.0]), np.array([0, 1.0, 0])
    assert (rotation(30, 0, 0) @ normal)[0] > 0  # faces the picture's right
    assert (rotation(0, 30, 0) @ normal)[1] > 0  # faces up
    assert (rotation(0, 0, 30) @ up)[0] > 0  # its top leans to the right


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (40, -20, 10), (-65, 30, 120)])
def test_a_homography_is_the_pinhole_projection_of_the_turned_plane(yaw, pitch, roll):
    turn, distance, focal, centre = rotation(yaw, pitch, roll), 2500.0, 900.0, (310.0, 170.0)
    plane = Plane.facing(turn, distance, focal, centre)
    for x, y in ((0, 0), (-260, -55), (260, 55), (100, -40)):
        across, up, near = turn @ (x, -y, 0)
        expected = centre[0] + focal * across / (distance - near), centre[1] - focal * up / (distance - near)
        assert np.allclose(plane.to_pixels((x, y)), expected, atol=1e-9)
        assert np.allclose(plane.to_millimetres(expected), (x, y), atol=1e-7)


@pytest.mark.parametrize("x", [-1.0, 0.3, 1.0])
@pytest.mark.parametrize("y", [-1.0, 0.0, 1.0])
def test_a_placed_box_fills_its_share_and_stays_inside(x, y):
    box = (-260.0, -55.0, 260.0, 55.0)
    plane = place(box, rotation(35, 10, 5), 3000, (0.5, x, y), (640, 360))
    corners = plane.quads(box)[0]
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert high[0] - low[0] == pytest.approx(320)
    assert (low >= -0.5 - 1e-6).all()
    assert (high <= (639.5 + 1e-6, 359.5 + 1e-6)).all()
    if x == 1.0:
        assert high[0] == pytest.approx(639.5)
