"""From linear light to 8-bit pictures: exposure, a film-like shoulder, the sRGB curve."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.srgb import srgb
from visavis.synthetic.render.arrays import within
from visavis.synthetic.render.compiled import compiled

SHOULDER = 0.75
"""Linear value from which highlights are compressed instead of clipped."""
MID_GREY, CONTRAST = 0.18, 1.2
"""Linear value that stays, and the exponent around it."""
_STEPS = 4096


def film(linear: ArrayLike) -> NDArray[np.float64]:
    """Linear light from 0 up as a camera renders it in [0, 1): steeper around mid-grey, compressed highlights.

    More contrast is more saturation too. It holds up to `SHOULDER`; from there an exponential approaches 1.
    """
    x = np.maximum(np.asarray(linear, dtype=np.float64), 0.0)
    x = MID_GREY * (x / MID_GREY) ** CONTRAST
    room = 1.0 - SHOULDER
    return np.where(x <= SHOULDER, x, 1.0 - room * np.exp(-(np.maximum(x, SHOULDER) - SHOULDER) / room))


def develop(linear: ArrayLike, exposure: float = 1.0) -> NDArray[np.uint8]:
    """The picture (h, w, 3) uint8 sRGB of linear light (h, w, 3) times `exposure`.

    Raises:
        InvalidInput: an exposure outside [0, 1000].
    """
    array = np.ascontiguousarray(linear, dtype=np.float32)
    out = np.empty(array.shape, np.uint8)
    _develop(array.reshape(-1), within("exposure", exposure, 0.0, 1000.0), _table(), out.reshape(-1))
    return out


@cache
def _table() -> NDArray[np.uint8]:
    """Byte of sqrt(x / 2) * _STEPS for x in 0..2: the square root spends the table's steps where the eye looks."""
    x = 2.0 * (np.arange(_STEPS + 1) / _STEPS) ** 2
    return np.round(255.0 * srgb(film(x))).astype(np.uint8)


@compiled
def _develop(linear, exposure, table, out):  # type: ignore[no-untyped-def]
    last = table.shape[0] - 1
    for i in range(linear.shape[0]):
        x = linear[i] * exposure * 0.5
        x = 0.0 if not x > 0.0 else (1.0 if x > 1.0 else x)
        out[i] = table[int(np.sqrt(x) * last + 0.5)]
