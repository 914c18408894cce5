"""A head as one .npz file: FLAME's keys, so that tools made for it read it, plus what FLAME keeps elsewhere."""

from __future__ import annotations

import os
import zipfile

import numpy as np
from numpy.typing import NDArray

from visavis.errors import DataError
from visavis.storage import atomic_file
from visavis.synthetic.head.landmarks import Landmarks
from visavis.synthetic.head.model import Head

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
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load(path: str | os.PathLike[str]) -> Head:
    """Read what `save` wrote.

    Raises: DataError: not a readable .npz, or its keys or shapes are not those of a head.
    """
    name = os.fspath(path)
    try:
        with np.load(name, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{name}: not a readable head file ({error}); write one with Head.save") from error
    missing = [key for key in _KEYS if key not in arrays]
    if missing:
        raise DataError(f"{name}: lacks {', '.join(missing)}; a head file has {', '.join(_KEYS)}")
    _check_shapes(name, arrays)
    identity_names, expression_names = (tuple(map(str, arrays[k])) for k in ("identity_names", "expression_names"))
    shapes = arrays["shapedirs"]
    return Head(
        template=arrays["v_template"],
        faces=arrays["f"],
        identity=np.ascontiguousarray(shapes[:, :, : len(identity_names)]),
        expression=np.ascontiguousarray(shapes[:, :, IDENTITY_CODES : IDENTITY_CODES + len(expression_names)]),
        pose_correctives=arrays["posedirs"],
        joint_regressor=arrays["J_regressor"],
        weights=arrays["weights"],
        parents=tuple(int(parent) for parent in arrays["kintree_table"][0]),
        uv=arrays["uv"],
        part=arrays["part"],
        weld=arrays["weld"],
        landmarks=Landmarks(**{field: arrays[key] for field, key in _LANDMARKS.items()}),
        regions={key.removeprefix(_REGION): value for key, value in arrays.items() if key.startswith(_REGION)},
        identity_names=identity_names,
        expression_names=expression_names,
    )


def _check_shapes(name: str, arrays: dict[str, NDArray[np.generic]]) -> None:
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
    if f and (int(arrays["f"].min()) < 0 or int(arrays["f"].max()) >= v):
        raise DataError(f"{name}: f names vertices outside 0..{v - 1}; the file does not belong together")
