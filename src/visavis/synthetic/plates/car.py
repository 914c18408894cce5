"""The part of a car behind a plate, and the street around the car: shapes and paint in the plate's own plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.plates.canvas import Array
from visavis.synthetic.plates.colours import linear
from visavis.synthetic.plates.layout import Box
from visavis.synthetic.plates.noise import noise_at
from visavis.synthetic.plates.plate import Plate
from visavis.synthetic.plates.shade import Light
from visavis.synthetic.streams import Stream

_PAINTS = (
    *("#d9dbdc", "#eceded", "#17181b", "#2a2d31", "#7c8288", "#a5aaae", "#4a5058"),
    *("#23385e", "#35507c", "#7c1820", "#9c2a22", "#2c4a3a", "#8a7a5c", "#c9bfa8"),
)
_HALF_WIDTH, _TOP, _BOTTOM = 880.0, -520.0, 360.0
"""The car's edges, mm from the plate's centre, y down."""


@dataclass(eq=False)
class Body:
    """The car's surface seen through each pixel; painting changes the arrays in place.

    Attributes:
        x: (h, w) mm right of the plate's centre.
        y: (h, w) mm below it.
        pixel: size of a pixel there, mm.
        colour: (h, w, 3) albedo, linear light.
        gloss: (h, w) strength of mirrored surroundings.
        lean: (h, w) upward component of the normal (before scaling to unit length).
        shade: (h, w) factor on all light: what gaps and hollows swallow.
        rng: chance of the car's details.
    """

    x: Array
    y: Array
    pixel: float
    colour: Array
    gloss: Array
    lean: Array
    shade: Array
    rng: np.random.Generator

    def put(self, distance: Array, colour: str, gloss: float) -> None:
        """Lay a material where the signed distance (mm) is negative."""
        share = self.inside(distance)
        self.colour += share[..., None] * (linear(colour) - self.colour)
        self.gloss += share * (np.float32(gloss) - self.gloss)

    def inside(self, distance: Array, softness: float = 0.0) -> Array:
        """Share of each pixel inside a shape; `softness` in mm widens the edge."""
        return np.asarray(np.clip(0.5 - distance / np.float32(self.pixel + softness), 0, 1), dtype=np.float32)

    def rectangle(self, box: Box, radius: float) -> Array:
        """(h, w) signed distance to a rounded rectangle, mm."""
        left, top, right, bottom = box
        across = np.abs(self.x - np.float32((left + right) / 2)) - np.float32((right - left) / 2 - radius)
        down = np.abs(self.y - np.float32((top + bottom) / 2)) - np.float32((bottom - top) / 2 - radius)
        outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
        return np.asarray(outside + np.minimum(np.maximum(across, down), 0) - np.float32(radius), dtype=np.float32)

    def seam(self, distance: Array, width: float = 5.0) -> None:
        """A gap between two panels along a shape's edge: dark, with a lit lip below."""
        self.shade *= 1 - 0.9 * self.inside(np.abs(distance) - width / 2)
        self.lean += 0.5 * np.exp(-(((np.abs(distance) - width) / 4.0) ** 2)) * np.clip(self.y / 120, -1, 1)


def surroundings(
    plate: Plate, plate_box: Box, places: Array, pixel: float, light: Light, turn: NDArray[np.float64]
) -> Array:
    """(h, w, 3) linear light of everything but the plate.

    Args:
        plate: its car factors decide.
        plate_box: plate with holder, mm from the plate's centre.
        places: (h, w, 2) mm from the plate's centre seen by each pixel, y down.
        pixel: size of a pixel at the plate, mm.
        light: what falls on the scene.
        turn: (3, 3) rotation of the plate.
    """
    body = _bare(plate, places, pixel)
    _CARS[plate.car](body, plate_box)
    _shadow_of_plate(body, plate_box)
    picture = _lit(body, light, turn)
    _street(body, picture, light, Stream(plate.car_seed, ("street",)).generator())
    return picture


def _bare(plate: Plate, places: Array, pixel: float) -> Body:
    rng = Stream(plate.car_seed, ("car",)).generator()
    x, y = places[..., 0], places[..., 1]
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    colour = np.broadcast_to(linear(paint), (*x.shape, 3)).astype(np.float32)
    lean = np.float32(0.06) - y * np.float32(0.0007)
    fields = (np.full(x.shape, value, dtype=np.float32) for value in (1.0, 1.0))
    gloss, shade = fields
    return Body(x, y, pixel, colour, gloss, lean, shade, rng)


