"""Removing boxes that show the same face twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def overlaps(box: NDArray[np.float32], others: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Intersection over union, and share of each other box that lies inside `box`.

    Args:
        box: (4,) left, top, right, bottom.
        others: (n, 4).
    Returns: two (n,) arrays in [0, 1].
    """
    near, far = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(far - near, 0, None), axis=1)
    area, areas = np.prod(box[2:] - box[:2]), np.prod(others[:, 2:] - others[:, :2], axis=1)
    return shared / (area + areas - shared), shared / areas


def suppress(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], max_iou: float = 0.3, max_inside: float = 0.85
) -> NDArray[np.intp]:
    """Greedy non-maximum suppression that also drops boxes lying inside a better one.

    Args:
        boxes: (n, 4) left, top, right, bottom.
        scores: (n,); the higher of two boxes of the same face stays.
        max_iou: boxes overlapping a better box by more are dropped; raise it for tightly packed crowds.
        max_inside: so are boxes whose own area lies inside a better box by more than this share.
    Returns: indices of the boxes that stay, best first.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(best)
        iou, inside = overlaps(boxes[best], boxes[order])
        order = order[(iou <= max_iou) & (inside <= max_inside)]
    return np.array(kept, dtype=np.intp)
