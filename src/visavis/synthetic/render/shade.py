"""Light on surfaces: each pixel that sees a surface gets its colour, albedo, diffuse light and normal.

Ambient light (spherical harmonics) times occlusion, diffuse key light wrapped around the terminator per channel, two
highlight lobes of microfacets (GGX, Walter et al., 2007) or the sheen of strands (Kajiya and Kay, 1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.render.light import Light
from visavis.synthetic.render.normals import vertex_normals
from visavis.synthetic.render.raster import Hits
from visavis.synthetic.render.shade_kernel import shade_pixels
from visavis.synthetic.render.shadow import Shadow
from visavis.synthetic.render.surface import Floats, Material, Surface


@dataclass(frozen=True, eq=False, slots=True)
class Shaded:
    """What light makes of each of h*w pixels; zero where nothing is seen.

    Attributes:
        colour: (h*w, 3) linear RGB.
        albedo: (h*w, 3) linear RGB.
        shading: (h*w, 3) diffuse light.
        normals: (h*w, 3) unit, in world axes.
        parsing: (h*w,) class numbers.
    """

    colour: Floats
    albedo: Floats
    shading: Floats
    normals: Floats
    parsing: NDArray[np.uint8]

    @classmethod
    def nothing(cls, pixels: int) -> Shaded:
        """Pixels without light."""
        colour, albedo, shading, normals = (np.zeros((pixels, 3), np.float32) for _ in range(4))
        return cls(colour, albedo, shading, normals, np.zeros(pixels, np.uint8))


@dataclass(frozen=True, eq=False)
class Shader:
    """How one surface answers one light: what does not depend on the pixels, worked out once.

    Attributes:
        surface: the mesh.
        light: what falls on it.
        shadow: of the key light.
        sky: shadow of the light from above.
        eye: (3,) position of the lens in the world.
        normals: (V, 3) of the vertices.
        occlusion: (V,) of the vertices.
        constants: (11,) of the material, in the kernel's order.
    """

    surface: Surface
    shadow: Shadow
    sky: Shadow
    light: Light
    eye: NDArray[np.float64]
    normals: Floats
    occlusion: Floats
    constants: NDArray[np.float64]

    @classmethod
    def of(cls, surface: Surface, light: Light, shadow: Shadow, sky: Shadow, eye: NDArray[np.float64]) -> Shader:
        """The shader of a surface seen from `eye`."""
        normals = vertex_normals(surface.vertices, surface.faces) if surface.normals is None else surface.normals
        occlusion = np.ones(len(surface.vertices), np.float32) if surface.occlusion is None else surface.occlusion
        for array in (normals, occlusion):
            array.setflags(write=False)
        return cls(surface, shadow, sky, light, eye, normals, occlusion, _constants(surface.material, light.size))

    def fill(self, pixels: NDArray[np.int64], hits: Hits, shaded: Shaded, pixel: float) -> None:
        """Write `shaded` at flat `pixels` (n,), all of which see the surface in `hits`; a pixel is `pixel` rad wide."""
        surface, light = self.surface, self.light
        texels, levels = surface.material.pyramid
        shade_pixels(
            pixels, hits.face.reshape(-1), hits.weights.reshape(-1, 2),
            surface.vertices, surface.faces, surface.uv, self.normals, self.occlusion,
            texels, levels, pixel, surface.material.parsing, self.constants,
            light.polynomial, light.direction, light.colour * light.strength, self.eye,
            self.shadow.height, self.shadow.frame, self.sky.height, self.sky.frame,
            shaded.colour, shaded.albedo, shaded.shading, shaded.normals, shaded.parsing,
        )  # fmt: skip


def _constants(material: Material, size: float) -> NDArray[np.float64]:
    """Wrap (3), warmth, F0, squared roughness and weight of both lobes, 1 if strands, polish: in the kernel's order."""
    # A Blinn exponent n looks like a GGX roughness with square 2 / (n + 2); a large light blurs its highlight.
    broad, narrow = (min(1.0, (2.0 / (exponent + 2.0)) ** 0.5 + 0.5 * size) ** 2 for exponent in material.shininess)
    return np.array(
        [
            *material.wrap, material.warmth, material.specular, broad, material.lobe, narrow, 1.0 - material.lobe,
            float(material.strands), 1.0 - (2.0 / (material.shininess[1] + 2.0)) ** 0.25,
        ]
    )  # fmt: skip
