"""Nothing shows through the head: no hole in its silhouette, whoever it is and whatever the face does."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.synthetic.head import stand_in

pytest.importorskip("numba")
ndimage = pytest.importorskip("scipy.ndimage")
HEAD = stand_in()


def coverage(vertices, yaw, pitch):
    from visavis.synthetic.render import Camera, Light, Material, Surface, draw

    grey = Material(name="clay", albedo=np.full((1, 1, 3), 0.5, np.float32), parsing=1, two_sided=True)
    y, p = np.radians([yaw, pitch])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    surface = Surface((vertices @ (turn @ nod).T).astype(np.float32), HEAD.faces, HEAD.uv, grey)
    return draw([surface], Camera.portrait(220, share=0.85), Light.simple()).coverage > 0.5


@pytest.mark.parametrize("yaw", [-60, -25, 0, 40, 60])
def test_no_background_shows_inside_the_head_with_the_mouth_open_and_the_eyes_half_shut(yaw):
    rng = np.random.default_rng(abs(yaw))
    for trial in range(4):
        shaped = HEAD.shape(np.clip(rng.normal(size=len(HEAD.identity_names)), -2, 2))
        codes = rng.uniform(size=len(HEAD.expression_names)) * 0.5
        codes[HEAD.expression_names.index("jaw_open")] = 1.0
        inside = coverage(HEAD.pose(shaped, codes), yaw, (-25, 0, 20, 35)[trial])
        # A gap between ear and head may show background, a hole of a pixel or more elsewhere may not.
        filled = ndimage.binary_fill_holes(inside)
        holes = filled & ~inside
        assert holes.sum() <= 4
