"""Hollows are dark, and each person has hollows of their own."""

from __future__ import annotations

import numpy as np

from visavis.synthetic.head import occlusion, stand_in
from visavis.synthetic.head.template import template

HEAD, MESH = stand_in(), template()
LIGHT = occlusion(HEAD, HEAD.template)


def at(x, y, part=HEAD.regions["face"]):
    """Visibility of the face near (x, y) mm."""
    points = 1e3 * HEAD.template[part]
    near = np.argsort(np.hypot(points[:, 0] - x, points[:, 1] - y))[:6]
    return float(LIGHT[part[near]].mean())


def test_visibility_is_a_share():
    assert LIGHT.shape == (len(HEAD.template),)
    assert LIGHT.dtype == np.float32
    assert 0.1 <= LIGHT.min() < LIGHT.max() <= 1.0


def test_open_skin_is_bright_and_cavities_are_dark():
    forehead, tip = at(0, 45), at(0, -38)
    assert forehead > 0.9
    assert tip > 0.85
    assert at(14, 6) < forehead - 0.15  # inner socket
    assert at(0, -69) < tip - 0.2  # between the lips
    assert at(0, -125, HEAD.regions["neck"]) < 0.7  # under the jaw
    assert LIGHT[HEAD.regions["mouth"]].max() < 0.7
    nostril = 1e3 * HEAD.template - (7.5, -45.5, 105.0)
    assert LIGHT[np.argmin((nostril**2).sum(axis=1))] < tip - 0.25


def test_both_sides_see_the_same():
    below_crown = LIGHT[MESH.grid[1:]]
    assert np.abs(below_crown - below_crown[:, ::-1]).max() < 0.02


def test_deeper_eyes_lie_darker():
    codes = np.zeros(len(HEAD.identity_names))
    codes[HEAD.identity_names.index("eye_depth")] = 2.0
    deep, flat = (occlusion(HEAD, HEAD.shape(sign * codes)) for sign in (1, -1))
    region = HEAD.regions["eye_region"]
    assert deep[region].mean() < flat[region].mean()


def test_a_head_of_another_layout_gets_no_occlusion():
    assert (occlusion(HEAD, HEAD.template[:50]) == 1).all()