def _trunk(body: Body, plate: Box) -> None:
    """A painted lid with a hollow for the plate, two lamps above it, sometimes a strip of chrome."""
    left, top, right, bottom = plate
    side, roof, floor = body.rng.uniform((40, 45, 25), (130, 80, 60))
    hollow = body.rectangle((left - side, top - roof, right + side, bottom + floor), 38)
    inside = body.inside(hollow, 4)
    depth = np.clip((body.y - (top - roof)) / 70, 0, 1)
    body.shade *= 1 - inside * (0.62 - 0.5 * depth)
    middle, half = (top - roof + bottom + floor) / 2, (bottom + floor - top + roof) / 2
    downward = np.clip((body.y - np.float32(middle)) / np.float32(half), -1, 1) ** 3
    body.lean += inside * (0.12 - body.lean) + 0.75 * np.exp(-((hollow / 9) ** 2)) * downward
    if body.rng.random() < 0.5:
        strip = body.rectangle((left - side * 0.8, top - roof - 4, right + side * 0.8, top - roof + 22), 8)
        body.put(strip, "#c4c8cb", 3.2)
        body.lean -= body.inside(strip) * (body.y - np.float32(top - roof + 9)) * 0.06
    for x in (left * 0.42, right * 0.42):
        body.put(body.rectangle((x - 26, top - roof + 24, x + 26, top - roof + 38), 5), "#b9b7a8", 1.5)
    body.seam(body.y - np.float32(bottom + floor + body.rng.uniform(40, 110)))


def _bumper(body: Body, plate: Box) -> None:
    """Paint above, black plastic below, sensors at the sides."""
    left, top, right, bottom = plate
    edge = bottom + body.rng.uniform(20, 70)
    body.put(body.rectangle((left - 22, top - 20, right + 22, bottom + 18), 14), "#161719", 0.25)
    lower = np.float32(edge) - body.y + 30 * np.clip((np.abs(body.x) - 420) / 200, 0, 1)
    body.put(lower, "#1a1b1d", 0.25)
    body.lean += 0.9 * np.exp(-(((body.y - np.float32(edge - 6)) / 8) ** 2))
    crease = top - body.rng.uniform(50, 120)
    body.lean += 0.35 * np.tanh((np.float32(crease) - body.y) / 14)
    for x in (left - 150, right + 150):
        sensor = np.hypot(body.x - np.float32(x), body.y - np.float32((top + bottom) / 2)) - 12
        body.shade *= 1 - 0.7 * np.exp(-((sensor / 2.0) ** 2))
        body.lean -= 0.3 * body.inside(sensor)


def _grille(body: Body, plate: Box) -> None:
    """A dark opening with slats behind the plate, bonnet above and bumper below."""
    _, top, _, bottom = plate
    opening = body.rectangle((-640, top - body.rng.uniform(70, 130), 640, bottom + body.rng.uniform(30, 90)), 70)
    inside = body.inside(opening + 14)
    pitch = body.rng.uniform(22, 40)
    wave = np.sin(body.y * np.float32(2 * np.pi / pitch))
    if body.rng.random() < 0.4:
        wave = np.maximum(wave, np.sin(body.x * np.float32(2 * np.pi / pitch)))
    body.put(opening, "#141517", 0.5)
    body.shade *= 1 - inside * (0.9 - 0.9 * np.clip(wave * 1.6, 0, 1))
    body.lean += inside * (0.8 * np.cos(body.y * np.float32(2 * np.pi / pitch)) - body.lean)
    rim = np.abs(opening) - 7
    if body.rng.random() < 0.6:
        body.put(rim, "#c4c8cb", 3.0)
    body.lean -= 0.8 * np.exp(-((opening / 10) ** 2)) * np.clip(body.y / 100, -1, 1) ** 3
    body.seam(body.y - np.float32(top - 190))


def _tailgate(body: Body, plate: Box) -> None:
    """A flat painted door between two rear lights."""
    left, top, right, bottom = plate
    inner = max(right, -left) + body.rng.uniform(60, 200)
    height = body.rng.uniform(150, 260)
    for side in (-1, 1):
        near, far = sorted((side * inner, side * 1000))
        lamp = body.rectangle((near, top - height, far, bottom - 20), 30)
        body.put(lamp, "#8f1016", 1.6)
        window = body.rectangle((near + 40, top - height + 40, far - 40, top - height + 110), 16)
        body.put(window, "#c9a9a0" if body.rng.random() < 0.5 else "#b0581c", 1.6)
        body.shade *= 1 - 0.28 * body.inside(lamp) * (0.5 + 0.5 * np.sin(body.x * 0.35))
        body.seam(lamp, 4)
    handle = body.rectangle((-90, top - 62, 90, top - 36), 12)
    body.shade *= 1 - 0.75 * body.inside(handle, 4)
    body.seam(body.y - np.float32(bottom + body.rng.uniform(60, 120)))
    body.lean += 0.3 * np.tanh((np.float32(top - height - 20) - body.y) / 12)


_CARS: dict[str, Callable[[Body, Box], None]] = {
    "trunk": _trunk,
    "bumper": _bumper,
    "grille": _grille,
    "tailgate": _tailgate,
}


