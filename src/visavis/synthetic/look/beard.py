"""Beards that stand off the skin: moustaches, goatees and full beards. Short hairs are painted on the skin.

A beard is rooted in the vertices of the head, so that it follows jaw and lips when the vertices given are posed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head import PARTS, Head
from visavis.synthetic.look.follow import Same
from visavis.synthetic.look.hair.colour import paleness, pigment_and_white
from visavis.synthetic.look.hair.strands import HAIR, TILES, strand_material, strands, streaks, tile
from visavis.synthetic.look.stubble import beard_zones, style_cover
from visavis.synthetic.look.styles import BEARD_STYLES
from visavis.synthetic.render import Material, Surface

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Rng = np.random.Generator

_LENGTH = {"moustache": (7.0, 0.0, 0.0), "goatee": (6.0, 13.0, 0.0), "full": (7.0, 19.0, 7.0)}
"""mm that hair stands off on the moustache, the chin, and the cheeks and jaw; other styles have no volume."""
_SHELLS = ((0.45, 0.72),)
"""Height of each shell as a share of the length, and share of it that is hair."""
_LOCKS = {"moustache": 90, "goatee": 160, "full": 330}


class BeardFactors(Protocol):
    """The factors of a person that beards read; see `visavis.synthetic.person.Person` for their ranges."""

    @property
    def beard(self) -> str: ...
    @property
    def beard_density(self) -> float: ...
    @property
    def hair_colour(self) -> float: ...
    @property
    def hair_red(self) -> float: ...
    @property
    def grey(self) -> float: ...
    @property
    def hair_seed(self) -> int: ...


@dataclass(frozen=True, eq=False)
class _Ground:
    """Where a style grows on a head.

    Attributes:
        index: (n,) vertices of the head.
        faces: (f, 3) triangles over those vertices, numbered 0..n-1.
        length: (n,) mm of a long beard; negative beyond its border, so that shells dive under the skin.
        uv: (n, 2) place in the texture of a shell.
        comb: (n, 3) direction in which hair lies down.
    """

    index: NDArray[np.intp]
    faces: NDArray[np.int32]
    length: Array
    uv: Array
    comb: Array


def beard_surfaces(head: Head, vertices: Array, person: BeardFactors) -> tuple[Surface, ...]:
    """The volume of a beard on the vertices given: pass posed ones, and it needs no further movement.

    Args:
        head: the head model.
        vertices: (V, 3) the person's head, neutral or posed, m.
        person: reads beard, beard_density, hair_colour, hair_red, grey and hair_seed.

    Returns:
        Nothing for styles that live in the skin's texture alone.

    Raises:
        InvalidInput: an unknown style.
    """
    if person.beard not in BEARD_STYLES:
        raise InvalidInput(f"beard {person.beard!r}: needs one of {', '.join(BEARD_STYLES)}")
    if person.beard not in _LENGTH:
        return ()
    ground = _ground(Same(head), person.beard)
    rng = np.random.default_rng([person.hair_seed, 7])
    scale = rng.uniform(0.55, 1.35)
    points = np.asarray(vertices)[ground.index] * 1000.0
    normals = _normals(points, ground.faces)
    colours = (person.hair_colour, min(person.hair_red + 0.06, 1.0), person.grey)
    shells = _shells(ground, points, normals, scale, _shell_material(*colours, person.beard_density))
    locks = _locks(
        ground, points, normals, scale, person, rng, strand_material("beard", strands("wavy"), *colours, 0.05)
    )
    return shells, locks


@lru_cache(maxsize=16)
def _ground(key: Same, style: str) -> _Ground:
    head = key.head
    points = head.template * 1000.0
    x, y, z = points.T
    zones = beard_zones(np.abs(x), y, np.abs(np.arctan2(x, z))).astype(float)
    cover = style_cover(style, zones.astype(np.float32)).astype(float) * (z > 0)
    cover[head.regions["lips"]] = 0.0
    skin = head.faces[head.part == PARTS.index("skin")]
    kept = skin[(cover[skin] > 0.4).any(axis=1)]
    index, faces = np.unique(kept, return_inverse=True)
    weight = zones[index] ** 2 + 1e-6
    length = (weight @ np.array(_LENGTH[style])) / weight.sum(axis=1)
    # Towards its border a beard grows short; beyond, the shell lies under the skin.
    length = length * np.clip(1.8 * cover[index] - 0.55, 0.05, 1.0) - 4.0 * (cover[index] < 0.42)
    uv = np.stack([np.arctan2(x, z)[index] / 3.2 + 0.5, -y[index] / 130.0], axis=-1)
    comb = np.stack([0.35 * np.sign(x) * np.clip(np.abs(x) / 30, 0, 1), -np.ones_like(x), -0.1 * np.ones_like(x)], -1)[
        index
    ]
    on_lip = (zones[index, 0] > zones[index, 1]) & (zones[index, 0] > zones[index, 2])
    comb[on_lip] = np.stack([np.sign(x) * np.clip(np.abs(x) / 8, 0, 1), -0.7 + 0 * x, 0 * x], -1)[index][on_lip]
    return _Ground(index, faces.reshape(-1, 3).astype(np.int32), length, np.clip(uv, 0.0, 1.0), comb)


def _shells(ground: _Ground, points: Array, normals: Array, scale: float, look: Material) -> Surface:
    """Layers of hair that grow sparser outwards, drawn down by their weight."""
    layers, uvs, shades = [], [], []
    for k, (height, _) in enumerate(_SHELLS):
        off = (ground.length * height * scale)[:, None]
        layers.append(points + off * (0.75 * normals + 0.3 * ground.comb * np.clip(off / 6, 0, 1)))
        uvs.append(np.stack([ground.uv[:, 0], (k + 0.02 + 0.96 * ground.uv[:, 1]) / len(_SHELLS)], -1))
        shades.append(np.full(len(points), 0.6 + 0.2 * k))
    faces = np.concatenate([ground.faces + k * len(points) for k in range(len(_SHELLS))])
    return Surface(
        (np.concatenate(layers) * 1e-3).astype(np.float32), faces, np.concatenate(uvs).astype(np.float32), look,
        np.concatenate(shades).astype(np.float32), np.tile(normals, (len(_SHELLS), 1)).astype(np.float32),
    )  # fmt: skip


def _locks(
    ground: _Ground, points: Array, normals: Array, scale: float, person: BeardFactors, rng: Rng, look: Material
) -> Surface:
    """Small locks that break the outline of the shells."""
    grown = np.maximum(ground.length, 0.0)
    count = int(_LOCKS[person.beard] * (0.6 + 0.4 * person.beard_density))
    root = rng.choice(len(points), count, p=grown / grown.sum())
    length = grown[root] * scale * rng.uniform(1.1, 1.9, count) + 3.0
    t = np.linspace(0.0, 1.0, 3)[None, :, None]
    out, comb = normals[root][:, None], (ground.comb[root] + rng.normal(0, 0.2, (count, 3)))[:, None]
    lines = (
        points[root][:, None]
        - 0.5 * out
        + length[:, None, None] * (0.75 * t * (1 - 0.55 * t) * out + 0.75 * t**1.3 * comb)
    )
    side = np.cross(comb, out)
    side /= np.linalg.norm(side, axis=-1, keepdims=True) + 1e-9
    half = (rng.uniform(2.8, 5.6, count) / 2)[:, None, None]
    vertices = np.stack([lines - half * side, lines + half * side], axis=2)
    shading = np.stack([out - 0.5 * side, out + 0.5 * side], axis=2) + np.zeros_like(vertices)
    shading /= np.linalg.norm(shading, axis=-1, keepdims=True)
    tiles = tile(rng.integers(0, TILES, count))
    uv = np.stack(
        np.broadcast_arrays(tiles[:, None, :], np.broadcast_to(t[..., 0, None], (1, 3, 1)).reshape(1, 3, 1)), -1
    )
    shade = np.broadcast_to((0.65 + 0.3 * t)[..., 0, None].reshape(1, 3, 1), (count, 3, 2))
    a = 2 * (np.arange(count)[:, None] * 3 + np.arange(2)[None, :]).ravel()
    faces = np.concatenate([np.stack([a, a + 1, a + 2], -1), np.stack([a + 1, a + 3, a + 2], -1)]).astype(np.int32)
    return Surface(
        (vertices.reshape(-1, 3) * 1e-3).astype(np.float32), faces, uv.reshape(-1, 2).astype(np.float32), look,
        shade.reshape(-1).astype(np.float32), shading.reshape(-1, 3).astype(np.float32),
    )  # fmt: skip


def _normals(points: Array, faces: NDArray[np.int32]) -> Array:
    """(n, 3) unit normals of the bearded skin."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    total = np.stack(
        [sum(np.bincount(faces[:, k], area[:, axis], len(points)) for k in range(3)) for axis in range(3)], -1
    )
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9))


