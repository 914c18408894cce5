from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from visavis.synthetic.render import Camera, Light, Surface, draw
from visavis.synthetic.render.normals import _accumulate, vertex_normals
from visavis.synthetic.render.shade import _constants
from visavis.synthetic.render.shade_kernel import shade_pixels
from visavis.synthetic.render.shadow import Shadow, light_arriving


def unit(*xyz):
    return np.array(xyz) / np.linalg.norm(xyz)


@pytest.mark.parametrize("normal", [unit(0, 0, 1), unit(0.3, 0.5, 0.8), unit(-0.6, 0.1, 0.5)])
def test_ambient_light_is_the_sum_of_the_harmonics(quad, normal):
    rng = np.random.default_rng(0)
    light = Light(
        ambient=rng.uniform(0, 0.05, (9, 3)) + np.eye(9)[:, :1], direction=(0, 0, 1), colour=(1, 1, 1), strength=0
    )
    across = unit(*np.cross((0, 1, 0), normal))
    turn = np.column_stack([across, np.cross(normal, across), normal])
    camera = Camera(9, 9, 40.0, (4.0, 4.0), normal, turn.T)  # looks straight at the turned square
    frame = draw([quad().moved(turn, (0, 0, 0))], camera, light)
    assert frame.normals[4, 4] == pytest.approx(normal, abs=1e-6)
    x, y, z = normal
    basis = 0.5 * np.sqrt(1 / np.pi) * np.array([
        1, np.sqrt(3) * y, np.sqrt(3) * z, np.sqrt(3) * x, np.sqrt(15) * x * y, np.sqrt(15) * y * z,
        np.sqrt(5) / 2 * (3 * z * z - 1), np.sqrt(15) * x * z, np.sqrt(15) / 2 * (x * x - y * y),
    ])  # fmt: skip
    assert frame.shading[4, 4] == pytest.approx(basis @ light.ambient, rel=1e-5)
    assert frame.colour[4, 4] == pytest.approx([0.5, 0.4, 0.3] * frame.shading[4, 4], rel=1e-5)


def test_occlusion_of_vertices_and_textures_dims_the_ambient_light_warmly(quad, plain, camera, dull):
    material = plain(occlusion=np.full((1, 1), 0.5), warmth=0.25)
    shading = draw([quad(material=material, occlusion=np.full(4, 0.8))], camera, dull).shading[9, 11]
    assert shading == pytest.approx([0.4, 0.4 * (1 - 0.25 * 0.6), 0.4 * (1 - 0.25 * 0.6)], rel=1e-5)


@pytest.mark.parametrize("cosine", [0.9, 0.2, 0.0, -0.5])
def test_key_light_wraps_around_the_terminator_per_channel(quad, plain, camera, cosine):
    wrap = np.array([0.35, 0.16, 0.10])
    direction = (np.sqrt(1 - cosine**2), 0, cosine)
    light = Light(ambient=np.zeros((9, 3)), direction=direction, colour=(1, 1, 1), strength=0.8)
    shading = draw([quad(material=plain(wrap=tuple(wrap)))], camera, light).shading[9, 11]
    assert shading == pytest.approx(0.8 * np.maximum(0, (cosine + wrap) / (1 + wrap)), abs=1e-5)


def test_without_albedo_only_the_highlight_is_left(quad, plain, camera):
    light = Light.simple(azimuth=0, elevation=0)
    black = draw([quad(material=plain(albedo=(0, 0, 0), specular=0.04))], camera, light)
    assert (black.shading[9, 11] > 0.5).all()
    assert black.colour[9, 11].min() > 0
    matt = draw([quad(material=plain(albedo=(0, 0, 0)))], camera, Light.simple(base=0, up=0, front=0, azimuth=120))
    assert matt.colour.max() == 0


def test_no_more_light_leaves_a_matt_surface_than_arrives(quad, plain, camera):
    white = quad(material=plain(albedo=(1, 1, 1), specular=0.04))
    for azimuth in (0, 40, 80):
        light = Light.simple(base=0, up=0, front=0, strength=1, azimuth=azimuth, elevation=0)
        frame = draw([white], camera, light)
        assert frame.shading.max() <= 1 + 1e-6


