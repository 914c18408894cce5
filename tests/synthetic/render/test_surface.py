from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.render import Material, rotation


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("vertices", np.zeros((4, 2)), "vertices.*shape"), ("vertices", np.full((4, 3), np.nan), "NaN"),
        ("vertices", [["a"]], "numbers"), ("faces", np.array([(0, 1, 4)]), r"0\.\.3"),
        ("faces", np.array([(0, 1, -1)]), r"0\.\.3"), ("faces", np.array([(0, 1.5, 2)]), "whole"),
        ("faces", np.zeros((2, 4)), "faces.*shape"), ("uv", np.zeros((3, 2)), r"uv.*\(4, 2\)"),
        ("occlusion", np.ones(3), "occlusion"), ("normals", np.ones((4, 2)), "normals"),
    ],
)  # fmt: skip
def test_a_malformed_surface_is_refused_by_name(quad, field, value, message):
    with pytest.raises(InvalidInput, match=message):
        replace(quad(), **{field: value})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("albedo", np.zeros((2, 2)), "albedo"), ("albedo", np.zeros((0, 2, 3)), "at least one"),
        ("albedo", np.full((2, 2, 3), np.inf), "infinite"), ("parsing", 19, "0 to 18"),
        ("parsing", np.zeros((3, 3)), "parsing"), ("parsing", -1, "parsing"), ("alpha", np.ones((1, 2)), "alpha"),
        ("tilt", np.ones((2, 2)), "tilt"), ("gloss", np.full((2, 2), np.nan), "gloss"),
        ("wrap", (2.0, 0, 0), r"wrap.*\[0, 1\]"), ("wrap", (0.1, 0.1), "wrap"), ("shininess", (0.0, 5.0), "shininess"),
        ("shininess", (5.0,), "shininess"), ("opacity", 1.5, "opacity"), ("specular", float("nan"), "specular"),
        ("lobe", "half", "lobe"),
    ],
)  # fmt: skip
def test_a_malformed_material_is_refused_by_name(field, value, message):
    fields = {"name": "felt", "albedo": np.zeros((2, 2, 3)), "parsing": 1, field: value}
    with pytest.raises(InvalidInput, match=message) as caught:
        Material(**fields)
    assert "felt" in str(caught.value)


def test_one_class_number_fills_the_whole_texture(plain):
    assert plain(size=(3, 2), parsing=7).parsing.tolist() == [[7, 7], [7, 7], [7, 7]]


def test_textures_are_packed_once_with_neutral_values_for_the_missing():
    material = Material(name="felt", albedo=np.full((2, 3, 3), 0.25), parsing=1)
    assert material.pyramid is material.pyramid
    assert material.packed[1, 2].tolist() == [0.25, 0.25, 0.25, 1, 0, 0, 1, 1]
    tilt = np.arange(12.0).reshape(2, 3, 2)
    packed = replace(material, tilt=tilt, gloss=np.full((2, 3), 3.0)).packed
    assert np.array_equal(packed[..., 4:6], tilt.astype(np.float32))
    assert (packed[..., 7] == 3).all()


@pytest.mark.parametrize(("size", "levels"), [((8, 8), 4), ((5, 3), 3), ((1, 6), 3), ((1, 1), 1)])
def test_coarser_levels_keep_the_mean_of_even_textures(size, levels):
    albedo = np.random.default_rng(0).uniform(0, 1, (*size, 3))
    texels, table = Material(name="felt", albedo=albedo, parsing=1).pyramid
    assert len(table) == levels
    assert table[-1, 1:].tolist() == [1, 1]
    assert len(texels) == table[-1, 0] + 1
    if size == (8, 8):
        assert texels[-1, :3] == pytest.approx(albedo.mean((0, 1)), rel=1e-5)
    start, height, width = table[0]
    assert texels[start : start + height * width, :3] == pytest.approx(albedo.reshape(-1, 3))


def test_arrays_of_a_surface_cannot_be_changed_through_it(quad):
    surface = quad()
    with pytest.raises(ValueError, match="read-only"):
        surface.vertices[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        surface.material.albedo[0] = 0


def test_a_callers_own_array_stays_writable(quad):
    vertices = np.zeros((4, 3), np.float32)
    replace(quad(), vertices=vertices)
    vertices[0] = 1.0


def test_a_moved_surface_turns_its_normals_and_leaves_the_rest(quad):
    surface, turn = replace(quad(), normals=np.tile((0, 0, 1), (4, 1))), rotation(30, 10, 5)
    moved = surface.moved(turn, (0.1, 0.2, 0.3))
    assert moved.vertices == pytest.approx(surface.vertices @ turn.T + (0.1, 0.2, 0.3), abs=1e-6)
    assert moved.normals[0] == pytest.approx(turn[:, 2], abs=1e-6)
    assert moved.material is surface.material
    assert quad().moved(turn, (0, 0, 0)).normals is None
