"""Gradients of a picture reach the vertices of the mesh that it shows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from visavis.errors import InvalidInput

torch = pytest.importorskip("torch")

from visavis.nn import Outline, harmonics, rasterize, shade_sh, vertex_normals  # noqa: E402

SIZE = 40


def icosphere():
    """42 vertices and 80 faces of a unit sphere, counter-clockwise from outside."""
    golden = (1 + 5**0.5) / 2
    corners = [(a, b, 0) for a in (-1, 1) for b in (-golden, golden)]
    vertices = [tuple(np.roll(c, k)) for c in corners for k in range(3)]
    points = np.array(vertices) / np.hypot(1, golden)
    near = 2.1 / np.hypot(1, golden)
    close = np.linalg.norm(points[:, None] - points, axis=-1) < near
    faces = [
        (i, j, k)
        for i, j, k in product(range(12), repeat=3)
        if i < min(j, k) and close[i, j] and close[j, k] and close[k, i] and np.linalg.det(points[[i, j, k]]) > 0
    ]
    middle, points = {}, points.tolist()
    for a, b in {tuple(sorted(e)) for f in faces for e in ((f[0], f[1]), (f[1], f[2]), (f[2], f[0]))}:
        m = np.add(points[a], points[b])
        middle[a, b] = middle[b, a] = len(points)
        points.append((m / np.linalg.norm(m)).tolist())
    fine = []
    for i, j, k in faces:
        ij, jk, ki = middle[i, j], middle[j, k], middle[k, i]
        fine += [(i, ij, ki), (j, jk, ij), (k, ki, jk), (ij, jk, ki)]
    return np.array(points), np.array(fine)


def visible_faces(screen, depth, faces, height=SIZE, width=SIZE):
    """(B, H, W) the nearest front face at each pixel's centre, by trying all of them."""
    screen, depth, faces = (t.detach().numpy() for t in (screen, depth, faces))
    y, x = np.mgrid[:height, :width]
    pictures = []
    for position, z in zip(screen, depth, strict=True):
        a, b, c = (position[faces[:, k]][:, :, None, None] for k in range(3))

        def area(p, q):
            return (p[:, 0] - x) * (q[:, 1] - y) - (p[:, 1] - y) * (q[:, 0] - x)

        e = -np.stack([area(b, c), area(c, a), area(a, b)], axis=1)  # y points down: front faces turn the other way
        inverse = (e / z[faces][:, :, None, None]).sum(axis=1) / np.where(e.sum(axis=1) == 0, 1, e.sum(axis=1))
        seen = np.where((e >= 0).all(axis=1) & (e.sum(axis=1) > 0), inverse, 0.0)
        pictures.append(np.where(seen.max(axis=0) > 0, seen.argmax(axis=0), -1))
    return torch.tensor(np.array(pictures))


def project(vertices, focal=60.0, size=SIZE):
    """Pixels and depth of (B, V, 3) points, seen from z = 4 along -z."""
    depth = 4.0 - vertices[..., 2]
    x, y = vertices[..., 0] / depth, -vertices[..., 1] / depth
    return (size - 1) / 2 + focal * torch.stack([x, y], dim=-1), depth


def rotation(axis_angle):
    """(3, 3) of a vector in radians."""
    x, y, z = axis_angle
    zero = torch.zeros_like(x)
    return torch.linalg.matrix_exp(torch.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3))


@pytest.fixture
def egg():
    """A mesh with no symmetry: (V, 3), (F, 3), (V, 3) colours, in float64."""
    points, faces = icosphere()
    colours = 0.5 + 0.4 * np.sin(2.5 * points @ np.array([[1, 0.3, 0], [0, 1, 0.4], [0.5, 0, 1]]) + [0.3, 1.0, 2.0])
    shape = points * (0.85, 1.1, 0.95) + 0.25 * np.maximum(points @ np.array([0.6, 0.3, 0.74]) - 0.7, 0)[:, None]
    return torch.tensor(shape), torch.tensor(faces), torch.tensor(colours)


def seen(vertices, faces, size=SIZE):
    """A raster of (V, 3) or (B, V, 3) vertices."""
    screen, depth = project(vertices if vertices.ndim == 3 else vertices[None], size=size)
    return rasterize(screen, depth, faces, visible_faces(screen, depth, faces, size, size))


