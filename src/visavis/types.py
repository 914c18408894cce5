"""The data that walks through visavis: frozen dataclasses over numpy arrays, validated on construction.

Conventions: pixels are RGB uint8; coordinates are (x, y) in pixels of the upright image with the centre of the
top-left pixel at (0, 0); "left" and "right" are the picture's; scores are similarities (higher = more alike).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

POINT_NAMES = ("left_eye", "right_eye", "nose", "left_mouth_corner", "right_mouth_corner")
"""Order of the five landmarks; left and right as seen in the picture."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        corners: tuple[Any, ...] = (self.left, self.top, self.right, self.bottom)
        finite = all(isinstance(v, Real) and isfinite(v) for v in corners)
        if not finite or self.right <= self.left or self.bottom <= self.top:
            raise InvalidInput(f"box {corners}: needs finite left < right and top < bottom")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height

    def as_list(self) -> list[float]:
        """[left, top, right, bottom], rounded to hundredths of a pixel."""
        return [round(float(v), 2) for v in (self.left, self.top, self.right, self.bottom)]


@dataclass(frozen=True, eq=False, slots=True)
class Quality:
    """Training-free quality of n faces; every component and the summary are (n,) float32 in [0, 1], 1 = best."""

    size: FloatArray
    sharpness: FloatArray
    exposure: FloatArray
    frontality: FloatArray
    detection: FloatArray
    summary: FloatArray

    def __post_init__(self) -> None:
        n = _rows("quality.size", self.size)
        for item in fields(self):
            object.__setattr__(self, item.name, _shares(f"quality.{item.name}", getattr(self, item.name), n))

    def __len__(self) -> int:
        return len(self.size)

    def __getitem__(self, index: Any) -> Quality:
        return Quality(*(np.atleast_1d(getattr(self, item.name)[index]) for item in fields(self)))

    def row(self, index: int) -> dict[str, float]:
        """The components of one face by name."""
        return {item.name: round(float(getattr(self, item.name)[index]), 4) for item in fields(self)}


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """What a model remembers of one face (or of several faces of one person, pooled).

    Attributes:
        vector: (d,) float32, finite; its length carries meaning for some models, so it is not normalised.
        model: fingerprint of the model and its settings, `id@hash[+flip]`; only equal fingerprints compare.
        quality: 0..1 quality summary of the sample, None when it was not measured.
        samples: how many faces were pooled into it.
    """

    vector: FloatArray
    model: str
    quality: float | None = None
    samples: int = 1

    def __post_init__(self) -> None:
        vector = _array(f"template of {self.model}", self.vector, (None,))
        if not vector.size:
            raise InvalidInput(f"template of {self.model}: its vector is empty")
        object.__setattr__(self, "vector", vector)


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """One detected face: a row of `Faces`."""

    box: Box
    points: FloatArray
    """(5, 2) float32, in the order of `POINT_NAMES`."""
    score: float
    """Detection score in [0, 1]."""
    index: int
    """Row in the `Faces` it came from (0 = first)."""
    source: str
    quality: dict[str, float] | None = None
    template: Template | None = None

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready description, without the template."""
        return {
            "index": self.index,
            "box": self.box.as_list(),
            "points": np.round(self.points.astype(float), 2).tolist(),
            "score": round(float(self.score), 4),
            "quality": self.quality,
        }


@dataclass(frozen=True, eq=False, slots=True)
class Faces:
    """All faces of one image as parallel arrays (n rows), the most prominent (largest clearly visible) first.

    Attributes:
        boxes: (n, 4) float32: left, top, right, bottom.
        points: (n, 5, 2) float32, in the order of `POINT_NAMES`.
        scores: (n,) float32 detection scores in [0, 1].
        source: name of the image, for messages.
        image_size: (width, height) in pixels.
        quality: components of n faces, or None when not asked for.
        templates: (n, d) float32, or None when not asked for.
        model: fingerprint of the embedder, required with templates.
        notes: what was noticed on the way, for people ("several frames: first frame used").

    Indexing with an integer gives a `Face`; with a slice, mask or index array a smaller `Faces`.
    """

    boxes: FloatArray
    points: FloatArray
    scores: FloatArray
    source: str = "image"
    image_size: tuple[int, int] = (0, 0)
    quality: Quality | None = None
    templates: FloatArray | None = None
    model: str | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        n = _rows(f"{self.source}: boxes", self.boxes)
        boxes = _array(f"{self.source}: boxes", self.boxes, (n, 4))
        if n and not ((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])).all():
            raise InvalidInput(f"{self.source}: boxes need left < right and top < bottom")
        object.__setattr__(self, "boxes", boxes)
        object.__setattr__(self, "points", _array(f"{self.source}: points", self.points, (n, 5, 2)))
        object.__setattr__(self, "scores", _shares(f"{self.source}: scores", self.scores, n))
        object.__setattr__(self, "image_size", (int(self.image_size[0]), int(self.image_size[1])))
        if self.quality is not None and len(self.quality) != n:
            raise InvalidInput(f"{self.source}: quality has {len(self.quality)} rows for {n} faces")
        if self.templates is not None:
            if self.model is None:
                raise InvalidInput(f"{self.source}: templates need the fingerprint of their model")
            object.__setattr__(self, "templates", _array(f"{self.source}: templates", self.templates, (n, None)))

    @classmethod
    def empty(cls, source: str = "image", image_size: tuple[int, int] = (0, 0), notes: Sequence[str] = ()) -> Faces:
        """No faces."""
        boxes, points, scores = (np.zeros(shape, np.float32) for shape in ((0, 4), (0, 5, 2), (0,)))
        return cls(boxes, points, scores, source, image_size, notes=tuple(notes))

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Face]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Face: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> Faces: ...
    def __getitem__(self, index: Any) -> Face | Faces:
        if isinstance(index, int | np.integer) and not isinstance(index, bool):
            return self._face(range(len(self))[index])
        keep = np.arange(len(self))[index]
        return replace(
            self,
            boxes=self.boxes[keep],
            points=self.points[keep],
            scores=self.scores[keep],
            quality=None if self.quality is None else self.quality[keep],
            templates=None if self.templates is None else self.templates[keep],
        )

    def _face(self, row: int) -> Face:
        quality = None if self.quality is None else self.quality.row(row)
        template = None
        if self.templates is not None and self.model is not None:
            template = Template(self.templates[row], self.model, quality["summary"] if quality else None)
        box = Box(*(float(v) for v in self.boxes[row]))
        return Face(box, self.points[row], float(self.scores[row]), row, self.source, quality, template)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready description, without the templates."""
        return {
            "source": self.source,
            "width": self.image_size[0],
            "height": self.image_size[1],
            "faces": [face.to_dict() for face in self],
            "notes": list(self.notes),
        }