def test_gloss_scales_the_highlight(quad, plain, camera):
    light = Light.simple(azimuth=0, elevation=0)
    seen = [
        draw([quad(material=plain(albedo=(0, 0, 0), specular=0.04, gloss=np.full((1, 1), gloss)))], camera, light)
        for gloss in (1.0, 2.0)
    ]
    assert seen[1].colour == pytest.approx(2 * seen[0].colour, rel=1e-5)


def test_relief_that_rises_along_u_darkens_the_side_away_from_the_light(quad, plain, camera):
    light = Light(ambient=np.zeros((9, 3)), direction=unit(1, 0, 1), colour=(1, 1, 1), strength=1)
    for slope in (0.3, -0.3):
        tilted = plain(tilt=np.full((1, 1, 2), (slope, 0.0)))
        shading = draw([quad(material=tilted)], camera, light).shading[9, 11, 0]
        assert shading == pytest.approx(max(0, unit(-slope, 0, 1) @ unit(1, 0, 1)), rel=1e-5)
    down = plain(tilt=np.full((1, 1, 2), (0.0, 0.3)))  # v points down the picture
    above = Light(ambient=np.zeros((9, 3)), direction=unit(0, 1, 1), colour=(1, 1, 1), strength=1)
    assert draw([quad(material=down)], camera, above).shading[9, 11, 0] == pytest.approx(
        unit(0, 0.3, 1) @ unit(0, 1, 1), rel=1e-5
    )


def test_distant_textures_are_seen_as_their_mean(quad, plain, dull):
    chequers = np.indices((64, 64)).sum(0) % 2
    surface = quad(0.2, material=plain(albedo=chequers[..., None] * [1.0, 1.0, 1.0], size=(64, 64)))
    far, near = Camera(12, 12, 10.0, (5.5, 5.5)), Camera(32, 32, 1000.0, (15.5, 15.5))
    assert draw([surface], far, dull).albedo[5:7, 5:7] == pytest.approx(0.5)
    sharp = draw([surface], near, dull).albedo
    assert sharp.min() < 0.1
    assert sharp.max() > 0.9


def test_mirrored_texture_coordinates_bend_normals_the_other_way(quad, plain, camera):
    light = Light(ambient=np.zeros((9, 3)), direction=unit(1, 0, 1), colour=(1, 1, 1), strength=1)
    surface = quad(material=plain(tilt=np.full((1, 1, 2), (0.3, 0.0))))
    mirrored = replace(surface, uv=np.array([(1, 0), (1, 1), (0, 1), (0, 0)]))
    assert draw([mirrored], camera, light).shading[9, 11, 0] == pytest.approx(unit(0.3, 0, 1) @ unit(1, 0, 1), rel=1e-5)


def test_strands_shine_across_a_band_where_the_light_meets_them_squarely(plain, dull):
    n = 60
    angle = np.linspace(-1.2, 1.2, n)
    x = np.array([-0.2, 0.2])
    vertices = np.stack(np.broadcast_arrays(x[None], 0.2 * np.sin(angle)[:, None], 0.2 * np.cos(angle)[:, None]), -1)
    uv = np.stack(np.broadcast_arrays(np.array([0.0, 1.0])[None], np.linspace(1, 0, n)[:, None]), -1)
    i = 2 * np.arange(n - 1)
    faces = np.concatenate([np.stack([i, i + 1, i + 3], -1), np.stack([i, i + 3, i + 2], -1)])
    hair = plain(albedo=(0, 0, 0), specular=0.2, strands=True, two_sided=True)
    light = Light(ambient=np.zeros((9, 3)), direction=(0, 0, 1), colour=(1, 1, 1), strength=1)
    camera = Camera(9, 61, 150.0, (4.0, 30.0))
    column = draw([Surface(vertices.reshape(-1, 3), faces, uv.reshape(-1, 2), hair)], camera, light).colour[:, 4, 0]
    assert 20 <= column.argmax() <= 40
    assert column.max() > 4 * column[[6, 54]].max()


def test_strands_keep_their_normals_when_their_back_is_seen(quad, plain, camera):
    light = Light.simple(base=0.5, up=0, front=0.3, strength=0)
    square = replace(quad(), normals=np.tile((0, 0, 1), (4, 1)))
    for faces in (square.faces, square.faces[:, ::-1]):
        for strands in (True, False):
            surface = replace(square, faces=faces, material=plain(strands=strands, two_sided=True))
            turned = faces is not square.faces and not strands
            shading = draw([surface], camera, light).shading[9, 11]
            assert (shading <= 0.2).all() if turned else shading == pytest.approx([0.8] * 3, rel=1e-5)


