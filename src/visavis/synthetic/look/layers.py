"""Colour in layers: what pigment and blood leave of the skin's own colour, then hair and paint over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.look.tone import BLOOD, MELANIN
from visavis.synthetic.render.compiled import compiled

Floats = NDArray[np.float32]

_DEEP = np.array([1.05, 0.95, 0.75], dtype=np.float32)
"""What blood vessels and hair roots deep in the skin take from the logarithm of red, green and blue: they look blue."""


def tinted(skin: Floats, pigment: Floats, blood: Floats, deep: Floats) -> Floats:
    """(n, 3) linear RGB of skin of a plain colour (3,) with (n,) extra melanin, haemoglobin and depth."""
    out = np.empty((len(pigment), 3), np.float32)
    _tint(skin.astype(np.float32), pigment, blood, deep, MELANIN, BLOOD, _DEEP, out)
    return out


def lay(colour: Floats, cover: Floats, ink: ArrayLike) -> None:
    """Lay an ink (3,) over a colour (n, 3), in place, where and as much as `cover` (n,) in 0..1 says."""
    _lay(colour, cover, np.asarray(ink, dtype=np.float32))


@compiled
def _tint(skin, pigment, blood, deep, melanin, haemoglobin, blue, out):  # type: ignore[no-untyped-def]
    for n in range(len(pigment)):
        for i in range(3):
            out[n, i] = skin[i] * np.exp(-(pigment[n] * melanin[i] + blood[n] * haemoglobin[i] + deep[n] * blue[i]))


@compiled
def _lay(colour, cover, ink):  # type: ignore[no-untyped-def]
    for n in range(len(cover)):
        if cover[n] > 0:
            for i in range(3):
                colour[n, i] += cover[n] * (ink[i] - colour[n, i])
