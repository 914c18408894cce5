"""Five-point similarity alignment: from landmarks to the upright, scaled chip that an embedder reads.

Coordinates are pixel indices (the centre of the top-left pixel is (0, 0)), points in the order of
`visavis.types.POINT_NAMES`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.errors import InvalidInput
from visavis.geometry import Similarity

_SMALLEST = 1.0
"""Pixels of the image that a chip must span to have a direction."""
_FARTHEST = 1e6
"""No image reaches further (pixels)."""


@dataclass(frozen=True)
class ChipTemplate:
    """Where the five points belong in a square chip of `size` pixels."""

    name: str
    size: int
    points: tuple[tuple[float, float], ...]


DLIB_150 = ChipTemplate(
    "dlib-150", 150, ((45.75, 46.25), (103.25, 46.25), (74.50, 78.60), (49.67, 102.33), (99.33, 102.33))
)
"""Puts CenterFace's points where dlib's own alignment has them on average; symmetric left to right."""

ARCFACE_112 = ChipTemplate(
    "arcface-112",
    112,
    ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)),
)
"""The template of ArcFace, AdaFace, EdgeFace and most 112-pixel embedders (InsightFace)."""


def arcface_template(size: int) -> ChipTemplate:
    """ArcFace's template for other chip sizes, by InsightFace's rule.

    Multiples of 112 are scaled; multiples of 128 are scaled as if 112 wide and centred by 8 pixels of 128.

    Raises:
        InvalidInput: the size is neither.
    """
    if size <= 0 or (size % 112 and size % 128):
        raise InvalidInput(f"an ArcFace chip of {size} pixels: needs a multiple of 112 or of 128")
    ratio, shift = (size / 112, 0.0) if size % 112 == 0 else (size / 128, 8.0 * size / 128)
    points = tuple((x * ratio + shift, y * ratio) for x, y in ARCFACE_112.points)
    return ChipTemplate(f"arcface-{size}", size, points)


def chip_template(name: str) -> ChipTemplate:
    """The alignment template with this name: `dlib-150`, `arcface-112`, `arcface-224`, `arcface-128`, ...

    Raises:
        InvalidInput: there is none.
    """
    family, _, size = name.rpartition("-")
    if family == "arcface" and size.isdecimal():
        return arcface_template(int(size))
    if name != DLIB_150.name:
        raise InvalidInput(f"alignment template {name!r} is unknown; choose dlib-150 or arcface-SIZE")
    return DLIB_150


def align(image: Image.Image, points: NDArray[np.floating], template: ChipTemplate) -> NDArray[np.uint8]:
    """Cut the faces out of an image so that their points lie on the template's, in least squares (Umeyama, 1991).

    Args:
        image: RGB.
        points: (n, 5, 2) landmarks in the image.
        template: where they belong.

    Returns:
        (n, size, size, 3) uint8 RGB; black where the chip reaches beyond the image.

    Raises:
        InvalidInput: landmarks have another shape, are not finite, or lie all in one place.
    """
    points = np.asarray(points)
    if points.ndim != 3 or points.shape[1:] != (5, 2) or not (np.abs(points) < _FARTHEST).all():
        raise InvalidInput(
            f"landmarks: expected (n, 5, 2) finite coordinates in pixels, got {points.shape}; detect the face again"
        )
    fit = Similarity.fit(template.points, points)
    if not (np.abs(fit.a) * template.size >= _SMALLEST).all():
        raise InvalidInput("landmarks lie all in one place, so the face has no direction; detect the face again")
    chips = np.empty((len(points), template.size, template.size, 3), np.uint8)
    for chip, a, b in zip(chips, fit.a, fit.b, strict=True):
        chip[:] = warp(image, a, b, template.size)
    return chips


def warp(image: Image.Image, a: complex, b: complex, size: int) -> NDArray[np.uint8]:
    """Sample a (size, size, 3) chip; the similarity z -> a*z + b takes chip indices to image indices.

    Where the chip is smaller than the face, the image is first averaged down to the chip's scale by area, so that
    nothing aliases and no detail is skipped; what remains is a bilinear turn and shift, or enlargement.
    """
    half = 0.5 + 0.5j  # Pillow counts from pixel corners, not from pixel centres
    corner = b + half - a * half
    rows = np.array([[a.real, -a.imag, corner.real], [a.imag, a.real, corner.imag]])
    if abs(a) > 1:
        left, top, right, bottom = box = _footprint(a, corner, size, image.size)
        if right > left and bottom > top:
            small = max(1, round((right - left) / abs(a))), max(1, round((bottom - top) / abs(a)))
            image = image.resize(small, Image.Resampling.BOX, box=box, reducing_gap=2.0)
            rows[:, 2] -= left, top
            rows *= [[small[0] / (right - left)], [small[1] / (bottom - top)]]
    chip = image.transform((size, size), Image.Transform.AFFINE, tuple(rows.ravel()), Image.Resampling.BILINEAR)
    return np.asarray(chip)


def _footprint(a: complex, b: complex, size: int, limits: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the image that a chip covers, with a small margin."""
    corners = a * np.array([0, size, size * 1j, size * (1 + 1j)]) + b
    x, y, margin = corners.real, corners.imag, 2 * abs(a)
    left, right = np.clip((np.floor(x.min() - margin), np.ceil(x.max() + margin)), 0, limits[0])
    top, bottom = np.clip((np.floor(y.min() - margin), np.ceil(y.max() + margin)), 0, limits[1])
    return int(left), int(top), int(right), int(bottom)
