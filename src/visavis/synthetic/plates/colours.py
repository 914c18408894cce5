"""Colours: "#rrggbb" to linear light and back to sRGB bytes (IEC 61966-2-1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.srgb import linear_light, srgb

Array = NDArray[np.floating[Any]]


def linear(code: str) -> Array:
    """(3,) linear light of "#rrggbb"."""
    return LINEAR[[int(code[k : k + 2], 16) for k in (1, 3, 5)]]


def encoded(light: Array) -> NDArray[np.uint8]:
    """Linear light as sRGB bytes, clipped to 0..1 first."""
    return _CODES[(np.clip(light, 0, 1) * (len(_CODES) - 1) + 0.5).astype(np.int32)]


def _codes(count: int) -> NDArray[np.uint8]:
    return np.asarray(np.rint(255 * srgb(np.arange(count) / (count - 1))), dtype=np.uint8)


LINEAR: Array = linear_light(np.arange(256) / 255).astype(np.float32)
"""(256,) linear light of each sRGB byte."""
_CODES = _codes(1 << 15)
