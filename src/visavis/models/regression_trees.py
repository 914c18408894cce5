"""Face landmarks by regression trees (Kazemi and Sullivan, 2014), equal to dlib's shape predictor to the last pixel.

A shape starts as the mean shape in the face box. Fifteen times over, 500 small trees compare grey values at pixels
that move with the shape, and each tree adds one stored step to it. dlib adds the steps one after the other in float32;
so does this, since any other order ends up to some pixels away on one face in five.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput, ModelCorrupt
from visavis.geometry import Similarity

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

_AXES = {
    "initial": "P2",
    "anchors": "KF",
    "deltas": "KF2",
    "first": "KTS",
    "second": "KTS",
    "thresholds": "KTS",
    "leaves": "KTLP2",
}
"""Axes of the arrays: P points, K cascades, F features, T trees, S splits, L = S + 1 leaves."""


@dataclass(frozen=True, eq=False)
class RegressionTrees:
    """A shape predictor of P points: K cascades of T trees with S splits (in heap order) and S + 1 leaves each.

    Attributes:
        initial: (P, 2) mean shape in the unit square of the box.
        anchors: (K, F) the point beside which each pixel feature is read.
        deltas: (K, F, 2) offset of the feature from its anchor, in the frame of the mean shape.
        first: (K, T, S) with `second` the features that a split compares: left when first - second > threshold.
        second: (K, T, S).
        thresholds: (K, T, S).
        leaves: (K, T, S + 1, P, 2) step added to the shape.
    """

    initial: Floats
    anchors: Indices
    deltas: Floats
    first: Indices
    second: Indices
    thresholds: Floats
    leaves: Floats

    @classmethod
    def load(cls, data: bytes, name: str = "landmark trees") -> RegressionTrees:
        """Read what `visavis.models.converters.dlib_trees.convert` wrote.

        Raises:
            ModelCorrupt: `data` is not such a file.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                trees = cls(**{key: _typed(arrays[key]) for key in _AXES})
        except (OSError, ValueError, TypeError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise _corrupt(name, f"cannot be read ({error})") from error
        if problem := trees._problem():
            raise _corrupt(name, problem)
        return trees

    @property
    def points(self) -> int:
        """P, the number of landmarks."""
        return len(self.initial)

    def predict(self, image: NDArray[np.uint8], boxes: ArrayLike) -> NDArray[np.int64]:
        """Find the points of the face in each box.

        Args:
            image: (H, W, 3) uint8 RGB.
            boxes: (n, 4) left, top, right, bottom in pixels, right and bottom being the last pixel inside; they may
                reach over the edge of the image, where pixels count as black.

        Returns:
            (n, P, 2) (x, y) in pixels, rounded as dlib rounds them.

        Raises:
            InvalidInput: an array has another shape or type.
        """
        check_pixels(image)
        rectangles = _rectangles(boxes)
        origin, extent = rectangles[:, None, :2], (rectangles[:, 2:] - rectangles[:, :2])[:, None]
        shapes = np.repeat(self.initial[None], len(rectangles), axis=0)
        for cascade in range(len(self.anchors)):
            places = self._feature_places(cascade, shapes)
            grey = _grey_at(image, np.floor(origin + places * extent + 0.5))
            shapes = self._step(cascade, shapes, grey)
        return np.floor(origin + shapes * extent + 0.5).astype(np.int64)

    def _feature_places(self, cascade: int, shapes: Floats) -> Floats:
        """(n, F, 2) in the unit square: the stored offsets, turned and scaled as the shape is against the mean."""
        turn = Similarity.fit(self.initial, shapes).a.astype(np.complex64)[:, None]
        cos, sin = turn.real, turn.imag
        x, y = self.deltas[cascade].T
        offsets = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
        return offsets + shapes[:, self.anchors[cascade]]

    def _step(self, cascade: int, shapes: Floats, grey: Floats) -> Floats:
        """(n, P, 2) shapes after all trees of a cascade have seen the (n, F) grey values."""
        contrast = grey.take(self.first[cascade], axis=1) - grey.take(self.second[cascade], axis=1)
        right = ~(contrast > self.thresholds[cascade])
        faces, trees, splits = right.shape
        roots = splits * np.arange(faces * trees).reshape(faces, trees)
        node = np.zeros_like(roots)
        for _ in range(splits.bit_length()):
            node = 2 * node + 1 + right.take(roots + node)
        leaf = (splits + 1) * np.arange(trees) + node - splits
        steps = self.leaves[cascade].reshape(-1, *self.initial.shape).take(leaf, axis=0)
        return np.add.accumulate(np.concatenate([shapes[:, None], steps], axis=1), axis=1)[:, -1]

    def _problem(self) -> str | None:
        """What makes these arrays unusable, if anything."""
        sizes = {"2": 2}
        for key, axes in _AXES.items():
            array = getattr(self, key)
            if array.ndim != len(axes) or any(
                side == 0 or side != sizes.setdefault(axis, side) for axis, side in zip(axes, array.shape, strict=True)
            ):
                return f"{key} has the shape {array.shape}, which does not fit the other arrays"
            if array.dtype == np.float32 and not np.isfinite(array).all():
                return f"{key} holds NaN or infinite values"
        if sizes["L"] != sizes["S"] + 1 or sizes["S"] & sizes["L"]:
            return f"{sizes['S']} splits and {sizes['L']} leaves do not make a complete tree"
        for key, limit in (("anchors", "P"), ("first", "F"), ("second", "F")):
            array = getattr(self, key)
            if array.min() < 0 or array.max() >= sizes[limit]:
                return f"{key} points outside its {sizes[limit]} targets"
        return None if np.ptp(self.initial) > 0 else "the points of the mean shape coincide"


def check_pixels(image: Any) -> None:
    """Raise InvalidInput unless `image` is a (H, W, 3) uint8 array with at least one pixel."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        found = f"{image.dtype} array of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InvalidInput(f"image: expected an (H, W, 3) uint8 RGB array, got {found}")
    if not image.size:
        raise InvalidInput(f"image: has no pixels (shape {image.shape})")


def _rectangles(boxes: ArrayLike) -> NDArray[np.float64]:
    try:
        rectangles = np.asarray(boxes, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"boxes: expected numbers (n, 4) left, top, right, bottom: {error}") from error
    if not rectangles.size:
        return np.zeros((0, 4))
    if rectangles.ndim != 2 or rectangles.shape[1] != 4 or not (np.abs(rectangles) < 2**31).all():
        raise InvalidInput(f"boxes: expected finite pixels (n, 4) left, top, right, bottom, got {rectangles.shape}")
    if (rectangles[:, 2:] <= rectangles[:, :2]).any():
        raise InvalidInput("boxes: every box needs left < right and top < bottom")
    return rectangles


def _grey_at(image: NDArray[np.uint8], places: NDArray[np.float64]) -> Floats:
    """Mean of red, green and blue, rounded down, at (..., 2) whole (x, y); 0 outside the image."""
    height, width, _ = image.shape
    x, y = places[..., 0], places[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    pixels = image[np.where(inside, y, 0).astype(np.intp), np.where(inside, x, 0).astype(np.intp)]
    grey = (pixels[..., 0].astype(np.uint16) + pixels[..., 1] + pixels[..., 2]) // 3
    return np.where(inside, grey, 0).astype(np.float32)


def _typed(array: NDArray[Any]) -> NDArray[Any]:
    """Floats as float32, indices in the machine's own index type, which is the fastest to look up with."""
    return array.astype(np.float32 if array.dtype.kind == "f" else np.intp, copy=False)


def _corrupt(name: str, problem: str) -> ModelCorrupt:
    return ModelCorrupt(f"{name}: {problem}; bring it again with `visavis models pull --force`")
