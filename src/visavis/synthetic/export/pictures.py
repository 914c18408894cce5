"""Pictures and label maps as the bytes of files."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from visavis.errors import InvalidInput
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.version import VERSION

FORMATS = ("png", "jpg")
DEPTH_UNIT = 1e-4
"""Metres per step of a depth picture: 0.1 mm. 0 is background, and 65,535 (6.5535 m) stands for all that is farther."""
JPEG_QUALITY = 95

_RUN_LENGTHS = 3  # zlib's strategy Z_RLE: on rendered pictures smaller than level 6, in half its time
_PALETTE = (
    (0, 0, 0), (230, 180, 150), (200, 140, 110), (90, 200, 220), (60, 90, 220), (100, 130, 240), (110, 70, 40),
    (140, 95, 60), (240, 150, 60), (220, 130, 90), (120, 20, 30), (220, 60, 90), (180, 40, 70), (60, 50, 45),
    (150, 60, 180), (255, 220, 0), (200, 200, 120), (170, 130, 110), (70, 150, 90),
)  # fmt: skip
"""sRGB colour of each class of `PARSING`, for people who open a mask in a picture viewer."""


def picture_bytes(image: NDArray[np.uint8], suffix: str, comment: str = "") -> bytes:
    """An RGB picture (H, W, 3) as a PNG (`png`, loses nothing) or JPEG (`jpg`, quality 95, full colour) file.

    Args:
        image: the picture.
        suffix: one of `FORMATS`.
        comment: kept in the file, where programs that show its properties find it; see `origin`.

    Raises:
        InvalidInput: the suffix is none of `FORMATS`.
    """
    picture = Image.fromarray(image)
    if check_format(suffix) == "png":
        texts = PngInfo()
        if comment:
            texts.add_text("Comment", comment)
        return _encoded(picture, "PNG", compress_level=1, compress_type=_RUN_LENGTHS, pnginfo=texts)
    return _encoded(picture, "JPEG", quality=JPEG_QUALITY, subsampling=0, comment=comment.encode())


def origin(seed: int) -> str:
    """What a file of this seed should say of itself wherever it ends up."""
    return f"Synthetic: rendered by visavis, world version {VERSION}, seed {seed}; shows no real person"


def check_format(suffix: str) -> str:
    """The suffix, when it is one of `FORMATS`.

    Raises:
        InvalidInput: it is not.
    """
    if suffix not in FORMATS:
        raise InvalidInput(f"picture format {suffix!r}: needs one of {', '.join(FORMATS)}")
    return suffix


def parsing_bytes(mask: NDArray[np.uint8]) -> bytes:
    """A mask (H, W) of the classes 0..18 as a PNG file whose pixels are the classes; its palette is for the eye."""
    picture = Image.fromarray(mask, "P")
    picture.putpalette([channel for colour in _PALETTE[: len(PARSING)] for channel in colour])
    return _encoded(picture, "PNG", compress_level=3)


def depth_bytes(depth: NDArray[np.floating[Any]]) -> bytes:
    """A depth map (H, W) in metres, inf = background, as a 16-bit PNG file in steps of `DEPTH_UNIT`."""
    steps = np.clip(np.rint(np.where(np.isfinite(depth), depth, 0.0).astype(np.float64) / DEPTH_UNIT), 0, 65_535)
    return _encoded(Image.fromarray(steps.astype(np.uint16)), "PNG", compress_level=3)


def index_bytes(indices: NDArray[np.integer[Any]]) -> bytes:
    """A map (H, W) of numbers -1..254, -1 = nothing, as an 8-bit grey PNG file of the numbers + 1."""
    return _encoded(Image.fromarray((indices + 1).astype(np.uint8)), "PNG", compress_level=3)


def share_bytes(shares: NDArray[Any]) -> bytes:
    """A map (H, W) of shares in [0, 1], or of truth values, as an 8-bit grey PNG file; 255 = 1."""
    return _encoded(Image.fromarray(np.rint(np.clip(shares, 0, 1) * 255.0).astype(np.uint8)), "PNG", compress_level=3)


def array_bytes(values: NDArray[Any], kind: type[np.floating[Any]] = np.float16) -> bytes:
    """An array as a compressed NumPy archive, half precision unless another kind is named, under the name `values`."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, values=values.astype(kind))
    return buffer.getvalue()


MAPS: dict[str, tuple[str, Callable[[Any], bytes]]] = {
    "parsing": ("png", parsing_bytes),
    "depth": ("png", depth_bytes),
    "alpha": ("png", share_bytes),
    "normals": ("npz", array_bytes),
    "albedo": ("npz", array_bytes),
    "shading": ("npz", array_bytes),
}
"""The label maps that can be exported: suffix of the file, and how it is encoded."""


def check_maps(names: Iterable[str], maps: Collection[str]) -> tuple[str, ...]:
    """The names without repetition, in the order of `maps`.

    Raises:
        InvalidInput: one is not a map; the message lists all.
    """
    names = tuple(names)
    if unknown := [name for name in names if name not in maps]:
        raise InvalidInput(f"label map {unknown[0]!r}: needs one or more of {', '.join(maps)}")
    return tuple(name for name in maps if name in names)


def _encoded(picture: Image.Image, image_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()
