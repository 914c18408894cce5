"""Skin tone: one curve from the lightest to the darkest skin, read as Fitzpatrick types, as ten steps or as an angle.

The curve follows what melanin and blood do to light: melanin swallows blue more than red, haemoglobin mostly green and
blue (Anderson and Parrish 1981; Krishnaswamy and Baranoski 2004).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

FITZPATRICK = ("I", "II", "III", "IV", "V", "VI")
STEPS = 10

_TYPES = np.log(
    [
        (0.665, 0.445, 0.352), (0.580, 0.364, 0.268), (0.490, 0.289, 0.197),
        (0.370, 0.205, 0.125), (0.238, 0.123, 0.074), (0.130, 0.069, 0.046),
    ]
)  # fmt: skip
MELANIN = np.array([0.75, 1.0, 1.25], dtype=np.float32)
"""What one unit of extra melanin takes from the logarithm of red, green and blue."""
BLOOD = np.array([-0.02, 0.22, 0.20], dtype=np.float32)
"""The same for one unit of extra haemoglobin."""


def skin_rgb(tone: float, undertone: float = 0.0) -> Floats:
    """(3,) linear RGB reflectance of plain skin.

    Args:
        tone: 0 (lightest) .. 5 (darkest).
        undertone: -1 (olive) .. 1 (rosy).
    """
    base = [np.interp(tone, np.arange(len(_TYPES)), _TYPES[:, channel]) for channel in range(3)]
    rosy = np.array([-0.02, 0.09, 0.05]) * undertone
    return np.exp(np.array(base) - rosy).astype(np.float32)


def fitzpatrick(tone: float) -> str:
    """The Fitzpatrick type, "I".."VI", nearest to a tone of 0..5."""
    return FITZPATRICK[int(np.clip(np.floor(tone + 0.5), 0, 5))]


def tone_step(tone: float) -> int:
    """The step 1 (lightest) .. 10 (darkest) of a tone of 0..5, in equal parts of the curve."""
    return 1 + min(int(tone / 5.0 * STEPS), STEPS - 1)


def typology_angle(rgb: ArrayLike) -> NDArray[np.float64]:
    """Individual typology angle in degrees of linear sRGB reflectances (..., 3): above 55 very light, below -30 dark.

    ITA = atan2(L* - 50, b*) under D65 (Chardon et al. 1991; Del Bino and Bernerd 2013).
    """
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = np.asarray(rgb, dtype=float) @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.asarray(np.degrees(np.arctan2(116 * f[..., 1] - 66, 200 * (f[..., 1] - f[..., 2]))))