@lru_cache(maxsize=8)
def _shell_material(colour: float, red: float, grey: float, density: float) -> Material:
    shade, lot, rank = _grain()
    dark, white = pigment_and_white(colour, red, grey)
    pale = paleness(lot, grey)[..., None]
    albedo = (dark + pale * (white - dark)) * shade[..., None]
    alpha = [(cover * (0.65 + 0.35 * density) - rank) * 6.0 + 0.5 for _, cover in _SHELLS]
    return Material(
        name="beard", albedo=np.tile(albedo, (len(_SHELLS), 1, 1)).astype(np.float32), parsing=HAIR,
        alpha=np.clip(np.concatenate(alpha), 0, 1).astype(np.float32), wrap=(0.25, 0.22, 0.2), specular=0.04,
        strands=True, two_sided=True,
    )  # fmt: skip


@cache
def _grain() -> tuple[Array, Array, Array]:
    """Brightness, lot and rank in 0..1 of the texels of a shell: short strands that run down."""
    rng = np.random.default_rng(74)
    shade, lot = streaks(72, 224, rng, 3.0)
    spots = rng.standard_normal((74, 224))
    rough = (spots[:-2] + spots[1:-1] + spots[2:]) / 1.7 + 0.45 * (shade - 1.0) / 0.25
    rank = np.argsort(np.argsort(rough.ravel())).reshape(rough.shape) / rough.size
    return 0.8 * shade, lot, rank
