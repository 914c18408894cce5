"""Templates of a data set's photos, made once per pipeline and kept, so that a stopped run goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

import visavis
from _machine import CACHE
from visavis.bench.embedding import Embedded, MissedImage
from visavis.errors import VisavisError
from visavis.face.engine import Engine
from visavis.storage import write_atomic
from visavis.types import Faces

QUALITIES = ("size", "sharpness", "exposure", "frontality", "detection", "summary")
_DIMENSIONS = 128
_BLOCK = 64
"""Photos between two writes."""


class Pipeline(Protocol):
    """Photos to faces with 128-dimensional templates."""

    @property
    def name(self) -> str:
        """For files and tables."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the templates might."""

    def faces_batch(self, images: Sequence[str], /) -> Sequence[Faces | VisavisError]:
        """Largest face first, or the error in their place."""


class OurPipeline:
    """An engine of ours under a name."""

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self.fingerprint = f"{engine.fingerprint} {engine.align} {code_stamp()}"
        self._engine = engine

    def faces_batch(self, images: Sequence[str], /) -> Sequence[Faces | VisavisError]:
        return self._engine.faces_batch(images, errors="return")


class Kept:
    """What a pipeline made of photos: the largest face's template and quality, or why there is none.

    Args:
        dataset: name of the photos' data set.
        pipeline: what makes templates; its fingerprint is part of the file's name.
    """

    def __init__(self, dataset: str, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        stamp = hashlib.sha256(pipeline.fingerprint.encode()).hexdigest()[:16]
        self._path = CACHE / "templates" / f"{dataset}-{pipeline.name}-{stamp}.npz"
        self._rows: dict[str, NDArray[np.float32]] = {}  # template and quality; NaN without a face
        self._reasons: dict[str, str] = {}
        if self._path.exists():
            with np.load(self._path, allow_pickle=False) as file:
                images = file["images"].tolist()
                self._rows = dict(zip(images, file["rows"], strict=True))
                self._reasons = dict(zip(images, file["reasons"].tolist(), strict=True))

    def embedded(self, root: Path, images: Sequence[str], progress: Callable[[int, int], None]) -> Embedded:
        """Templates of these photos; those that are missing are made now."""
        todo = [image for image in images if image not in self._rows]
        for start in range(0, len(todo), _BLOCK):
            names = todo[start : start + _BLOCK]
            for name, found in zip(names, self._pipeline.faces_batch([str(root / n) for n in names]), strict=True):
                self._rows[name], self._reasons[name] = _row(found)
            self._write()
            progress(min(start + _BLOCK, len(todo)), len(todo))
        missed = tuple(MissedImage(image, self._reasons[image]) for image in images if self._reasons[image])
        vectors = np.stack([self._rows[image][:_DIMENSIONS] for image in images])
        return Embedded(vectors, missed, self._pipeline.fingerprint, seconds=float("nan"))

    def qualities(self, images: Sequence[str]) -> NDArray[np.float32]:
        """(n, 6) quality of each photo's face, in the order of `QUALITIES`; NaN without one."""
        return np.stack([self._rows[image][_DIMENSIONS:] for image in images])

    def _write(self) -> None:
        buffer = BytesIO()
        images = list(self._rows)
        reasons = [self._reasons[image] for image in images]
        np.savez(buffer, images=np.array(images), rows=np.stack(list(self._rows.values())), reasons=np.array(reasons))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path, buffer.getvalue())


def code_stamp() -> str:
    """Changes whenever our own code between photo and template does, or a library that it stands on."""
    package = Path(visavis.__file__).parent
    rooms = (path for room in ("images", "face", "models") for path in (package / room).rglob("*.py"))
    files = sorted([package / "geometry.py", *rooms])
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    digest.update(" ".join(version(name) for name in ("numpy", "pillow", "onnxruntime")).encode())
    return digest.hexdigest()[:12]


def _row(found: Faces | VisavisError) -> tuple[NDArray[np.float32], str]:
    """Template and quality of the first face, or NaN and the reason."""
    row = np.full(_DIMENSIONS + len(QUALITIES), np.nan, np.float32)
    if isinstance(found, VisavisError):
        return row, str(found)
    if not len(found) or found.templates is None:
        return row, "no face found"
    row[:_DIMENSIONS] = found.templates[0]
    if found.quality is not None:
        row[_DIMENSIONS:] = [getattr(found.quality, name)[0] for name in QUALITIES]
    return row, ""
