"""Inside the mouth: its lining, teeth with gaps and gums, and the tongue; textures laid out as in `head.mouth`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.noise import smooth_noise
from visavis.synthetic.look.regions import step
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render.surface import Material
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]

_INNER = PARSING.index("inner_mouth")
_UPPER_WIDTHS = (8.6, 6.8, 7.7, 7.0, 6.8, 10.0)
_LOWER_WIDTHS = (5.4, 6.0, 6.9, 7.1, 7.2, 11.0)
"""Widths of the teeth from the midline to the first molar, mm."""


def mouth_material(person: Person) -> Material:
    """The lining from the lips (v = 0) to the throat (v = 1): wet red, then dark."""
    v = np.broadcast_to(((np.arange(24) + 0.5) / 24)[:, None], (24, 8))
    lips, deep = np.array([0.30, 0.090, 0.080]), np.array([0.26, 0.050, 0.042])
    fade = step(v, 0.02, 0.55)[..., None]
    albedo = (lips + (deep - lips) * fade) * (1 - 0.25 * person.tone / 5)
    return Material(
        name="mouth", albedo=albedo.astype(np.float32), parsing=_INNER,
        occlusion=(1 - 0.4 * fade[..., 0]).astype(np.float32),
        gloss=(1 - fade[..., 0]).astype(np.float32), wrap=(0.3, 0.1, 0.1), specular=0.03, shininess=(40.0, 160.0),
        two_sided=True,
    )  # fmt: skip


def teeth_material(person: Person, detail: float = 1.0) -> Material:
    """Both arches: off-white teeth, yellower with age, thin dark gaps, scalloped gums."""
    rows, columns = round(56 * detail), round(168 * detail)
    v, u = np.meshgrid((np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns, indexing="ij")
    stream = Stream(person.skin_seed, ("teeth",))
    aged = float(np.clip((person.age - 25) / 55, 0, 1))
    white = np.array([0.62, 0.56, 0.46]) * (1 + 0.10 * (stream.child("shade").uniform() - 0.5))
    enamel = white - aged * np.array([0.10, 0.13, 0.16])
    across = np.abs(2 * u - 1)
    upper = v < 0.5
    gap, number = (
        np.where(upper, a, b) for a, b in zip(*(_teeth(across, w) for w in (_UPPER_WIDTHS, _LOWER_WIDTHS)), strict=True)
    )
    own = 1 + 0.05 * np.sin(number * 12.9898 + 4.1 * upper)
    colour = enamel * (own * (1 - 0.10 * step(number, 1.5, 2.5)))[..., None]
    from_edge = np.abs(v - 0.5) / 0.3
    colour = colour * (1 - np.array([0.02, 0.10, 0.22]) * step(from_edge, 0.55, 1.0)[..., None])
    seam = np.exp(-((gap / (0.30 + 0.25 / detail)) ** 2)) * (0.62 + 0.2 * from_edge) * (1 - step(from_edge, 0.9, 1.1))
    colour = colour * (1 - seam[..., None] * np.array([0.75, 0.85, 0.9]))
    neck = 1.0 - 0.16 * np.exp(-gap / 0.9)  # gums reach down between the teeth
    gum = step(from_edge, neck - 0.06, neck + 0.06)[..., None]
    pink = np.array([0.36, 0.13, 0.115]) * (1 - 0.45 * person.tone / 5)
    colour = colour + (pink - colour) * gum
    shade = (1 - 0.65 * step(across, 0.35, 1.0)) * (1 - 0.25 * seam)
    return Material(
        name="teeth", albedo=colour.astype(np.float32), parsing=_INNER, occlusion=shade.astype(np.float32),
        wrap=(0.3, 0.25, 0.2), specular=0.04, shininess=(40.0, 220.0), lobe=0.6, two_sided=True,
    )  # fmt: skip


def tongue_material(person: Person) -> Material:
    """The tongue: rough and pink, darker to its root (v = 1), with a groove along its middle."""
    v, u = np.meshgrid((np.arange(32) + 0.5) / 32, (np.arange(32) + 0.5) / 32, indexing="ij")
    points = np.stack([34 * u, 38 * v, 0 * u], axis=-1).reshape(-1, 3).astype(np.float32)
    grain = smooth_noise(points, 1.4, Stream(person.skin_seed, ("tongue",)).generator()).reshape(v.shape)
    groove = np.exp(-(((u - 0.5) / 0.07) ** 2))
    light = (1 - 0.35 * step(v, 0.25, 0.9)) * (1 + 0.10 * grain) * (1 - 0.25 * groove)
    albedo = light[..., None] * np.array([0.62, 0.205, 0.185]) * (1 - 0.2 * person.tone / 5)
    return Material(
        name="tongue", albedo=albedo.astype(np.float32), parsing=_INNER,
        occlusion=(1 - 0.5 * step(v, 0.3, 0.9)).astype(np.float32), tilt=_bumps(grain, 0.05),
        wrap=(0.35, 0.15, 0.12), specular=0.03, shininess=(30.0, 140.0), two_sided=True,
    )  # fmt: skip


def _teeth(across: Floats, widths: tuple[float, ...]) -> tuple[Floats, Floats]:
    """mm to the nearest gap, and the number of the tooth counted from the midline, at |2 u - 1| of an arch."""
    s = np.linspace(0, 1, 400) * 1.35
    x, z = 24.0 * np.sin(s) / np.sin(1.35), -26.0 * (1 - np.cos(s)) / (1 - np.cos(1.35))
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    along = np.interp(across, np.linspace(0, 1, 400), arc)
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    number = np.clip(np.searchsorted(edges, along, side="right") - 1, 0, len(widths) - 1)
    gap = np.minimum(along - edges[number], np.maximum(edges[number + 1] - along, 0))
    return gap, number.astype(float)


def _bumps(height: Floats, amount: float) -> Floats:
    slopes = np.stack([np.gradient(height, axis=1), np.gradient(height, axis=0)], axis=-1)
    return np.asarray(amount * slopes, dtype=np.float32)
