"""Heads of the FLAME family (Li et al. 2017) from the user's own files; visavis ships none of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import DataError, ModelUnavailable
from visavis.synthetic.head.decode import array
from visavis.synthetic.head.file import head_of, read_npz
from visavis.synthetic.head.flame_tables import (
    LICENCE,
    VARIABLE,
    FilePath,
    check_index,
    check_numbers,
    file_bytes,
    named,
    no_landmarks,
    read_landmarks,
    read_regions,
)
from visavis.synthetic.head.mesh import PARTS
from visavis.synthetic.head.model import Head
from visavis.synthetic.head.pickles import read_pickle

Array = NDArray[Any]

IDENTITY, EXPRESSION = 300, 100
"""How many of the shape directions are identity, and how many follow as expression."""
_PARENTS = (-1, 0, 1, 1, 1)
_SHAPES = {
    "v_template": "V 3",
    "f": "F 3",
    "shapedirs": f"V 3 {IDENTITY + EXPRESSION}",
    "posedirs": "V 3 36",
    "J_regressor": "5 V",
    "weights": "V 5",
    "kintree_table": "2 5",
}


def load_flame(path: FilePath | None = None, landmarks: FilePath | None = None, masks: FilePath | None = None) -> Head:
    """Read a FLAME-like model, safely: nothing that a file holds is run.

    What the files leave open is filled in: texture coordinates from a cylinder around the head, the eyeballs from the
    skinning weights, names by number, no landmarks without their table.

    Args:
        path: the model (.pkl as published, or .npz with the same keys); None = the path in `VISAVIS_FLAME`.
        landmarks: the embedding of 68 points (landmark_embedding.npy).
        masks: the regions (FLAME_masks.pkl).

    Raises:
        ModelUnavailable: no path is given or there is no such file; the message says where models come from.
        DataError: a file is damaged, hostile or of another kind, or its keys, shapes or numbers are wrong.
    """
    source = path if path is not None else os.environ.get(VARIABLE)
    if not source:
        raise ModelUnavailable(f"no FLAME model was named. {LICENCE}")
    name, data = os.fspath(source), file_bytes(source)
    stored = read_npz(name, data) if data.startswith(b"PK") else _pickled(name, data)
    head = head_of(name, stored) if "weld" in stored else _head(name, stored)
    return _with_tables(head, landmarks, masks)


def convert_flame(
    path: FilePath | None, out: FilePath, landmarks: FilePath | None = None, masks: FilePath | None = None
) -> Head:
    """Read a FLAME-like model and write it as one .npz file that loads without any pickle.

    Args:
        path: see `load_flame`.
        out: the file to write.
        landmarks: see `load_flame`.
        masks: see `load_flame`.

    Raises:
        ModelUnavailable, DataError: see `load_flame`.
        StorageError: `out` cannot be written.
    """
    head = load_flame(path, landmarks, masks)
    head.save(out)
    return head


def _pickled(name: str, data: bytes) -> dict[str, Array]:
    content = named(name, read_pickle(name, data))
    return {key: array(f"{name}: {key}", value) for key, value in content.items() if key in _SHAPES}


def _head(name: str, stored: Mapping[str, Array]) -> Head:
    """A head of FLAME's own arrays."""
    _check(name, stored)
    template, faces = stored["v_template"].astype(np.float64), stored["f"].astype(np.int32)
    weights = stored["weights"].astype(np.float64)
    eyeballs = {"left_eyeball": weights[:, 3] > 0.5, "right_eyeball": weights[:, 4] > 0.5}  # turned by their joint
    in_eye = (eyeballs["left_eyeball"] | eyeballs["right_eyeball"])[faces].all(axis=1)
    return Head(
        template=template,
        faces=faces,
        identity=stored["shapedirs"][:, :, :IDENTITY].astype(np.float64),
        expression=stored["shapedirs"][:, :, IDENTITY:].astype(np.float64),
        pose_correctives=stored["posedirs"].astype(np.float64),
        joint_regressor=stored["J_regressor"].astype(np.float64),
        weights=weights,
        parents=_PARENTS,
        uv=_cylinder(template),
        part=np.where(in_eye, PARTS.index("eye"), PARTS.index("skin")).astype(np.uint8),
        weld=np.arange(len(template), dtype=np.int32),
        landmarks=no_landmarks(),
        regions={name: np.flatnonzero(inside).astype(np.int32) for name, inside in eyeballs.items()},
        identity_names=tuple(f"identity_{i}" for i in range(IDENTITY)),
        expression_names=tuple(f"expression_{i}" for i in range(EXPRESSION)),
    )


def _check(name: str, stored: Mapping[str, Array]) -> None:
    """Whether the arrays are those of one FLAME-like model."""
    missing = [key for key in _SHAPES if key not in stored]
    if missing:
        raise DataError(f"{name}: lacks {', '.join(missing)}; a FLAME model has {', '.join(_SHAPES)}")
    sizes = {"V": len(np.atleast_1d(stored["v_template"])), "F": len(np.atleast_1d(stored["f"]))}
    for key, letters in _SHAPES.items():
        shape = tuple(sizes[s] if s in sizes else int(s) for s in letters.split())
        if stored[key].shape != shape:
            raise DataError(
                f"{name}: {key} has shape {stored[key].shape}, expected {shape} for {sizes['V']} vertices and "
                f"{sizes['F']} faces; all arrays must come from one FLAME model"
            )
        check_numbers(name, key, stored[key])
    if not sizes["V"] or not sizes["F"]:
        raise DataError(f"{name}: has {sizes['V']} vertices and {sizes['F']} faces; a head needs some of both")
    check_index(name, "f", stored["f"], sizes["V"])
    if np.abs(stored["weights"].sum(axis=1) - 1.0).max(initial=0.0) > 1e-3:
        raise DataError(f"{name}: the rows of weights do not sum to 1; get the file again")
    parents = stored["kintree_table"][0].astype(np.int64)
    if tuple(parents[1:]) != _PARENTS[1:]:
        raise DataError(f"{name}: joints hang on {parents.tolist()}, expected {list(_PARENTS)} (neck, jaw, two eyes)")


def _cylinder(template: Array) -> NDArray[np.float32]:
    """(V, 2) texture coordinates from a cylinder around the head: u to the subject's left, v down."""
    x, y, z = (template - template.mean(axis=0)).T
    u = 0.5 + np.arctan2(x, z) / (2.0 * np.pi)
    v = (y.max(initial=0.0) - y) / max(float(np.ptp(y)), 1e-9)
    return np.stack([u, v], axis=-1).astype(np.float32)


def _with_tables(head: Head, landmarks: FilePath | None, masks: FilePath | None) -> Head:
    """`head` with the landmark table and the regions of further files."""
    changes: dict[str, Any] = {}
    if landmarks is not None:
        changes["landmarks"] = read_landmarks(landmarks, len(head.faces))
    if masks is not None:
        changes["regions"] = {**head.regions, **read_regions(masks, len(head.template))}
    return replace(head, **changes)
