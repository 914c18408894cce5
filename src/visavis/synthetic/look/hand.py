"""Things in front of a face: a hand, and locks of hair that fell over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.look.frame_parts import Piece, united
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Material, Surface

Array = NDArray[np.float64]

# Start on the palm, first bend, tip (x across, y along the fingers, z off the face) and half widths, mm.
_FINGERS = (
    ((-26, 42, 2), (-31, 76, 6), (-33, 104, 2), 8.0),
    ((-9, 48, 3), (-11, 88, 8), (-12, 120, 3), 8.6),
    ((9, 46, 3), (10, 84, 8), (11, 112, 3), 8.3),
    ((26, 38, 1), (30, 66, 5), (32, 90, 1), 7.2),
    ((-30, -12, 4), (-56, 12, 10), (-70, 42, 6), 10.0),
)
_PALM = (
    ((0, -60, -6), (0, -36, -2), (0, -8, 1), (0, 20, 2), (0, 44, 2), (0, 54, 2)),
    ((24, 15), (33, 16), (40, 15), (39, 14), (35, 11), (26, 5)),
)
_ARM = (((0, -46, -4), (4, -150, -30), (10, -330, -60)), ((24, 16), (26, 20), (34, 30)))
"""Middle line, and half widths across and off the face, mm."""
_PLACES = {"mouth": (6.0, -88.0), "cheek": (44.0, -52.0), "eye": (38.0, -8.0), "chin": (-8.0, -118.0)}


def hand_surfaces(skin: Sequence[float], rng: np.random.Generator, place: str | None = None) -> tuple[Surface, ...]:
    """A hand held before the face at rest, to be moved rigidly with the head; it counts as background.

    Args:
        skin: linear RGB in [0, 1].
        rng: its place, turn, side and how far the fingers are spread.
        place: "mouth", "cheek", "eye" or "chin"; None = drawn.

    Raises:
        InvalidInput: an unknown place, or a colour out of range.
    """
    if place is not None and place not in _PLACES:
        raise InvalidInput(f"hand place {place!r}: needs one of {', '.join(_PLACES)}")
    colour = np.asarray(skin, dtype=float)
    if colour.shape != (3,) or not ((colour >= 0) & (colour <= 1)).all():
        raise InvalidInput(f"hand colour {skin!r}: needs three numbers in [0, 1], linear RGB")
    name = place or list(_PLACES)[int(rng.integers(len(_PLACES)))]
    side = rng.choice([-1.0, 1.0])
    spread = rng.uniform(0.9, 1.15)
    pieces = [_finger(np.array(stops, float) * [spread, 1, 1], width) for *stops, width in _FINGERS]
    pieces += [_tube(np.array(line, float), np.array(half, float)) for line, half in (_PALM, _ARM)]
    points, faces = united(pieces)
    points = points * rng.uniform(0.85, 1.0)
    lean = rng.uniform(-0.2, 0.7)
    turn = np.array([(np.cos(lean), -np.sin(lean), 0), (np.sin(lean), np.cos(lean), 0), (0, 0, 1)])
    x, y = _PLACES[name]
    # Cupped around the face: what lies off to the side lies further back.
    points = points @ turn.T
    points[:, 2] += 118.0 - 0.0045 * (points[:, 0] + x) ** 2 - 0.0012 * np.minimum(points[:, 1] + y + 60.0, 0) ** 2
    points = (points + np.array([x, y, 0.0])) * np.array([side, 1.0, 1.0])
    if side < 0:
        faces = faces[:, ::-1]
    return (Surface((points * 1e-3).astype(np.float32), faces, _uv(points), _flesh(colour, rng)),)


def _flesh(colour: Array, rng: np.random.Generator) -> Material:
    mottle = 1.0 + 0.05 * rng.standard_normal((24, 24, 1)) * np.array([0.6, 1.0, 1.0])
    return Material(
        name="hand", albedo=np.clip(colour * mottle, 0, 1).astype(np.float32), parsing=PARSING.index("background"),
        wrap=(0.35, 0.16, 0.10), warmth=0.25, two_sided=True,
    )  # fmt: skip


def _uv(points: Array) -> NDArray[np.float32]:
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray(((points - low) / (high - low))[:, :2], dtype=np.float32)


def _finger(stops: Array, width: float) -> Piece:
    """A finger through three points with two joints and a round tip."""
    t = np.array([0.0, 0.18, 0.36, 0.5, 0.64, 0.8, 0.92, 0.98, 1.0])[:, None]
    line = (1 - t) ** 2 * stops[0] + 2 * t * (1 - t) * (2 * stops[1] - (stops[0] + stops[2]) / 2) + t**2 * stops[2]
    half = width * np.array([1.0, 1.02, 0.98, 1.02, 0.92, 0.9, 0.72, 0.4, 0.05])
    return _tube(line, np.stack([half, 0.9 * half], -1))


def _tube(line: Array, half: Array, around: int = 10) -> Piece:
    """A tube of elliptic section (n, 2: across, off the face) along a line (n, 3)."""
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    off = np.cross(across, along)
    turn = np.linspace(0, 2 * np.pi, around, endpoint=False)[None, :, None]
    points = (
        line[:, None]
        + half[:, None, :1] * np.cos(turn) * across[:, None]
        + half[:, None, 1:] * np.sin(turn) * off[:, None]
    )
    n = len(line)
    i, j = np.meshgrid(np.arange(n - 1), np.arange(around), indexing="ij")
    a, b = (i * around + j).ravel(), (i * around + (j + 1) % around).ravel()
    faces = np.concatenate([np.stack([a, a + around, b], -1), np.stack([b, a + around, b + around], -1)])
    return points.reshape(-1, 3), faces.astype(np.int32)
