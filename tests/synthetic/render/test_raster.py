from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from visavis.synthetic.render import Camera, Surface, draw
from visavis.synthetic.render.raster import Hits, _fill, _owns, _threshold, alpha_at


def brute_force(surface, camera):
    """Nearest front face, depth and weights at every pixel, by rays in world space."""
    height, width = camera.height, camera.width
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    rays = camera.unproject(np.stack([x, y], -1), np.ones((height, width))) - camera.position
    a, b, c = np.moveaxis(surface.vertices.astype(float)[surface.faces], 1, 0)
    normal = np.cross(b - a, c - a)
    with np.errstate(all="ignore"):
        t = ((a - camera.position) * normal).sum(-1) / np.einsum("hwi,fi->hwf", rays, normal)
        point = camera.position + t[..., None] * rays[:, :, None]
        area = (normal**2).sum(-1)
        wa = (np.cross(b - point, c - point) * normal).sum(-1) / area
        wb = (np.cross(c - point, a - point) * normal).sum(-1) / area
    weights = np.stack([wa, wb, 1 - wa - wb], -1)
    facing = ((camera.position - a) * normal).sum(-1) > 0
    if surface.material.two_sided:
        facing = np.ones_like(facing)
    t = np.where((weights.min(-1) > 0) & facing & (t > 0), t, np.inf)
    face = np.where(np.isfinite(t.min(-1)), t.argmin(-1), -1)
    row, column = np.indices(face.shape)
    return face, t.min(-1), weights[row, column, face]


@pytest.mark.parametrize(("seed", "two_sided"), [(0, False), (1, True), (2, False), (3, True)])
def test_faces_depths_and_weights_agree_with_rays_through_every_pixel(triangles, camera, dull, seed, two_sided):
    surface = triangles(12, seed, two_sided=two_sided)
    frame = draw([surface], camera, dull)
    face, depth, weights = brute_force(surface, camera)
    clear = face == frame.face
    assert clear.mean() > 0.995  # the rest lie on an edge within rounding
    seen = clear & (face >= 0)
    assert 0.1 < seen.mean() < 0.99
    assert np.abs(frame.weights - weights[..., :2])[seen].max() < 1e-6
    assert np.abs(frame.depth[seen] / depth[seen] - 1).max() < 1e-6
    assert np.isinf(frame.depth[face < 0]).all()


def test_the_point_of_a_face_at_the_weights_projects_into_the_pixel(triangles, camera, dull):
    surface = triangles(9)
    frame = draw([surface], camera, dull)
    y, x = np.nonzero(frame.face >= 0)
    corners = surface.vertices.astype(float)[surface.faces[frame.face[y, x]]]
    a, b = frame.weights[y, x].astype(float).T
    points = np.stack([a, b, 1 - a - b], -1)[:, None] @ corners
    pixels, depth = camera.project(points[:, 0])
    assert np.abs(pixels - np.stack([x, y], -1)).max() < 1e-4
    assert np.abs(depth / frame.depth[y, x] - 1).max() < 1e-5


def fan(plain, seed):
    """A disc cut into triangles that share edges and the random middle vertices of a jittered grid."""
    rng, n = np.random.default_rng(seed), 9
    x, y = np.meshgrid(np.linspace(-0.9, 0.9, n), np.linspace(-0.9, 0.9, n))
    vertices = np.stack([x, y, 0 * x], -1)
    vertices[1:-1, 1:-1] += rng.uniform(-0.05, 0.05, (n - 2, n - 2, 3))
    i = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    faces = np.concatenate([np.stack([i, i + 1, i + n + 1], -1), np.stack([i, i + n + 1, i + n], -1)])
    return Surface(vertices.reshape(-1, 3), faces, np.zeros((n * n, 2)), plain())


@pytest.mark.parametrize("seed", range(3))
def test_triangles_that_share_edges_leave_no_hole(plain, dull, seed):
    camera = Camera(97, 83, 60.0, (48.0, 41.0))  # whole numbers: many centres fall exactly on edges
    assert draw([fan(plain, seed)], camera, dull).coverage.min() == 1.0


def test_a_pixel_exactly_on_a_shared_edge_belongs_to_exactly_one_triangle(quad, camera):
    camera = Camera(21, 21, 40.0, (10.0, 10.0))  # the quad spans +-10 pixels and its diagonal runs through centres
    square, count = quad(0.25), np.zeros((21, 21), int)
    for row in range(2):
        hits = Hits.nothing(21, 21)
        hits.add(0, replace(square, faces=square.faces[row : row + 1]), camera)
        count += hits.face >= 0
    assert count.max() == 1
    assert count.sum() == 20 * 20  # top and left borders belong to the square, bottom and right ones do not
    assert (count[0, :20] == 1).all()
    assert (count[:20, 0] == 1).all()


