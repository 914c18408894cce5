"""Upper garments: torso with shoulders, necklines and collars; colours and pattern vary from shot to shot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head import Head
from visavis.synthetic.look.fabric import Pattern, fabric, pattern
from visavis.synthetic.look.styles import CLOTHES_STYLES
from visavis.synthetic.look.torso import neckline, ring_points
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Material, Surface

Array = NDArray[np.float64]
Textures = tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]
Rng = np.random.Generator
Grid = tuple[Array, Array]
"""(rows, columns, 3) points in mm and (rows, columns, 2) uv."""

BODY_ENDS = -0.52
"""Height at which garments end, metres."""
_CLOTH = PARSING.index("cloth")


def clothes_surfaces(
    head: Head, shaped: Array, style: str, colours: Sequence[Sequence[float]], rng: Rng
) -> tuple[Surface, ...]:
    """A garment at rest, fixed to the root joint.

    Args:
        head: the head model; its neck is what the collar closes around.
        shaped: (V, 3) the person's neutral head, m.
        style: one of `CLOTHES_STYLES`.
        colours: two linear RGB colours in [0, 1]: of the garment, and of its pattern, lining or the shirt below.
        rng: pattern and folds.

    Raises:
        InvalidInput: an unknown style, or not two colours in [0, 1].
    """
    if style not in _GARMENTS:
        raise InvalidInput(f"clothes style {style!r}: needs one of {', '.join(CLOTHES_STYLES)}")
    both = np.asarray(colours, dtype=float)
    if both.shape != (2, 3) or not ((both >= 0) & (both <= 1)).all():
        raise InvalidInput(f"clothes colours of shape {both.shape}: needs two linear RGB colours in [0, 1]")
    return _GARMENTS[style](both, rng)


def lower_body(cloth: Material) -> Surface:
    """What hangs below the torso, to the knees, at rest: a plain fall of the garment's own cloth, for far views."""
    angle, drop = np.meshgrid(np.linspace(-np.pi, np.pi, 49), np.linspace(0, 1, 6))
    points = ring_points(angle, 10.0)
    points[..., 1] -= 900.0 * drop
    points[..., [0, 2]] *= (1.0 - 0.12 * drop)[..., None]
    uv = np.stack([angle / (2 * np.pi) + 0.5, 1.0 - 0.45 * drop], axis=-1)
    return _surface((points, uv), cloth)


def _surface(grid: Grid, material: Material) -> Surface:
    points, uv = grid
    rows, columns = points.shape[:2]
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    faces = np.concatenate(
        [np.stack([a, a + columns, a + 1], -1), np.stack([a + 1, a + columns, a + columns + 1], -1)]
    ).astype(np.int32)
    return Surface(
        (points.reshape(-1, 3) * 1e-3).astype(np.float32), faces, uv.reshape(-1, 2).astype(np.float32), material
    )


@cache
def _body(low: float = 0.0, rows: int = 22, columns: int = 49) -> Grid:
    """The torso from this level down; u around from the back over the subject's right, v down."""
    angle, level = np.meshgrid(np.linspace(-np.pi, np.pi, columns), low + (10.0 - low) * np.linspace(0, 1, rows) ** 1.3)
    uv = np.stack([angle / (2 * np.pi) + 0.5, level / 10.0], axis=-1)
    return ring_points(angle, level), uv


def _collar(
    rows: Sequence[tuple[float, float, float]], columns: int = 41, gap: float = 0.0, point: float = 0.0
) -> Grid:
    """A collar around the neck.

    Args:
        rows: (mm outwards from the neckline, mm up at the back, mm up at the front), from inside to outside.
        columns: around.
        gap: angle left open in front, radians.
        point: mm by which the last rows are drawn down next to the gap.
    """
    angle = np.linspace(gap, 2 * np.pi - gap, columns)
    base, away = neckline(angle)
    out, back, front = np.array(rows).T[:, :, None]
    share = 0.5 + 0.5 * np.cos(angle)
    points = base + out[..., None] * away
    points[..., 1] += back + (front - back) * share
    drawn = point * np.clip((np.cos(angle) - 0.35) / 0.6, 0, 1) ** 1.5 * np.linspace(0, 1, len(rows))[:, None]
    points[..., 1] -= drawn
    points[..., 2] += 0.35 * drawn
    u, v = np.meshgrid(angle / (2 * np.pi), np.linspace(0, 1, len(rows)))
    return points, np.stack([u, v], axis=-1)


def _band(colour: Array, rng: Rng, ribs: int = 0) -> Material:
    """The cloth of a collar: plain, or ribbed."""
    return _material(
        "collar", fabric(Pattern.plain(colour, colour, (24, 256)), rng, ribs=ribs, fold=0.0), two_sided=True
    )


def _material(name: str, textures: Textures, two_sided: bool = False) -> Material:
    albedo, tilt, occlusion = (np.asarray(texture, dtype=np.float32) for texture in textures)
    return Material(
        name=name, albedo=albedo, parsing=_CLOTH, tilt=tilt, occlusion=occlusion, wrap=(0.2, 0.2, 0.2), specular=0.02,
        shininess=(4.0, 12.0), two_sided=two_sided,
    )  # fmt: skip


