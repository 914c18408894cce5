"""The part of a photo that is kept with a reference, so that another model can embed the face later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from visavis.gallery.types import Crop
from visavis.images import Photo, encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.types import Faces

AROUND = 1.8
"""Side of the crop over the longer side of the face's box: holds every alignment's chip, even of a face on its side."""

MOST = 256
"""Pixels a side: about those of a chip of 150 to 224 pixels."""


def cut_crop(photo: Photo, faces: Faces, index: int) -> Crop:
    """The square around one face, cut off at the photo's edges, never enlarged, as a JPEG of quality 95.

    Templates from the crop lie at a Euclidean distance of 0.015 from those of the photo (dlib's network; median over
    235 photos of LFW and celebrities, 0.057 at the 90th percentile, 0.095 at most, where two photos of one person lie
    0.4 apart); similarities to the person's other photos change by 0.009 or less in 95 % of comparisons.

    Args:
        photo: decoded.
        faces: its faces.
        index: which one.

    Returns: the encoded crop with the five points in its pixels.
    """
    left, top, right, bottom = region = _region(faces.boxes[index], photo.width, photo.height)
    width, height = right - left, bottom - top
    scale = min(1.0, MOST / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if scale < 1:
        image = photo.image.resize(size, Image.Resampling.BICUBIC, box=region, reducing_gap=1.1)
    else:
        image = photo.image.crop(region)
    zoom = size[0] / width, size[1] / height
    points = (faces.points[index] + 0.5 - (left, top)) * zoom - 0.5  # pixel centres, so half a pixel from the corners
    data = encode(Photo(image, photo.source), "JPEG")
    return Crop(data, tuple((round(float(x), 3), round(float(y), 3)) for x, y in points))


def _region(box: NDArray[np.float32], width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (float(value) for value in box)
    half = AROUND * max(right - left, bottom - top) / 2
    x, y = (left + right) / 2 + 0.5, (top + bottom) / 2 + 0.5
    return (
        min(max(0, round(x - half)), width - 1),
        min(max(0, round(y - half)), height - 1),
        max(1, min(width, round(x + half))),
        max(1, min(height, round(y + half))),
    )
