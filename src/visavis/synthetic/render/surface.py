"""What is drawn: a `Surface` is a mesh in metres, its `Material` the textures and the way it answers light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render.arrays import frozen, within

Floats = NDArray[np.float32]

ALBEDO, ALPHA, TILT, OCCLUSION, GLOSS = slice(0, 3), 3, slice(4, 6), 6, 7
"""Channels of a packed texture."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Material:
    """Textures of (h, w) texels over uv in [0, 1] (u right, v down; texel centres at half steps) and constants.

    Attributes:
        name: for messages and label tables.
        albedo: (h, w, 3) linear RGB in [0, 1].
        parsing: (h, w) class numbers of `visavis.synthetic.parsing.PARSING`; a class number alone fills all texels.
        alpha: (h, w) in [0, 1], cut-out: where lower, fewer samples see the surface; None = solid.
        tilt: (h, w, 2) slopes dh/ds along +u and +v that bend the normal (rise over run of a height map); None = flat.
        occlusion: (h, w) in [0, 1], share of the ambient light that arrives; None = all.
        gloss: (h, w) factor of the specular light, 0 and up; None = 1.
        wrap: per RGB, how far diffuse light reaches past the terminator, 0 (Lambert) to 1; skin (.35, .16, .10).
        warmth: exponent gain that occlusion gets in green and blue: light that bounced in skin is red; skin .25.
        specular: reflectance F0 at normal incidence; skin .028, cornea .04; for strands the strength of the sheen.
        shininess: Blinn exponents of the two highlight lobes, broad and narrow.
        lobe: weight of the first lobe in [0, 1].
        strands: hair-like sheen (Kajiya and Kay, 1989) along +v instead of a highlight.
        two_sided: draw the back faces too.
        opacity: 1 = solid; below, the surface is blended over what lies behind it (spectacle lenses).

    Raises:
        InvalidInput: a texture of the wrong shape or range, a constant out of its range.
    """

    name: str
    albedo: Floats
    parsing: NDArray[np.uint8] | int
    alpha: Floats | None = None
    tilt: Floats | None = None
    occlusion: Floats | None = None
    gloss: Floats | None = None
    wrap: tuple[float, float, float] = (0.0, 0.0, 0.0)
    warmth: float = 0.0
    specular: float = 0.028
    shininess: tuple[float, float] = (24.0, 96.0)
    lobe: float = 0.75
    strands: bool = False
    two_sided: bool = False
    opacity: float = 1.0

    def __post_init__(self) -> None:
        albedo = frozen(f"{self.name}: albedo", self.albedo, np.float32, (None, None, 3))
        size = albedo.shape[:2]
        if 0 in size:
            raise InvalidInput(f"{self.name}: albedo has no texels {size}; give at least one")
        parsing = np.broadcast_to(self.parsing, size) if np.ndim(self.parsing) == 0 else self.parsing
        object.__setattr__(self, "albedo", albedo)
        object.__setattr__(self, "parsing", frozen(f"{self.name}: parsing", parsing, np.uint8, size))
        if int(np.max(self.parsing)) >= len(PARSING):
            raise InvalidInput(f"{self.name}: parsing classes go from 0 to {len(PARSING) - 1}, got {np.max(parsing)}")
        for field, shape in (("alpha", size), ("tilt", (*size, 2)), ("occlusion", size), ("gloss", size)):
            if getattr(self, field) is not None:
                texture = frozen(f"{self.name}: {field}", getattr(self, field), np.float32, shape)
                object.__setattr__(self, field, texture)
        self._check_constants()

    def _check_constants(self) -> None:
        for field, count, low, high in (("wrap", 3, 0.0, 1.0), ("shininess", 2, 1.0, 1e5)):
            for value in frozen(f"{self.name}: {field}", getattr(self, field), np.float64, (count,)):
                within(f"{self.name}: {field}", value, low, high)
        for field, high in (("warmth", 1.0), ("specular", 1.0), ("lobe", 1.0), ("opacity", 1.0)):
            within(f"{self.name}: {field}", getattr(self, field), 0.0, high)

    @property
    def packed(self) -> Floats:
        """(h, w, 8) all float textures side by side; see `ALBEDO` and its fellows."""
        height, width = self.albedo.shape[:2]
        return self.pyramid[0][: height * width].reshape(height, width, 8)

    @cached_property
    def pyramid(self) -> tuple[Floats, NDArray[np.int64]]:
        """The packed texture and ever coarser copies, made once per material.

        Returns:
            (n, 8) texels of all levels one after another, and (levels, 3) first texel, height and width of each.
        """
        levels = [_packed(self)]
        while max(levels[-1].shape[:2]) > 1:
            levels.append(_halved(levels[-1]))
        sizes = np.array([level.shape[:2] for level in levels])
        starts = np.concatenate([[0], np.cumsum(sizes.prod(axis=1))[:-1]])
        texels = np.concatenate([level.reshape(-1, 8) for level in levels])
        table = frozen("levels", np.column_stack([starts, sizes]), np.int64, (None, 3))
        return frozen("texels", texels, np.float32, (None, 8)), table


