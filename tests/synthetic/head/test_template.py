"""The template is one clean, closed, mirror-symmetric mesh whose texture covers it once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.head import PARTS, stand_in, texel_positions
from visavis.synthetic.head.template import SKIN_V, template

HEAD, MESH = stand_in(), template()


def edges(faces):
    return Counter(tuple(sorted(edge)) for face in faces for edge in zip(face, np.roll(face, 1), strict=True))


def test_the_mesh_keeps_to_its_budget_and_uses_every_part():
    assert len(HEAD.template) <= 9_000
    assert len(HEAD.faces) <= 17_000
    assert set(HEAD.part) == set(range(len(PARTS)))
    assert HEAD.faces.max() < len(HEAD.template)


def test_the_right_half_is_the_mirror_of_the_left_vertex_for_vertex():
    assert np.abs(MESH.vertices[MESH.mirror] * (-1, 1, 1) - MESH.vertices).max() < 1e-9


def test_triangles_are_mirrored_too():
    def places(faces):
        corners = np.sort(np.round(MESH.vertices[faces] @ (1e4, 37e4, 1013e4)).astype(np.int64), axis=1)
        return {tuple(row) for row in corners.tolist()}

    skin = MESH.faces[np.isin(MESH.faces, MESH.grid).all(axis=1)]
    assert len(skin) > 10_000
    assert places(skin) == places(MESH.mirror[skin])


def test_no_triangle_is_degenerate():
    a, b, c = (HEAD.template[HEAD.faces[:, k]] * 1e3 for k in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-4


def test_the_head_is_closed_but_for_the_collar_the_lids_rims_and_the_ears_roots():
    faces = HEAD.weld[HEAD.faces[np.isin(HEAD.part, (0, 2))]]
    counts = edges(faces.tolist())
    assert max(counts.values()) == 2
    open_ends = np.unique([vertex for edge, count in counts.items() if count == 1 for vertex in edge])
    allowed = np.concatenate(
        [
            HEAD.regions["boundary"], MESH.pieces["left_rim"][-1], MESH.pieces["right_rim"][-1],
            MESH.pieces["left_ear"][-31:], MESH.pieces["right_ear"][-31:],
        ]
    )  # fmt: skip
    assert set(open_ends) <= set(HEAD.weld[allowed])


def test_the_rims_of_the_lids_end_inside_the_eyeball():
    for side, joint in (("left", 3), ("right", 4)):
        centre = HEAD.joint_regressor[joint] @ HEAD.template * 1e3
        inner = 1e3 * HEAD.template[MESH.pieces[f"{side}_rim"][-1]]
        assert np.linalg.norm(inner - centre, axis=1).max() < 12.0


def test_the_roots_of_the_ears_lie_inside_the_head():
    root = 1e3 * HEAD.template[MESH.pieces["left_ear"][-31:]]
    assert root[:, 0].max() < 69.0


def test_faces_look_outwards():
    """The signed volume of the closed skin is that of a head with its neck: four to six litres."""
    skin = HEAD.faces[np.isin(HEAD.part, (0, 2))]
    a, b, c = (10 * (HEAD.template[skin[:, k]] - [0, -0.165, -0.03]) for k in range(3))
    assert 3.5 < np.einsum("fd,fd->", a, np.cross(b, c)) / 6 < 6.5


def test_proportions_are_human():
    """Within two standard deviations of common anthropometry (Farkas 1994), mm."""
    points = 1e3 * HEAD.landmarks.points(HEAD.template, HEAD.faces)
    sizes = {
        "eye fissure": (np.linalg.norm(points[45] - points[42]), 28, 34),
        "between inner corners": (points[42, 0] - points[39, 0], 29, 38),
        "eye opening": (points[43, 1] - points[47, 1], 8.0, 12.5),
        "mouth": (points[54, 0] - points[48, 0], 45, 60),
        "nose": (points[27, 1] - points[33, 1], 46, 60),
        "lips to chin": (points[62, 1] - points[8, 1], 38, 52),
        "nose to lips": (points[33, 1] - points[62, 1], 16, 25),
        "head height": (HEAD.template[:, 1].max() * 1e3 - points[8, 1], 210, 245),
    }
    for name, (size, low, high) in sizes.items():
        assert low < size < high, (name, size)


def test_uv_lies_in_the_texture_and_skin_texels_know_their_place():
    assert HEAD.uv.min() >= 0
    assert HEAD.uv.max() <= 1
    height, width = 200, 220
    places, covered = texel_positions(height, width)
    assert places.shape == (height, width, 3)
    skin = np.unique(HEAD.faces[HEAD.part == 0])
    inside = skin[(HEAD.uv[skin, 1] < SKIN_V - 0.02) & (np.abs(HEAD.uv[skin, 0] - 0.5) < 0.2)]
    texel = np.floor(HEAD.uv[inside] * (width, height)).astype(int)
    found = places[texel[:, 1], texel[:, 0]]
    seen = covered[texel[:, 1], texel[:, 0]]
    assert seen.mean() > 0.95
    assert np.quantile(np.linalg.norm(found - MESH.vertices[inside], axis=1)[seen], 0.95) < 3.0
    assert not places.flags.writeable


def test_texel_positions_run_to_the_subjects_left_and_down():
    places, covered = texel_positions(100, 100)
    row = covered[20] & covered[30]
    x = places[30, row, 0]
    assert x[len(x) // 2 + 5] > x[len(x) // 2 - 5]
    assert places[20, 50, 1] > places[60, 50, 1]


@pytest.mark.parametrize("size", [(0, 64), (64, 15), (5000, 64)])
def test_textures_out_of_range_are_refused(size):
    with pytest.raises(InvalidInput, match=r"16\.\.4096"):
        texel_positions(*size)


def test_regions_name_what_they_should():
    points = 1e3 * HEAD.template
    for name in ("face", "nose", "lips", "forehead", "eye_region", "left_eyeball", "right_eyeball", "left_ear",
                 "right_ear", "scalp", "neck", "boundary"):  # fmt: skip
        assert HEAD.regions[name].size > 10, name
    assert points[HEAD.regions["left_eyeball"], 0].min() > 0 > points[HEAD.regions["right_eyeball"], 0].max()
    assert points[HEAD.regions["left_ear"], 0].mean() > 60
    assert points[HEAD.regions["nose"], 2].max() == points[:, 2].max()
    assert points[HEAD.regions["scalp"], 1].max() == points[:, 1].max()
    assert not set(HEAD.regions["upper_lip"]) & set(HEAD.regions["lower_lip"])
    assert points[HEAD.regions["neck"], 1].min() == points[:, 1].min()
