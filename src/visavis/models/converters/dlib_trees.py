"""dlib's shape predictor (.dat) as arrays: the regression trees behind the 5- and 68-point face landmarks."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.models.converters.dlib_integers import IntegerFile, Integers


def convert(data: bytes, name: str) -> bytes:
    """Turn the bytes of a dlib shape predictor into an uncompressed .npz that loads in milliseconds.

    Args:
        data: the whole .dat file.
        name: how messages call it.

    Returns:
        An .npz of P points, K cascades, T trees per cascade with S splits and S + 1 leaves each, F pixel features:
        `initial` (P, 2) float32, the mean shape in the unit square of the face box;
        `anchors` (K, F) uint16 and `deltas` (K, F, 2) float32, the point and the offset at which a feature is read;
        `first`, `second` (K, T, S) uint16 and `thresholds` (K, T, S) float32, the splits of a tree in heap order;
        `leaves` (K, T, S + 1, P, 2) float32, the steps that the trees add to the shape.
        Equal input gives equal bytes.

    Raises:
        ModelCorrupt: the bytes are not a complete shape predictor; the message names the byte.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **parse(data, name))
    return buffer.getvalue()


def parse(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of `convert`. File order: version, mean shape, forests, anchors, deltas."""
    file = IntegerFile.read(data, name)
    file.same(file.take(1, 1), 1, "version of the format")
    numbers = file.count("size of the mean shape", sign=-1)
    if numbers % 2:
        raise file.fail(f"a mean shape of {numbers} numbers is not one of (x, y) points")
    initial = _columns(file, file.take(1, 2 + 2 * numbers), numbers)[0]
    cascades = file.count("number of cascades")
    file.take(1, 1)
    splits, leaves = _forests(file, cascades, numbers)
    file.same(file.take(1, 1), cascades, "number of anchor lists")
    features = file.count("features of a cascade")
    anchors = file.vectors(cascades, features, 1, "anchors of a cascade")
    file.same(file.take(1, 1), cascades, "number of delta lists")
    deltas = file.vectors(cascades, features, 4, "deltas of a cascade")
    file.finish()
    return {
        "initial": initial,
        "anchors": file.indices(anchors[..., 0], len(initial), "point"),
        "deltas": file.reals(deltas),
        "first": file.indices(splits[..., 0], features, "feature"),
        "second": file.indices(splits[..., 1], features, "feature"),
        "thresholds": file.reals(splits[..., 2:])[..., 0],
        "leaves": leaves,
    }


def _forests(file: IntegerFile, cascades: int, numbers: int) -> tuple[Integers, NDArray[np.float32]]:
    """K forests of T complete trees: the splits (index, index, threshold) in heap order, and the leaf shapes."""
    trees, splits = file.count("trees of a cascade"), file.count("splits of a tree", ahead=1)
    leaves = splits + 1
    if splits & leaves:
        raise file.fail(f"{splits} splits do not make a complete tree")
    leaf = 2 + 2 * numbers
    tree = file.vectors(cascades, trees, 1 + 4 * splits + 1 + leaves * leaf, "trees of a cascade")
    file.same(tree[..., 0], splits, "splits of a tree")
    file.same(tree[..., 1 + 4 * splits], leaves, "leaves of a tree")
    split = tree[..., 1 : 1 + 4 * splits].reshape(cascades, trees, splits, 4)
    return split, _columns(file, tree[..., 2 + 4 * splits :].reshape(cascades, trees, leaves, leaf), numbers)


def _columns(file: IntegerFile, table: Integers, numbers: int) -> NDArray[np.float32]:
    """Matrices of one column (sizes stored negated, then reals) as (..., numbers / 2, 2) points."""
    file.same(table[..., 0], -numbers, "negated height of a matrix")
    file.same(table[..., 1], -1, "negated width of a matrix")
    return file.reals(table[..., 2:]).reshape(*table.shape[:-1], -1, 2)
