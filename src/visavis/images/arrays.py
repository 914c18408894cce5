"""From numpy arrays to PIL images: the shapes and number ranges that mean a picture, and no guessing about others."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from visavis.errors import InvalidInput
from visavis.images.photo import Limits

_Array: TypeAlias = np.ndarray[Any, Any]


def image_from_array(array: _Array, name: str, limits: Limits) -> Image.Image:
    """A PIL image (mode L, RGB or RGBA) of (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) values, RGB(A) order.

    Raises:
        InvalidInput: another shape, no pixels, or values that `to_uint8` refuses.
        ImageTooLarge: more pixels than `limits` allow.
    """
    values = np.asarray(array)
    _check_shape(values.shape, name)
    limits.check_pixels(values.shape[1], values.shape[0], name)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    return Image.fromarray(to_uint8(values, name))


def to_uint8(values: _Array, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Samples on the 0..255 scale: uint8 as they are, uint16 from 0..65535, bool from 0..1, floats from 0.0..1.0.

    Raises:
        InvalidInput: another type, or floats that are NaN, infinite or outside 0..1.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values * np.uint8(255)
    if values.dtype.kind == "u" and values.itemsize == 2:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if values.dtype.kind == "f":
        _check_unit_range(values, name)
        return np.rint(values * np.float32(255)).astype(np.uint8)
    raise InvalidInput(
        f"{name}: samples of type {values.dtype} have no agreed range; "
        "use uint8 (0..255), uint16 (0..65535), bool or floats in 0..1"
    )


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4)):
        if 0 in shape:
            raise InvalidInput(f"{name}: shape {shape} holds no pixels; check how it was cropped")
        return
    hint = "check its axes"
    if len(shape) == 1:
        hint = "if it holds an encoded file, pass array.tobytes()"
    elif len(shape) == 3 and shape[0] in (1, 3, 4):
        hint = "put the channels last with array.transpose(1, 2, 0)"
    elif len(shape) == 4:
        hint = "pass the images of a batch one by one"
    raise InvalidInput(f"{name}: shape {shape} is not (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); {hint}")


def _check_unit_range(values: _Array, name: str) -> None:
    low, high = values.min(), values.max()
    if low >= 0 and high <= 1:  # false for NaN
        return
    if not np.isfinite(values).all():
        raise InvalidInput(f"{name}: holds NaN or infinite values; repair them before")
    raise InvalidInput(f"{name}: floats from {low:g} to {high:g} are outside 0..1; divide by 255, or pass uint8 values")
