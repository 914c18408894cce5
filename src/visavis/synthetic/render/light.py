"""Light: a soft surrounding (9 spherical harmonics per channel) and one directional key light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.render.arrays import frozen, within

Array = NDArray[np.float64]

LIGHT_KINDS = ("indoor", "outdoor", "low")

_SCALE = np.sqrt(np.array([1, 3, 3, 3, 15, 15, 5, 15, 15]) / np.pi) / np.array([2, 2, 2, 2, 2, 2, 4, 2, 4])


def harmonics(directions: ArrayLike) -> Array:
    """(..., 9) real orthonormal spherical harmonics of unit directions (..., 3).

    In this order: 1, y, z, x, xy, yz, 3z²-1, xz, x²-y².
    """
    x, y, z = np.moveaxis(np.asarray(directions, dtype=np.float64), -1, 0)
    terms = (np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    return np.asarray(np.stack(terms, axis=-1) * _SCALE)


@dataclass(frozen=True, eq=False, kw_only=True)
class Light:
    """What falls on a scene; a white matt surface facing the key light at strength 1 has radiance 1.

    Attributes:
        ambient: (9, 3) coefficients of `harmonics` per RGB; their sum at a normal is the radiance of a white surface.
        direction: (3,) unit vector from the scene to the key light.
        colour: (3,) linear RGB of the key light, mean 1.
        strength: of the key light, 0 and up.
        size: angular radius of the key light, radians: 0 = a point, .1 = a window across the room.
        temperature: colour temperature of the key light before white balance, kelvin.
        kind: name of the circumstances.

    Raises:
        InvalidInput: an array of the wrong shape, a number out of range.
    """

    ambient: Array
    direction: Array
    colour: Array
    strength: float = 0.7
    size: float = 0.05
    temperature: float = 6500.0
    kind: str = "indoor"

    def __post_init__(self) -> None:
        object.__setattr__(self, "ambient", frozen("light ambient", self.ambient, np.float64, (9, 3)))
        direction = frozen("light direction", self.direction, np.float64, (3,))
        length = float(np.linalg.norm(direction))
        if length < 1e-9:
            raise InvalidInput("light direction: expected a vector toward the light, got zero length")
        object.__setattr__(self, "direction", frozen("light direction", direction / length, np.float64, (3,)))
        object.__setattr__(self, "colour", frozen("light colour", self.colour, np.float64, (3,)))
        object.__setattr__(self, "strength", within("light strength", self.strength, 0.0, 1e3))
        object.__setattr__(self, "size", within("light size in radians", self.size, 0.0, 1.0))

    @classmethod
    def simple(
        cls,
        *,
        base: float = 0.4,
        up: float = 0.12,
        front: float = 0.12,
        side: float = 0.0,
        azimuth: float = 35.0,
        elevation: float = 35.0,
        strength: float = 0.65,
        temperature: float = 6500.0,
        ambient_temperature: float = 6500.0,
        size: float = 0.05,
        kind: str = "indoor",
    ) -> Light:
        """A light from a few amplitudes.

        Args:
            base: ambient light from everywhere.
            up: gain toward the sky; the ambient is base + up*y + front*z + side*x at normal (x, y, z).
            front: gain toward the camera.
            side: gain toward the picture's right.
            azimuth: of the key light, degrees from the camera toward the picture's right.
            elevation: of the key light, degrees above the horizon.
            strength: of the key light.
            temperature: of the key light, kelvin; 6500 is white.
            ambient_temperature: of the surroundings, kelvin.
            size: angular radius of the key light, radians.
            kind: name of the circumstances.
        """
        a, e = np.radians([azimuth, elevation])
        amplitudes = np.zeros(9)
        amplitudes[:4] = np.array([base, up, front, side]) / _SCALE[:4]
        return cls(
            ambient=amplitudes[:, None] * tint(ambient_temperature),
            direction=np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)]),
            colour=tint(temperature),
            strength=strength,
            size=size,
            temperature=temperature,
            kind=kind,
        )

    @classmethod
    def sample(cls, rng: np.random.Generator, kind: str = "indoor") -> Light:
        """A random light of a kind, exposed and white-balanced as a camera would, with its errors.

        Args:
            rng: the only source of randomness.
            kind: one of `LIGHT_KINDS`.

        Raises:
            InvalidInput: an unknown kind.
        """
        if kind not in LIGHT_KINDS:
            raise InvalidInput(f"light kind {kind!r}: choose one of {', '.join(LIGHT_KINDS)}")
        scenes = _SCENES[kind]
        number = int(rng.choice(len(scenes), p=[share for _, share in scenes]))
        return scenes[number][0].draw(rng, kind)

    def irradiance(self, normals: ArrayLike) -> Array:
        """(..., 3) ambient radiance of a white matt surface with these unit normals (..., 3)."""
        return np.asarray(harmonics(normals) @ self.ambient, dtype=np.float64)

    @property
    def polynomial(self) -> Array:
        """(9, 3) coefficients of the plain terms 1, y, z, x, xy, yz, 3z²-1, xz, x²-y²."""
        return np.asarray(self.ambient * _SCALE[:, None])

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready description."""
        return {
            "kind": self.kind,
            "ambient": self.ambient.tolist(),
            "direction": self.direction.tolist(),
            "colour": self.colour.tolist(),
            "strength": self.strength,
            "size": self.size,
            "temperature": self.temperature,
        }