def test_a_back_face_is_seen_only_if_two_sided(quad, plain, camera, dull):
    square = quad()
    turned = replace(square, faces=square.faces[:, ::-1])
    assert draw([turned], camera, dull).coverage.sum() == 0
    both = draw([replace(turned, material=plain(two_sided=True))], camera, dull)
    front = draw([square], camera, dull)
    assert np.array_equal(both.coverage, front.coverage)
    assert np.abs(both.normals[both.coverage > 0] - (0, 0, 1)).max() < 1e-6  # turned to the viewer


def test_the_nearer_surface_hides_the_farther_in_any_order(quad, camera, dull):
    near, far = quad(0.1, z=0.2), quad(0.25, z=0.0)
    for surfaces, first in (([near, far], 0), ([far, near], 1)):
        frame = draw(surfaces, camera, dull)
        assert frame.surface[9, 11] == first
        assert frame.depth[9, 11] == pytest.approx(0.8, abs=1e-6)


def test_what_comes_too_near_the_lens_or_lies_behind_it_is_left_out(quad, camera, dull):
    assert draw([quad(z=0.995)], camera, dull).coverage.sum() == 0
    assert draw([quad(z=1.5)], camera, dull).coverage.sum() == 0


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 0.8, 1.0])
def test_a_cut_out_covers_its_share_of_the_picture_to_half_a_grade(quad, plain, dull, alpha):
    camera = Camera(64, 64, 64.0, (31.5, 31.5))
    veil = quad(0.5, material=plain(alpha=np.full((1, 1), alpha)))
    for samples in (2, 3, 4):
        assert draw([veil], camera, dull, samples).coverage.mean() == pytest.approx(alpha, abs=0.5 / samples**2)


@pytest.mark.parametrize(("alpha", "seen"), [(0.25, 0.0), (0.5, 0.5), (0.75, 1.0)])
def test_single_samples_leave_faint_cut_outs_out_and_fill_dense_ones(quad, plain, dull, alpha, seen):
    camera = Camera(64, 64, 64.0, (31.5, 31.5))
    veil = quad(0.5, material=plain(alpha=np.full((1, 1), alpha)))
    assert draw([veil], camera, dull).coverage.mean() == pytest.approx(seen, abs=0.01)


def test_supersampled_cut_outs_are_nearly_even(quad, plain, dull):
    camera = Camera(32, 32, 32.0, (15.5, 15.5))
    veil = quad(0.5, material=plain(alpha=np.full((1, 1), 0.5)))
    assert draw([veil], camera, dull, 2).coverage.std() < 1e-6


def test_a_sharp_cut_out_follows_its_texture(quad, plain, dull):
    camera = Camera(40, 40, 40.0, (19.5, 19.5))
    alpha = np.zeros((1, 2))
    alpha[0, 1] = 1.0
    frame = draw([quad(0.5, material=plain(size=(1, 2), alpha=alpha))], camera, dull)
    assert frame.coverage[:, :10].sum() == 0
    assert frame.coverage[:, 30:].min() == 1


def test_the_kernel_in_plain_python_gives_the_same_answer():
    screen = np.array([(0.5, 0.5, 1.0), (0.5, 6.5, 1.0), (6.5, 6.5, 1.0), (6.5, 0.5, 0.5)])
    faces, uv = np.array([(0, 1, 2), (0, 2, 3)], np.int32), np.array([(0, 0), (0, 1), (1, 1), (1, 0)], np.float32)
    texture = np.ones((2, 2, 8), np.float32)
    texture[0, 1, 3] = 0.0
    results = []
    for fill in (_fill, _fill.py_func):
        hits = Hits.nothing(8, 8)
        fill(screen, faces, uv, texture, True, False, 1, 3, hits.inverse_depth, hits.surface, hits.face, hits.weights)
        results.append(hits)
    assert results[0].surface.max() == 3
    for name in ("inverse_depth", "surface", "face", "weights"):
        assert np.allclose(getattr(results[0], name), getattr(results[1], name))


def test_edges_own_pixels_on_the_top_and_left_only():
    assert [_owns.py_func(*normal) for normal in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1))] == [1, 0, 1, 0, 1]


def test_alpha_is_bilinear_between_texel_centres():
    texture = np.zeros((1, 2, 8), np.float32)
    texture[0, 1, 3] = 1.0
    values = [alpha_at.py_func(texture, u, 0.5) for u in (0.0, 0.25, 0.4, 0.5, 0.75, 1.0)]
    assert values == pytest.approx([0, 0, 0.3, 0.5, 1, 1])


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_thresholds_are_spread_evenly_over_the_samples_of_a_pixel(samples):
    for column, row in ((0, 0), (5, 2), (91, 1023)):
        cells = sorted(
            _threshold.py_func(column * samples + a, row * samples + b, samples, 7)
            for a in range(samples)
            for b in range(samples)
        )
        assert all(0 < value < 1 for value in cells)
        if samples > 1:
            assert [int(value * samples**2) for value in cells] == list(range(samples**2))
