"""What is worn on the head instead of, or over, hair: a beanie, a cap with a peak, a headscarf."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.dome import CENTRE, azimuth_of, dome, ring_on
from visavis.synthetic.look.hair.mesh import Mesh, volume_normals
from visavis.synthetic.look.torso import ring_points
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Material

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Rng = np.random.Generator

_HAT = PARSING.index("hat")
_COLUMNS = 49


def beanie(rng: Rng) -> list[tuple[Mesh, Material]]:
    """A knitted hat over the ears, with a folded brim."""
    colour = wool_colour(rng)
    turn = np.linspace(-np.pi, np.pi, _COLUMNS)
    front, back = rng.uniform(38, 50), rng.uniform(-34, -10)
    rim = front + (back - front) * (0.5 - 0.5 * np.cos(turn)) ** 0.8 + 3.0 * np.sin(turn) ** 2
    high, slack = rng.uniform(5, 9), rng.uniform(4, 22)
    crown = _crown(
        rim, turn, 13, lambda share: 4.0 + high * np.sin(np.pi * share) + slack * np.clip(share - 0.55, 0, 1) ** 1.5
    )
    brim = rng.uniform(26, 40)
    band = _band(rim - 3.0, turn, brim, 7.5)
    return [(crown, _knit(colour, 1.0)), (band, _knit(colour * rng.uniform(0.8, 1.0), 1.25))]


def cap(rng: Rng) -> list[tuple[Mesh, Material]]:
    """A cap with a peak."""
    colour, peak_colour = wool_colour(rng), wool_colour(rng)
    turn = np.linspace(-np.pi, np.pi, _COLUMNS)
    front, back = rng.uniform(52, 60), rng.uniform(8, 26)
    rim = front + (back - front) * (0.5 - 0.5 * np.cos(turn)) - 3.0 * np.sin(turn) ** 2
    crown = _crown(rim, turn, 11, lambda share: 3.5 + 7.0 * np.sin(np.pi * np.clip(share * 1.15, 0, 1)) ** 0.8)
    same = rng.random() < 0.6
    return [(crown, _panels(colour)), (_peak(front, rng), _panels(colour if same else peak_colour, seams=False))]


def headscarf(rng: Rng) -> list[tuple[Mesh, Material]]:
    """A scarf around face, head and neck."""
    colour = wool_colour(rng)
    cloth = _draped(colour, rng)
    return [(_hood(rng), cloth), (_wrap(rng), cloth)]


def wool_colour(rng: Rng) -> Array:
    """(3,) linear RGB of headgear: mostly dark or muted, at times bright."""
    hue = rng.random() + np.array([0.0, 1 / 3, 2 / 3])
    vivid = rng.beta(1.2, 2.6)
    value = np.exp(rng.uniform(np.log(0.02), np.log(0.55)))
    return np.asarray(np.clip(value * (1 - vivid + 1.6 * vivid * (0.5 + 0.5 * np.cos(2 * np.pi * hue))), 0.008, 0.8))


def _grid_mesh(points: Array, normals: Array | None = None, occlusion: Array | float = 1.0) -> Mesh:
    """A mesh of (rows, columns, 3) points; u across, v down."""
    rows, columns = points.shape[:2]
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    faces = np.concatenate([np.stack([a, a + columns, a + 1], -1), np.stack([a + 1, a + columns, a + columns + 1], -1)])
    uv = np.stack(np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows)), -1).reshape(-1, 2)
    if normals is None:
        down, across = np.gradient(points, axis=0), np.gradient(points, axis=1)
        # The first and the last column are the same place.
        across[:, 0] = across[:, -1] = (points[:, 1] - points[:, -2]) / 2
        normals = np.cross(down, across).reshape(-1, 3)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 1e-9, normals / np.maximum(length, 1e-9), [0.0, 1.0, 0.0])
    shade = np.broadcast_to(np.asarray(occlusion, dtype=float), (rows, columns)).reshape(-1)
    return Mesh(points.reshape(-1, 3), faces.astype(np.int32), uv, normals, shade)


def _crown(rim: Array, turn: Array, rows: int, height: Callable[[Array], Array]) -> Mesh:
    """A dome of cloth from the top of the head down to the rim; height(share from top 1 to rim 0) in mm."""
    ray = ring_on(turn, rim) - CENTRE
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    top = np.array([0.0, np.cos(0.25), -np.sin(0.25)])
    angle = np.arccos(np.clip(ray @ top, -1, 1))[None, :, None]
    t = np.linspace(0.0, 1.0, rows)[:, None, None]
    rays = (np.sin((1 - t) * angle) * top + np.sin(t * angle) * ray[None]) / np.sin(angle)
    lift = np.broadcast_to(height(1.0 - t[:, :, 0]), (rows, len(turn)))
    over_ears = (
        15.0
        * np.exp(-(((np.abs(turn) - 1.72) / 0.42) ** 2))[None]
        * np.clip((20.0 - rim)[None] / 25.0, 0, 1)
        * t[:, :, 0] ** 3
    )
    points = (
        dome().at_height((CENTRE + 90.0 * rays).reshape(-1, 3), (lift + over_ears).reshape(-1)).reshape(rows, -1, 3)
    )
    return _grid_mesh(points)


def _band(rim: Array, turn: Array, wide: float, thick: float) -> Mesh:
    """The folded brim: a bulging band above the rim."""
    profile = [(0.0, 0.35), (-0.02, 0.75), (0.06, 1.0), (0.5, 1.08), (0.92, 1.0), (1.0, 0.7), (0.98, 0.3)]
    over_ears = 15.0 * np.exp(-(((np.abs(turn) - 1.72) / 0.42) ** 2)) * np.clip((20.0 - rim) / 25.0, 0, 1)
    rows = []
    for up, out in profile[::-1]:
        base = ring_on(turn, rim + up * wide)
        rows.append(dome().at_height(base, thick * out + over_ears))
    return _grid_mesh(np.stack(rows))


def _peak(front: float, rng: Rng) -> Mesh:
    """The peak: a bent plate that reaches forward from the rim."""
    across = np.linspace(-1.02, 1.02, 21)
    root = ring_on(across, front + 2.0 - 3.0 * np.sin(across) ** 2)
    root = dome().at_height(root, 3.0)
    reach = rng.uniform(58, 72)
    bend = rng.uniform(8, 20)
    rows = []
    for t in np.linspace(0, 1, 7):
        line = root.copy()
        line[:, 2] += reach * t * np.cos(across * 1.45) ** 0.6
        line[:, 1] -= bend * (np.sin(across) ** 2) * (0.4 + 0.6 * t) + 9.0 * t * np.cos(across) - 2.0 * t
        rows.append(line)
    top = np.stack(rows)
    under = top[::-1].copy()
    under[:, :, 1] -= 2.2
    return _grid_mesh(np.concatenate([top, under]), None)


# The opening for the face, from under the chin up to the forehead: x, y, z in mm.
_OPENING = np.array(
    [(0, -125, 84), (18, -124, 81), (37, -114, 72), (53, -93, 60), (62, -60, 50), (67, -25, 46), (67, 8, 50),
     (60, 36, 63), (42, 56, 80), (20, 64, 89), (0, 66, 91)], dtype=float,
)  # fmt: skip


def _hood(rng: Rng) -> Mesh:
    """The part around the face and over the head."""
    turn = np.linspace(-np.pi, np.pi, _COLUMNS)  # around the face, 0 = the forehead, the ends under the chin
    place = 1.0 - np.abs(turn) / np.pi
    edge = np.stack([np.interp(place, np.linspace(0, 1, len(_OPENING)), _OPENING[:, c]) for c in range(3)], -1)
    edge[:, 0] *= -np.sign(turn)
    full, crease = rng.uniform(6, 11), rng.uniform(0, 2 * np.pi)
    rows = []
    for t in np.linspace(0.0, 1.0, 15):
        line = _swung(edge, t)
        wrinkle = 1.5 * np.sin(5 * turn + crease + 4 * t) * np.sin(np.pi * t)
        lift = np.interp(t, [0, 0.03, 0.1, 0.25, 0.8, 1.0], [2.0, 4.5, 5.0, full, full + 3, full]) + wrinkle
        ears = (
            13.0
            * np.exp(-(((line[:, 1] + 19) / 42) ** 2))
            * np.exp(-(((azimuth_of(line) - np.sign(line[:, 0]) * 1.6) / 0.5) ** 2))
        )
        on_head = dome().at_height(line, lift + ears)
        below = np.clip((-62.0 - line[:, 1]) / 30.0, 0.0, 1.0)[:, None] * min(1.0, 6 * t)
        rows.append(on_head * (1 - below) + _round_neck(line, 66.0 + full) * below)
    points = np.stack(rows)
    return _grid_mesh(points, volume_normals(points.reshape(-1, 3)))


def _swung(edge: Array, t: float) -> Array:
    """(n, 3) the edge of the hood carried over the head towards the nape, t = 0..1."""
    ray = edge - CENTRE
    length = np.linalg.norm(ray, axis=1, keepdims=True)
    ray = ray / length
    back = np.array([0.0, -0.25, -0.968])
    angle = np.arccos(np.clip(ray @ back, -1, 1))[:, None]
    turned = (np.sin((1 - t) * angle) * ray + np.sin(t * angle) * back) / np.sin(angle)
    return np.asarray(CENTRE + turned * (length * (1 - t) + 100.0 * t))


def _round_neck(points: Array, radius: float) -> Array:
    """(n, 3) points put onto a cylinder around the throat."""
    out = points[:, [0, 2]] - [0.0, -10.0]
    out = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6) * [radius, radius * 1.1]
    return np.stack([out[:, 0], points[:, 1], out[:, 1] - 10.0], axis=-1)


def _wrap(rng: Rng) -> Mesh:
    """The part around the throat, down onto shoulders and chest."""
    turn = np.linspace(-np.pi, np.pi, 73)
    folds = rng.uniform(0, 2 * np.pi, 4)
    wave = sum(np.sin((3 + 2 * m) * turn + folds[m]) / (m + 1.5) for m in range(4))
    front = 0.5 + 0.5 * np.cos(turn)
    rows = []
    for y, radius in ((-88, 58), (-98, 69), (-110, 77), (-124, 82), (-138, 87)):
        r = radius + 3.0 * wave
        down = y + 18.0 * (1 - front) * (y + 160) / 70 + 4.0 * np.sin(turn + folds[0])
        rows.append(np.stack([r * np.sin(turn), down, -14.0 + r * np.cos(turn) * (1.02 + 0.17 * front**2)], -1))
    lowest = rng.uniform(3.6, 5.0)
    for level, off in ((0.8, 14.0), (1.6, 10.0), (2.4, 8.0), (0.85 * lowest, 8.0), (lowest, 7.0), (lowest + 0.05, 0.5)):
        below = ring_points(turn, level + 0.6 * front * level / lowest + 0.1 * np.sin(turn + folds[0]))
        out = ring_points(turn, level + 0.3) - ring_points(turn, level - 0.3)
        normal = np.stack(
            [-out[:, 1] * np.sin(turn), np.linalg.norm(out[:, [0, 2]], axis=1), -out[:, 1] * np.cos(turn)], -1
        )
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        rows.append(below + normal * (off + 3.0 * wave * off / 10)[:, None])
    points = np.stack(rows)
    for _ in range(3):  # cloth has no corners
        points[1:-2] = 0.3 * points[:-3] + 0.4 * points[1:-2] + 0.3 * points[2:-1]
    return _grid_mesh(points)


def _cloth_material(colour: Array, height: Array, shade: Array, depth: float) -> Material:
    slope_v, slope_u = np.gradient(height)
    tilt = np.clip(np.stack([slope_u, slope_v], -1) * depth, -1.2, 1.2)
    albedo = np.clip(colour * shade[..., None], 0, 1).astype(np.float32)
    return Material(
        name="headgear", albedo=albedo, parsing=_HAT, tilt=tilt.astype(np.float32),
        wrap=(0.25, 0.25, 0.25), specular=0.015, shininess=(4.0, 12.0), two_sided=True,
    )  # fmt: skip


def _knit(colour: Array, scale: float) -> Material:
    height, shade = _ribs(scale)
    return _cloth_material(colour, height, shade, 0.8)


@cache
def _ribs(scale: float) -> tuple[Array, Array]:
    rng = np.random.default_rng(75)
    v, u = np.indices((64, 512), dtype=float)
    rib = np.cos(2 * np.pi * u / 512 * round(64 / scale))
    stitch = np.cos(2 * np.pi * (v / 64 * 26 + 0.25 * rib))
    height = 1.0 * rib + 0.25 * stitch * (rib > -0.3)
    return height, 0.86 + 0.12 * rib + 0.05 * rng.standard_normal(height.shape)


def _panels(colour: Array, seams: bool = True) -> Material:
    rng = np.random.default_rng(76)
    v, u = np.indices((64, 256), dtype=float)
    seam = np.abs((u / 256 * 6 + 0.5) % 1.0 - 0.5) * 256 / 6
    height = -1.2 * np.exp(-((seam / 1.3) ** 2)) if seams else 0.5 * np.cos(v * 0.8) * (v < 30)
    return _cloth_material(colour, height, 0.97 + 0.04 * rng.standard_normal(u.shape), 0.5)


def _draped(colour: Array, rng: Rng) -> Material:
    """Long soft folds."""
    v, u = np.meshgrid(np.linspace(0, 1, 96), np.linspace(0, 1, 192, endpoint=False), indexing="ij")
    height = np.zeros_like(u)
    for _ in range(16):
        u0, v0, lean = rng.uniform(0, 1), rng.uniform(0, 1), rng.normal(0, 0.25)
        away = (u - u0 - lean * (v - v0) + 0.5) % 1.0 - 0.5
        height += rng.uniform(-6, 6) * np.exp(
            -((away / rng.uniform(0.015, 0.05)) ** 2) - ((v - v0) / rng.uniform(0.2, 0.5)) ** 2
        )
    hem = 2.5 * np.exp(-((v / 0.03) ** 2))
    return _cloth_material(colour, height + hem, np.clip(1.0 + 0.03 * height, 0.75, 1.1), 0.55)
