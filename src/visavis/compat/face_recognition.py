"""The API of face_recognition 1.3.0 on visavis: change one import, keep your stored encodings.

    from visavis.compat import face_recognition

Names, arguments and results are those of face_recognition: boxes are (top, right, bottom, left), encodings are 128
numbers compared by Euclidean distance, 0.6 is the usual tolerance. For known boxes an encoding equals the peer's to
float noise: the same landmarks, chip and network. What differs, and why:

- Faces are found by visavis's detector, which is faster and finds smaller and more turned faces; so there may be more
  of them. The most prominent comes first. Boxes are the squares that the peer's HOG detector draws on average, not the
  very same numbers; encodings of faces found this way differ about as the peer's do when its box moves by 4 %.
- `model="hog"` and `model="cnn"` run this one detector; any other name is an error rather than HOG.
- `number_of_times_to_upsample` keeps its meaning: 1 finds faces from about 40 px in the image, each step halves that.
- The 68 points of `model="large"` exclude commercial use, so they are never fetched unasked; the error says how to.
- `num_jitters` above 1 distorts chips by as much as the peer does, but always in the same ways: results repeat.
- `load_image_file` turns photos upright as their EXIF data say, lays transparency on white, and refuses files that are
  damaged or cut off. Images may be grey everywhere, need not be contiguous, and may differ in size within a batch.
- Bad input raises a `visavis.errors.VisavisError` that names it, an `InvalidInput` being a ValueError too.

Everything here is safe to call from several threads. Models are loaded (and fetched, with a notice) at first use.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis import images
from visavis.errors import InvalidInput, LicenceRestricted
from visavis.face.align import warp
from visavis.face.dlib_chip import dlib_chips, hog_like_squares
from visavis.face.engine import Engine
from visavis.images import ImageSource, Limits
from visavis.models import LANDMARKS, find_card, model_bytes
from visavis.models.cache import Cache
from visavis.models.locations import cache_dir
from visavis.models.regression_trees import RegressionTrees, check_pixels
from visavis.types import Faces

__all__ = [
    "batch_face_locations",
    "compare_faces",
    "face_distance",
    "face_encodings",
    "face_landmarks",
    "face_locations",
    "load_image_file",
]

Pixels = NDArray[np.uint8]
Encoding = NDArray[np.float64]
Location = tuple[int, int, int, int]
"""(top, right, bottom, left) in pixels."""
Point = tuple[int, int]
"""(x, y) in pixels."""

_LANDMARKS_68 = "dlib-landmarks68"
_ONE_LOOK = 640
"""Longer side in pixels that the detector takes in at once; larger views get a look in tiles too."""
_MOST_UPSAMPLES = 16
_SMALL = {"nose_tip": (4,), "left_eye": (2, 3), "right_eye": (0, 1)}
_LARGE = {
    "chin": range(17),
    "left_eyebrow": range(17, 22),
    "right_eyebrow": range(22, 27),
    "nose_bridge": range(27, 31),
    "nose_tip": range(31, 36),
    "left_eye": range(36, 42),
    "right_eye": range(42, 48),
    "top_lip": (*range(48, 55), 64, 63, 62, 61, 60),
    "bottom_lip": (*range(54, 60), 48, 60, 67, 66, 65, 64),
}
"""Which points make up a feature, in drawing order; left and right as seen in the picture."""


def load_image_file(file: ImageSource, mode: str = "RGB") -> Pixels:
    """Load an image as an array.

    Args:
        file: path or binary file object (or whatever else `visavis.images.load` takes).
        mode: "RGB" for (H, W, 3), "L" for grey (H, W).

    Raises:
        ImageError: the image cannot be used.
    """
    if mode not in ("RGB", "L"):
        raise InvalidInput(f"mode {mode!r}: choose 'RGB' or 'L' (grey)")
    return np.array(images.load(file).image.convert(mode))


def face_locations(img: Pixels, number_of_times_to_upsample: int = 1, model: str = "hog") -> list[Location]:
    """Find the faces of an image.

    Args:
        img: (H, W, 3) RGB or (H, W) grey, uint8.
        number_of_times_to_upsample: 0 or more; higher finds smaller faces and takes longer.
        model: "hog" or "cnn", the same here.

    Returns:
        Square boxes (top, right, bottom, left), cut off at the image's edges, the most prominent face first.
    """
    _choice(model, ("hog", "cnn"))
    image = _rgb(img)
    return _trimmed(_find(image, number_of_times_to_upsample), image)


def batch_face_locations(
    images: Sequence[Pixels], number_of_times_to_upsample: int = 1, batch_size: int = 128
) -> list[list[Location]]:
    """`face_locations` of many images at once, on all cores; memory stays bounded, whatever `batch_size` says."""
    pixels = [_rgb(image) for image in images]
    views = [_view(image, number_of_times_to_upsample) for image in pixels]
    found = _engine().faces_batch(views, embed=False, quality=False)
    return [_trimmed(_squares(faces, image), image) for faces, image in zip(found, pixels, strict=True)]


def face_landmarks(
    face_image: Pixels, face_locations: Iterable[Sequence[int]] | None = None, model: str = "large"
) -> list[dict[str, list[Point]]]:
    """Locate the features of each face.

    Args:
        face_image: (H, W, 3) RGB or (H, W) grey, uint8.
        face_locations: boxes (top, right, bottom, left); None = find the faces first.
        model: "large" for 68 points in nine features, "small" for 5 points: the eyes' corners and the nose.

    Returns:
        For each face the (x, y) points of each feature by name.

    Raises:
        LicenceRestricted: the 68-point model was not fetched yet; the message says how to.
    """
    groups = _SMALL if _choice(model, ("large", "small")) == "small" else _LARGE
    return [
        {name: [(int(points[i, 0]), int(points[i, 1])) for i in group] for name, group in groups.items()}
        for points in _landmarks(_rgb(face_image), face_locations, model)
    ]


def face_encodings(
    face_image: Pixels,
    known_face_locations: Iterable[Sequence[int]] | None = None,
    num_jitters: int = 1,
    model: str = "small",
) -> list[Encoding]:
    """Describe each face by 128 numbers.

    Args:
        face_image: (H, W, 3) RGB or (H, W) grey, uint8.
        known_face_locations: boxes (top, right, bottom, left); None = find the faces first.
        num_jitters: above 1, the mean over so many slightly distorted chips: a little steadier, so many times slower.
        model: landmarks that align the face, "small" (5 points) or "large" (68, see `face_landmarks`).

    Returns:
        One (128,) float64 vector for each face.
    """
    image = _rgb(face_image)
    _choice(model, ("large", "small"))
    jitters = _whole(num_jitters, "num_jitters")
    chips = dlib_chips(image, _landmarks(image, known_face_locations, model))
    if jitters > 1:
        return [_engine().embed(_jittered(chip, jitters)).mean(axis=0, dtype=np.float64) for chip in chips]
    return list(_engine().embed(chips).astype(np.float64))


def face_distance(face_encodings: Sequence[Encoding] | Encoding, face_to_compare: Encoding) -> Encoding:
    """Euclidean distance of each of (n, 128) encodings to one (128,) encoding; (n,), smaller = more alike."""
    if len(face_encodings) == 0:
        return np.empty(0)
    try:
        known, probe = np.asarray(face_encodings, np.float64), np.asarray(face_to_compare, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"face encodings: expected equally long lists of numbers ({error})") from error
    if known.ndim != 2 or probe.shape != known.shape[1:]:
        raise InvalidInput(
            f"face encodings of shape {known.shape} cannot be compared to one of shape {probe.shape}; "
            "give a list of encodings first, then a single encoding"
        )
    distances: Encoding = np.linalg.norm(known - probe, axis=1)
    return distances


def compare_faces(
    known_face_encodings: Sequence[Encoding] | Encoding, face_encoding_to_check: Encoding, tolerance: float = 0.6
) -> list[bool]:
    """For each known encoding whether it lies within `tolerance` of the one to check."""
    return [bool(near) for near in face_distance(known_face_encodings, face_encoding_to_check) <= tolerance]


@functools.cache
def _engine() -> Engine:
    return Engine(align="dlib5", long_side=_ONE_LOOK, tiles=True)


@functools.cache
def _trees(model: str) -> RegressionTrees:
    if model == "small":
        return RegressionTrees.load(model_bytes(find_card(LANDMARKS)), LANDMARKS)
    data = Cache(cache_dir()).read(find_card(_LANDMARKS_68))
    if data is None:
        raise LicenceRestricted(
            "the 68 landmarks of model='large' were learnt from photos whose terms exclude commercial use; if your use "
            f"is permitted, run `visavis models pull {_LANDMARKS_68} --allow-restricted` once, else pass model='small'"
        )
    return RegressionTrees.load(data, _LANDMARKS_68)


def _find(image: Pixels, upsamples: int) -> NDArray[np.int64]:
    """Boxes (n, 4) left, top, right, bottom of the faces, not cut off at the edges."""
    return _squares(_engine().faces(_view(image, upsamples), embed=False, quality=False), image)


def _view(image: Pixels, upsamples: int) -> Image.Image:
    """The image as our detector needs it to find what the peer's finds in one doubled `upsamples` times.

    The peer's needs faces of 80 px, ours of 20: a quarter of the peer's resolution does, but never less than one look
    takes in.
    """
    height, width = image.shape[:2]
    if _whole(upsamples, "number_of_times_to_upsample") > _MOST_UPSAMPLES:
        raise InvalidInput(f"number_of_times_to_upsample {upsamples}: needs at most {_MOST_UPSAMPLES}")
    zoom = max(2.0 ** (upsamples - 2), min(1.0, _ONE_LOOK / max(width, height)))
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    Limits().check_pixels(*size, f"image enlarged {zoom:g} times by number_of_times_to_upsample")
    return Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _squares(faces: Faces, image: Pixels) -> NDArray[np.int64]:
    """Boxes in the image, in whole pixels, of faces found in a smaller or larger view of it."""
    height, width = image.shape[:2]
    ratio = np.divide((width, height), faces.image_size)
    return np.round(hog_like_squares((faces.points + 0.5) * ratio - 0.5)).astype(np.int64)


def _landmarks(image: Pixels, locations: Iterable[Sequence[int]] | None, model: str) -> NDArray[np.int64]:
    """(n, 5, 2) or (n, 68, 2) points in the given boxes, or in those that are found."""
    boxes = _find(image, 1) if locations is None else _boxes(locations)
    return _trees(model).predict(image, boxes)


def _boxes(locations: Iterable[Sequence[int]]) -> NDArray[np.float64]:
    """(top, right, bottom, left) as (n, 4) left, top, right, bottom."""
    try:
        css = np.asarray(list(locations), np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"face locations: expected a list of (top, right, bottom, left) ({error})") from error
    if css.size and css.shape[1:] != (4,):
        raise InvalidInput(f"face locations: expected a list of (top, right, bottom, left), got shape {css.shape}")
    return css.reshape(-1, 4)[:, [3, 0, 1, 2]]


def _trimmed(boxes: NDArray[np.int64], image: Pixels) -> list[Location]:
    """Boxes left, top, right, bottom as (top, right, bottom, left) inside the image."""
    height, width = image.shape[:2]
    return [
        (max(top, 0), min(right, width), min(bottom, height), max(left, 0))
        for left, top, right, bottom in boxes.tolist()
    ]


def _jittered(chip: Pixels, count: int) -> Pixels:
    """`count` copies of a chip turned by up to 3 degrees, shifted by up to 2 %, scaled by up to 4 %, half mirrored."""
    random = np.random.default_rng(0)
    centre = complex(1, 1) * (len(chip) - 1) / 2
    source = Image.fromarray(chip)
    copies = np.empty((count, *chip.shape), np.uint8)
    for copy in copies:
        a = random.uniform(0.96, 0.99) * np.exp(1j * np.radians(random.uniform(-3, 3)))
        shift = complex(*random.uniform(-0.02, 0.02, 2)) * len(chip)
        copy[:] = warp(source, a, centre + shift - a * centre, len(chip))
    copies[1::2] = copies[1::2, :, ::-1]
    return copies


def _rgb(image: Any) -> Pixels:
    """A grey image as three equal channels; an RGB image as it is."""
    pixels = image if not isinstance(image, np.ndarray) or image.ndim != 2 else np.stack([image] * 3, axis=-1)
    check_pixels(pixels)
    return np.ascontiguousarray(pixels)


def _choice(value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InvalidInput(f"model {value!r}: choose {' or '.join(map(repr, choices))}")
    return value


def _whole(value: int, name: str) -> int:
    if not isinstance(value, int | np.integer) or value < 0:
        raise InvalidInput(f"{name} {value!r}: needs a whole number of 0 or more")
    return int(value)
