"""The sRGB curve (IEC 61966-2-1) between stored values and linear light."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def srgb(linear: ArrayLike) -> NDArray[np.float64]:
    """sRGB values in [0, 1] of linear light, clipped to [0, 1] first."""
    x = np.clip(np.asarray(linear, dtype=np.float64), 0.0, 1.0)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055)


def linear_light(values: ArrayLike) -> NDArray[np.float64]:
    """Linear light in [0, 1] of sRGB values, clipped to [0, 1] first: the inverse of `srgb`."""
    x = np.clip(np.asarray(values, dtype=np.float64), 0.0, 1.0)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
