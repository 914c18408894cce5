"""The face chip as dlib cuts it, so that encodings stored with face_recognition stay comparable.

Its conventions matter (cosine of the embedding to dlib's own): a half-pixel rule (0.9987 without it), a binomial image
pyramid (0.9995 without it) whose bookkeeping is a quarter pixel off, values cut off rather than rounded, and black
outside the photo.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from visavis.errors import InvalidInput
from visavis.face.align import DLIB_150
from visavis.geometry import Similarity
from visavis.models.regression_trees import check_pixels

_MEAN_5 = (
    (0.8595674595992, 0.2134981538014),
    (0.6460604764104, 0.2289674387677),
    (0.1205750620789, 0.2137274526848),
    (0.3340850613712, 0.2290642403242),
    (0.4901123135679, 0.6277975316475),
)
"""Outer and inner corner of the picture's right eye, of its left eye; nose. In the unit square, as dlib has them."""
_USED_OF_68 = (*range(27, 55), *range(60, 65))
"""Of the 68 points dlib aligns by nose, eyes and upper lip, which move least when a face does."""
# fmt: off
_MEAN_OF_68 = (
    (0.490127, 0.203352), (0.490127, 0.307009), (0.490127, 0.409805), (0.490127, 0.515625), (0.36688, 0.587326),
    (0.426036, 0.609345), (0.490127, 0.628106), (0.554217, 0.609345), (0.613373, 0.587326), (0.121737, 0.216423),
    (0.187122, 0.178758), (0.265825, 0.179852), (0.334606, 0.231733), (0.260918, 0.245099), (0.182743, 0.244077),
    (0.645647, 0.231733), (0.714428, 0.179852), (0.793132, 0.178758), (0.858516, 0.216423), (0.79751, 0.244077),
    (0.719335, 0.245099), (0.254149, 0.780233), (0.340985, 0.745405), (0.428858, 0.727388), (0.490127, 0.742578),
    (0.551395, 0.727388), (0.639268, 0.745405), (0.726104, 0.780233), (0.290379, 0.784792), (0.428096, 0.778746),
    (0.490127, 0.785343), (0.552157, 0.778746), (0.689874, 0.784792),
)
# fmt: on
"""Those, in the unit square of dlib's other mean face."""

_HOG_CENTRE, _HOG_SIDE = 72.4 + 73.4j, 126.8
"""The square that dlib's HOG detector draws on average, in pixels of an upright `DLIB_150` chip."""
_CORNERS = np.array([-1 - 1j, 1 - 1j, -1 + 1j, 1 + 1j])
_SMALLEST = 2.0
"""Pixels of the photo that a chip must span to have a direction."""


def hog_like_squares(points: ArrayLike) -> NDArray[np.float64]:
    """The squares that dlib's HOG detector would draw around faces, near enough for what was trained on its boxes.

    Args:
        points: (n, 5, 2) landmarks in the order of `visavis.types.POINT_NAMES`.

    Returns:
        (n, 4) left, top, right, bottom in pixels; they may reach over the edge of the photo.
    """
    fit = Similarity.fit(DLIB_150.points, np.reshape(points, (-1, 5, 2)))
    centre = fit.a * _HOG_CENTRE + fit.b
    half = np.abs(fit.a) * _HOG_SIDE / 2
    return np.stack([centre.real - half, centre.imag - half, centre.real + half, centre.imag + half], axis=1)


