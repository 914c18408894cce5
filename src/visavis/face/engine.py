"""The engine: one image, or a stream of them, from pixels to faces with quality and templates."""

from __future__ import annotations

import functools
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from visavis import images
from visavis.errors import CardError, InvalidInput, VisavisError
from visavis.face.align import ChipTemplate, align, chip_template
from visavis.face.detect import DetectionSettings, Detector
from visavis.face.dlib_chip import dlib_chips, hog_like_squares
from visavis.face.embed import Embedder
from visavis.face.quality import quality as measure_quality
from visavis.images import ImageSource, Limits, Photo
from visavis.models import DEFAULT_DETECTOR, DEFAULT_EMBEDDER, LANDMARKS, ModelCard, Network, find_card, model_bytes
from visavis.models.network import check_device
from visavis.models.regression_trees import RegressionTrees
from visavis.types import Faces

Alignment = Literal["points5", "dlib5"]
_MOST_THREADS = 512
_CHIPS_AT_ONCE = 32
_IMAGES_AT_ONCE = 32  # waiting for each other's chips: where faces are rare, results must come nevertheless
_IMAGES_AHEAD = 4  # per worker: enough to keep all busy, few enough to bound memory


@dataclass(frozen=True)
class _Make:
    """What the networks of an engine are made from."""

    detector: ModelCard
    embedder: ModelCard
    settings: DetectionSettings
    flip: bool
    device: str
    allow_restricted: bool


@dataclass(frozen=True)
class _Looked:
    """An image before embedding: its faces and their chips."""

    faces: Faces
    chips: NDArray[np.uint8]


