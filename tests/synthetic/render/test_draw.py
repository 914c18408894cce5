from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.render import Camera, Light, Surface, draw

SCENE = """
import hashlib
import numpy as np
from visavis.synthetic.render import Camera, Light, Material, Surface, draw, develop
rng = np.random.default_rng(5)
material = Material(name="m", albedo=rng.uniform(0, 1, (16, 16, 3)), parsing=1, alpha=rng.uniform(0, 1, (16, 16)),
                    tilt=rng.normal(0, .1, (16, 16, 2)), wrap=(.3, .2, .1), two_sided=True)
vertices = rng.uniform(-.3, .3, (90, 3))
surface = Surface(vertices, np.arange(90).reshape(-1, 3), rng.uniform(0, 1, (90, 2)), material)
frame = draw([surface], Camera.portrait(48), Light.sample(rng, "outdoor"), 2)
print(hashlib.sha256(develop(frame.colour).tobytes() + frame.colour.tobytes() + frame.depth.tobytes()).hexdigest())
"""


def test_two_processes_draw_the_same_bytes():
    digests = {
        subprocess.run([sys.executable, "-c", SCENE], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == hashlib.sha256().digest_size * 2


def test_the_interpreted_kernels_draw_the_same_picture(tmp_path: Path):
    keep = "import sys; np.savez(sys.argv[1], colour=frame.colour, depth=frame.depth)"
    script = SCENE.replace("portrait(48)", "portrait(14)") + keep
    results = []
    for switch in ("0", "1"):
        path = tmp_path / f"{switch}.npz"
        environment = {**os.environ, "NUMBA_DISABLE_JIT": switch}
        subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True, env=environment)
        results.append(np.load(path))
    for name in ("colour", "depth"):
        assert np.allclose(results[0][name], results[1][name], atol=1e-5), name


def test_without_surfaces_the_background_remains(camera, dull):
    frame = draw([], camera, dull)
    background = np.random.default_rng(0).uniform(0, 1, (20, 24, 3)).astype(np.float32)
    assert np.array_equal(frame.over(background), background)
    assert (frame.surface == -1).all()
    assert (frame.parsing == 0).all()
    assert np.isinf(frame.depth).all()
    assert frame.over((0.1, 0.2, 0.3))[3, 4] == pytest.approx([0.1, 0.2, 0.3])


def test_a_surface_without_faces_is_not_seen(quad, camera, dull):
    none = replace(quad(), faces=np.zeros((0, 3), np.int32))
    assert draw([none], camera, dull).coverage.sum() == 0


def test_labels_are_those_of_the_pixel_centre_whatever_the_samples(triangles, camera, dull):
    surface = triangles(10)
    once, thrice = draw([surface], camera, dull, 1), draw([surface], camera, dull, 3)
    for name in ("depth", "normals", "albedo", "shading", "parsing", "surface", "face", "weights"):
        assert np.array_equal(getattr(once, name), getattr(thrice, name)), name


def test_supersampling_averages_the_finer_picture_where_edges_cross(triangles, camera):
    surface, light = triangles(10), Light.simple(base=1, strength=0)
    once, fine = draw([surface], camera, light), draw([surface], camera.finer(2), light)
    twice = draw([surface], camera, light, 2)
    coverage = fine.coverage.reshape(20, 2, 24, 2).mean((1, 3))
    assert twice.coverage == pytest.approx(coverage)
    edge = (coverage > 0) & (coverage < 1)
    assert edge.sum() > 20
    assert twice.colour[edge] == pytest.approx(fine.colour.reshape(20, 2, 24, 2, 3).mean((1, 3))[edge], abs=1e-6)
    assert np.isclose(twice.colour, once.colour)[coverage == 1].mean() > 0.8


def test_bands_of_rows_make_the_same_picture(triangles, camera, monkeypatch):
    surface, light = triangles(10), Light.simple()
    whole = draw([surface], camera, light, 2)
    monkeypatch.setattr("visavis.synthetic.render.layers._MOST_SAMPLES", 24 * 4 * 3)
    bands = draw([surface], camera, light, 2)
    assert bands.colour == pytest.approx(whole.colour, abs=1e-6)
    assert bands.coverage == pytest.approx(whole.coverage)


def test_a_depth_jump_within_one_surface_is_an_edge_too(quad, plain, dull):
    camera = Camera(20, 20, 20.0, (9.5, 9.5))
    texture = np.zeros((1, 8, 3))
    texture[0, 4:] = 1.0
    near, far = quad(0.13, z=0.3), quad(0.6)
    vertices = np.concatenate([near.vertices, far.vertices])
    uv = np.concatenate([np.full((4, 2), 0.9), np.full((4, 2), 0.1)])
    both = Surface(vertices, np.concatenate([near.faces, far.faces + 4]), uv, plain(albedo=texture, size=(1, 8)))
    row = draw([both], camera, dull, 4).albedo[9, :, 0], draw([both], camera, dull, 4).colour[9, :, 0]
    assert set(np.round(row[0], 6)) == {0.0, 1.0}
    assert ((row[1] > 0.1) & (row[1] < 0.9)).any()


def test_a_lens_is_blended_over_what_lies_behind(quad, plain, camera, dull):
    wall = quad(0.3, material=plain(albedo=(0.8, 0.8, 0.8), parsing=1))
    lens = quad(0.05, z=0.2, material=plain(albedo=(0.2, 0.1, 0.0), parsing=3, opacity=0.25))
    behind = quad(0.05, z=-0.2, material=plain(albedo=(1, 0, 0), parsing=13, opacity=0.5))
    frame = draw([lens, wall, behind], camera, dull)
    assert frame.colour[9, 11] == pytest.approx([0.65, 0.625, 0.6], rel=1e-5)
    assert frame.parsing[9, 11] == 3
    assert frame.surface[9, 11] == 1
    assert frame.depth[9, 11] == pytest.approx(1.0)
    assert frame.albedo[9, 11] == pytest.approx([0.8] * 3)


def test_two_lenses_blend_the_farther_one_first(quad, plain, camera, dull):
    near = quad(0.1, z=0.2, material=plain(albedo=(1, 0, 0), opacity=0.5))
    far = quad(0.1, z=0.1, material=plain(albedo=(0, 1, 0), opacity=0.5))
    for surfaces in ([near, far], [far, near]):
        frame = draw(surfaces, camera, dull)
        assert frame.colour[9, 11] == pytest.approx([0.5, 0.25, 0], abs=1e-5)
        assert frame.coverage[9, 11] == pytest.approx(0.75)


def test_classes_come_from_the_texel_under_the_pixel(quad, plain, dull):
    camera = Camera(8, 8, 8.0, (3.5, 3.5))
    classes = np.arange(16).reshape(4, 4)
    frame = draw([quad(0.5, material=plain(size=(4, 4), parsing=classes))], camera, dull)
    assert np.array_equal(frame.parsing, np.repeat(np.repeat(classes, 2, 0), 2, 1))


@pytest.mark.parametrize("samples", [0, 5, 1.5, True, "two"])
def test_samples_out_of_range_are_refused(quad, camera, dull, samples):
    with pytest.raises(InvalidInput, match=r"1\.\.4"):
        draw([quad()], camera, dull, samples)


def test_too_many_samples_for_a_large_picture_are_refused(dull):
    with pytest.raises(InvalidInput, match="16384"):
        draw([], Camera.portrait(8192), dull, 3)


def test_what_is_no_surface_is_refused(camera, dull):
    with pytest.raises(InvalidInput, match="Surface, got str"):
        draw(["head"], camera, dull)  # type: ignore[list-item]


def test_a_background_of_another_size_is_refused(camera, dull):
    with pytest.raises(InvalidInput, match="background"):
        draw([], camera, dull).over(np.zeros((3, 3, 3)))


def test_without_numba_the_renderer_names_the_extra(tmp_path: Path):
    (tmp_path / "numba.py").write_text("raise ImportError('no numba here')\n")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import visavis.synthetic.render"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "MissingExtra" in result.stderr
    assert "visavis[synthetic]" in result.stderr
