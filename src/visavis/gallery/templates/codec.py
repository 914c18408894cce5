"""From vectors to stored templates and back: float32, or one byte a number with one scale for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import InvalidInput
from visavis.gallery.search.checks import checked_lengths, comparable, squared_lengths
from visavis.matching.templates import fit_scale, quantize

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.gallery.types import ModelSpace

MOST_LOST = 0.5
"""Largest |error| / |vector| that int8 may cost. Faces lose 0.01 to 0.1, and 0.3 where the shortest fixes the step."""


def checked_vectors(vectors: ArrayLike, space: ModelSpace) -> NDArray[np.float32]:
    """Vectors (n, d) that may be stored or searched under a model.

    Raises:
        InvalidInput: another dimension, NaN, infinite or far too large values, or a zero vector under cosine.
    """
    try:
        with np.errstate(over="ignore"):  # becomes infinite, and is refused below
            rows = np.atleast_2d(np.asarray(vectors).astype(np.float32, casting="same_kind", copy=False))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"templates: no array of {space.dimension} real numbers each ({error})") from error
    if rows.ndim != 2 or rows.shape[1] != space.dimension:
        raise InvalidInput(f"templates {rows.shape}: {space.fingerprint} has {space.dimension} numbers each")
    checked_lengths("templates", rows, space.metric)
    return rows


def searchable(vectors: NDArray[np.float32], space: ModelSpace) -> NDArray[np.bool_]:
    """Which of stored vectors (n, d) a search can compare: those that `checked_vectors` lets pass."""
    return comparable(squared_lengths(vectors), space.metric)


def scale_for(vectors: NDArray[np.float32], space: ModelSpace) -> float:
    """The int8 step for templates like these; under cosine, of their directions.

    Raises:
        InvalidInput: they are all zero.
    """
    return fit_scale(_directions(vectors, space))


def encode(vectors: NDArray[np.float32], space: ModelSpace) -> NDArray[Any]:
    """Vectors (n, d) as they are stored: unchanged, or int8 codes (of their directions, under cosine).

    Raises:
        InvalidInput: the int8 step of the model is made for vectors of quite another length.
    """
    if space.precision == "float32":
        return vectors
    rows = _directions(vectors, space)
    codes = quantize(rows, space.scale).codes
    _refuse_lost(rows, decode(codes, space), space)
    return codes


def decode(rows: NDArray[Any], space: ModelSpace) -> NDArray[np.float32]:
    """The float32 vectors (n, d) that stored templates stand for."""
    return np.asarray(rows if space.scale is None else rows * np.float32(space.scale), dtype=np.float32)


def stored_type(space: ModelSpace) -> np.dtype[Any]:
    """Type of a stored number, little-endian whatever the machine."""
    return np.dtype("<f4") if space.precision == "float32" else np.dtype(np.int8)


def _refuse_lost(rows: NDArray[np.float32], kept: NDArray[np.float32], space: ModelSpace) -> None:
    exact = rows.astype(np.float64)  # squares of tiny values are no float32 numbers
    lost, whole = (np.linalg.norm(values, axis=1) for values in (exact - kept, exact))
    if (bad := lost > MOST_LOST * whole).any():
        row = int(np.argmax(bad))
        raise InvalidInput(
            f"templates: row {row} has length {whole[row]:.3g} and would lose {lost[row] / whole[row]:.0%} of it at "
            f"the int8 step {space.scale:.3g}, which the first templates of {space.fingerprint} fixed; enrol it in a "
            "gallery of precision float32, or all in a new one if those first templates were at fault"
        )


def _directions(vectors: NDArray[np.float32], space: ModelSpace) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if space.metric == "cosine" else vectors
