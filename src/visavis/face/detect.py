"""Finding faces: scale the photo, run the detector, decode, suppress; look closer only where it pays."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.errors import CardError, InvalidInput
from visavis.face.align import DLIB_150
from visavis.face.decoders import Detections, concatenate, decode_centerface, decode_scrfd
from visavis.face.suppress import suppress
from visavis.geometry import Similarity
from visavis.models.card import ModelCard
from visavis.models.network import Network, network_input

Region = tuple[int, int, int, int]
"""left, top, right, bottom in pixels of the photo."""

_CLEAR_HEIGHT = 32  # pixels of a face in the detector's input from which a closer look shows it nothing new
_CLOSER_VIEW = 192  # side of a closer look's input: six times such a face
_SMALLEST_CHIP = 2.0  # pixels of the photo that a face's chip must span; below, its points have no direction
_MAX_CLOSER = 64  # closer looks at one photo; more would mean that texture, not faces, asks for them


@dataclass(frozen=True)
class DetectionSettings:
    """What counts as a face and how hard to look for it.

    Attributes:
        long_side: the photo's longer side is brought down to this many pixels before detection. Larger finds smaller
            faces (from about 16 px high in the scaled photo) and costs time in proportion to the area; beyond 1280 a
            face that fills the photo may split in two.
        min_score: lowest detection score of a face, in (0, 1). Lower finds more faces and more things that are none.
        max_iou: boxes overlapping a better one by more are the same face.
        min_size: faces of smaller height (pixels of the photo) are left out.
        hint_score: where the first look sees a small face with at least this score, a closer look decides, and finds
            the points more exactly. Raise it to `min_score` or beyond to look closer at certain faces only; lower it
            to find smaller faces (0.15 finds most of 12 px), at the price of time.
        tiles: also look at the photo in overlapping tiles of `long_side` pixels at full size: finds faces of 16 px and
            up in a photo of any size; costs time in proportion to the photo's area.
    """

    long_side: int = 640
    min_score: float = 0.5
    max_iou: float = 0.3
    min_size: float = 0.0
    hint_score: float = 0.15
    tiles: bool = False

    def __post_init__(self) -> None:
        for item in fields(self):
            if not isinstance(getattr(self, item.name), Real):
                raise InvalidInput(f"{item.name} {getattr(self, item.name)!r}: is not a number")
        if not 64 <= self.long_side <= 8192 or self.long_side % 1:
            raise InvalidInput(f"long_side {self.long_side}: needs 64 to 8192 whole pixels")
        if not 0 < self.min_score < 1:
            raise InvalidInput(f"min_score {self.min_score}: needs a number between 0 and 1, both excluded")
        if not 0 < self.hint_score < 1:
            raise InvalidInput(f"hint_score {self.hint_score}: needs a number between 0 and 1, both excluded")
        if not 0 <= self.max_iou <= 1:
            raise InvalidInput(f"max_iou {self.max_iou}: needs a number in [0, 1]")
        if not self.min_size >= 0:
            raise InvalidInput(f"min_size {self.min_size}: needs a number of pixels, 0 or more")


class Detector:
    """A face detector: an image in, boxes with five points out."""

    def __init__(self, card: ModelCard, network: Network, settings: DetectionSettings) -> None:
        if card.output.decoder not in ("centerface", "scrfd"):
            raise CardError(f"{card.id} is no face detector (its decoder is {card.output.decoder!r})")
        self.card = card
        self.settings = settings
        self._network = network
        self._long_side = min(settings.long_side, card.input.width or 8192, card.input.height or 8192)
        self._closer_side = min(_CLOSER_VIEW, self._long_side)

    def detect(self, image: Image.Image) -> Detections:
        """All faces of an RGB image, the most prominent (largest clearly visible) first, in the image's pixel indices.

        The first look takes the whole photo, small. Where it shows small or doubtful faces, closer looks follow, which
        cost little because they skip the rest. A photo in which nothing is found gets one more look with an empty
        margin around it: a face that fills the picture to its edges has too little context for the detector.
        """
        width, height = image.size
        found = self._look_twice(image, (0, 0, width, height))
        if self.settings.tiles and max(width, height) > self._long_side:
            views = tiles(width, height, self._long_side)
            found = concatenate([found, *(self._look_twice(image, view) for view in views)])
        if not len(found):
            margin = (-(width // 2), -(height // 2), width + width // 2, height + height // 2)
            found = self._look_twice(image, margin)
        return self._select(found, width, height)

    def _look_twice(self, image: Image.Image, region: Region) -> Detections:
        """Faces in a region: what the first look is sure of, and what closer looks make of the small ones."""
        left, top, right, bottom = region
        scale = min(1.0, self._long_side / max(right - left, bottom - top))
        first = self._look(image, region, scale)
        zoom = np.minimum(_CLEAR_HEIGHT / np.maximum(first.boxes[:, 3] - first.boxes[:, 1], 1e-3), 1.0)
        small = zoom > 1.25 * scale  # the photo has more to show of them
        certain = first.scores >= self.settings.min_score
        closer, covered = self._look_closer(image, first, np.where(small, zoom, 0))
        return concatenate([closer, first[certain & ~covered]])

    def _look_closer(
        self, image: Image.Image, first: Detections, zoom: NDArray[np.float32]
    ) -> tuple[Detections, NDArray[np.bool_]]:
        """Look closer, at scale `zoom`, at rows that have one; returns what is there, and which rows that replaces."""
        centres = (first.boxes[:, :2] + first.boxes[:, 2:]) / 2
        covered = np.zeros(len(first), bool)
        looks: list[Detections] = []
        for row in np.argsort(-first.scores, kind="stable"):
            if not zoom[row] or covered[row] or len(looks) == _MAX_CLOSER:
                continue
            half = self._closer_side / 2 / float(zoom[row])
            left, top = np.floor(centres[row] - half).astype(int)
            side = int(2 * half)  # rounded up, it could need a row of the network's input more
            found = self._look(image, (left, top, left + side, top + side), float(zoom[row]))
            found = found[found.scores >= self.settings.min_score]
            found_centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
            looks.append(found[(np.abs(found_centres - centres[row]) <= half / 2).all(1)])  # others lack context here
            covered |= (zoom > 0) & (np.abs(centres - centres[row]) <= half / 2).all(1)
        return concatenate(looks), covered

    def _look(self, image: Image.Image, region: Region, scale: float) -> Detections:
        """Rows from the hint score up in a region of the photo, looked at in this scale; black outside the photo."""
        left, top, right, bottom = region
        size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
        detections = self._run(self._padded(_scaled(image, region, size)), size)
        return detections.mapped(((right - left) / size[0], (bottom - top) / size[1]), (left, top))

    def _padded(self, view: Image.Image) -> NDArray[np.uint8]:
        """(H, W, 3) with black at the right and bottom up to the size that the network takes."""
        expected = self.card.input
        pixels = np.asarray(view)
        rows, columns = pixels.shape[:2]
        height = expected.height or _round_up(rows, expected.multiple)
        width = expected.width or _round_up(columns, expected.multiple)
        padded = np.zeros((height, width, 3), np.uint8)
        padded[:rows, :columns] = pixels
        return padded

    def _run(self, pixels: NDArray[np.uint8], size: tuple[int, int]) -> Detections:
        outputs = self._network.run(network_input(pixels[None], self.card))
        lowest = min(self.settings.hint_score, self.settings.min_score)
        if self.card.output.decoder == "centerface":
            found = decode_centerface(outputs, lowest)
        else:
            found = decode_scrfd(outputs, lowest, (pixels.shape[1], pixels.shape[0]))
        centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        return found[np.asarray((centres < size).all(1))]  # nothing can be centred in the padding

    def _select(self, found: Detections, width: int, height: int) -> Detections:
        """Each face once, inside the photo, large enough, its points with a direction; the most prominent first."""
        centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        inside = ((centres >= 0) & (centres < (width, height))).all(1)
        sides = found.boxes[:, 2:] - found.boxes[:, :2]
        large = (sides >= 1).all(1) & (sides[:, 1] >= self.settings.min_size)
        span = np.abs(Similarity.fit(DLIB_150.points, found.points).a) * DLIB_150.size
        found = found[inside & large & (span >= _SMALLEST_CHIP)]
        found = found[suppress(found.boxes, found.scores, self.settings.max_iou)]
        return found[np.argsort(-prominence(found, width, height), kind="stable")]


def prominence(found: Detections, width: int, height: int) -> NDArray[np.float32]:
    """(n,) what makes a face the main one of its photo: the pixels of its box inside the photo, times its score.

    The plain box area would prefer a neighbour whom the edge of the photo cuts in half.
    """
    inside = np.clip(found.boxes.reshape(-1, 2, 2), 0, (width, height))
    return np.asarray(np.prod(inside[:, 1] - inside[:, 0], axis=1) * found.scores, np.float32)


def tiles(width: int, height: int, side: int, overlap: float = 0.25) -> list[Region]:
    """Squares of `side` pixels that cover the photo, neighbours sharing at least `overlap` of their side."""
    return [
        (left, top, min(left + side, width), min(top + side, height))
        for top in _starts(height, side, overlap)
        for left in _starts(width, side, overlap)
    ]


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    count = math.ceil((length - side) / (side * (1 - overlap))) + 1
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _scaled(image: Image.Image, region: Region, size: tuple[int, int]) -> Image.Image:
    """A region of the photo at another size, averaging when it shrinks; black where it lies outside the photo."""
    if size == image.size and region == (0, 0, *size):
        return image
    left, top, right, bottom = region
    if left >= 0 and top >= 0 and right <= image.width and bottom <= image.height:
        return _resized(image, region, size)
    zoom = np.array([size[0] / (right - left), size[1] / (bottom - top)])
    corner = np.array([left, top])
    start = np.ceil((np.maximum(corner, 0) - corner) * zoom).astype(int)
    end = np.floor((np.minimum((right, bottom), image.size) - corner) * zoom).astype(int)
    view = Image.new("RGB", size)
    if bool((end > start).all()):
        inside = np.clip(np.concatenate([start / zoom + corner, end / zoom + corner]), 0, image.size * 2)
        visible = _resized(image, tuple(inside.tolist()), tuple((end - start).tolist()))
        view.paste(visible, tuple(start.tolist()))
    return view


def _resized(image: Image.Image, box: tuple[float, float, float, float], size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=1.0)


def _round_up(value: int, multiple: int) -> int:
    return max(multiple, -(-value // multiple) * multiple)
