"""A head obeys FLAME's equations, and its file gives back the same head."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from visavis.errors import DataError, InvalidInput, StorageError
from visavis.synthetic.head import Head, rotation_matrices, stand_in

HEAD = stand_in()
RNG = np.random.default_rng(5)
CODES = RNG.normal(size=len(HEAD.identity_names))
MOVES = RNG.uniform(size=len(HEAD.expression_names))


def rodrigues(vector):
    """A rotation as the series of the matrix exponential."""
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    total, term = np.eye(3), np.eye(3)
    for k in range(1, 30):
        term = term @ cross / k
        total = total + term
    return total


def skinned_by_hand(head, vertices, rotations, chosen):
    """Linear blend skinning of some vertices, one vertex and joint at a time."""
    joints = head.joint_regressor @ vertices
    world = []
    for joint, parent in enumerate(head.parents):
        turn = rodrigues(rotations[joint])
        if parent < 0:
            world.append((turn, joints[joint]))
        else:
            above, origin = world[parent]
            world.append((above @ turn, origin + above @ (joints[joint] - joints[parent])))
    rows = []
    for v in chosen:
        parts = [
            w * (turn @ (vertices[v] - joints[j]) + origin)
            for j, (w, (turn, origin)) in enumerate(zip(head.weights[v], world, strict=True))
        ]
        rows.append(sum(parts))
    return np.array(rows)


def test_posing_equals_skinning_written_out_vertex_by_vertex():
    rotations = RNG.normal(scale=0.4, size=(5, 3))
    shaped = HEAD.shape(CODES)
    moved = shaped + sum(HEAD.expression[:, :, k] * MOVES[k] for k in range(MOVES.size))
    chosen = RNG.choice(len(shaped), 200, replace=False)
    expected = skinned_by_hand(HEAD, moved, rotations, chosen)
    assert np.abs(HEAD.pose(shaped, MOVES, rotations)[chosen] - expected).max() < 1e-10


def test_pose_correctives_are_added_before_skinning():
    correctives = np.zeros((len(HEAD.template), 3, 36))
    correctives[7, 1, 9 + 5] = 1.0  # joint 2 (the second of four), element (1, 2) of R - I
    changed = Head(
        **{**vars(HEAD), "pose_correctives": correctives, "weights": np.eye(5)[np.zeros(len(HEAD.template), int)]}
    )
    rotations = np.zeros((5, 3))
    rotations[2] = (0.3, 0.0, 0.0)
    moved = changed.pose(changed.template, [], rotations) - changed.template
    assert moved[7] == pytest.approx([0.0, -np.sin(0.3), 0.0])
    assert np.delete(moved, 7, axis=0) == pytest.approx(0.0, abs=1e-12)


def test_the_zero_code_is_the_template():
    assert np.array_equal(HEAD.shape(np.zeros(CODES.size)), HEAD.template)
    assert np.array_equal(HEAD.pose(HEAD.template, []), HEAD.template)
    assert np.abs(HEAD.pose(HEAD.template, [], np.zeros((5, 3))) - HEAD.template).max() < 1e-15


def test_turning_the_root_turns_every_vertex_about_it():
    vector = np.array([0.2, -0.7, 0.4])
    rotations = np.zeros((5, 3))
    rotations[0] = vector
    root = HEAD.joint_regressor[0] @ HEAD.template
    expected = (HEAD.template - root) @ rodrigues(vector).T + root
    assert np.abs(HEAD.pose(HEAD.template, [], rotations) - expected).max() < 1e-12


def test_turning_an_eye_moves_its_ball_alone_and_keeps_it_in_place():
    rotations = np.zeros((5, 3))
    rotations[3] = (0.1, 0.3, 0.0)
    moved = HEAD.pose(HEAD.template, [], rotations)
    changed = np.flatnonzero(np.abs(moved - HEAD.template).max(axis=1) > 1e-9)
    ball = HEAD.regions["left_eyeball"]
    assert set(changed) <= set(ball)
    centre = HEAD.joint_regressor[3] @ HEAD.template
    before, after = (np.linalg.norm(v[ball] - centre, axis=1) for v in (HEAD.template, moved))
    assert np.allclose(before, after)


def test_positive_rotation_of_the_jaw_opens_the_mouth():
    rotations = np.zeros((5, 3))
    rotations[2] = (np.radians(15.0), 0.0, 0.0)
    moved = HEAD.pose(HEAD.template, [], rotations)
    points = [HEAD.landmarks.points(v, HEAD.faces) for v in (HEAD.template, moved)]
    assert points[0][8, 1] - points[1][8, 1] > 0.015
    assert np.abs(points[1][27:48] - points[0][27:48]).max() < 1e-4


def test_rows_of_weights_and_of_the_regressor_sum_to_one():
    assert np.abs(HEAD.weights.sum(axis=1) - 1).max() < 1e-12
    assert HEAD.weights.min() >= 0
    assert np.abs(HEAD.joint_regressor.sum(axis=1) - 1).max() < 1e-9


def test_rotation_matrices_are_the_matrix_exponential():
    vectors = np.array([[0.0, 0.0, 0.0], [1e-9, 0.0, 0.0], [0.3, -0.2, 2.5]])
    assert np.allclose(rotation_matrices(vectors), [rodrigues(v) for v in vectors], atol=1e-12)


def test_fitting_gives_back_the_codes():
    assert np.abs(HEAD.fit(HEAD.shape(CODES)) - CODES).max() < 1e-6


def test_short_codes_count_as_zero_beyond_their_end():
    assert np.array_equal(HEAD.shape([1.0, -0.5]), HEAD.shape([1.0, -0.5] + [0.0] * (CODES.size - 2)))


def test_normals_are_units_that_look_outwards_and_agree_over_the_seam():
    normals = HEAD.normals(HEAD.template)
    used = np.unique(HEAD.faces)
    assert np.abs(np.linalg.norm(normals[used], axis=1) - 1).max() < 1e-5
    scalp = HEAD.regions["scalp"]
    assert np.einsum("vd,vd->v", normals[scalp], HEAD.template[scalp] - [0, 0.02, 0]).min() > 0
    assert np.array_equal(normals, normals[HEAD.weld])
    back = np.flatnonzero((HEAD.weld != np.arange(len(HEAD.weld))) & (HEAD.template[:, 2] < -0.02))
    assert len(back) > 50
    assert np.allclose(HEAD.template[back], HEAD.template[HEAD.weld[back]])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: HEAD.shape(np.zeros(500)), "at most"),
        (lambda: HEAD.shape([np.nan]), "finite"),
        (lambda: HEAD.shape(np.zeros((2, 2))), "flat list"),
        (lambda: HEAD.pose(HEAD.template[:9], []), "shaped"),
        (lambda: HEAD.pose(HEAD.template, np.zeros(101)), "expression"),
        (lambda: HEAD.pose(HEAD.template, [], np.zeros((4, 3))), r"\(5, 3\)"),
        (lambda: HEAD.pose(HEAD.template, [], np.full((5, 3), np.inf)), "finite"),
        (lambda: HEAD.fit(HEAD.template[1:]), "vertices"),
        (lambda: HEAD.fit(HEAD.template * np.nan), "finite"),
    ],
)
def test_bad_arrays_are_refused_by_name(call, named):
    with pytest.raises(InvalidInput, match=named):
        call()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("head") / "head.npz"
    HEAD.save(path)
    return path


def test_a_saved_head_loads_equal(saved):
    loaded = Head.load(saved)
    for name, value in vars(HEAD).items():
        other = getattr(loaded, name)
        if name == "landmarks":
            assert all(np.array_equal(a, b) for a, b in zip(vars(value).values(), vars(other).values(), strict=True))
        elif name == "regions":
            assert value.keys() == other.keys()
            assert all(np.array_equal(value[key], other[key]) for key in value)
        else:
            assert np.array_equal(value, other), name


def test_the_file_has_flames_keys_and_sizes(saved):
    v, f = len(HEAD.template), len(HEAD.faces)
    with np.load(saved) as file:
        assert file["v_template"].shape == (v, 3)
        assert file["f"].shape == (f, 3)
        assert file["shapedirs"].shape == (v, 3, 400)
        assert not file["shapedirs"][:, :, len(HEAD.identity_names) : 300].any()
        assert file["posedirs"].shape == (v, 3, 36)
        assert file["J_regressor"].shape == (5, v)
        assert file["weights"].shape == (v, 5)
        assert file["kintree_table"].tolist() == [[-1, 0, 1, 1, 1], [0, 1, 2, 3, 4]]


def test_wrong_files_are_refused_and_name_what_is_wrong(saved, tmp_path):
    (tmp_path / "text.npz").write_text("not a head")
    with np.load(saved) as file:
        arrays = dict(file)
    np.savez(tmp_path / "keys.npz", **{key: value for key, value in arrays.items() if key not in ("weights", "f")})
    np.savez(tmp_path / "shape.npz", **{**arrays, "weights": arrays["weights"][:5]})
    np.savez(tmp_path / "faces.npz", **{**arrays, "f": arrays["f"] + len(HEAD.template)})
    np.savez(tmp_path / "pickled.npz", **{**arrays, "uv": np.array([object()], dtype=object)})
    for name, message in (
        ("text", "readable"), ("keys", "f, weights"), ("shape", "weights has shape"), ("faces", "outside"),
        ("pickled", "readable"), ("missing", "readable"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=message):
            Head.load(tmp_path / f"{name}.npz")


def test_a_head_is_not_saved_into_a_missing_folder(tmp_path):
    with pytest.raises(StorageError):
        HEAD.save(tmp_path / "none" / "head.npz")


def test_the_shared_head_cannot_be_changed_by_accident():
    assert stand_in() is HEAD
    with pytest.raises(ValueError, match="read-only"):
        HEAD.template[0] = 0


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        ("v_template", lambda a: np.full_like(a, np.nan), "v_template holds NaN"),
        ("uv", lambda a: a.astype(str), "uv holds .* instead of numbers"),
        ("part", lambda a: a + 100, "part goes from"),
        ("weld", lambda a: a - 9, "weld goes from"),
        ("region_face", lambda a: a + 10**6, "region_face goes from"),
        ("static_lmk_faces_idx", lambda a: a[:5], "static_lmk_faces_idx has shape"),
        ("kintree_table", lambda a: a + 7, "kintree_table"),
        ("identity_names", lambda a: np.array(["x"] * 301), "at most 300 words"),
    ],
)
def test_a_head_file_whose_numbers_do_not_fit_is_refused(key, change, message, saved, tmp_path):
    with np.load(saved) as file:
        arrays = dict(file)
    np.savez(tmp_path / "bad.npz", **{**arrays, key: change(arrays[key])})
    with pytest.raises(DataError, match=message):
        Head.load(tmp_path / "bad.npz")


def test_a_head_file_that_would_fill_the_memory_is_refused(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("v_template.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(1030):
            member.write(bytes(1 << 20))
    with pytest.raises(DataError, match="would take 1030 MB of memory"):
        Head.load(tmp_path / "bomb.npz")


def test_a_pipe_is_no_head_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a readable file"):
        Head.load(tmp_path / "pipe")
