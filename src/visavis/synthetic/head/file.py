"""A head as one .npz file: FLAME's keys, so that tools made for it read it, plus what FLAME keeps elsewhere."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import DataError
from visavis.storage import atomic_file
from visavis.synthetic.head.flame_tables import check_index, check_numbers
from visavis.synthetic.head.landmarks import Landmarks
from visavis.synthetic.head.mesh import PARTS
from visavis.synthetic.head.model import Head

Array = NDArray[Any]

IDENTITY_CODES, EXPRESSION_CODES = 300, 100
"""FLAME's `shapedirs` holds 300 identity fields, then 100 of expression; unused ones are zero."""
_LANDMARKS = {
    "static_faces": "static_lmk_faces_idx",
    "static_barycentric": "static_lmk_bary_coords",
    "contour_faces": "dynamic_lmk_faces_idx",
    "contour_barycentric": "dynamic_lmk_bary_coords",
    "wide_faces": "wide_lmk_faces_idx",
    "wide_barycentric": "wide_lmk_bary_coords",
}
_TABLES = {
    "static_lmk_faces_idx": (51,), "static_lmk_bary_coords": (51, 3), "dynamic_lmk_faces_idx": (79, 17),
    "dynamic_lmk_bary_coords": (79, 17, 3), "wide_lmk_faces_idx": (181, 17), "wide_lmk_bary_coords": (181, 17, 3),
}  # fmt: skip
_NUMBERS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "uv")
_PARENTS = (-1, 0, 1, 1, 1)
_MOST_BYTES = 2**30
_REGION = "region_"
_KEYS = (
    "v_template", "f", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "uv", "part", "weld",
    "identity_names", "expression_names", *_LANDMARKS.values(),
)  # fmt: skip