class Decision(StrEnum):
    """What a comparison allows to be said at the stated error rates."""

    MATCH = "match"
    NO_MATCH = "no match"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A comparison score read on its model's calibrated scale.

    Attributes:
        score: similarity, higher = more alike.
        decision: match when score >= match_threshold, no match when score < no_match_threshold, else inconclusive.
        fmr: the false-match rate that the match threshold stands for.
        fnmr: the false-non-match rate that the no-match threshold stands for.
        fnmr_at_match_threshold: share of mated comparisons that this match threshold would miss.
        log_likelihood_ratio: natural log of P(score | same person) / P(score | different people).
        probability: posterior of "same person" at the stated prior.
        prior: prior probability of "same person" behind `probability`.
    """

    score: float
    decision: Decision
    match_threshold: float
    no_match_threshold: float
    fmr: float
    fnmr: float
    fnmr_at_match_threshold: float
    log_likelihood_ratio: float
    probability: float
    prior: float


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """Probe against reference: two faces and the evidence that they show one person."""

    probe: Face
    reference: Face
    evidence: Evidence
    distance: float
    """The model's own distance (Euclidean, or 1 - cosine), for people used to it."""
    model: str
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        return self.evidence.score

    @property
    def decision(self) -> Decision:
        return self.evidence.decision

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready description."""
        evidence = {item.name: getattr(self.evidence, item.name) for item in fields(self.evidence)}
        return {
            **{k: str(v) if isinstance(v, Decision) else v for k, v in evidence.items()},
            "distance": self.distance,
            "model": self.model,
            "probe": {"source": self.probe.source, **self.probe.to_dict()},
            "reference": {"source": self.reference.source, **self.reference.to_dict()},
            "notes": list(self.notes),
        }


def _rows(name: str, values: Any) -> int:
    try:
        return len(values)
    except TypeError as error:
        raise InvalidInput(f"{name}: expected one row per face, got {type(values).__name__}") from error


def _array(name: str, values: Any, shape: tuple[int | None, ...]) -> FloatArray:
    """`values` as a finite float32 array of `shape` (None = any length): a read-only copy, as frozen as its owner."""
    try:
        with np.errstate(over="ignore"):  # too large for float32 becomes infinite, refused below
            array = np.array(values, dtype=np.float32, order="C")
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name}: not an array of numbers ({error})") from error
    fits = array.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = tuple("any" if want is None else want for want in shape)
        raise InvalidInput(f"{name}: expected shape {wanted}, got {array.shape}")
    if not np.isfinite(array).all():
        raise InvalidInput(f"{name}: holds NaN or infinite values")
    array.setflags(write=False)
    return array


def _shares(name: str, values: Any, n: int) -> FloatArray:
    """`values` as an (n,) array within 0..1."""
    array = _array(name, values, (n,))
    if n and (array.min() < 0 or array.max() > 1):
        raise InvalidInput(f"{name}: values must lie in [0, 1]")
    return array