def test_a_roof_keeps_part_of_the_ambient_light_away(quad, plain, dull):
    camera = Camera(21, 21, 20.0, (10.0, 10.0))
    roof = quad(0.4, z=0.0).moved([(1, 0, 0), (0, 0, 1), (0, -1, 0)], (0, 0.1, 0.2))  # level, above the square
    free = draw([quad(0.05)], camera, dull).shading[10, 10]
    under = draw([quad(0.05), roof], camera, dull).shading[10, 10]
    assert free == pytest.approx([1, 1, 1], rel=1e-5)
    assert under == pytest.approx([0.55] * 3, abs=0.01)


def test_polished_surfaces_mirror_a_window_and_matt_ones_do_not(plain):
    from_behind = Light.simple(base=0.5, up=0, front=0, azimuth=180, elevation=0)
    polished, matt = (
        draw([ball(0.1, material)], Camera(41, 41, 150.0, (20.0, 20.0)), from_behind).colour[12:29, 12:29, 0]
        for material in (
            plain(albedo=(0, 0, 0), specular=0.04, shininess=(200.0, 2000.0)),
            plain(albedo=(0, 0, 0), specular=0.04, shininess=(20.0, 60.0)),
        )
    )
    assert polished.max() > 5 * np.median(polished)
    assert matt.max() < 3 * np.median(matt)


def ball(radius, material, rows=60):
    azimuth, height = np.meshgrid(np.linspace(-np.pi, np.pi, rows), np.linspace(0, np.pi, rows))
    points = np.stack([np.sin(height) * np.sin(azimuth), np.cos(height), np.sin(height) * np.cos(azimuth)], -1)
    i = (np.arange(rows - 1)[:, None] * rows + np.arange(rows - 1)).ravel()
    faces = np.concatenate([np.stack([i, i + rows, i + rows + 1], -1), np.stack([i, i + rows + 1, i + 1], -1)])
    normals = points.reshape(-1, 3)
    uv = np.stack([azimuth / (2 * np.pi) + 0.5, height / np.pi], -1).reshape(-1, 2)
    return Surface(radius * normals, faces, uv, material, normals=normals)


def test_a_plane_casts_its_shadow_and_nothing_more(quad, plain):
    light = Light(ambient=np.zeros((9, 3)), direction=unit(1, 0, 1), colour=(1, 1, 1), strength=1)
    camera = Camera(101, 101, 100.0, (50.0, 50.0), np.array([0, 0, 1.0]))
    wall, blocker = quad(0.45), quad(0.05, z=0.1)
    shading = draw([wall, blocker], camera, light).shading[..., 0]
    free = draw([wall], camera, light).shading[..., 0]
    share = shading / np.maximum(free, 1e-9)
    # The blocker spans x -.05..+.05 at z .1; light from 45 degrees puts its shadow on x -.15..-.05 of the wall.
    assert share[50, 50 - 10] < 0.05
    assert share[50, 50 - 20] == pytest.approx(1)
    assert share[50, 50 + 15] == pytest.approx(1)
    assert share[50 + 12, 50 - 10] == pytest.approx(1)
    edge = np.interp(-0.5, -share[50, 30:41], np.arange(30, 41))
    assert edge == pytest.approx(35, abs=0.6)


def test_translucent_surfaces_cast_no_shadow(quad, plain):
    light = Light(ambient=np.zeros((9, 3)), direction=(0, 0, 1), colour=(1, 1, 1), strength=1)
    glass = quad(0.05, z=0.1, material=plain(opacity=0.2))
    assert np.isinf(Shadow.cast([glass], light.direction).height).all()


def test_a_cut_out_lets_light_through(quad, plain):
    shadow = Shadow.cast([quad(0.1, material=plain(alpha=np.zeros((1, 1))))], np.array([0, 0, 1.0]))
    assert np.isinf(shadow.height).all()


def test_light_from_straight_above_has_a_shadow_map_too(quad):
    shadow = Shadow.cast([quad(0.1)], np.array([0, 1.0, 0]))
    assert shadow.height.size


