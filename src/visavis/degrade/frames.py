"""What a degradation takes and gives: RGB uint8 frames, one or a sequence of one size."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput

Pixels: TypeAlias = NDArray[np.uint8]


def check_frame(pixels: Any) -> Pixels:
    """`pixels` if they are one (H, W, 3) uint8 frame.

    Raises:
        InvalidInput: another type or shape, or no pixels.
    """
    return _checked(pixels, (3,))


def check_frames(pixels: Any) -> Pixels:
    """`pixels` if they are one (H, W, 3) uint8 frame or a (T, H, W, 3) sequence.

    Raises:
        InvalidInput: another type or shape, no frames or no pixels.
    """
    return _checked(pixels, (3, 4))


def _checked(pixels: Any, dimensions: tuple[int, ...]) -> Pixels:
    wanted = "(H, W, 3)" if dimensions == (3,) else "(H, W, 3) or (T, H, W, 3)"
    if not isinstance(pixels, np.ndarray):
        raise InvalidInput(f"frame: expected an array {wanted}, got {type(pixels).__name__}; numpy.asarray may help")
    if pixels.dtype != np.uint8:
        raise InvalidInput(f"frame: expected uint8 values 0..255, got {pixels.dtype}; convert (and repair NaN) before")
    if pixels.ndim not in dimensions or pixels.shape[-1] != 3:
        raise InvalidInput(f"frame: expected shape {wanted} in RGB, got {pixels.shape}; check its axes")
    if 0 in pixels.shape:
        raise InvalidInput(f"frame: shape {pixels.shape} holds no frame or no pixels; give at least one of each")
    return pixels


def as_pixels(values: NDArray[np.floating[Any]]) -> Pixels:
    """Values on the 0..255 scale as the nearest uint8; overwrites `values`."""
    np.rint(values, out=values)
    np.clip(values, 0, 255, out=values)
    return values.astype(np.uint8)
