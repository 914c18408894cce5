"""Corners and character boxes against edges found in the finished picture, with nothing but its grey levels."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.synthetic.plates import Plate

SHARP = {"paint": 0, "car": "bumper", "frame": "none", "bolts": "none", "light": "overcast"}


def taken(**factors):
    plate = Plate.sample(np.random.default_rng(3), "uk", text="FE21 HLD", face="condensed", **SHARP).clean()
    values = {name: getattr(plate, name) for name in plate.__dataclass_fields__}
    return Plate(**values | factors).render(900, 520)


def light(image):
    """Linear light of the blue channel, in which white and the blue band are both bright."""
    coded = image[..., 2] / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def sampled(picture, points):
    """Bilinear values at (n, 2) x, y with the centre of the top-left pixel at (0, 0)."""
    x, y = points.T
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - left, y - top
    upper = picture[top, left] * (1 - u) + picture[top, left + 1] * u
    lower = picture[top + 1, left] * (1 - u) + picture[top + 1, left + 1] * u
    return upper * (1 - v) + lower * v


def edge_offsets(picture, start, end, inward, shares, reach=4.0):
    """Signed distances from the line start-end to the edge in the picture, positive inward, from the area covered."""
    inward = inward / np.linalg.norm(inward)
    steps = np.linspace(-reach, reach, 321)
    offsets = []
    for share in shares:
        foot = start + share * (end - start)
        profile = sampled(picture, foot + steps[:, None] * inward)
        outside, inside = profile[:60].mean(), profile[-60:].mean()
        covered = np.mean((profile - outside) / (inside - outside)) * 2 * reach
        offsets.append(reach - covered)
    return np.array(offsets)


VIEWS = [
    {},
    {"yaw": 35.0},
    {"yaw": -40.0, "pitch": 18.0, "roll": 7.0, "distance": 1.5},
    {"pitch": -25.0, "x": 0.6, "y": -0.4, "fill": 0.7},
]


@pytest.mark.parametrize("view", VIEWS)
def test_the_plates_corners_lie_where_its_edges_meet_in_the_picture(view):
    sample = taken(**view)
    picture = light(sample.image)
    centre = sample.corners.mean(axis=0)
    for side in range(4):
        start, end = sample.corners[side], sample.corners[(side + 1) % 4]
        along = end - start
        inward = np.array([-along[1], along[0]])
        assert inward @ (centre - start) > 0
        shares = np.linspace(0.15, 0.85, 40)
        offsets = edge_offsets(picture, start, end, inward, shares)
        ends = np.polyval(np.polyfit(shares, offsets, 1), [0, 1])  # a straight edge carried on to the corners
        assert np.abs(ends).max() < 0.1, (side, ends)


@pytest.mark.parametrize("view", VIEWS)
def test_character_boxes_touch_the_ink(view):
    sample = taken(**view)
    picture = light(sample.image)
    sides = {
        "F": (3, 0),
        "E": (0, 2, 3),
        "H": (1, 3),
        "L": (2, 3),
    }
    for character, corners in zip(sample.characters, sample.character_corners, strict=True):
        for side in sides.get(character, ()):
            start, end = corners[side], corners[(side + 1) % 4]
            along = end - start
            offsets = edge_offsets(picture, start, end, np.array([-along[1], along[0]]), np.linspace(0.2, 0.75, 12))
            assert abs(offsets.mean()) < 0.1, (character, side, offsets)


def test_the_labels_of_another_size_are_the_same_labels_scaled():
    small, large = (taken(yaw=30.0, pitch=10.0).plate.render(450 * k, 260 * k) for k in (1, 2))
    assert np.allclose((small.corners + 0.5) * 2 - 0.5, large.corners)
    assert np.allclose((small.character_corners + 0.5) * 2 - 0.5, large.character_corners)


def test_a_plate_turned_to_the_right_is_larger_on_its_left_side():
    corners = taken(yaw=40.0, distance=1.5).corners
    left, right = np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1])
    assert left > right


def test_a_positive_roll_turns_the_plate_clockwise():
    corners = taken(roll=10.0).corners
    along = corners[1] - corners[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(10)
