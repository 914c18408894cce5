"""Who somebody is: displacement fields over space, one unit of a code = one standard deviation.

A field says for any point how far it moves, so hair, glasses and textures follow the same person as the skin does.
Around each eye a field is held constant, so that the eyeball stays round and the lids stay on it; only the fields that
say so scale or tilt the eye.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import bell, ramp
from visavis.synthetic.head.modes import NAMED, Mode, Points, stacked

Array = NDArray[np.float64]

_RANDOM_FIELDS, _RANDOM_SEED, _RANDOM_RMS, _BELLS = 10, 20_117, 1.0, 7


def displacement(points_mm: ArrayLike) -> Array:
    """(n, 3, I) how far points move per standard deviation of each identity code, metres.

    Args:
        points_mm: (n, 3) positions in the frame of the template, millimetres.

    Raises:
        InvalidInput: not an (n, 3) array of finite numbers.
    """
    points = np.asarray(points_mm, dtype=float)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise InvalidInput(f"points_mm has shape {points.shape}; pass an (n, 3) array of finite millimetres")
    held = _eye_hold(points)
    centres = np.array([anatomy.EYE_CENTRE, np.multiply(anatomy.EYE_CENTRE, (-1, 1, 1))])
    moves = np.empty((len(points), 3, len(MODES)))
    for number, mode in enumerate(MODES):
        own = mode.field(Points(*points.T))
        if not mode.free_eyes:
            own = own * (1 - held.sum(axis=1, keepdims=True)) + held @ mode.field(Points(*centres.T))
        moves[:, :, number] = own
    return moves * 1e-3


def _eye_hold(points: Array) -> Array:
    """(n, 2) how firmly each point is held by the left and the right eye."""
    cx, cy, cz = anatomy.EYE_CENTRE
    up, forward = (points[:, 1] - cy) / 0.72, (points[:, 2] - cz) / 1.1
    distance = [np.sqrt((points[:, 0] - side * cx) ** 2 + up**2 + forward**2) for side in (1, -1)]
    return ramp(np.stack(distance, axis=-1), 27.0, 15.5)


def _random_field(number: int) -> Callable[[Points], Array]:
    """A mirror-symmetric sum of bells of 14-28 mm, scaled to 1 mm RMS over the face."""
    rng = np.random.default_rng([_RANDOM_SEED, number])
    centres = np.column_stack([rng.uniform(0, 60, _BELLS), rng.uniform(-105, 60, _BELLS), rng.uniform(45, 95, _BELLS)])
    sigmas, pushes = rng.uniform(14, 28, _BELLS), rng.normal(size=(_BELLS, 3)) * (0.7, 0.7, 1.0)

    def raw(p: Points) -> Array:
        total = np.zeros((p.x.size, 3))
        for (cx, cy, cz), sigma, push in zip(centres, sigmas, pushes, strict=True):
            rest = bell((p.y - cy) / sigma) * bell((p.z - cz) / (1.5 * sigma))
            left, right = bell((p.x - cx) / sigma) * rest, bell((p.x + cx) / sigma) * rest
            total += push * stacked(left - right, left + right, left + right)
        return total

    across, up = (axis.ravel() for axis in np.meshgrid(np.linspace(-60, 60, 13), np.linspace(-105, 60, 16)))
    face = raw(Points(across, up, 95.0 - 0.008 * across**2))
    scale = _RANDOM_RMS / np.sqrt(np.mean(np.sum(face**2, axis=1)))
    return lambda p: scale * raw(p)


MODES = (*NAMED, *(Mode(f"random_{k}", _random_field(k)) for k in range(_RANDOM_FIELDS)))
"""All modes in the order of the codes."""

IDENTITY_NAMES = tuple(mode.name for mode in MODES)
"""Names of the identity codes, in their order."""
