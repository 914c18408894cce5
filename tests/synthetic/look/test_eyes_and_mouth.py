"""Eyes, lashes and the inside of the mouth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from visavis.synthetic.head import stand_in
from visavis.synthetic.look.eyes import IRIS_RADIUS, eye_materials
from visavis.synthetic.look.lashes import lash_surfaces
from visavis.synthetic.look.mouth import mouth_material, teeth_material, tongue_material
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.person import Person
from visavis.synthetic.streams import Stream


def somebody(**factors: Any) -> Person:
    return Person.sample(Stream(3), None, **factors)


def rings(size: int) -> np.ndarray:
    """Distance of each texel from the middle of the pupil, mm as seen from the front."""
    along = (np.arange(size) + 0.5) / size - 0.5
    return 12.0 * np.sin(np.minimum(2 * np.pi * np.hypot(*np.meshgrid(along, along)), np.pi / 2))


def luminance(albedo: np.ndarray) -> np.ndarray:
    return albedo @ (0.2126, 0.7152, 0.0722)


def test_eyes_share_a_texture_and_have_their_own_classes():
    left, right = eye_materials(somebody())
    assert np.array_equal(left.albedo, right.albedo)
    assert np.unique(left.parsing).tolist() == [PARSING.index("left_eye")]
    assert np.unique(right.parsing).tolist() == [PARSING.index("right_eye")]


def test_pupil_is_darkest_and_the_white_is_lightest_but_never_glows():
    eye = eye_materials(somebody(iris=0.2, age=25))[0]
    light, away = luminance(eye.albedo), rings(len(eye.albedo))
    pupil, iris, white = (
        light[where].mean() for where in (away < 1.6, (away > 3) & (away < 5), (away > 6.8) & (away < 9))
    )
    assert pupil < 0.02 < iris < white < 0.5


def test_a_dark_ring_lies_at_the_edge_of_the_iris():
    eye = eye_materials(somebody(iris=0.0), detail=2)[0]
    light, away = luminance(eye.albedo), rings(len(eye.albedo))
    edge = light[np.abs(away - IRIS_RADIUS + 0.7) < 0.2].mean()
    assert edge < 0.7 * light[np.abs(away - 4.2) < 0.4].mean()


def test_irises_run_from_blue_to_dark_brown():
    colours = []
    for iris in (0.0, 0.5, 1.0):
        eye = eye_materials(somebody(iris=iris))[0]
        away = rings(len(eye.albedo))
        colours.append(eye.albedo[(away > 3.5) & (away < 4.8)].mean(axis=0))
    assert colours[0][2] > colours[0][0]
    assert colours[2][0] > colours[2][2]
    assert luminance(colours[2]) < 0.35 * luminance(colours[0])


def test_the_iris_factor_leaves_the_white_alone():
    blue, brown = (eye_materials(somebody(iris=iris, tone=1.0))[0].albedo for iris in (0.0, 1.0))
    white = rings(len(blue)) > IRIS_RADIUS + 0.5
    assert np.allclose(blue[white], brown[white], atol=1e-6)


def test_teeth_are_off_white_between_dark_gaps_and_pink_gums():
    teeth = teeth_material(somebody(age=25), detail=2)
    light = luminance(teeth.albedo)
    rows, columns = light.shape
    row = light[int(rows * 0.4)]
    assert row.max() > 0.4
    middle = row[columns // 2 - 4 : columns // 2 + 4].min()
    assert middle < 0.75 * np.median(row[columns // 3 : -columns // 3])
    gum = teeth.albedo[1]
    assert (gum[:, 0] > 1.5 * gum[:, 1]).all()


def test_teeth_get_yellower_with_age():
    young, old = (teeth_material(somebody(age=age)).albedo[20, 60:100].mean(axis=0) for age in (20.0, 80.0))
    assert old[2] / old[0] < 0.9 * young[2] / young[0]


def test_the_mouth_is_red_at_the_lips_and_dark_in_the_throat():
    material = mouth_material(somebody())
    lining = material.albedo
    assert material.occlusion is not None
    seen = luminance(lining) * material.occlusion
    assert seen[0].mean() > 2 * seen[-1].mean()
    assert (lining[..., 0] > 2 * lining[..., 1]).all()


@pytest.mark.parametrize("make", [mouth_material, teeth_material, tongue_material])
def test_the_inside_of_the_mouth_has_one_class(make: Any):
    assert np.unique(make(somebody()).parsing).tolist() == [PARSING.index("inner_mouth")]


def test_lashes_start_at_the_lids_and_stay_short():
    head = stand_in()
    margins = head.template[head.regions["eye_region"]]
    for fringe in lash_surfaces(head, head.template, somebody(makeup=0.0)):
        roots = fringe.vertices[fringe.uv[:, 1] == 0]
        tips = fringe.vertices[fringe.uv[:, 1] == 1]
        nearest = np.linalg.norm(roots[:, None] - margins[None], axis=2).min(axis=1)
        assert nearest.max() < 0.002
        assert 0.0005 < np.linalg.norm(tips - roots, axis=1).max() < 0.013


def test_lashes_are_four_mirrored_fringes():
    head = stand_in()
    left_upper, left_lower, right_upper, right_lower = lash_surfaces(head, head.template, somebody())
    for left, right in ((left_upper, right_upper), (left_lower, right_lower)):
        assert np.allclose(left.vertices * (-1, 1, 1), right.vertices, atol=1e-5)
    assert left_upper.vertices[:, 1].mean() > left_lower.vertices[:, 1].mean()


def test_a_head_with_another_mesh_has_no_lashes():
    head = stand_in()
    assert lash_surfaces(head, head.template[:100], somebody()) == ()
