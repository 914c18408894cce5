"""Spectacles: rims, bridge, temples and lenses that sit on the nose and the ears of a shaped head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head import Head
from visavis.synthetic.look.follow import carried
from visavis.synthetic.look.frame_parts import Piece, plate, rod, united
from visavis.synthetic.look.styles import GLASSES_STYLES
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Material, Surface

Array = NDArray[np.float64]

_CLASS = PARSING.index("glasses")
_RIM = 36


@dataclass(frozen=True)
class _Shape:
    """One shape of spectacles, mm.

    Attributes:
        width, height: of a lens.
        square: exponent of its outline, 2 = oval.
        drop: how much narrower the lens is below.
        rim: width of the rim in front; 0 = none.
        lower: width of the rim below, as a share of `rim`.
        tint: (3,) linear RGB of the lens.
        opacity: of the lens.
    """

    width: float
    height: float
    square: float
    drop: float
    rim: float
    lower: float = 1.0
    tint: tuple[float, float, float] = (0.02, 0.022, 0.023)
    opacity: float = 0.05


_SHAPES = {
    "round": _Shape(45.0, 43.0, 2.0, 0.0, 2.4),
    "oval": _Shape(50.0, 33.0, 2.2, 0.0, 2.3),
    "square": _Shape(50.0, 36.0, 4.0, 0.06, 3.6),
    "wide": _Shape(54.0, 41.0, 3.0, 0.14, 4.2),
    "half_rim": _Shape(51.0, 32.0, 3.2, 0.05, 2.2, 0.15),
    "sunglasses": _Shape(57.0, 45.0, 2.7, 0.16, 3.2, tint=(0.006, 0.0055, 0.0055), opacity=0.95),
}


class _Fit(NamedTuple):
    """Where a head carries spectacles, mm: lens centres (2, 3), ridge of the nose and ears (2, 3), left first."""

    lenses: Array
    bridge: Array
    ears: Array


def glasses_surfaces(head: Head, shaped: Array, style: str, colour: Sequence[float]) -> tuple[Surface, ...]:
    """Spectacles at rest, to be moved rigidly with the head: the frame, then the lenses.

    Args:
        head: the head model.
        shaped: (V, 3) the person's neutral head, m.
        style: one of `GLASSES_STYLES`, or "none".
        colour: linear RGB of the frame in [0, 1].

    Raises:
        InvalidInput: an unknown style, or a colour out of range.
    """
    if style == "none":
        return ()
    if style not in _SHAPES:
        raise InvalidInput(f"glasses style {style!r}: needs none or one of {', '.join(GLASSES_STYLES)}")
    paint = np.asarray(colour, dtype=np.float32)
    if paint.shape != (3,) or not ((paint >= 0) & (paint <= 1)).all():
        raise InvalidInput(f"glasses colour {colour!r}: needs three numbers in [0, 1], linear RGB")
    shape = _SHAPES[style]
    fit = _fit(head, np.asarray(shaped) * 1000.0, shape)
    rims = [_rim(fit, shape, side) for side in (0, 1)]
    metal = shape.rim <= 2.4
    frame = Material(
        name="glasses", albedo=paint.reshape(1, 1, 3), parsing=_CLASS, specular=0.15 if metal else 0.045,
        shininess=(40.0, 200.0), two_sided=True,
    )  # fmt: skip
    lens = Material(
        name="lenses", albedo=np.array(shape.tint, np.float32).reshape(1, 1, 3), parsing=_CLASS, specular=0.008,
        shininess=(3000.0, 8000.0), lobe=0.2, two_sided=True, opacity=shape.opacity,
    )  # fmt: skip
    parts = [_outline(rim, shape) for rim in rims] + [_bridge(rims, fit, shape)]
    parts += [_temple(rims[side], fit, shape, side) for side in (0, 1)]
    glass = [plate(rim, rim.mean(axis=0) + np.array([0.0, 0.0, 1.5])) for rim in rims]
    return _surface(united(parts), frame), _surface(united(glass), lens)


def _surface(piece: Piece, material: Material) -> Surface:
    points, faces = piece
    return Surface((points * 1e-3).astype(np.float32), faces, np.full((len(points), 2), 0.5, np.float32), material)


def _fit(head: Head, points: Array, shape: _Shape) -> _Fit:
    """Measure the head: spectacles clear lashes, brows and cheeks, and rest on the ridge of the nose."""
    eyes = np.stack([points[head.regions[f"{side}_eyeball"]] for side in ("left", "right")])
    centres = eyes.mean(axis=1)
    nose = points[head.regions["face"]]
    middle = centres.mean(axis=0)
    near = nose[np.abs(nose[:, 0] - middle[0]) < 6.0]
    ridge = near[np.argsort(np.abs(near[:, 1] - (middle[1] - 2.0)))[:6]]
    apart = max((centres[0, 0] - centres[1, 0]) / 2 + 1.0, shape.width / 2 + 7.5)
    front = eyes[:, :, 2].max() + 9.0
    lenses = np.array([(middle[0] + s * apart, middle[1] - 3.0, front) for s in (1.0, -1.0)])
    for lens in lenses:
        around = nose[
            (np.abs(nose[:, 0] - lens[0]) < shape.width / 2) & (np.abs(nose[:, 1] - lens[1]) < shape.height / 2)
        ]
        # The outer two thirds of the lens may not touch the cheek or the brow; the nose may pass between the lenses.
        outer = around[np.abs(around[:, 0] - middle[0]) > 16.0]
        lens[2] = max(lens[2], outer[:, 2].max() + 2.0)
    lenses[:, 2] = lenses[:, 2].max()
    ears = carried(np.array([(74.0, 9.0, 4.0), (-74.0, 9.0, 4.0)]), head, points * 1e-3).astype(float) * 1000.0
    return _Fit(lenses, ridge[np.argmax(ridge[:, 2])], ears)


def _rim(fit: _Fit, shape: _Shape, side: int) -> Array:
    """(n, 3) middle line of a rim, counter-clockwise from the outer end, curved around the face."""
    outward = 1.0 if side == 0 else -1.0
    turn = np.linspace(0, 2 * np.pi, _RIM, endpoint=False)
    power = 2.0 / shape.square
    x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power * shape.width / 2
    y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power * shape.height / 2
    x = x * (1.0 + shape.drop * y / shape.height * 2) + shape.drop * 12.0 * (y / shape.height)
    centre = fit.lenses[side]
    reach = np.maximum(x + shape.width / 2, 0.0)
    return np.stack([centre[0] + outward * x, centre[1] + y, centre[2] - 0.0016 * reach**2], axis=-1)


def _outline(rim: Array, shape: _Shape) -> Piece:
    low = np.clip(0.5 - (rim[:, 1] - rim[:, 1].mean()) / shape.height * 2.5, 0, 1)
    return rod(
        rim, shape.rim * (1 - low * (1 - shape.lower)), min(shape.rim, 2.8) * (1 - low * (1 - shape.lower)), closed=True
    )


def _bridge(rims: list[Array], fit: _Fit, shape: _Shape) -> Piece:
    """An arc over the nose between the inner ends of the rims."""
    left, right = (rim[np.argmin(np.abs(rim[:, 0]) + 0.8 * np.abs(rim[:, 1] - rim[:, 1].mean() - 4.0))] for rim in rims)
    t = np.linspace(0, 1, 9)[:, None]
    arc = left + (right - left) * t
    arc[:, 1] += 4.0 * np.sin(np.pi * t[:, 0])
    arc[:, 2] = np.maximum(arc[:, 2] + 1.5 * np.sin(np.pi * t[:, 0]), fit.bridge[2] + 2.0)
    return rod(arc, max(shape.rim, 1.8), 2.0)


def _temple(rim: Array, fit: _Fit, shape: _Shape, side: int) -> Piece:
    """The arm from the rim over the ear and down behind it."""
    outward = 1.0 if side == 0 else -1.0
    hinge = rim[np.argmax(outward * rim[:, 0] + 0.3 * rim[:, 1])] + np.array([outward * 2.0, 2.0, -1.0])
    ear = fit.ears[side]
    wide = outward * max(abs(ear[0]) + 1.0, abs(hinge[0]) + 1.0)
    over = np.array([(1.5, 1.0, 4.0), (0.5, -1.0, -10.0), (-1.0, -14.0, -20.0), (-3.0, -30.0, -25.0)])
    half = (wide, (hinge[1] + ear[1]) / 2, (hinge[2] + ear[2]) / 2)
    line = np.vstack(
        [hinge, hinge + np.array([outward * 3.0, 0.0, -6.0]), half, ear + over * np.array([outward, 1, 1])]
    )
    return rod(line, np.linspace(max(shape.rim, 2.0), 2.5, len(line)), 1.6, up=(1.0, 0.0, 0.0))