_CREW = [
    (-17.0, -26.0, 3.0),
    (-6.0, -5.0, -4.0),
    (-4.0, 3.0, 3.0),
    (-0.5, 5.0, 5.0),
    (4.0, 1.5, 1.5),
    (10.0, -5.0, -7.0),
    (12.0, -9.0, -11.0),
]


def _tshirt(colours: Array, rng: Rng) -> tuple[Surface, ...]:
    cloth = _material("cloth", fabric(pattern(colours, rng), rng))
    return _surface(_body(), cloth), _surface(_collar(_CREW), _band(colours[0], rng))


def _sweater(colours: Array, rng: Rng) -> tuple[Surface, ...]:
    cloth = _material("cloth", fabric(pattern(colours, rng, ("plain", "stripes", "melange")), rng, ribs=140))
    rows = [(out * 1.3, back * 1.6 + 2, front * 1.6 + 2) for out, back, front in _CREW]
    return _surface(_body(), cloth), _surface(_collar(rows), _band(colours[0], rng, ribs=60))


def _turtleneck(colours: Array, rng: Rng) -> tuple[Surface, ...]:
    cloth = _material("cloth", fabric(pattern(colours, rng, ("plain", "melange")), rng, ribs=140))
    high = rng.uniform(26, 38)
    rows = [
        (-17.0, -26.0, 3.0), (-9.0, high * 0.7, high * 0.8), (-8.0, high, high * 1.1), (-2.0, high + 5, high * 1.1 + 5),
        (2.5, high, high * 1.1), (4.5, high * 0.5, high * 0.6), (5.0, 4.0, 6.0), (9.0, -4.0, -3.0),
        (16.0, -12.0, -14.0),
    ]  # fmt: skip
    return _surface(_body(), cloth), _surface(_collar(rows), _band(colours[0], rng, ribs=70))


def _shirt(colours: Array, rng: Rng) -> tuple[Surface, ...]:
    cloth = _material(
        "cloth", fabric(pattern(colours, rng, ("plain", "plain", "pinstripes", "checks")).with_placket(), rng)
    )
    return _surface(_body(), cloth), *_shirt_collar(colours[0], rng)


def _shirt_collar(colour: Array, rng: Rng) -> tuple[Surface, ...]:
    gap = rng.uniform(0.05, 0.2)
    rows = [(-17.0, -26, 3), (-8.0, 4, 4), (-7.0, 24, 10), (-1.0, 30, 13), (5.0, 24, 8), (12.0, 4, -8), (17.0, -8, -20)]
    # The opening between the collar's points shows the edge of a vest.
    vest = _surface(_collar([(-17.0, -26.0, 3.0), (-5.0, 2.0, 2.0), (4.0, 1.0, 1.0)]), _band(0.5 * colour, rng))
    return vest, _surface(_collar(rows, gap=gap, point=rng.uniform(14, 26)), _band(colour, rng))


def _vneck(colours: Array, rng: Rng) -> tuple[Surface, ...]:
    cut = pattern(colours, rng, ("plain", "melange", "stripes")).with_neckline(colours[1], depth=rng.uniform(3.0, 4.2))
    return _surface(_body(), _material("cloth", fabric(cut, rng))), _surface(_collar(_CREW), _band(colours[1], rng))


def _jacket(colours: Array, rng: Rng) -> tuple[Surface, ...]:
    cut = pattern(colours, rng, ("plain", "plain", "pinstripes", "melange")).with_lapels(
        colours[1], tie=rng.random() < 0.4, rng=rng
    )
    rows = [(-1.0, -6, -40), (1.0, 18, -40), (4.0, 21, -38), (10.0, 14, -40), (20.0, -8, -44)]
    return (
        _surface(_body(), _material("cloth", fabric(cut, rng))),
        *_shirt_collar(colours[1], rng),
        _surface(_collar(rows, gap=0.55), _band(colours[0], rng)),
    )


def _hoodie(colours: Array, rng: Rng) -> tuple[Surface, ...]:
    cloth = _material("cloth", fabric(pattern(colours, rng, ("plain", "melange")), rng, fold=1.4))
    rows = [
        (-17.0, -26.0, 3.0), (-9.0, 2.0, -2.0), (-7.0, 14.0, -2.0), (-1.0, 26.0, 6.0), (10.0, 30.0, 8.0),
        (22.0, 24.0, 2.0), (31.0, 4.0, -10.0), (34.0, -24.0, -28.0), (30.0, -50.0, -46.0),
    ]  # fmt: skip
    return _surface(_body(), cloth), _surface(_collar(rows), _band(0.92 * colours[0], rng))


_GARMENTS: dict[str, Callable[[Array, Rng], tuple[Surface, ...]]] = {
    "tshirt": _tshirt, "sweater": _sweater, "turtleneck": _turtleneck, "shirt": _shirt, "vneck": _vneck,
    "jacket": _jacket, "hoodie": _hoodie,
}  # fmt: skip
