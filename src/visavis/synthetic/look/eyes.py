"""Eyes: pupil, iris, the dark ring round it and the veined white, on the eyeball's own texture.

The texture is the eyeball seen from the pupil: the middle is the pupil, the distance from it the angle, half the
picture's width 180 degrees; u < 0.5 is the side of the nose. Both eyes share it, the right one mirrored.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.look.noise import smooth_noise
from visavis.synthetic.look.regions import step
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render.surface import Material
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]

SIZE = 160
"""Rows and columns of the texture at detail 1; the iris is 26 texels wide."""
IRIS_RADIUS, PUPIL_RADIUS = 5.9, 2.2

_IRISES = np.array(
    [
        (0.085, 0.135, 0.190),  # blue
        (0.095, 0.130, 0.145),  # grey
        (0.100, 0.110, 0.065),  # green
        (0.115, 0.072, 0.030),  # hazel
        (0.055, 0.027, 0.013),  # brown
        (0.017, 0.009, 0.006),  # dark brown
    ]
)


class _Plan(NamedTuple):
    """(n,) fields over the texels in front of the eyeball's equator."""

    where: NDArray[np.bool_]
    radius: Floats
    """mm from the pupil's centre along the eyeball."""
    turn: Floats
    """(n, 2) cosine and sine of the direction from the pupil."""


def eye_materials(person: Person, detail: float = 1.0) -> tuple[Material, Material]:
    """The left and the right eye: the same texture, each with its own parsing class.

    Args:
        person: its iris, age, tone and skin_seed are read.
        detail: texels per millimetre, 1 = enough for a face of 256 pixels.
    """
    plan = _plan(round(SIZE * detail))
    colour = np.empty((*plan.where.shape, 3), np.float32)
    colour[:] = (0.4, 0.2, 0.18)
    colour[plan.where] = _colour(person, plan)
    gloss = np.ones(plan.where.shape, np.float32)
    gloss[plan.where] = 1.1 - 0.5 * step(plan.radius, IRIS_RADIUS - 0.3, IRIS_RADIUS + 1.5)
    shade = np.full(plan.where.shape, 0.4, np.float32)
    shade[plan.where] = _shade(plan)
    left, right = (
        Material(
            name=name, albedo=colour, parsing=PARSING.index(name), gloss=gloss, occlusion=shade,
            wrap=(0.25, 0.15, 0.12), warmth=0.2, specular=0.035, shininess=(300.0, 4000.0), lobe=0.08,
        )
        for name in ("left_eye", "right_eye")
    )  # fmt: skip
    return left, right


@cache
def _plan(size: int) -> _Plan:
    along = (np.arange(size) + 0.5) / size - 0.5
    u, v = np.meshgrid(along, -along)
    angle = 2 * np.pi * np.hypot(u, v)
    where = angle < np.radians(100)
    flat = np.maximum(np.hypot(u, v)[where], 1e-6)
    turn = np.stack([u[where] / flat, v[where] / flat], axis=1).astype(np.float32)
    # Radius as seen from the front over the iris, so that a pupil of 2.2 mm looks 2.2 mm wide.
    radius = anatomy.EYE_RADIUS * (np.sin(np.minimum(angle, 1.0)) + np.maximum(angle - 1.0, 0.0))[where]
    return _Plan(where, radius.astype(np.float32), turn)


def _shade(plan: _Plan) -> Floats:
    """(n,) share of ambient light past the lids and lashes of an eye that looks ahead."""
    x, y = (plan.turn * plan.radius[:, None]).T
    upper = 1 - 0.45 * step(y, 1.5, 6.5)
    return np.asarray(
        upper * (1 - 0.1 * step(-y, 3.5, 6.5)) * (1 - 0.35 * step(np.abs(x), 6.5, 13.0)), dtype=np.float32
    )


def _colour(person: Person, plan: _Plan) -> Floats:
    stream = Stream(person.skin_seed, ("eyes",))
    pupil = PUPIL_RADIUS + 0.35 * stream.child("pupil").uniform()
    white, iris = _white(person, plan, stream), _iris(person, plan, stream)
    edge = step(plan.radius, IRIS_RADIUS - 0.45, IRIS_RADIUS + 0.35)[:, None]
    colour = iris + (white - iris) * edge
    dark = (1 - step(plan.radius, pupil - 0.3, pupil + 0.3))[:, None]
    return np.asarray(colour + (np.array([0.006, 0.005, 0.005]) - colour) * dark, dtype=np.float32)


def _iris(person: Person, plan: _Plan, stream: Stream) -> Floats:
    at = np.linspace(0, 1, len(_IRISES))
    base = np.array([np.interp(person.iris, at, _IRISES[:, channel]) for channel in range(3)])
    out = np.clip(plan.radius / IRIS_RADIUS, 0, 1.1)
    fibres = _radial(plan, 26.0, 0.7, stream.child("fibres")) + 0.8 * _radial(plan, 60.0, 1.2, stream.child("fine"))
    patches = _radial(plan, 2.5, 1.6, stream.child("patches"))
    light = 1 + 0.17 * fibres + 0.12 * patches
    collarette = np.exp(-(((out - 0.52) / 0.10) ** 2))
    centre = (1 - step(out, 0.45, 0.72))[:, None] * (0.55 * (1 - person.iris))
    warm = np.array([0.24, 0.15, 0.06])
    colour = base + (warm - base) * centre
    ring = 0.75 * step(out, 0.74, 0.98) + 0.25 * np.exp(-(((out - 0.38) / 0.06) ** 2))
    return np.asarray(
        colour * (np.maximum(light + 0.22 * collarette, 0.3) * (1 - 0.85 * ring))[:, None], dtype=np.float32
    )


def _white(person: Person, plan: _Plan, stream: Stream) -> Floats:
    aged = float(np.clip((person.age - 30) / 55, 0, 1))
    base = (
        np.array([0.46, 0.42, 0.39])
        - np.array([0.05, 0.06, 0.09]) * aged
        - np.array([0.05, 0.06, 0.08]) * (person.tone / 5)
    )
    away = np.clip((plan.radius - IRIS_RADIUS) / 9.0, 0, 1.3)
    pink = 0.7 * away**1.4 * (0.65 + 0.35 * np.abs(plan.turn[:, 0])) + 0.15 * (plan.turn[:, 0] < -0.7) * away
    points = np.column_stack([plan.turn * plan.radius[:, None] * (0.55, 1.0), 0.2 * plan.radius])
    winding = smooth_noise(points.astype(np.float32), 1.9, stream.child("veins").generator())
    veins = np.exp(-((winding / 0.16) ** 2)) * step(away, 0.05, 0.6) * (0.35 + 0.3 * aged)
    red = np.clip(pink + veins, 0, 1.3)[:, None] * np.array([0.16, 0.62, 0.60])
    return np.asarray(base * np.exp(-red), dtype=np.float32)


def _radial(plan: _Plan, spokes: float, rings: float, stream: Stream) -> Floats:
    """Noise drawn out from the pupil, `spokes` round the iris and `rings` along its radius."""
    round_ = plan.turn * (spokes / (2 * np.pi))
    points = np.column_stack([round_, plan.radius / IRIS_RADIUS * rings]).astype(np.float32)
    return smooth_noise(points, 1.0, stream.generator())