def save(head: Head, path: str | os.PathLike[str]) -> None:
    """Write `head` to `path` (.npz).

    Raises: StorageError: the file cannot be written; nothing partial is left.
    """
    vertices, _, count = head.identity.shape
    moves = head.expression.shape[2]
    shapes = np.zeros((vertices, 3, IDENTITY_CODES + EXPRESSION_CODES))
    shapes[:, :, :count] = head.identity
    shapes[:, :, IDENTITY_CODES : IDENTITY_CODES + moves] = head.expression
    arrays: dict[str, NDArray[np.generic]] = {
        "v_template": head.template,
        "f": head.faces,
        "shapedirs": shapes,
        "posedirs": head.pose_correctives,
        "J_regressor": head.joint_regressor,
        "weights": head.weights,
        "kintree_table": np.array([head.parents, range(len(head.parents))], dtype=np.int64),
        "uv": head.uv,
        "part": head.part,
        "weld": head.weld,
        "identity_names": np.array(head.identity_names),
        "expression_names": np.array(head.expression_names),
    }
    arrays |= {key: getattr(head.landmarks, field) for field, key in _LANDMARKS.items()}
    arrays |= {_REGION + name: index for name, index in head.regions.items()}
    with atomic_file(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its stub takes the names for flags


def load(path: str | os.PathLike[str]) -> Head:
    """Read what `save` wrote.

    Raises: DataError: not a readable .npz, or its keys or shapes are not those of a head.
    """
    name = os.fspath(path)
    if not Path(path).is_file():
        raise DataError(f"{name}: is not a readable file; name one that Head.save has written")
    return head_of(name, read_npz(name, Path(path).read_bytes()))


def read_npz(name: str, data: bytes) -> dict[str, Array]:
    """The arrays of an .npz file by name, none of them pickled.

    Raises: DataError: it is damaged, of another kind, or larger than a head can be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
        _check_size(size)
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except Exception as error:  # a damaged archive can fail in any way
        raise DataError(f"{name}: is not a readable .npz file of plain arrays ({error}); write it again") from error


def _check_size(size: int) -> None:
    if size > _MOST_BYTES:
        raise ValueError(f"it would take {size / 2**20:.0f} MB of memory, a head takes {_MOST_BYTES >> 20} at most")


def head_of(name: str, arrays: Mapping[str, Array]) -> Head:
    """The head of the arrays that `save` wrote.

    Raises: DataError: their keys, shapes or numbers are not those of a head.
    """
    missing = [key for key in _KEYS if key not in arrays]
    if missing:
        raise DataError(f"{name}: lacks {', '.join(missing)}; a head file has {', '.join(_KEYS)}")
    _check_shapes(name, arrays)
    _check_numbers(name, arrays)
    identity_names = _words(name, arrays, "identity_names", IDENTITY_CODES)
    expression_names = _words(name, arrays, "expression_names", EXPRESSION_CODES)
    shapes = arrays["shapedirs"]
    return Head(
        template=arrays["v_template"],
        faces=arrays["f"],
        identity=np.ascontiguousarray(shapes[:, :, : len(identity_names)]),
        expression=np.ascontiguousarray(shapes[:, :, IDENTITY_CODES : IDENTITY_CODES + len(expression_names)]),
        pose_correctives=arrays["posedirs"],
        joint_regressor=arrays["J_regressor"],
        weights=arrays["weights"],
        parents=_PARENTS,
        uv=arrays["uv"],
        part=arrays["part"],
        weld=arrays["weld"],
        landmarks=Landmarks(**{field: arrays[key] for field, key in _LANDMARKS.items()}),
        regions={key.removeprefix(_REGION): value for key, value in arrays.items() if key.startswith(_REGION)},
        identity_names=identity_names,
        expression_names=expression_names,
    )


def _check_shapes(name: str, arrays: Mapping[str, Array]) -> None:
    v, f = len(np.atleast_1d(arrays["v_template"])), len(np.atleast_1d(arrays["f"]))
    wanted = {
        "v_template": (v, 3), "f": (f, 3), "shapedirs": (v, 3, IDENTITY_CODES + EXPRESSION_CODES),
        "posedirs": (v, 3, 36), "J_regressor": (5, v), "weights": (v, 5), "kintree_table": (2, 5), "uv": (v, 2),
        "part": (f,), "weld": (v,),
    }  # fmt: skip
    for key, shape in wanted.items():
        if arrays[key].shape != shape:
            raise DataError(
                f"{name}: {key} has shape {arrays[key].shape}, expected {shape} for {v} vertices, {f} faces"
            )
    for key, shape in _TABLES.items():
        if arrays[key].shape not in (shape, (0, *shape[1:])):
            raise DataError(f"{name}: {key} has shape {arrays[key].shape}, expected {shape}, or none of its rows")


def _check_numbers(name: str, arrays: Mapping[str, Array]) -> None:
    """Whether all numbers are finite, and those that point into another array stay inside it."""
    regions = [key for key in arrays if key.startswith(_REGION)]
    for key in (*_NUMBERS, *_TABLES, *regions):
        check_numbers(name, key, arrays[key])
    vertices, faces = len(arrays["v_template"]), len(arrays["f"])
    pointers = {"f": vertices, "weld": vertices, "part": len(PARTS)} | dict.fromkeys(regions, vertices)
    pointers |= {key: faces for key in _TABLES if key.endswith("_idx")}
    for key, count in pointers.items():
        check_index(name, key, arrays[key], count)
    if tuple(arrays["kintree_table"][0, 1:].tolist()) != _PARENTS[1:]:
        raise DataError(f"{name}: kintree_table[0] must be {list(_PARENTS)} (root, neck, jaw, two eyes)")


def _words(name: str, arrays: Mapping[str, Array], key: str, most: int) -> tuple[str, ...]:
    words = arrays[key]
    if words.dtype.kind != "U" or words.ndim != 1 or len(words) > most:
        raise DataError(f"{name}: {key} ({words.dtype} of shape {words.shape}) must be at most {most} words")
    return tuple(map(str, words))
