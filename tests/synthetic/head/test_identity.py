"""Identity fields are smooth, named, the same everywhere in space, and leave eyes in working order."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.head import IDENTITY_NAMES, displacement, stand_in
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.template import template

HEAD, MESH = stand_in(), template()
ONE_SIDED = {"nose_bend", "mouth_skew", "jaw_skew", "eye_skew"}


def people(count, gain=0.9):
    """Neutral heads of random people."""
    rng = np.random.default_rng(3)
    for _ in range(count):
        yield HEAD.shape(gain * np.clip(rng.normal(size=len(IDENTITY_NAMES)), -2, 2))


def test_there_are_about_sixty_modes_with_names_of_their_own():
    assert 55 <= len(IDENTITY_NAMES) <= 80
    assert len(set(IDENTITY_NAMES)) == len(IDENTITY_NAMES)
    assert HEAD.identity_names == IDENTITY_NAMES


def test_the_skin_moves_as_the_fields_say():
    skin = MESH.grid.ravel()[::7]
    assert np.array_equal(HEAD.identity[skin], displacement(MESH.vertices[skin]))


def test_a_deviation_moves_some_part_by_millimetres():
    furthest = 1e3 * np.linalg.norm(HEAD.identity, axis=1).max(axis=0)
    assert furthest.min() > 0.4
    assert furthest.max() < 9.0


def test_the_size_mode_scales_by_three_and_a_half_to_five_percent():
    size = HEAD.identity[:, :, IDENTITY_NAMES.index("size")]
    extent = np.ptp(HEAD.template + size, axis=0) / np.ptp(HEAD.template, axis=0) - 1
    assert (extent > 0.035).all()
    assert (extent < 0.05).all()


def test_modes_are_mirror_symmetric_but_for_the_named_asymmetries():
    mirrored = HEAD.identity[MESH.mirror] * np.array([-1, 1, 1])[:, None]
    apart = np.abs(mirrored - HEAD.identity).max(axis=(0, 1))
    assert {name for name, gap in zip(IDENTITY_NAMES, apart, strict=True) if gap > 1e-9} == ONE_SIDED


def test_fields_are_smooth():
    """A step of half a millimetre changes no field by more than a fifth of the step."""
    rng = np.random.default_rng(0)
    points = MESH.vertices[rng.choice(MESH.grid.ravel(), 400, replace=False)]
    step = rng.normal(size=points.shape)
    step *= 0.5 / np.linalg.norm(step, axis=1, keepdims=True)
    change = 1e3 * np.linalg.norm(displacement(points + step) - displacement(points), axis=1)
    assert change.max() < 0.2


def test_modes_are_linearly_independent():
    values = np.linalg.svd(HEAD.identity.reshape(-1, len(IDENTITY_NAMES)), compute_uv=False)
    assert values[-1] > 1e-3 * values[0]


def test_eyeballs_stay_round_and_lids_stay_on_them():
    plan, middle = layout(), MESH.grid.shape[1] // 2
    lids = MESH.grid[plan.rows["crease"] : plan.rows["lid_fold"], middle + plan.inner : middle + plan.outer + 1]
    for shaped in people(25):
        centre = HEAD.joint_regressor[3] @ shaped
        radius = np.linalg.norm(shaped[HEAD.regions["left_eyeball"]][101:] - centre, axis=1)
        assert np.ptp(radius) < 1e-6
        assert (np.linalg.norm(shaped[lids] - centre, axis=-1) / radius.mean()).min() > 1.02


def test_nobody_turns_inside_out():
    for shaped in people(25, gain=1.0):
        normals = HEAD.normals(shaped)
        face = HEAD.regions["face"]
        assert np.einsum("vd,vd->v", normals[face], HEAD.normals(HEAD.template)[face]).min() > -0.2
        points = HEAD.landmarks.points(shaped, HEAD.faces)
        assert points[27, 1] > points[33, 1] > points[51, 1] > points[57, 1] > points[8, 1]


@pytest.mark.parametrize("points", [[1.0, 2.0, 3.0], np.zeros((4, 2)), np.full((2, 3), np.nan)])
def test_anything_but_finite_points_is_refused(points):
    with pytest.raises(InvalidInput, match="points_mm"):
        displacement(points)