def test_weights_put_each_pixel_back_where_it_is(egg):
    raster = seen(egg[0], egg[1])
    assert (raster.weights >= -1e-9).all()
    torch.testing.assert_close(raster.weights.sum(dim=1), torch.ones(len(raster.weights), dtype=torch.float64))
    points = raster.interpolate(egg[0])
    screen, _ = project(points.reshape(1, -1, 3))
    rows, columns = torch.nonzero(raster.face[0] >= 0, as_tuple=True)
    wanted = torch.stack([columns, rows], dim=-1).double()
    torch.testing.assert_close(screen.reshape(SIZE, SIZE, 2)[rows, columns], wanted)  # perspective-correct, or it fails


def test_interpolation_is_linear_in_space_and_zero_outside(egg):
    raster = seen(egg[0], egg[1])
    image = raster.interpolate(egg[0] @ torch.tensor([[1.0], [2.0], [-3.0]], dtype=torch.float64) + 5.0)
    points = raster.interpolate(egg[0])
    inside = raster.coverage[..., 0] > 0
    wanted = points @ torch.tensor([1.0, 2.0, -3.0], dtype=torch.float64) + 5.0
    torch.testing.assert_close(image[..., 0][inside], wanted[inside])
    assert (image[~inside] == 0).all()


def test_attributes_may_differ_between_the_pictures_of_a_batch(egg):
    raster = seen(torch.stack([egg[0], egg[0] * 0.8]), egg[1])
    each = torch.stack([egg[2], 1 - egg[2]])
    together = raster.interpolate(each)
    torch.testing.assert_close(together[0], raster.interpolate(each[0])[0])
    torch.testing.assert_close(together[1], raster.interpolate(each[1])[1])


@pytest.fixture(scope="module")
def drawn():
    """The stand-in head drawn by the fast renderer: its frame, and a raster of what it saw."""
    pytest.importorskip("numba")
    from visavis.synthetic.head import stand_in
    from visavis.synthetic.render import Camera, Light, Material, Surface, draw

    head, camera = stand_in(), Camera.portrait(96)
    white = Material(name="white", albedo=np.ones((1, 1, 3), np.float32), parsing=1)
    surface = Surface(head.shape([1.0, -1.0]).astype(np.float32), head.faces, head.uv, white)
    frame = draw([surface], camera, Light.simple())
    pixels, metres = (torch.tensor(a)[None] for a in camera.project(surface.vertices))
    raster = rasterize(pixels, metres, torch.tensor(head.faces), torch.tensor(frame.face)[None])
    return frame, raster, surface


def test_barycentrics_equal_those_of_the_fast_rasteriser(drawn):
    frame, raster, _ = drawn
    assert (frame.face >= 0).mean() > 0.2
    torch.testing.assert_close(raster.barycentric[0, ..., :2].float(), torch.tensor(frame.weights), atol=2e-4, rtol=0)


def test_depth_equals_that_of_the_fast_rasteriser(drawn):
    frame, raster, _ = drawn
    inside = torch.tensor(frame.face >= 0)
    depth = raster.interpolate(raster.depth[0, :, None])[0, ..., 0]
    torch.testing.assert_close(depth[inside].float(), torch.tensor(frame.depth)[inside], atol=1e-6, rtol=1e-5)


def test_normals_equal_those_of_the_fast_renderer(drawn):
    frame, raster, surface = drawn
    normals = vertex_normals(torch.tensor(surface.vertices)[None], raster.faces).double()
    unit = torch.nn.functional.normalize(raster.interpolate(normals), dim=-1)
    torch.testing.assert_close(unit[0].float(), torch.tensor(frame.normals), atol=1e-3, rtol=0)


def test_harmonics_are_those_of_the_fast_renderer():
    light = pytest.importorskip("visavis.synthetic.render.light")
    directions = np.random.default_rng(0).normal(size=(50, 3))
    torch.testing.assert_close(harmonics(torch.tensor(directions)), torch.tensor(light.harmonics(directions)))


