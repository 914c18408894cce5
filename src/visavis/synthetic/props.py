"""Props: balls and boxes in the air of a scene, which are no people though a careless detector may think so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.factors import Choice, Uniform
from visavis.synthetic.render import Camera, Material, Surface
from visavis.synthetic.render.arrays import frozen

PROPS = ("ball", "box")
POSITIONS = Uniform(-10.0, 10.0, "times the picture's side")
"""Where people and things may stand: far outside too, for clips in which they come and go."""


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing.

    Attributes:
        kind: one of `PROPS`.
        x, y: its middle as shares of the picture's width and height.
        distance: from the camera, metres.
        size: metres.
        colour: two linear RGB colours in [0, 1], of the thing and of its stripes.

    Raises:
        InvalidInput: a kind or number out of range.
    """

    kind: str
    x: float
    y: float
    distance: float
    size: float
    colour: tuple[tuple[float, ...], tuple[float, ...]]

    def __post_init__(self) -> None:
        Choice(dict.fromkeys(PROPS, 1.0)).check("prop kind", self.kind)
        for name, value, low, high in (("distance", self.distance, 0.2, 50.0), ("size", self.size, 0.005, 2.0)):
            Uniform(low, high, "m").check(f"prop {name}", value)
        for name, value in (("x", self.x), ("y", self.y)):
            POSITIONS.check(f"prop {name}", value)
        colours = frozen("prop colour", self.colour, np.float64, (2, 3))
        if not ((colours >= 0.0) & (colours <= 1.0)).all():
            raise InvalidInput(f"prop colour {self.colour!r}: needs two linear RGB colours in [0, 1]")

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Prop:
        """A thing somewhere in the picture, head-sized or smaller, some of them of the colours of skin."""
        skin = np.array([0.45, 0.27, 0.19]) * rng.uniform(0.3, 1.3)
        paint = skin if rng.random() < 0.4 else rng.uniform(0.02, 0.7, 3)
        colours = tuple(tuple(float(v) for v in np.clip(c, 0.01, 0.9)) for c in (paint, rng.uniform(0.02, 0.7, 3)))
        return cls(
            kind=str(rng.choice(PROPS)),
            x=float(rng.uniform(0.05, 0.95)),
            y=float(rng.uniform(0.1, 0.9)),
            distance=float(rng.uniform(1.0, 3.5)),
            size=float(rng.uniform(0.08, 0.24)),
            colour=(colours[0], colours[1]),
        )


def prop_surface(prop: Prop, camera: Camera) -> Surface:
    """The thing where the camera sees it."""
    pixel = np.array([prop.x * camera.width - 0.5, prop.y * camera.height - 0.5])
    middle = camera.unproject(pixel, np.asarray(prop.distance))
    points, faces, uv = _ball() if prop.kind == "ball" else _box()
    stripes = np.array(prop.colour, np.float32)[(np.arange(64) // 16) % 2]
    albedo = np.broadcast_to(stripes[:, None], (64, 8, 3))
    look = Material(name=prop.kind, albedo=albedo, parsing=0, specular=0.04)
    return Surface((0.5 * prop.size * points + middle).astype(np.float32), faces, uv, look)


Mesh = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float32]]


@cache
def _ball(rows: int = 17, columns: int = 33) -> Mesh:
    """A sphere of radius 1."""
    polar, around = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    points = np.stack([np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)], axis=-1)
    uv = np.stack([around / (2 * np.pi), polar / np.pi], axis=-1).reshape(-1, 2)
    return points.reshape(-1, 3), _grid_faces(rows, columns), uv.astype(np.float32)


@cache
def _box() -> Mesh:
    """A cube of half side 0.8, turned so that three faces show."""
    corner = np.array([(-1, 1), (1, 1), (-1, -1), (1, -1)], float)
    sides = []
    for axis in range(3):
        for sign in (1.0, -1.0):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            points = np.zeros((4, 3))
            points[:, axis], points[:, a], points[:, b] = sign, sign * corner[:, 0], corner[:, 1]
            sides.append(points)
    spin = _turn(0.6, 1) @ _turn(0.4, 0)
    uv = np.tile((corner + 1) / 2, (6, 1)).astype(np.float32)
    faces = np.concatenate([np.array([(0, 2, 3), (0, 3, 1)]) + 4 * n for n in range(6)]).astype(np.int32)
    return 0.8 * np.concatenate(sides) @ spin.T, faces, uv


def _turn(angle: float, axis: int) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[a, a], matrix[a, b], matrix[b, a], matrix[b, b] = c, -s, s, c
    return matrix


def _grid_faces(rows: int, columns: int) -> NDArray[np.int32]:
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    first = np.stack([corner, corner + columns, corner + columns + 1], axis=-1)
    second = np.stack([corner, corner + columns + 1, corner + 1], axis=-1)
    return np.concatenate([first, second]).astype(np.int32)
