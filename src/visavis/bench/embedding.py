"""Photos to templates for the protocols: every distinct image once, and nothing that fails is forgotten."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np

from visavis.errors import DataError, InvalidInput, VisavisError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from visavis.types import Faces

    Progress = Callable[[int, int], None]
    """Called with (images done, images in all) after every image."""


Subject = Literal["prominent", "largest"]
"""Which of several faces a photo is labelled for: see `prominent`, or simply the largest."""


class FaceFinder(Protocol):
    """What a protocol needs of an engine."""

    def stream(
        self, images: Iterable[str], /, *, quality: bool, errors: Literal["return"]
    ) -> Iterator[Faces | VisavisError]:
        """The faces of every image, largest first, with templates; or the error that stands in their place."""
        ...


@dataclass(frozen=True, slots=True)
class MissedImage:
    """An image that gave no template, and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Embedded:
    """Templates of n images (one face of each).

    Attributes:
        templates: (n, d) float32; rows of images without a face are NaN.
        missed: the images without a face, or that could not be read.
        model: fingerprint of the model and its settings.
        seconds: time from the first file opened to the last template.
        subject: which face was taken of photos with several.
    """

    templates: NDArray[np.float32]
    missed: tuple[MissedImage, ...]
    model: str
    seconds: float
    subject: Subject = "prominent"

    @property
    def found(self) -> NDArray[np.bool_]:
        """(n,) True where there is a template."""
        return ~np.isnan(self.templates[:, 0])


def prominent(faces: Faces) -> int:
    """The face that a photographer meant: large and near the centre.

    Its area counts by 1 - distance of its centre from the picture's centre / half the picture's diagonal. The largest
    face alone is too often a neighbour at the border of a photo that was cut around somebody else.
    """
    size = np.array(faces.image_size)
    corners, opposite = faces.boxes[:, :2], faces.boxes[:, 2:]
    distance = np.linalg.norm((corners + opposite) / 2 - size / 2, axis=1)
    centrality = np.maximum(1 - distance / max(np.linalg.norm(size) / 2, 1), 0)
    return int(np.argmax((opposite - corners).prod(axis=1) * centrality))


def embed_images(
    engine: FaceFinder,
    root: Path,
    images: Sequence[str],
    subject: Subject = "prominent",
    progress: Progress | None = None,
) -> Embedded:
    """The template of one face in every image.

    Args:
        engine: finds and embeds faces.
        root: folder that `images` are relative to.
        images: paths, each once.
        subject: which face, where there are several.
        progress: told after every image.

    Raises:
        DataError: not one image gave a template, so there is nothing to measure.
        InvalidInput: an unknown subject, or the engine returned faces without templates.
    """
    if subject not in get_args(Subject):
        raise InvalidInput(f"subject {subject!r}: choose {' or '.join(get_args(Subject))}")
    began = time.perf_counter()
    rows: dict[int, NDArray[np.float32]] = {}
    missed: list[MissedImage] = []
    model = ""
    found = engine.stream((str(root / image) for image in images), quality=False, errors="return")
    for number, (image, faces) in enumerate(zip(images, found, strict=True)):
        if isinstance(faces, VisavisError) or not len(faces):
            missed.append(MissedImage(image, str(faces) if isinstance(faces, VisavisError) else "no face found"))
        elif faces.templates is None or faces.model is None:
            raise InvalidInput(f"{image}: the engine returned faces without templates; it must embed them")
        else:
            face = prominent(faces) if subject == "prominent" else 0
            rows[number], model = faces.templates[face].copy(), faces.model  # a view would keep the whole batch
        if progress:
            progress(number + 1, len(images))
    if not rows:
        first = missed[0].reason if missed else "the list is empty"
        raise DataError(f"{root}: none of {len(images)} images gave a face to compare; {first}")
    templates = np.full((len(images), len(next(iter(rows.values())))), np.nan, dtype=np.float32)
    templates[list(rows)] = list(rows.values())
    return Embedded(templates, tuple(missed), model, time.perf_counter() - began, subject)
