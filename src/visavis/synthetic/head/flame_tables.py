"""What lies beside a FLAME model: the landmark embedding and the region masks, read and checked."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import DataError, ModelUnavailable
from visavis.synthetic.head.decode import array, objects
from visavis.synthetic.head.landmarks import MAX_YAW, Landmarks, contour_row
from visavis.synthetic.head.pickles import read_pickle

Array = NDArray[Any]
FilePath = str | os.PathLike[str]

VARIABLE = "VISAVIS_FLAME"
"""Environment variable with the path of the model."""
_MOST_BYTES = 2**31
_MOST_REGIONS = 200
_TABLES = {
    "static_lmk_faces_idx": (51,),
    "static_lmk_bary_coords": (51, 3),
    "dynamic_lmk_faces_idx": (79, 17),
    "dynamic_lmk_bary_coords": (79, 17, 3),
}
LICENCE = (
    "visavis ships no FLAME model: the 2019, 2020 and 2023 models are for non-commercial research and may not be "
    "passed on, 'FLAME 2023 Open' is CC-BY-4.0 (check the readme in its archive). Register at "
    "https://flame.is.tue.mpg.de, download one, and give the path of its generic_model.pkl (or flame2023.pkl), or put "
    f"that path into {VARIABLE}; stand_in() is a free head that needs no file"
)


def read_landmarks(path: FilePath, faces: int) -> Landmarks:
    """The 68 points of an embedding file (landmark_embedding.npy), checked against the number of faces.

    Raises:
        ModelUnavailable: there is no such file.
        DataError: it is damaged, hostile or of another kind, or does not fit the model.
    """
    name = os.fspath(path)
    content = named(name, _npy_object(name, file_bytes(path)))
    missing = [key for key in _TABLES if key not in content]
    if missing:
        raise DataError(f"{name}: lacks {', '.join(missing)}; a landmark embedding has {', '.join(_TABLES)}")
    tables = {key: array(f"{name}: {key}", content[key]) for key in _TABLES}
    for key, shape in _TABLES.items():
        if tables[key].shape != shape or not np.isfinite(tables[key]).all():
            raise DataError(f"{name}: {key} has shape {tables[key].shape}, expected finite numbers of shape {shape}")
        if key.endswith("_idx"):
            check_index(name, key, tables[key], faces)
    return _landmarks(tables)


def _npy_object(name: str, data: bytes) -> Any:
    """The one object that numpy.save pickled into a file."""
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        _, _, kind = read(file)
    except Exception as error:  # a damaged header can fail in any way
        raise DataError(f"{name}: is not an .npy file ({error}); name the landmark_embedding.npy of FLAME") from error
    if not kind.hasobject:
        raise DataError(f"{name}: holds an array of {kind} instead of named tables; name landmark_embedding.npy")
    content = objects(read_pickle(name, data[file.tell() :]))
    return content[0] if content else None


def _landmarks(tables: Mapping[str, Array]) -> Landmarks:
    """FLAME's tables; beyond the 39 degrees that its outline knows, the last row is held."""
    faces = {key: tables[key].astype(np.int32) for key in _TABLES if key.endswith("_idx")}
    weights = {key: tables[key].astype(np.float64) for key in _TABLES if key.endswith("_coords")}
    outline, outline_weights = faces["dynamic_lmk_faces_idx"], weights["dynamic_lmk_bary_coords"]
    rows = [contour_row(yaw) for yaw in range(-MAX_YAW, MAX_YAW + 1)] if len(outline) else []
    return Landmarks(
        static_faces=faces["static_lmk_faces_idx"],
        static_barycentric=weights["static_lmk_bary_coords"],
        contour_faces=outline,
        contour_barycentric=outline_weights,
        wide_faces=outline[rows],
        wide_barycentric=outline_weights[rows],
    )


def read_regions(path: FilePath, vertices: int) -> dict[str, NDArray[np.int32]]:
    """The vertex numbers of a mask file (FLAME_masks.pkl) by region, checked against the number of vertices.

    Raises:
        ModelUnavailable: there is no such file.
        DataError: it is damaged, hostile or of another kind, or does not fit the model.
    """
    name = os.fspath(path)
    content = named(name, read_pickle(name, file_bytes(path)))
    if len(content) > _MOST_REGIONS or not all(isinstance(region, str) for region in content):
        raise DataError(f"{name}: expected at most {_MOST_REGIONS} regions by name; name the FLAME_masks.pkl of FLAME")
    regions = {}
    for region, value in content.items():
        index = array(f"{name}: {region}", value)
        if index.ndim != 1 or index.size > vertices:
            raise DataError(f"{name}: {region} has shape {index.shape}, expected at most {vertices} vertex numbers")
        check_index(name, region, index, vertices)
        regions[region] = index.astype(np.int32)
    return regions


def file_bytes(path: FilePath) -> bytes:
    """The contents of a file of the FLAME family.

    Raises:
        ModelUnavailable: there is no such file; the message says where models come from.
        DataError: it is a folder, too large or not readable.
    """
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            raise DataError(f"{path}: is a folder or device; name the file itself, such as generic_model.pkl")
        if file.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: is larger than 2 GB, a FLAME model has some 50 MB; name the right file")
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ModelUnavailable(f"{path}: there is no such file. {LICENCE}") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise DataError(f"{path}: cannot be read ({error})") from error


def named(name: str, content: Any) -> dict[Any, Any]:
    """`content`, if it is a dictionary; else a DataError."""
    if not isinstance(content, dict):
        raise DataError(f"{name}: holds {type(content).__name__} instead of named arrays; name another file")
    return content


def check_numbers(name: str, key: str, values: Array) -> None:
    """Nothing, if `values` are finite numbers; else a DataError."""
    if values.dtype.kind not in "fiu":
        raise DataError(f"{name}: {key} holds {values.dtype} instead of numbers; get the file again")
    if not np.isfinite(values).all():
        raise DataError(f"{name}: {key} holds NaN or infinite numbers; get the file again")


def check_index(name: str, key: str, index: Array, count: int) -> None:
    """Nothing, if `index` holds whole numbers within 0..count - 1; else a DataError."""
    if index.dtype.kind not in "iu":
        raise DataError(f"{name}: {key} holds {index.dtype}, expected whole numbers")
    if index.size and not 0 <= int(index.min()) <= int(index.max()) < count:
        raise DataError(f"{name}: {key} goes from {index.min()} to {index.max()}, outside the model's 0..{count - 1}")


def no_landmarks() -> Landmarks:
    """The landmarks of a head without tables."""
    return _landmarks({key: np.zeros((0, *shape[1:])) for key, shape in _TABLES.items()})