def _packed(material: Material) -> Floats:
    packed = np.zeros((*material.albedo.shape[:2], 8), np.float32)
    packed[..., ALBEDO] = material.albedo
    for channel, texture in ((ALPHA, material.alpha), (OCCLUSION, material.occlusion), (GLOSS, material.gloss)):
        packed[..., channel] = 1.0 if texture is None else texture
    if material.tilt is not None:
        packed[..., TILT] = material.tilt
    return packed


def _halved(level: Floats) -> Floats:
    """Means of 2 x 2 texels; a side of one stays, an odd side loses its last row or column."""
    height, width = (side - side % 2 for side in level.shape[:2])
    if height:
        level = np.float32(0.5) * (level[0:height:2] + level[1:height:2])
    if width:
        level = np.float32(0.5) * (level[:, 0:width:2] + level[:, 1:width:2])
    return level


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh with its material; front faces turn counter-clockwise when seen from outside.

    Attributes:
        vertices: (V, 3) metres; x right, y up, z toward the camera.
        faces: (F, 3) rows of `vertices`.
        uv: (V, 2) texture coordinates.
        material: what it is made of.
        occlusion: (V,) in [0, 1], share of the ambient light per vertex; None = all.
        normals: (V, 3) unit; None = mean of the faces around each vertex.

    Raises:
        InvalidInput: an array of the wrong shape, a coordinate that is not finite, a face naming no vertex.
    """

    vertices: Floats
    faces: NDArray[np.int32]
    uv: Floats
    material: Material
    occlusion: Floats | None = None
    normals: Floats | None = None

    def __post_init__(self) -> None:
        name = f"surface of {self.material.name}"
        vertices = frozen(f"{name}: vertices", self.vertices, np.float32, (None, 3))
        count = len(vertices)
        faces = frozen(f"{name}: faces", self.faces, np.int32, (None, 3))
        if faces.size and not 0 <= faces.min() <= faces.max() < count:
            raise InvalidInput(f"{name}: faces name vertices {faces.min()}..{faces.max()}, there are 0..{count - 1}")
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", faces)
        object.__setattr__(self, "uv", frozen(f"{name}: uv", self.uv, np.float32, (count, 2)))
        if self.occlusion is not None:
            object.__setattr__(self, "occlusion", frozen(f"{name}: occlusion", self.occlusion, np.float32, (count,)))
        if self.normals is not None:
            object.__setattr__(self, "normals", frozen(f"{name}: normals", self.normals, np.float32, (count, 3)))

    def moved(self, turn: ArrayLike, shift: ArrayLike) -> Surface:
        """The surface after a rigid movement: vertex x goes to turn @ x + shift.

        Args:
            turn: (3, 3) rotation.
            shift: (3,) metres.
        """
        matrix, offset = frozen("turn", turn, np.float32, (3, 3)), frozen("shift", shift, np.float32, (3,))
        normals = None if self.normals is None else self.normals @ matrix.T
        return replace(self, vertices=self.vertices @ matrix.T + offset, normals=normals)