def test_gradients_of_interpolation_are_exact(egg):
    screen, depth = project(egg[0][None], size=12, focal=14.0)
    face = visible_faces(screen, depth, egg[1], 12, 12)

    def image(screen, depth, colours):
        return rasterize(screen, depth, egg[1], face).interpolate(colours)

    inputs = (screen.requires_grad_(), depth.requires_grad_(), egg[2].clone().requires_grad_())
    assert torch.autograd.gradcheck(image, inputs, fast_mode=True)


def test_gradients_of_outlines_are_exact(egg):
    screen, depth = project(egg[0][None], size=12, focal=14.0)
    face = visible_faces(screen, depth, egg[1], 12, 12)

    def image(screen, colours):
        raster = rasterize(screen, depth, egg[1], face)
        return Outline.of(raster).blend(raster.interpolate(colours))

    assert torch.autograd.gradcheck(image, (screen.requires_grad_(), egg[2].clone().requires_grad_()), fast_mode=True)


def test_gradients_of_shading_are_exact(egg):
    vertices, faces, colours = egg
    ambient = torch.randn(9, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    key = torch.tensor([0.4, 0.5, 0.6], dtype=torch.float64)

    def shade(vertices, colours, ambient, direction):
        return shade_sh(colours[None], vertex_normals(vertices[None], faces), ambient, direction, key)

    direction = torch.tensor([0.3, 0.5, 0.8], dtype=torch.float64)
    inputs = tuple(t.clone().requires_grad_() for t in (vertices, colours, ambient, direction))
    assert torch.autograd.gradcheck(shade, inputs, fast_mode=True)


def square(left, top, right, bottom, depth=1.0):
    """A rectangle of two triangles in pixels, turning like a front face."""
    screen = torch.tensor([[(left, top), (left, bottom), (right, bottom), (right, top)]], dtype=torch.float64)
    return screen, torch.full((1, 4), depth, dtype=torch.float64), torch.tensor([[0, 1, 2], [0, 2, 3]])


@pytest.mark.parametrize("shift", np.linspace(0.0, 1.0, 11).tolist())
def test_a_blended_outline_covers_exactly_the_area_of_the_shape(shift):
    screen, depth, faces = square(3.3 + shift, 2.6, 8.9 + shift, 7.2)
    raster = rasterize(screen, depth, faces, visible_faces(screen, depth, faces, 12, 14))
    rows = Outline.of(raster).blend(raster.coverage)[0, 4:6, :, 0].sum(dim=1)  # away from corners
    torch.testing.assert_close(rows, torch.full((2,), 5.6, dtype=torch.float64))
    columns = Outline.of(raster).blend(raster.coverage)[0, :, 6, 0].sum()
    assert columns.item() == pytest.approx(4.6)


def test_pushing_an_edge_moves_area_by_its_length():
    screen, depth, faces = square(3.3, 2.6, 8.9, 7.2)
    screen.requires_grad_()
    raster = rasterize(screen, depth, faces, visible_faces(screen, depth, faces, 12, 14))
    Outline.of(raster).blend(raster.coverage).sum().backward()
    pushed_right = screen.grad[0, [2, 3], 0].sum()  # both vertices of the right edge
    assert pushed_right.item() == pytest.approx(4.6, abs=0.5)  # pixel rows are whole
    assert screen.grad[0, [0, 1], 0].sum().item() == pytest.approx(-pushed_right.item())


def test_the_inside_of_a_closed_surface_is_left_alone(egg):
    raster = seen(egg[0], egg[1])
    image = raster.interpolate(egg[2])
    changed = (Outline.of(raster).blend(image) != image).any(dim=-1)[0]
    inside = raster.face[0] >= 0
    core = torch.nn.functional.avg_pool2d(inside[None, None].double(), 3, 1, 1)[0, 0] > 0.999
    assert changed.any()
    assert not (changed & core).any()


def test_a_fold_in_front_of_its_own_surface_is_an_outline():
    # Two sheets joined far outside the picture, the nearer one ending at x = 5.3 before the farther one.
    screen = torch.tensor([[(-9.0, -30), (-9, 30), (5.3, 30), (5.3, -30), (30, -30), (30, 30)]], dtype=torch.float64)
    depth = torch.tensor([[1.0, 1, 1, 1, 2, 2]], dtype=torch.float64)
    folded = screen.clone()
    folded[0, 4:] = torch.tensor([[-9.0, -30], [-9, 30]])  # the sheet turns back behind the first one
    faces = torch.tensor([[0, 1, 2], [0, 2, 3], [3, 2, 5], [3, 5, 4]])
    for vertices, crossings in ((screen, 0), (folded, 12)):
        raster = rasterize(vertices, depth, faces, visible_faces(vertices, depth, faces, 12, 12))
        outline = Outline.of(raster)
        assert len(outline.crossing) == crossings
    torch.testing.assert_close(outline.crossing, torch.full((12,), 0.3, dtype=torch.float64))


@pytest.mark.parametrize(("focal", "size"), [(6.0, 8), (21.0, 16), (90.0, 56)])
def test_blended_coverage_adds_up_to_the_area_of_the_outline(focal, size):
    points, faces = (torch.tensor(a) for a in icosphere())  # with the least focal length, 80 triangles on 9 pixels
    screen, depth = project(points[None] @ rotation(torch.tensor([0.3, 0.2, 0.1])).double().T, focal, size)
    raster = rasterize(screen, depth, faces, visible_faces(screen, depth, faces, size, size))
    a, b, c = screen[0][faces].unbind(dim=1)
    area = torch.linalg.det(torch.stack([c - a, b - a], dim=1)).clamp(min=0.0).sum() / 2  # of all that face the eye
    assert Outline.of(raster).blend(raster.coverage).sum().item() == pytest.approx(area.item(), rel=0.03)


def blended(egg, shift):
    vertices, faces, colours = egg
    raster = seen(vertices + shift, faces)
    return Outline.of(raster).blend(torch.cat([raster.interpolate(colours), raster.coverage], dim=-1))


def test_a_picture_changes_smoothly_while_the_mesh_moves(egg):
    step = torch.tensor([0.0014, 0.0006, 0.0], dtype=torch.float64)  # 0.02 pixels
    soft = torch.stack([blended(egg, n * step)[..., 3] for n in range(30)]).diff(dim=0).abs()
    hard = torch.stack([seen(egg[0] + n * step, egg[1]).coverage for n in range(30)]).diff(dim=0).abs()
    assert (hard > 0.2).sum() > 20
    assert soft.max() < 0.2


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_slope_of_a_loss_equals_its_differences(egg, axis):
    target = blended(egg, torch.zeros(3, dtype=torch.float64))
    unit = torch.eye(3, dtype=torch.float64)[axis]
    for away in (-0.04, -0.02, 0.02, 0.04):
        at = torch.tensor(away, dtype=torch.float64, requires_grad=True)
        (blended(egg, at * unit) - target).square().mean().backward()
        ends = [(blended(egg, (away + h) * unit) - target).square().mean() for h in (-0.004, 0.004)]
        assert at.grad.item() == pytest.approx(((ends[1] - ends[0]) / 0.008).item(), rel=0.15)


def test_hidden_faces_get_no_gradient(egg):
    vertices = egg[0].clone().requires_grad_()
    raster = seen(vertices, egg[1])
    Outline.of(raster).blend(raster.interpolate(egg[2])).square().sum().backward()
    used = torch.zeros(len(vertices), dtype=torch.bool)
    used[raster.corners.unique()] = True
    behind = vertices.detach()[:, 2] < -0.5
    assert behind.sum() > 5
    assert (vertices.grad[behind & ~used] == 0).all()
    assert (vertices.grad[used] != 0).any()


def test_nothing_seen_gives_background_and_no_outline(egg):
    screen, depth = project(egg[0][None] + 100.0)
    raster = rasterize(screen, depth, egg[1], torch.full((1, 5, 6), -1))
    assert raster.interpolate(egg[2]).abs().sum() == 0
    blank = torch.rand(1, 5, 6, 3)
    assert (Outline.of(raster).blend(blank) == blank).all()


def test_normals_of_a_sphere_point_outwards():
    points, faces = icosphere()
    normals = vertex_normals(torch.tensor(points)[None], torch.tensor(faces))
    torch.testing.assert_close(normals[0], torch.tensor(points), atol=0.02, rtol=0)


def test_harmonics_are_orthonormal_over_the_sphere():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(200_000, 3))
    basis = harmonics(torch.tensor(directions / np.linalg.norm(directions, axis=1, keepdims=True)))
    torch.testing.assert_close(
        4 * np.pi * basis.T @ basis / len(basis), torch.eye(9, dtype=torch.float64), atol=0.02, rtol=0
    )


