"""Light on a painted canvas: sun and sky on embossed metal, gloss, and sheeting that throws headlights back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.synthetic.plates.canvas import Array, Canvas
from visavis.synthetic.plates.plate import Plate

_KINDS = {
    # sun, sky, flash: strengths that leave a white plate near 0.8 of white
    "sunny": (0.62, 0.34, 0.0),
    "overcast": (0.08, 0.86, 0.0),
    "dusk": (0.10, 0.42, 0.16),
    "night": (0.015, 0.03, 0.75),
}


@dataclass(frozen=True, eq=False)
class Light:
    """What falls on the scene.

    Attributes:
        sun: (3,) colour times strength of the directional light.
        sky: (3,) the same of light from everywhere.
        flash: (3,) the same of the lamp beside the camera.
        towards: (3,) unit vector to the sun in the camera's axes: x right, y up, z to the camera.
    """

    sun: Array
    sky: Array
    flash: Array
    towards: Array


def light_of(plate: Plate) -> Light:
    """The light of a plate's picture."""
    sun, sky, flash = _KINDS[plate.light]
    tint = np.array([1 + 0.22 * plate.warmth, 1.0, 1 - 0.30 * plate.warmth], dtype=np.float32)
    a, e = np.radians([plate.azimuth, plate.elevation])
    towards = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], dtype=np.float32)
    gain = 2.0**plate.exposure
    blue = np.array([0.94, 1.0, 1.1], dtype=np.float32) if plate.light in ("sunny", "dusk") else np.float32(1)
    return Light(
        np.float32(gain * sun) * tint,
        np.float32(gain * sky) * tint * blue,
        np.full(3, gain * flash, np.float32),
        towards,
    )


def lit(canvas: Canvas, light: Light, turn: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Array:
    """(h, w, 3) linear light that the canvas sends to the camera.

    Args:
        canvas: what is painted.
        light: what falls on it.
        turn: (3, 3) rotation of the plate.
    """
    sun = (turn.T @ light.towards).astype(np.float32)
    view = turn.T[:, 2].astype(np.float32)  # the camera's direction in the plate's axes
    slope_y, slope_x = np.gradient(canvas.relief, np.float32(1 / canvas.scale))
    length = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    normal = (-slope_x * length, slope_y * length, length)  # y up
    diffuse = np.maximum(_dot(normal, sun), 0)
    open_sky = 0.72 + 0.28 * normal[1]  # more light comes from above than from the road
    result = canvas.colour * (diffuse[..., None] * light.sun + open_sky[..., None] * light.sky)
    facing = np.maximum(_dot(normal, view), 0)
    result += canvas.colour * light.flash * (0.12 * facing + canvas.reflective * facing**2)[..., None]
    result += canvas.shine[..., None] * _highlights(normal, sun, view, light)
    return np.asarray(result, dtype=np.float32)


def _highlights(normal: tuple[Array, Array, Array], sun: Array, view: Array, light: Light) -> Array:
    """Blinn-Phong of the sun, and the mirrored sky at Schlick's grazing strength."""
    half = sun + view
    half = half / max(float(np.linalg.norm(half)), 1e-6)
    glint = np.maximum(_dot(normal, half), 0) ** 60 * (float(sun[2]) > 0)
    facing = np.clip(_dot(normal, view), 0, 1)
    upward = np.clip(2 * facing * normal[1] - view[1], -1, 1)  # height of the mirrored ray
    mirrored = 0.25 + 0.75 * np.clip(0.5 + 2.2 * upward, 0, 1)
    fresnel = 0.04 + 0.96 * (1 - facing) ** 5
    mirror = (fresnel * mirrored)[..., None] * light.sky
    return np.asarray(0.55 * glint[..., None] * light.sun + mirror, dtype=np.float32)


def _dot(normal: tuple[Array, Array, Array], direction: Array) -> Array:
    return np.asarray(normal[0] * direction[0] + normal[1] * direction[1] + normal[2] * direction[2], dtype=np.float32)