def _shadow_of_plate(body: Body, plate: Box) -> None:
    """What the plate itself keeps from the car: most just below it."""
    left, top, right, bottom = plate
    near = body.rectangle((left, top, right, bottom), 8)
    below = body.rectangle((left + 2, top + 5, right - 2, bottom + 7), 8)
    body.shade *= 1 - 0.40 * np.exp(-np.maximum(near, 0) / 9)
    body.shade *= 1 - 0.45 * body.inside(below, 9)


def _lit(body: Body, light: Light, turn: NDArray[np.float64]) -> Array:
    """Paint under a clear coat that mirrors sky, horizon and road."""
    outward = body.x / np.float32(_HALF_WIDTH)
    turned = 0.37 * outward + 1.6 * np.clip(outward, -1, 1) ** 9  # the car's sides
    normal = np.stack([turned, body.lean, np.ones_like(body.x)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal = normal @ turn.T.astype(np.float32)
    facing = np.clip(normal[..., 2], 0.02, 1)
    diffuse = np.maximum(normal @ light.towards, 0)
    up = 2 * facing * normal[..., 1]  # height of the mirrored ray; the camera looks along -z
    across = 2 * facing * normal[..., 0]
    open_sky = 0.7 + 0.3 * normal[..., 1]
    picture = body.colour * (diffuse[..., None] * light.sun + open_sky[..., None] * light.sky)
    picture += body.colour * light.flash * (0.12 * facing)[..., None]
    fresnel = body.gloss * (0.05 + 0.95 * (1 - facing) ** 5)
    picture += fresnel[..., None] * _mirrored(body, up, across, light)
    half = light.towards + np.array([0, 0, 1], dtype=np.float32)
    half /= np.linalg.norm(half)
    glint = np.maximum(normal @ half, 0) ** 90 * body.gloss
    picture += 0.5 * glint[..., None] * light.sun
    return np.asarray(picture * body.shade[..., None], dtype=np.float32)


def _mirrored(body: Body, up: Array, across: Array, light: Light) -> Array:
    """Light from where the paint mirrors: bright sky, a dark ragged horizon, grey road."""
    heights = body.rng.uniform(-1, 1, (2, 33))
    bearings = np.linspace(-2, 2, 33)
    skyline = np.interp(across, bearings, heights[0]).astype(np.float32)
    skyline += np.float32(0.4) * np.interp(across * np.float32(5), bearings, heights[1]).astype(np.float32)
    above = np.clip((up - 0.16 - 0.08 * skyline) * 7, 0, 1)[..., None]
    above = above * above * (3 - 2 * above)
    below = np.clip((-up - 0.02) * 6, 0, 1)[..., None]
    sky = light.sky * (1.6 + 1.2 * np.clip(1 - up, 0, 1))[..., None] + light.sun * 0.9
    road = (light.sky + light.sun) * np.float32(0.32)
    trees = light.sky * np.float32(0.12)
    return np.asarray(above * sky + (1 - above) * (below * road + (1 - below) * trees), dtype=np.float32)


def _street(body: Body, picture: Array, light: Light, rng: np.random.Generator) -> None:
    """What is seen past the car: rear window above, road below, blurred street at the sides."""
    silhouette = body.rectangle((-_HALF_WIDTH, 4 * _TOP, _HALF_WIDTH, _BOTTOM), 150)
    beside = body.inside(-silhouette, 18)[..., None]
    above = body.inside(body.y - np.float32(_TOP), 6)[..., None]
    beneath = body.inside(np.float32(_BOTTOM) - body.y, 25)[..., None]
    daylight = light.sky + np.float32(0.6) * light.sun
    seeds = rng.integers(2**32, size=2)
    grey = np.float32(0.2 * rng.uniform(0.7, 1.3)) * rng.uniform(0.88, 1.12, 3).astype(np.float32)
    if above.any():
        glass = (light.sky * 0.16 + light.sun * 0.05) * (1 + 0.4 * np.clip((_TOP - body.y) / 300, 0, 1))[..., None]
        picture += above * (glass - picture)
    if beside.any():
        patches = np.random.default_rng(seeds[0])
        blotches = noise_at(patches, body.x, body.y, 260, 260) + 0.5 * noise_at(patches, body.x, body.y, 90, 140)
        picture += beside * (daylight * grey * (1 + 0.5 * blotches[..., None]) - picture)
    if beneath.any():
        stones = np.random.default_rng(seeds[1])
        grain = noise_at(stones, body.x, body.y, 7, 7) + noise_at(stones, body.x, body.y, 19, 12)
        under = 0.35 + 0.65 * np.clip((body.y - _BOTTOM - 60) / 260, 0, 1)  # the car's own shadow
        picture += beneath * (daylight * np.float32(0.13) * ((1 + 0.12 * grain) * under)[..., None] - picture)