def tint(kelvin: float, balanced: float = 6500.0) -> Array:
    """(3,) linear RGB of a black body in a picture whose white is `balanced`, both in kelvin; mean 1.

    Fit of Planck's curve: log RGB is nearly linear in the mired difference for 2500..12000 K.
    """
    mired = [1e6 / within("colour temperature in kelvin", value, 1500.0, 25000.0) for value in (kelvin, balanced)]
    colour = np.exp(np.array([2.0e-3, -0.35e-3, -5.2e-3]) * (mired[0] - mired[1]))
    return np.asarray(colour / colour.mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Ranges of one typical situation; ambient amplitudes and key strength are relative, exposure sets the scale."""

    base: tuple[float, float]
    up: tuple[float, float]
    front: tuple[float, float]
    side: float
    azimuth: float
    elevation: tuple[float, float]
    key: tuple[float, float]
    size: tuple[float, float]
    key_kelvin: tuple[float, float]
    ambient_kelvin: tuple[float, float]
    exposure: tuple[float, float]

    def draw(self, rng: np.random.Generator, kind: str) -> Light:
        """A light from these ranges."""
        base, up, front = (rng.uniform(*amplitude) for amplitude in (self.base, self.up, self.front))
        warm, cool = rng.uniform(*self.key_kelvin), rng.uniform(*self.ambient_kelvin)
        # Cameras leave a little of the warmth that people like.
        white = 1e6 / (np.average([1e6 / warm, 1e6 / cool], weights=(0.4, 0.6)) + np.clip(rng.normal(-14, 26), -65, 40))
        uneven = np.append(
            [base, up, front, np.clip(rng.normal(0, self.side), -0.3, 0.3)], base * rng.normal(0, 0.04, 5)
        )
        uneven[1:] *= min(1.0, 0.7 * base / float(np.linalg.norm(uneven[1:])))  # dark sides, never negative ones
        azimuth = np.radians(np.clip(rng.normal(0, self.azimuth), -100, 100))
        elevation = np.radians(rng.uniform(*self.elevation))
        toward = [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
        strength, size = rng.uniform(*self.key), rng.uniform(*self.size)
        on_face = base + 0.6 * front + 0.1 * up + 0.75 * strength * max(0.25, toward[2])
        scale = np.exp(rng.uniform(*np.log(self.exposure))) / on_face
        return Light(
            ambient=(scale * uneven / _SCALE)[:, None] * tint(cool, white), direction=np.array(toward),
            colour=tint(warm, white), strength=scale * strength, size=size, temperature=warm, kind=kind,
        )  # fmt: skip


_SCENES: dict[str, tuple[tuple[_Scene, float], ...]] = {
    "indoor": (
        # a room with lamps and windows, then the light of one large window
        (_Scene(base=(.5, .7), up=(.0, .25), front=(.1, .3), side=.10, azimuth=38, elevation=(15, 60), key=(.35, 1.1),
                size=(.06, .2), key_kelvin=(3600, 5600), ambient_kelvin=(4200, 6200), exposure=(.8, 1.08)), .65),
        (_Scene(base=(.3, .45), up=(.0, .12), front=(.0, .15), side=.08, azimuth=48, elevation=(5, 35), key=(.7, 1.2),
                size=(.2, .4), key_kelvin=(5500, 7500), ambient_kelvin=(4000, 6000), exposure=(.75, 1.1)), .35),
    ),
    "outdoor": (
        # cloud, open shade, sun
        (_Scene(base=(.5, .65), up=(.3, .5), front=(.0, .2), side=.05, azimuth=50, elevation=(35, 70), key=(.1, .35),
                size=(.3, .5), key_kelvin=(6000, 7000), ambient_kelvin=(6300, 7500), exposure=(.85, 1.08)), .4),
        (_Scene(base=(.5, .6), up=(.1, .3), front=(.1, .35), side=.14, azimuth=60, elevation=(20, 60), key=(.05, .3),
                size=(.2, .5), key_kelvin=(5500, 7000), ambient_kelvin=(6800, 9000), exposure=(.8, 1.1)), .25),
        (_Scene(base=(.35, .5), up=(.05, .25), front=(.05, .2), side=.08, azimuth=45, elevation=(15, 60), key=(.8, 1.5),
                size=(.008, .02), key_kelvin=(4800, 5800), ambient_kelvin=(7000, 10000), exposure=(.88, 1.12)), .35),
    ),
    "low": (
        # an evening lamp, then the flash or screen near the camera
        (_Scene(base=(.15, .3), up=(-.05, .1), front=(.0, .1), side=.06, azimuth=50, elevation=(-5, 50), key=(.5, 1.2),
                size=(.04, .15), key_kelvin=(2500, 3600), ambient_kelvin=(3000, 5000), exposure=(.36, .66)), .7),
        (_Scene(base=(.1, .25), up=(-.05, .1), front=(.0, .1), side=.06, azimuth=10, elevation=(-5, 15), key=(.6, 1.0),
                size=(.02, .1), key_kelvin=(5500, 7500), ambient_kelvin=(2800, 4500), exposure=(.4, .8)), .3),
    ),
}  # fmt: skip
"""Situations of each kind with their shares."""
