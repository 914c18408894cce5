"""Surfaces, camera and light in, a `Frame` out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visavis.errors import InvalidInput
from visavis.synthetic.render.arrays import whole
from visavis.synthetic.render.camera import Camera
from visavis.synthetic.render.frame import Frame
from visavis.synthetic.render.layers import Samples
from visavis.synthetic.render.light import Light
from visavis.synthetic.render.shade import Shader
from visavis.synthetic.render.shadow import TEXEL, Shadow
from visavis.synthetic.render.surface import Surface

MAX_SAMPLES = 4
_LARGEST = 16384
_ABOVE = np.array([0.0, 0.8, 0.6])
"""Where most of the ambient light comes from: what shades a point from there keeps part of it away."""


def draw(surfaces: Sequence[Surface], camera: Camera, light: Light, samples: int = 1) -> Frame:
    """Draw surfaces in linear light, with a label of every kind for each pixel.

    Args:
        surfaces: solid ones in any order; translucent ones are blended over them, the farthest first.
        camera: where from, and how many pixels.
        light: what falls on them.
        samples: per side of a pixel, 1..4, averaged for `colour` and `coverage`: 1 for data, 2 or 3 for portraits.

    Raises:
        InvalidInput: samples out of range, or more than 16384 samples along a side of the picture.
    """
    whole("samples", samples, 1, MAX_SAMPLES)
    if max(camera.width, camera.height) * samples > _LARGEST:
        raise InvalidInput(f"samples: {samples} per pixel side of {camera.width}x{camera.height} exceed {_LARGEST}")
    if wrong := [type(item).__name__ for item in surfaces if not isinstance(item, Surface)]:
        raise InvalidInput(f"surfaces: expected Surface, got {wrong[0]}")
    shadow = Shadow.cast(surfaces, light.direction, _texel(surfaces, camera))
    sky = Shadow.cast(surfaces, _ABOVE, 2.5 * TEXEL)
    shaders = [Shader.of(surface, light, shadow, sky, camera.position) for surface in surfaces]
    labels = Samples.taken(shaders, camera)
    size, shaded, hits = (camera.height, camera.width), labels.shaded, labels.hits
    if samples == 1:
        colour, coverage = shaded.colour.reshape(*size, 3), labels.coverage
    else:
        colour, coverage = labels.refined(shaders, camera, samples)
    with np.errstate(divide="ignore"):
        depth = np.float32(1.0) / hits.inverse_depth
    normals, albedo, shading = (part.reshape(*size, 3) for part in (shaded.normals, shaded.albedo, shaded.shading))
    parsing = shaded.parsing.reshape(size)
    return Frame(colour, coverage, depth, normals, albedo, shading, parsing, hits.surface, hits.face, hits.weights)


def _texel(surfaces: Sequence[Surface], camera: Camera) -> float:
    """Metres per texel of the key light's shadow map: about two pixels of the picture, within reason."""
    places = [surface.vertices[0] for surface in surfaces if len(surface.vertices)]
    depth = camera.project(places)[1] if places else np.ones(1)
    return float(np.clip(2.0 * np.median(depth) / camera.focal, 0.5 * TEXEL, 1.6 * TEXEL))