class Engine:
    """Finds, describes and embeds the faces of images. Safe to use from several threads at once.

    Args:
        detector: id of the detector's card.
        embedder: id of the embedder's card.
        align: "points5" cuts chips by the detector's five points. "dlib5" repeats dlib's own alignment (regression
            trees), for templates that must agree with those made by face_recognition; only for dlib's network.
        flip: average each template with that of the mirrored chip: slower, a little more accurate.
        long_side: photos are scaled down to this longer side for detection, see `DetectionSettings`.
        min_score: lowest detection score of a face in (0, 1).
        hint_score: detection score from which small, doubtful faces get a closer look, see `DetectionSettings`.
        min_size: smallest face height in pixels of the photo.
        tiles: look at large photos in tiles too, for small faces.
        threads: cores to use; None = all that the process may use.
        device: "cpu" or "cuda"; one that cannot be used is an error.
        limits: safety limits for images.
        allow_restricted: accept models whose licence excludes commercial use.

    Networks are loaded at the first use that needs them.

    Raises:
        ModelNotFound, CardError, InvalidInput: at once, for wrong arguments.
    """

    def __init__(
        self,
        detector: str = DEFAULT_DETECTOR,
        embedder: str = DEFAULT_EMBEDDER,
        *,
        align: Alignment = "points5",
        flip: bool = False,
        long_side: int = 640,
        min_score: float = 0.5,
        hint_score: float = 0.15,
        min_size: float = 0.0,
        tiles: bool = False,
        threads: int | None = None,
        device: str = "cpu",
        limits: Limits | None = None,
        allow_restricted: bool = False,
    ) -> None:
        self.settings = DetectionSettings(long_side, min_score, hint_score=hint_score, min_size=min_size, tiles=tiles)
        self.detector_card = find_card(detector)
        self.embedder_card = find_card(embedder)
        for card, task in ((self.detector_card, "detect"), (self.embedder_card, "embed")):
            if card.task != task:
                raise CardError(
                    f"{card.id} is a model for the task {card.task!r}, not {task!r}; see `visavis models list`"
                )
        self.template: ChipTemplate = chip_template(self.embedder_card.alignment or "")
        if self.template.size != self.embedder_card.input.width:
            raise CardError(f"{embedder}: its network does not read chips of {self.template.name}; mend its card")
        if align not in ("points5", "dlib5"):
            raise InvalidInput(f"align {align!r}: choose 'points5' or 'dlib5'")
        if align == "dlib5" and self.template.name != "dlib-150":
            raise InvalidInput(f"align 'dlib5' belongs to dlib's network, not to {embedder}; use 'points5'")
        if threads is not None and not (isinstance(threads, int) and 1 <= threads <= _MOST_THREADS):
            raise InvalidInput(f"threads {threads!r}: needs a whole number from 1 to {_MOST_THREADS}, or None for all")
        if limits is not None and not isinstance(limits, Limits):
            raise InvalidInput(f"limits {limits!r}: needs a visavis.Limits, or None for the usual ones")
        check_device(device)
        self.align = align
        self.flip = flip
        self.threads = threads or _usable_cores()
        self.device = device
        self.limits = limits or Limits()
        self.allow_restricted = allow_restricted
        make = _Make(self.detector_card, self.embedder_card, self.settings, flip, device, allow_restricted)
        self._single = _Stages(make, self.threads)  # every network call uses all threads
        # Many images: one single-threaded call per worker, which wastes no core on waiting for another.
        self._bulk = self._single if self.threads == 1 else _Stages(make, 1)
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        self._making_pool = threading.Lock()

    def faces(self, image: ImageSource, *, embed: bool = True, quality: bool = True) -> Faces:
        """The faces of one image, the most prominent (largest clearly visible) first.

        Args:
            image: path, bytes, binary file, PIL image, or numpy RGB array (H, W, 3) uint8 (or float in [0, 1]).
            embed: make templates.
            quality: measure quality.
        Returns: possibly no rows; `notes` says what was noticed about the image.

        Raises:
            ImageError: the image cannot be used.
            InvalidInput: an array has a wrong shape, type or value.
            ModelError: a model cannot be had or run.
        """
        looked = self._look(image, self._single, embed=embed, quality=quality)
        return self._embedded([looked], self._single)[0] if embed else looked.faces

    @overload
    def faces_batch(
        self, images: Sequence[ImageSource], *, embed: bool = ..., quality: bool = ..., errors: Literal["raise"] = ...
    ) -> list[Faces]: ...
    @overload
    def faces_batch(
        self, images: Sequence[ImageSource], *, embed: bool = ..., quality: bool = ..., errors: Literal["return"]
    ) -> list[Faces | VisavisError]: ...
    def faces_batch(
        self,
        images: Sequence[ImageSource],
        *,
        embed: bool = True,
        quality: bool = True,
        errors: Literal["raise", "return"] = "raise",
    ) -> list[Faces] | list[Faces | VisavisError]:
        """The faces of many images, in their order: images in parallel, templates in batches.

        Args:
            images: as in `faces`.
            embed: make templates.
            quality: measure quality.
            errors: "raise" stops at the first image that cannot be used; "return" puts its error in its place.
        """
        return list(self.stream(images, embed=embed, quality=quality, errors=errors))

    def stream(
        self,
        images: Iterable[ImageSource],
        *,
        embed: bool = True,
        quality: bool = True,
        errors: Literal["raise", "return"] = "raise",
    ) -> Iterator[Faces | VisavisError]:
        """Like `faces_batch` for any number of images, yielding in order with bounded memory."""
        if errors not in ("raise", "return"):
            raise InvalidInput(f"errors {errors!r}: choose 'raise' or 'return'")
        return self._stream(_each(images), embed, quality, errors)

    def _stream(
        self, sources: Iterator[ImageSource], embed: bool, quality: bool, errors: Literal["raise", "return"]
    ) -> Iterator[Faces | VisavisError]:
        stages = self._bulk

        def look(image: ImageSource) -> _Looked | VisavisError:
            try:
                return self._look(image, stages, embed=embed, quality=quality)
            except VisavisError as error:
                return error

        ahead: deque[Future[_Looked | VisavisError]] = deque()
        waiting: list[_Looked | VisavisError] = []
        try:
            ahead.extend(self._workers.submit(look, image) for image in islice(sources, self.threads * _IMAGES_AHEAD))
            while ahead:
                result = ahead.popleft().result()
                if errors == "raise" and isinstance(result, VisavisError):
                    raise result
                waiting.append(result)
                ahead.extend(self._workers.submit(look, image) for image in islice(sources, 1))
                if not embed or not ahead or _enough(waiting):
                    yield from self._finished(waiting, embed)
                    waiting = []
        finally:
            for future in ahead:
                future.cancel()

    def chips(self, image: ImageSource, faces: Faces) -> NDArray[np.uint8]:
        """The aligned chips (n, S, S, 3) uint8 RGB that the embedder reads for these faces of the image."""
        return self._chips(self._load(image), faces, self._single)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Templates (n, d) of aligned chips (n, S, S, 3) uint8 RGB."""
        return self._single.embedder.embed(chips)

    @property
    def fingerprint(self) -> str:
        """Stamp of the templates that this engine makes: `id@hash`, with `+flip` under flip fusion."""
        return self.embedder_card.fingerprint + ("+flip" if self.flip else "")

    @property
    def _workers(self) -> ThreadPoolExecutor:
        """One pool for the engine's life: threads keep their memory, so new ones for every batch would let it grow.

        Threads do not survive a fork, so a forked process gets a pool of its own.
        """
        with self._making_pool:
            if self._pool is None or self._pool[0] != os.getpid():
                self._pool = os.getpid(), ThreadPoolExecutor(self.threads, "visavis")
            return self._pool[1]

    # --- steps -------------------------------------------------------------------------------------------------------

    def _load(self, image: ImageSource) -> Photo:
        return images.load(image, self.limits)

    def _look(self, image: ImageSource, stages: _Stages, *, embed: bool, quality: bool) -> _Looked:
        """Decode, detect, align and judge quality: all but the embedding."""
        photo = self._load(image)
        found = stages.detector.detect(photo.image)
        size = (photo.width, photo.height)
        faces = Faces(found.boxes, found.points, found.scores, photo.source, size, notes=photo.notes)
        if not (embed or quality) or not len(faces):
            return _Looked(faces, np.zeros((0, self.template.size, self.template.size, 3), np.uint8))
        chips = self._chips(photo, faces, stages)
        if quality:
            faces = replace(faces, quality=measure_quality(chips, faces.points, faces.scores))
        return _Looked(faces, chips)

    def _chips(self, photo: Photo, faces: Faces, stages: _Stages) -> NDArray[np.uint8]:
        if self.align == "dlib5":
            squares = hog_like_squares(faces.points)
            return dlib_chips(photo.pixels, stages.trees.predict(photo.pixels, squares), self.template.size)
        return align(photo.image, faces.points, self.template)

    def _embedded(self, looked: Sequence[_Looked], stages: _Stages) -> list[Faces]:
        """The faces of several images with their templates, embedded together."""
        embedder = stages.embedder
        vectors = embedder.embed(np.concatenate([item.chips for item in looked]))
        ends = np.cumsum([len(item.chips) for item in looked])
        return [
            replace(item.faces, templates=vectors[end - len(item.chips) : end], model=embedder.fingerprint)
            for item, end in zip(looked, ends, strict=True)
        ]

    def _finished(self, items: list[_Looked | VisavisError], embed: bool) -> Iterator[Faces | VisavisError]:
        looked = [item for item in items if isinstance(item, _Looked)]
        done = iter(self._embedded(looked, self._single) if embed and looked else [item.faces for item in looked])
        for item in items:
            yield next(done) if isinstance(item, _Looked) else item


class _Stages:
    """The networks of one engine for one number of threads, each loaded when first asked for."""

    def __init__(self, make: _Make, threads: int) -> None:
        self._make = make
        self._threads = threads
        self._loading = threading.RLock()

    @property
    def detector(self) -> Detector:
        with self._loading:
            return self._detector

    @property
    def embedder(self) -> Embedder:
        with self._loading:
            return self._embedder

    @property
    def trees(self) -> RegressionTrees:
        with self._loading:
            return self._trees

    @cached_property
    def _detector(self) -> Detector:
        card = self._make.detector
        return Detector(card, self._network(card), self._make.settings)

    @cached_property
    def _embedder(self) -> Embedder:
        card = self._make.embedder
        return Embedder(card, self._network(card), self._make.flip)

    @cached_property
    def _trees(self) -> RegressionTrees:
        card = find_card(LANDMARKS)
        return RegressionTrees.load(model_bytes(card), card.id)

    def _network(self, card: ModelCard) -> Network:
        data = model_bytes(card, allow_restricted=self._make.allow_restricted)
        return Network(data, card.id, self._make.device, self._threads)


@functools.cache
def default_engine() -> Engine:
    """The engine with all defaults, made once per process."""
    return Engine()


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _enough(items: list[_Looked | VisavisError]) -> bool:
    """Whether these fill a batch, or have waited for one long enough."""
    chips = sum(len(item.chips) for item in items if isinstance(item, _Looked))
    return chips >= _CHIPS_AT_ONCE or len(items) >= _IMAGES_AT_ONCE


def _each(images: Iterable[ImageSource]) -> Iterator[ImageSource]:
    """Images one by one, unless a single one was passed, whose letters, bytes or rows would be taken for images."""
    single = isinstance(images, str | bytes | bytearray | memoryview | os.PathLike) or hasattr(images, "read")
    if single or not isinstance(images, Iterable) or (isinstance(images, np.ndarray) and images.ndim in (2, 3)):
        raise InvalidInput(
            f"images: expected several, got one {type(images).__name__}; pass a list of images, or use `faces`"
        )
    return iter(images)