def dlib_chips(
    image: NDArray[np.uint8], points: ArrayLike, size: int = 150, padding: float = 0.25
) -> NDArray[np.uint8]:
    """Cut faces out of a photo, upright and scaled, by dlib's points.

    Args:
        image: (H, W, 3) uint8 RGB.
        points: (n, 5, 2) or (n, 68, 2) in pixels, from dlib's 5- or 68-point `RegressionTrees`.
        size: side of a chip in pixels.
        padding: margin on each side of the mean face, as a share of it.

    Returns:
        (n, size, size, 3) uint8 RGB, black outside the photo; within one grey level of dlib's, nearly always equal.

    Raises:
        InvalidInput: an array has another shape or type, or the points of a face lie all in one place.
    """
    check_pixels(image)
    points = np.asarray(points)
    if points.ndim != 3 or points.shape[1:] not in ((5, 2), (68, 2)):
        raise InvalidInput(f"landmarks: expected (n, 5, 2) or (n, 68, 2) from dlib's trees, got {points.shape}")
    mean, used = (_MEAN_5, slice(None)) if points.shape[1] == 5 else (_MEAN_OF_68, _USED_OF_68)
    fit = Similarity.fit(size * (padding + np.array(mean)) / (1 + 2 * padding), points[:, used])
    if not (np.abs(fit.a) * size >= _SMALLEST).all():
        raise InvalidInput("landmarks lie all in one place, so the face has no direction; give a larger face box")
    chips = np.zeros((len(fit.a), size, size, 3), np.uint8)
    for chip, a, b in zip(chips, fit.a, fit.b, strict=True):
        chip[:] = _cut(image, a, b, size)
    return chips


def _cut(image: NDArray[np.uint8], a: complex, b: complex, size: int) -> NDArray[np.uint8]:
    """One chip; z -> a*z + b takes the mean face in the chip to the photo."""
    span = abs(a) * size - 1  # the chip's outermost pixels lie this far apart in the photo
    turn = a / abs(a)
    levels = max(0, math.ceil(math.log2(span / (size - 1))) - 1)  # until one chip pixel covers at most two
    centre = a * (1 + 1j) * size / 2 + b
    left, top, right, bottom = _window(centre + span / 2 * turn * _CORNERS, 2 ** (levels + 2) - 2, image.shape)
    view, centre = image[top:bottom, left:right], centre - complex(left, top)
    for _ in range(levels):
        view, centre = _halved(view), centre / 2 - (1.25 + 0.75j)  # where dlib believes it to be; truly 1 + 1j
    step = turn * span / 2**levels / (size - 1)
    index = np.arange(size) - (size - 1) / 2
    return _bilinear(view, step, centre + step * (index + 1j * index[:, None]))


def _window(corners: NDArray[np.complex128], margin: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom (exclusive) of the pixels around a chip; the pyramid starts at its corner."""
    left = math.floor(max(corners.real.min() - margin, 0) + 0.5)
    top = math.floor(max(corners.imag.min() - margin, 0) + 0.5)
    right = math.floor(min(corners.real.max() + margin, shape[1] - 1) + 0.5) + 1
    bottom = math.floor(min(corners.imag.max() + margin, shape[0] - 1) + 0.5) + 1
    return left, top, max(right, 0), max(bottom, 0)


def _halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every second pixel after a binomial blur both ways, less the border that the blur lacks."""
    if min(image.shape[:2]) <= 8:
        return image[:0, :0]
    blurred = _thinned(_thinned(image.astype(np.uint16)).swapaxes(0, 1)).swapaxes(0, 1)
    return (blurred >> 8).astype(np.uint8)


def _thinned(lines: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """(1 4 6 4 1)-weighted sums around every second line."""
    end = 2 * ((len(lines) - 3) // 2) - 1
    outer, inner = lines[:end:2] + lines[4 : 4 + end : 2], lines[1 : 1 + end : 2] + lines[3 : 3 + end : 2]
    return outer + 4 * inner + 6 * lines[2 : 2 + end : 2]


def _bilinear(view: NDArray[np.uint8], step: complex, places: NDArray[np.complex128]) -> NDArray[np.uint8]:
    """The view's colours at complex index `places`, a grid with the given step; black outside."""
    height, width = view.shape[:2]
    x, y = places.real, places.imag
    inside = (x >= 0) & (y >= 0) & (x < width - 1) & (y < height - 1)
    if not inside.any():
        return np.zeros((*places.shape, 3), np.uint8)
    corner = places[0, 0] + (1 - step) * (0.5 + 0.5j)  # Pillow counts from pixel corners, not from pixel centres
    coefficients = (step.real, -step.imag, corner.real, step.imag, step.real, corner.imag)
    source = Image.fromarray(np.ascontiguousarray(view))
    chip = np.asarray(source.transform(places.shape, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))
    return np.where(inside[..., None], chip, 0)
