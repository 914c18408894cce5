"""The faces to be clustered, as parallel arrays: where each was found, and its template."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from visavis.errors import InvalidInput, TemplateMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from visavis.types import Faces

ARRAYS = ("index", "boxes", "quality", "photo_sizes", "templates")


@dataclass(frozen=True, eq=False, slots=True)
class FoundFaces:
    """n faces of any number of photos.

    Attributes:
        paths: (n) the photo of each, as it was named.
        index: (n,) number of the face in its photo, the most prominent being 0.
        boxes: (n, 4) float32: left, top, right, bottom in pixels; NaN if not known.
        quality: (n,) float32 quality summary in [0, 1]; NaN if not known.
        photo_sizes: (n, 2) int32 width and height of the photo in pixels; 0 if not known.
        templates: (n, d) float32.
        model: fingerprint of the model that made them; "" without a face.
    """

    paths: tuple[str, ...]
    index: NDArray[np.int64]
    boxes: NDArray[np.float32]
    quality: NDArray[np.float32]
    photo_sizes: NDArray[np.int32]
    templates: NDArray[np.float32]
    model: str

    def __post_init__(self) -> None:
        lengths = {item.name: len(getattr(self, item.name)) for item in fields(self) if item.name != "model"}
        if len(set(lengths.values())) > 1:
            raise InvalidInput(f"faces: need as many rows of each, got {lengths}")

    @classmethod
    def none(cls) -> Self:
        """No faces."""
        index, sizes, quality = np.zeros(0, np.int64), np.zeros((0, 2), np.int32), np.zeros(0, np.float32)
        return cls((), index, np.zeros((0, 4), np.float32), quality, sizes, np.zeros((0, 0), np.float32), "")

    @classmethod
    def of_photo(cls, path: str, faces: Faces) -> Self:
        """All faces of one photo, copied.

        Raises:
            InvalidInput: they carry no templates.
        """
        if not len(faces):
            return cls.none()
        if faces.templates is None or faces.model is None:
            raise InvalidInput(f"{path}: its faces carry no templates; let the engine embed them")
        count = len(faces)
        quality = np.full(count, np.nan, np.float32) if faces.quality is None else faces.quality.summary.copy()
        sizes = np.full((count, 2), faces.image_size, np.int32)
        boxes, templates = faces.boxes.copy(), faces.templates.copy()  # views would keep whole batches alive
        return cls((path,) * count, np.arange(count), boxes, quality, sizes, templates, faces.model)

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """All faces of several lots, one after the other.

        Raises:
            TemplateMismatch: their templates are of different models.
        """
        filled = [part for part in parts if len(part)]
        models = sorted({part.model for part in filled})
        if len(models) > 1:
            raise TemplateMismatch(f"faces of {' and '.join(models)} cannot be clustered together: embed them anew")
        if not filled:
            return cls.none()
        arrays = {name: np.concatenate([getattr(part, name) for part in filled]) for name in ARRAYS}
        return cls(paths=tuple(path for part in filled for path in part.paths), model=models[0], **arrays)

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: NDArray[Any]) -> Self:
        """Some of them, by numbers or by mask."""
        keep = np.arange(len(self))[rows]
        arrays = {name: getattr(self, name)[keep] for name in ARRAYS}
        return replace(self, paths=tuple(self.paths[row] for row in keep.tolist()), **arrays)

    def row(self, face: int) -> dict[str, Any]:
        """One face, JSON-ready, without its template."""
        box, quality = self.boxes[face], float(self.quality[face])
        return {
            "path": self.paths[face],
            "face": int(self.index[face]),
            "box": [round(float(side), 2) for side in box] if np.isfinite(box).all() else None,
            "quality": round(quality, 4) if np.isfinite(quality) else None,
        }
