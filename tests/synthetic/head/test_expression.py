"""Movements do what their names say and open no holes."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.synthetic.head import closing, stand_in
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.template import template

HEAD, MESH, PLAN = stand_in(), template(), layout()
CALM = 1e3 * HEAD.landmarks.points(HEAD.template, HEAD.faces)
EYE = slice(MESH.grid.shape[1] // 2 + PLAN.inner, MESH.grid.shape[1] // 2 + PLAN.outer + 1)


def posed(shaped=HEAD.template, **codes):
    vector = np.zeros(len(HEAD.expression_names))
    for name, amount in codes.items():
        vector[HEAD.expression_names.index(name)] = amount
    return HEAD.pose(shaped, vector)


def moved(**codes):
    """(68, 3) how far the landmarks move, mm."""
    return 1e3 * HEAD.landmarks.points(posed(**codes), HEAD.faces) - CALM


def opening(vertices, columns=MESH.grid):
    """(n,) height of the left eye's hole along the eye, mm."""
    return 1e3 * (vertices[columns[PLAN.rows["upper_lid"], EYE], 1] - vertices[columns[PLAN.rows["lower_lid"], EYE], 1])


def test_the_head_has_the_movements_that_faces_and_speech_need():
    wanted = {
        "jaw_open", "lips_part", "smile_left", "smile_right", "open_smile", "pucker", "lip_press", "corners_down",
        "brow_up", "brow_down", "nose_wrinkle", "blink_left", "blink_right", "squint", "cheek_raise",
        "upper_lip_raise", "lower_lip_depress",
    }  # fmt: skip
    assert wanted <= set(HEAD.expression_names)


def test_a_blink_closes_one_eye_and_leaves_the_other():
    closed = posed(blink_left=1.0)
    assert opening(closed).max() < 0
    assert np.allclose(opening(closed, MESH.grid[:, ::-1]), opening(HEAD.template, MESH.grid[:, ::-1]))
    assert opening(posed(blink_right=1.0), MESH.grid[:, ::-1]).max() < 0


@pytest.mark.parametrize("amount", [0.25, 0.5, 0.75, 1.0])
def test_no_eyeball_pokes_through_a_lid_on_its_way(amount):
    vertices = posed(blink_left=amount)
    centre = HEAD.joint_regressor[3] @ vertices
    lid = vertices[MESH.grid[PLAN.rows["crease"] : PLAN.rows["upper_lid"] + 1, EYE]]
    cornea = np.linalg.norm(vertices[HEAD.regions["left_eyeball"]] - centre, axis=1).max()
    front = lid[..., 2] - centre[2] > 0.009
    assert (np.linalg.norm(lid - centre, axis=-1)[front] / cornea).min() > 0.985


def test_closing_closes_the_eyes_of_everybody_just_so():
    rng = np.random.default_rng(1)
    for _ in range(10):
        shaped = HEAD.shape(np.clip(rng.normal(size=len(HEAD.identity_names)), -2, 2))
        left, right = closing(HEAD, shaped)
        vertices = posed(shaped, blink_left=left, blink_right=right)
        assert opening(vertices).max() == pytest.approx(-0.2, abs=1e-6)
        assert opening(vertices, MESH.grid[:, ::-1]).max() == pytest.approx(-0.2, abs=1e-6)


def test_an_open_jaw_lowers_the_chin_and_parts_the_lips_as_one_mouth():
    change = moved(jaw_open=1.0)
    assert change[8, 1] < -12
    assert change[57, 1] < -12
    assert np.abs(change[27:48]).max() < 0.1
    corner = posed(jaw_open=1.0)
    column = MESH.grid.shape[1] // 2 + PLAN.mouth
    upper, lower = (corner[MESH.grid[PLAN.rows[name], column]] for name in ("parting_upper", "parting_lower"))
    assert np.linalg.norm(upper - lower) < 1e-3  # the lips stay joined at the corner


def test_upper_teeth_stay_and_lower_teeth_ride_on_the_jaw():
    teeth = MESH.pieces["teeth"]
    change = 1e3 * (posed(jaw_open=1.0) - HEAD.template)[teeth]
    assert np.abs(change[: len(teeth) // 2]).max() < 1e-9
    assert change[len(teeth) // 2 :, 1].max() < -5


def test_smiles_belong_to_their_side():
    left, right = moved(smile_left=1.0), moved(smile_right=1.0)
    assert left[54, 1] > 3
    assert left[54, 0] > 2
    assert np.abs(left[48]).max() < 0.2
    assert right[48, 1] > 3
    assert right[48, 0] < -2
    assert np.abs(right[54]).max() < 0.2


def test_the_other_movements_go_the_right_way():
    assert moved(brow_up=1.0)[17:27, 1].min() > 1.5
    assert moved(brow_down=1.0)[[20, 21, 22, 23], 1].max() < -1.5
    assert moved(corners_down=1.0)[[48, 54], 1].max() < -2
    assert moved(upper_lip_raise=1.0)[62, 1] > 1
    assert moved(lower_lip_depress=1.0)[66, 1] < -1
    assert moved(nose_wrinkle=1.0)[[31, 35], 1].min() > 0.8
    pucker = moved(pucker=1.0)
    assert pucker[48, 0] > 4
    assert pucker[54, 0] < -4
    assert pucker[62, 2] > 3
    part = moved(lips_part=1.0)
    assert part[62, 1] - part[66, 1] > 3
    assert opening(posed(squint=1.0)).max() < opening(HEAD.template).max() - 1
    assert opening(posed(eyes_wide=1.0)).max() > opening(HEAD.template).max() + 0.8


def test_movements_of_pairs_are_mirror_images():
    for left, right in (("smile_left", "smile_right"), ("blink_left", "blink_right")):
        one, other = (HEAD.expression[:, :, HEAD.expression_names.index(name)] for name in (left, right))
        assert np.abs(one[MESH.mirror] * (-1, 1, 1) - other).max() < 1e-9


def test_no_movement_touches_the_neck_or_the_back_of_the_head():
    still = np.union1d(HEAD.regions["boundary"], HEAD.regions["scalp"][HEAD.template[HEAD.regions["scalp"], 2] < -0.03])
    assert np.abs(HEAD.expression[still]).max() < 1e-4
