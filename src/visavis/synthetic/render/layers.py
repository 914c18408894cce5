"""One sample per pixel: solid surfaces first, translucent ones glazed over them, then averages of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.render.camera import Camera
from visavis.synthetic.render.compiled import compiled
from visavis.synthetic.render.raster import Hits
from visavis.synthetic.render.shade import Shaded, Shader
from visavis.synthetic.render.surface import Floats, Surface

_MOST_SAMPLES = 4_000_000
"""Fine samples held in memory at a time: larger pictures are refined in bands of rows."""


@dataclass(frozen=True, eq=False, slots=True)
class Samples:
    """A picture with one sample per pixel.

    Attributes:
        hits: the solid surface that each of (h, w) pixels sees.
        shaded: its light, (h*w) pixels.
        coverage: (h, w) in [0, 1], share of what is behind that the surfaces hide.
    """

    hits: Hits
    shaded: Shaded
    coverage: Floats

    @classmethod
    def taken(cls, shaders: Sequence[Shader], camera: Camera) -> Samples:
        """What a camera sees at the centres of its pixels."""
        return cls._of(_seen(shaders, camera, 1), None, shaders, camera, 1)

    def refined(self, shaders: Sequence[Shader], camera: Camera, samples: int) -> tuple[Floats, Floats]:
        """Colour (h, w, 3) and coverage (h, w) with `samples` per side of each pixel where its centre does not do.

        Inside a surface the centre's light stands for the whole pixel (its texture is already averaged); where edges
        cross, every sample is shaded.
        """
        colour, coverage = self.shaded.colour.reshape(*self.coverage.shape, 3).copy(), self.coverage.copy()
        rows = max(1, _MOST_SAMPLES // (camera.width * samples**2))
        for top in range(0, camera.height, rows):
            band = slice(top, min(top + rows, camera.height))
            self._refine(shaders, camera.rows(band.start, band.stop), samples, band, colour[band], coverage[band])
        return colour, coverage

    def _refine(
        self,
        shaders: Sequence[Shader],
        camera: Camera,
        samples: int,
        band: slice,
        colour: Floats,
        coverage: Floats,
    ) -> None:
        """Refine a band of rows in place; `camera` sees just that band."""
        finer = camera.finer(samples)
        hits = _seen(shaders, finer, samples)
        mixed = np.empty(coverage.shape, np.bool_)
        centre = self.hits.surface[band]
        _find_mixed(hits.surface, hits.inverse_depth, centre, samples, 3.0 / camera.focal, mixed)
        fine = Samples._of(hits, mixed.repeat(samples, 0).repeat(samples, 1), shaders, finer, samples)
        _average(fine.shaded.colour.reshape(*hits.surface.shape, 3), fine.coverage, samples, mixed, colour, coverage)

    @classmethod
    def _of(
        cls,
        hits: Hits,
        wanted: NDArray[np.bool_] | None,
        shaders: Sequence[Shader],
        camera: Camera,
        samples: int,
    ) -> Samples:
        """Light for `hits`, where `wanted` (h, w) says so (None = everywhere)."""
        surface = hits.surface if wanted is None else np.where(wanted, hits.surface, np.int16(-1))
        shaded = Shaded.nothing(surface.size)
        pixels, starts = _grouped(surface.reshape(-1), len(shaders))
        for number, shader in enumerate(shaders):
            if starts[number] < starts[number + 1]:
                shader.fill(pixels[starts[number] : starts[number + 1]], hits, shaded, 1.0 / camera.focal)
        picture = cls(hits, shaded, (hits.surface >= 0).astype(np.float32))
        clear = [shader for shader in shaders if shader.surface.material.opacity < 1.0 and len(shader.surface.vertices)]
        for shader in sorted(clear, key=lambda shader: -_distance(shader.surface, camera)):
            picture._glaze(shader, wanted, camera, samples)
        return picture

    def _glaze(self, shader: Shader, wanted: NDArray[np.bool_] | None, camera: Camera, samples: int) -> None:
        """Blend a translucent surface over the picture; of the labels it changes only the class, if it has one."""
        hits = Hits.nothing(camera.height, camera.width)
        hits.inverse_depth[:] = self.hits.inverse_depth
        hits.add(0, shader.surface, camera, samples)
        seen = hits.surface >= 0
        pixels = np.flatnonzero(seen if wanted is None else seen & wanted)
        glass = Shaded.nothing(hits.surface.size)
        shader.fill(pixels, hits, glass, 1.0 / camera.focal)
        opacity, body = shader.surface.material.opacity, glass.albedo[pixels] * glass.shading[pixels]
        highlight = glass.colour[pixels] - body
        colour, coverage = self.shaded.colour, self.coverage.reshape(-1)
        colour[pixels] = (1.0 - opacity) * colour[pixels] + opacity * body + highlight
        coverage[pixels] += (1.0 - coverage[pixels]) * opacity
        named = pixels[glass.parsing[pixels] > 0]
        self.shaded.parsing[named] = glass.parsing[named]


def _seen(shaders: Sequence[Shader], camera: Camera, samples: int) -> Hits:
    """The solid surfaces in front of a camera; `samples` of its pixels per side will be averaged into one."""
    hits = Hits.nothing(camera.height, camera.width)
    for number, shader in enumerate(shaders):
        if shader.surface.material.opacity >= 1.0:
            hits.add(number, shader.surface, camera, samples)
    return hits


def _distance(surface: Surface, camera: Camera) -> float:
    """Mean depth of a surface, metres."""
    return float(camera.project(surface.vertices)[1].mean())


@compiled
def _grouped(surface, count):  # type: ignore[no-untyped-def]
    """Flat pixel numbers ordered by the surface they see, and where each surface's run starts."""
    starts = np.zeros(count + 1, np.int64)
    for p in range(surface.shape[0]):
        if surface[p] >= 0:
            starts[surface[p] + 1] += 1
    for s in range(count):
        starts[s + 1] += starts[s]
    pixels, place = np.empty(starts[count], np.int64), starts.copy()
    for p in range(surface.shape[0]):
        if surface[p] >= 0:
            pixels[place[surface[p]]] = p
            place[surface[p]] += 1
    return pixels, starts


