"""The 68 points lie where iBUG puts them, and the outline follows what the eye sees."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.head import contour_row, stand_in

HEAD = stand_in()
POINTS = 1e3 * HEAD.landmarks.points(HEAD.template, HEAD.faces)
MIRROR_68 = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip


def test_contour_rows_follow_flames_rule():
    assert [contour_row(yaw) for yaw in (-50, -39, -1, 0, 1, 39, 50)] == [78, 78, 40, 0, 1, 39, 39]
    assert contour_row(0.4) == 0
    assert contour_row(-0.6) == 40


def test_tables_have_flames_sizes_and_proper_weights():
    marks = HEAD.landmarks
    assert marks.static_faces.shape == (51,)
    assert marks.contour_faces.shape == (79, 17)
    assert marks.wide_faces.shape == (181, 17)
    for weights in (marks.static_barycentric, marks.contour_barycentric, marks.wide_barycentric):
        assert np.allclose(weights.sum(axis=-1), 1)
        assert weights.min() > -1e-9


def test_points_come_in_ibugs_order_with_the_subjects_right_first():
    x, y, _ = POINTS.T
    assert x[0] < -50
    assert x[16] > 50
    assert POINTS[8, 1] == y.min()  # the chin is lowest
    assert (np.diff(x[17:27]) > 0).all()  # brows from right to left
    assert (np.diff(y[27:31]) < 0).all()
    assert np.abs(x[27:31]).max() < 1e-6
    assert (np.diff(x[31:36]) > 0).all()
    assert x[36] < x[39] < 0 < x[42] < x[45]
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46), (50, 58), (51, 57), (52, 56), (62, 66)):
        assert y[upper] > y[lower]
        assert abs(x[upper] - x[lower]) < 3
    assert x[48] < x[60] < x[61] < x[62] < x[63] < x[64] < x[54]
    assert POINTS[30, 2] == POINTS[:, 2].max()  # nothing stands out further than the tip of the nose


def test_the_points_are_their_own_mirror_image():
    assert np.abs(POINTS[MIRROR_68] * (-1, 1, 1) - POINTS).max() < 1e-6


def test_lid_and_lip_points_lie_on_their_margins():
    ball = HEAD.joint_regressor[3] @ HEAD.template * 1e3
    for number in (43, 44, 46, 47):
        assert 12 < np.linalg.norm(POINTS[number] - ball) < 16.5
    lips = 1e3 * HEAD.template[HEAD.regions["lips"]]
    for number in range(48, 68):
        assert np.linalg.norm(lips - POINTS[number], axis=1).min() < 1.0


@pytest.mark.parametrize("yaw", [-85, -60, -30, 0, 15, 45, 75, 90])
def test_the_visible_outline_lies_on_the_silhouette_of_the_face(yaw):
    """On the side that the head turns to, nothing of the face at the same height lies further out."""
    angle = np.radians(yaw)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    outline = 1e3 * HEAD.landmarks.visible_points(HEAD.template, HEAD.faces, yaw)[:17] @ turn.T
    face = np.union1d(HEAD.regions["face"], HEAD.regions["jaw"])
    skin = 1e3 * HEAD.template[face] @ turn.T
    points = outline[9:16] if yaw >= 0 else outline[1:8]
    outward = 1 if yaw >= 0 else -1
    for point in points:
        rivals = skin[np.abs(skin[:, 1] - point[1]) < 1.2]
        assert (outward * rivals[:, 0]).max() - outward * point[0] < 4.0


def test_narrow_and_wide_outlines_agree_where_both_apply():
    for yaw in (-39, -7, 0, 12, 39):
        both = [f(HEAD.template, HEAD.faces, yaw) for f in (HEAD.landmarks.points, HEAD.landmarks.visible_points)]
        assert np.array_equal(*both)


@pytest.mark.parametrize("yaw", [90.6, -120.0])
def test_a_yaw_beyond_the_table_is_told_with_the_range(yaw):
    with pytest.raises(InvalidInput, match="from -90 to 90 degrees"):
        HEAD.landmarks.visible_points(HEAD.template, HEAD.faces, yaw)


def test_points_move_with_the_head():
    shift = np.array([0.1, -0.2, 0.3])
    moved = HEAD.landmarks.points(HEAD.template + shift, HEAD.faces, 20)
    assert np.allclose(moved, HEAD.landmarks.points(HEAD.template, HEAD.faces, 20) + shift)


def test_a_head_without_tables_and_an_endless_yaw_are_refused():
    none = {field.name: getattr(HEAD.landmarks, field.name)[:0] for field in dataclasses.fields(HEAD.landmarks)}
    empty = dataclasses.replace(HEAD.landmarks, **none)
    with pytest.raises(InvalidInput, match="no landmark tables"):
        empty.points(HEAD.template, HEAD.faces)
    with pytest.raises(InvalidInput, match="yaw"):
        HEAD.landmarks.points(HEAD.template, HEAD.faces, float("nan"))