def test_soft_shadows_agree_with_plain_python_and_fall_between_none_and_full(quad):
    shadow = Shadow.cast([quad(0.05, z=0.1)], unit(0.2, 0.1, 1))
    points = np.random.default_rng(0).uniform(-0.08, 0.08, (60, 3))
    fast, slow = (
        [kernel(shadow.height, shadow.frame, point, unit(0.1, 0, 1), 0.004) for point in points]
        for kernel in (light_arriving, light_arriving.py_func)
    )
    assert fast == pytest.approx(slow)
    assert (min(fast), max(fast)) == (pytest.approx(0, abs=1e-9), pytest.approx(1))


def test_normals_of_a_sphere_point_outwards():
    azimuth, height = np.meshgrid(np.linspace(0, 2 * np.pi, 40), np.linspace(0.2, np.pi - 0.2, 30))
    points = np.stack([np.sin(height) * np.sin(azimuth), np.cos(height), np.sin(height) * np.cos(azimuth)], -1)
    i = (np.arange(29)[:, None] * 40 + np.arange(39)).ravel()
    faces = np.concatenate([np.stack([i, i + 40, i + 41], -1), np.stack([i, i + 41, i + 1], -1)]).astype(np.int32)
    normals = vertex_normals(points.reshape(-1, 3).astype(np.float32), faces).reshape(30, 40, 3)
    assert (normals * points).sum(-1)[1:-1, 1:-1].min() > 0.999


def test_normals_in_plain_python_agree_and_lonely_vertices_face_the_camera(quad):
    vertices = np.append(quad().vertices, [(1, 1, 1)], axis=0).astype(np.float32)
    normals = np.zeros_like(vertices)
    _accumulate.py_func(vertices, quad().faces, np.arange(5), normals)
    assert np.array_equal(normals, vertex_normals(vertices, quad().faces))
    assert normals[-1].tolist() == [0, 0, 1]


def test_welded_vertices_share_the_mean_of_their_faces(plain):
    # A roof whose ridge is doubled: left slope 0 1 2, right slope 3 4 5 with 3 = 1 and 4 = 2 in place.
    vertices = np.array([(-1, 0, 0), (0, 0, 1), (0, 1, 1), (0, 0, 1), (0, 1, 1), (1, 0, 0)], np.float32)
    faces = np.array([(0, 1, 2), (3, 5, 4)], np.int32)
    apart = vertex_normals(vertices, faces)
    joined = vertex_normals(vertices, faces, np.array([0, 1, 2, 1, 2, 5]))
    assert apart[1] == pytest.approx(unit(-1, 0, 1))
    assert joined[[1, 2, 3, 4]] == pytest.approx(np.tile((0, 0, 1), (4, 1)))
    assert joined[0] == pytest.approx(unit(-1, 0, 1))


@pytest.mark.parametrize("strands", [False, True])
def test_the_shading_kernel_in_plain_python_gives_the_same_answer(quad, plain, strands):
    rng = np.random.default_rng(0)
    material = plain(
        albedo=rng.uniform(0, 1, (3, 3, 3)), size=(3, 3), tilt=rng.normal(0, 0.1, (3, 3, 2)), specular=0.04,
        wrap=(0.3, 0.2, 0.1), warmth=0.2, strands=strands,
    )  # fmt: skip
    surface, light = quad(material=material), Light.simple()
    shadow = Shadow.cast([surface], light.direction)
    weights = rng.dirichlet((1, 1, 1), 12)[:, :2].astype(np.float32)
    seen = []
    for kernel in (shade_pixels, shade_pixels.py_func):
        outputs = [np.zeros((12, 3), np.float32) for _ in range(4)] + [np.zeros(12, np.uint8)]
        kernel(
            np.arange(12), np.zeros(12, np.int32), weights, surface.vertices, surface.faces, surface.uv,
            vertex_normals(surface.vertices, surface.faces), np.ones(4, np.float32), *material.pyramid, 1e-4,
            material.parsing, _constants(material, 0.05), light.polynomial, light.direction, light.colour,
            np.array([0, 0, 1.0]), shadow.height, shadow.frame, shadow.height, shadow.frame, *outputs,
        )  # fmt: skip
        seen.append(outputs)
    for fast, slow in zip(*seen, strict=True):
        assert np.allclose(fast, slow, atol=1e-6)