def test_shading_equals_the_formula_written_out():
    rng = np.random.default_rng(1)
    normals = rng.normal(size=(2, 5, 3))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    albedo, ambient, toward = rng.random((2, 5, 3)), rng.normal(size=(2, 9, 3)), np.array([1.0, 2.0, 2.0]) / 3
    x, y, z = np.moveaxis(normals, -1, 0)
    c = [0.282095, *[0.488603] * 3, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274]
    terms = np.stack([x * 0 + 1, y, z, x, x * y, y * z, 3 * z**2 - 1, x * z, x**2 - y**2], axis=-1) * c
    lambert = np.maximum(normals @ toward, 0)[..., None] * [0.2, 0.3, 0.4]
    wanted = albedo * (np.einsum("bnk,bkc->bnc", terms, ambient) + lambert)
    tensors = (torch.tensor(a) for a in (albedo, 7 * normals, ambient, 3 * toward, np.array([0.2, 0.3, 0.4])))
    torch.testing.assert_close(shade_sh(*tensors), torch.tensor(wanted), atol=1e-6, rtol=1e-5)


def test_pose_is_recovered_from_a_picture(egg):
    shape, faces, colours = (t.float() if t.is_floating_point() else t for t in egg)

    def picture(turn, shift):
        raster = seen(shape @ rotation(turn).T + shift, faces)
        return Outline.of(raster).blend(torch.cat([raster.interpolate(colours), raster.coverage], dim=-1))

    true_turn, true_shift = torch.tensor([0.15, -0.25, 0.20]), torch.tensor([0.12, -0.10, 0.15])
    target = picture(true_turn, true_shift)
    turn, shift = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    steps = torch.optim.Adam([turn, shift], lr=0.04)
    decay = torch.optim.lr_scheduler.ExponentialLR(steps, 0.96)
    for _ in range(80):
        steps.zero_grad()
        (picture(turn, shift) - target).square().mean().backward()
        steps.step()
        decay.step()
    assert torch.rad2deg((turn - true_turn).norm()) < 1.0
    assert (shift - true_shift)[:2].norm() < 0.01  # 0.15 pixels
    assert (shift - true_shift)[2].abs() < 0.03


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"screen": torch.zeros(42, 2)}, r"screen: expected shape \(B, V, 2\), got \(42, 2\)"),
        ({"depth": torch.ones(2, 42)}, r"depth: expected shape \(1, 42\)"),
        ({"faces": torch.zeros(80, 3)}, "faces: expected integers"),
        ({"faces": torch.full((80, 3), 42)}, "faces name vertices 42..42; there are 0..41"),
        ({"face": torch.zeros(2, 5, 5, dtype=torch.long)}, r"face: expected integers of shape \(1, H, W\)"),
        ({"face": torch.full((1, 5, 5), 80)}, "face names row 80 of faces; there are 0..79"),
    ],
)
def test_tensors_that_do_not_belong_together_are_refused(egg, change, match):
    screen, depth = project(egg[0][None])
    arguments = {"screen": screen, "depth": depth, "faces": egg[1], "face": torch.full((1, 5, 5), -1), **change}
    with pytest.raises(InvalidInput, match=match):
        rasterize(**arguments)


def test_wrong_attributes_images_and_lights_are_refused(egg):
    raster = seen(egg[0], egg[1])
    with pytest.raises(InvalidInput, match=r"attributes: expected shape \(42, C\) or \(1, 42, C\)"):
        raster.interpolate(torch.zeros(41, 3))
    with pytest.raises(InvalidInput, match="image"):
        Outline.of(raster).blend(torch.zeros(1, 5, 5, 3))
    with pytest.raises(InvalidInput, match="ambient"):
        shade_sh(torch.zeros(1, 4, 3), torch.zeros(1, 4, 3), torch.zeros(8, 3))
