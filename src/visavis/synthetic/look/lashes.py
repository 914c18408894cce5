"""Eyelashes: fringes along the margins of the lids that follow them when the eye closes; for portraits."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import Head
from visavis.synthetic.head.template import template
from visavis.synthetic.look.hair.colour import pigment_and_white
from visavis.synthetic.look.makeup import worn
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render.surface import Material, Surface
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

_ROWS, _COLUMNS = 40, 192
_BENDS = np.array([0.0, 0.35, 0.7, 1.0])
"""Where along its length a fringe bends."""


def lash_surfaces(head: Head, posed: Array, person: Person) -> tuple[Surface, ...]:
    """Four fringes at the open edge of the lids; none if the head is not the stand-in.

    Finer than the pixels of small pictures: leave them out below about one pixel per millimetre.

    Args:
        head: the head model.
        posed: (V, 3) vertices as they are seen, metres.
        person: its hair colour, makeup and skin_seed are read.
    """
    pieces = template().pieces
    if len(posed) != len(template().vertices):
        return ()
    surfaces = []
    for side in ("left", "right"):
        rim = pieces[f"{side}_rim"][0]
        ball = posed[pieces[f"{side}_eye"]].mean(axis=0)
        half = len(rim) // 2
        upper, lower = posed[rim[:half]], posed[rim[half:]]
        opening = upper[half // 2] - lower[half // 2]
        across = upper[-1] - upper[0]
        up = np.cross(np.cross(across, posed[pieces[f"{side}_eye"][0]] - ball), across) * -1.0
        up = up if float(opening @ up) >= 0 else -up
        up /= np.linalg.norm(up)
        longer = 1 + 0.3 * worn(person)
        surfaces.append(_fringe(upper, ball, 0.55 * up, 0.0078 * longer, _material(person, upper=True)))
        surfaces.append(_fringe(lower, ball, -0.35 * up, 0.0042 * longer, _material(person, upper=False)))
    return tuple(surfaces)


def _fringe(margin: Array, ball: Array, curl: Array, length: float, material: Material) -> Surface:
    """A strip from the margin (N, 3) outward from the eyeball, bending by `curl` towards its tips."""
    t = np.linspace(0, 1, len(margin))
    if margin[0, 0] ** 2 > margin[-1, 0] ** 2:  # always from the nose outward
        margin = margin[::-1]
    out = margin - ball
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    longest = (length * np.clip(np.minimum((t + 0.10) * 2.4, (1.12 - t) * 4.0), 0.35, 1.0))[:, None]
    rows = [margin + 0.0005 * out + longest * (bend * out + bend**2 * (curl - 0.2 * out)) for bend in _BENDS]
    vertices = np.concatenate(rows).astype(np.float32)
    u, v = np.meshgrid(t, _BENDS)
    n = len(margin)
    corner = (np.arange(len(_BENDS) - 1)[:, None] * n + np.arange(n - 1)).reshape(-1)
    faces = np.concatenate(
        [np.stack([corner, corner + 1, corner + n], 1), np.stack([corner + 1, corner + n + 1, corner + n], 1)]
    )
    uv = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)
    return Surface(vertices, faces.astype(np.int32), uv, material)


def _material(person: Person, *, upper: bool) -> Material:
    dark, _ = pigment_and_white(0.55 * person.hair_colour * (1 - worn(person)), person.hair_red)
    albedo = np.broadcast_to((0.6 * dark).astype(np.float32), (_ROWS, _COLUMNS, 3))
    return Material(
        name="lashes", albedo=albedo, parsing=PARSING.index("skin"),
        alpha=_hairs(person.skin_seed, 95 if upper else 48, 0.9 if upper else 0.6), specular=0.0, two_sided=True,
    )  # fmt: skip


@cache
def _hairs(seed: int, count: int, dense: float) -> Floats:
    """(rows, columns) cover of tapering hairs in tufts that lean together."""
    rng = Stream(seed, ("lashes", count)).generator()
    roots = (np.arange(count) + rng.uniform(-0.4, 0.4, count)) / count
    lean = 0.018 * rng.standard_normal(count) + 0.012 * np.sin(roots * 60)
    length = rng.uniform(0.6, 1.0, count)
    v = ((np.arange(_ROWS) + 0.5) / _ROWS)[:, None, None]
    u = ((np.arange(_COLUMNS) + 0.5) / _COLUMNS)[None, :, None]
    away = np.abs(u - roots - lean * v) * _COLUMNS
    wide = 0.75 * np.clip(1 - v / length, 0, 1) ** 0.6
    cover = np.clip(wide + 0.5 - away, 0, 1) * (v < length)
    return np.asarray(dense * cover.max(axis=2), dtype=np.float32)