@compiled
def _find_mixed(fine, inverse_depth, centre, samples, jump, mixed):  # type: ignore[no-untyped-def]
    """Mark pixels whose samples do not all see the surface of the centre, or see it at depths that differ by a jump."""
    height, width = centre.shape
    for y in range(height):
        for x in range(width):
            same, near, far = True, 0.0, 1e30
            for b in range(y * samples, (y + 1) * samples):
                for a in range(x * samples, (x + 1) * samples):
                    same = same and fine[b, a] == centre[y, x]
                    near, far = max(near, inverse_depth[b, a]), min(far, inverse_depth[b, a])
            mixed[y, x] = not same or near - far > jump * far


@compiled
def _average(fine, fine_coverage, samples, mixed, colour, coverage):  # type: ignore[no-untyped-def]
    """Replace colour and coverage of mixed pixels by the means over their samples."""
    height, width = mixed.shape
    share = 1.0 / (samples * samples)
    for y in range(height):
        for x in range(width):
            if not mixed[y, x]:
                continue
            red, green, blue, cover = 0.0, 0.0, 0.0, 0.0
            for b in range(y * samples, (y + 1) * samples):
                for a in range(x * samples, (x + 1) * samples):
                    red += fine[b, a, 0]
                    green += fine[b, a, 1]
                    blue += fine[b, a, 2]
                    cover += fine_coverage[b, a]
            colour[y, x, 0], colour[y, x, 1], colour[y, x, 2] = share * red, share * green, share * blue
            coverage[y, x] = share * cover
