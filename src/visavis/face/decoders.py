"""From a detector's raw outputs to boxes and points: one function per family of detectors.

A decoder gets the outputs of one padded input and returns rows in the pixels of that input (pixel indices), before
suppression. Rows of lower score than asked for are never built.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ModelError

_CENTERFACE_STRIDE = 4
_SCRFD_STRIDES = (8, 16, 32)
_MAX_LOG_SIZE = 8.0  # exp(8) * 4 is far beyond any image


@dataclass(frozen=True)
class Detections:
    """Rows found in one input.

    Attributes:
        boxes: (n, 4) float32 left, top, right, bottom.
        points: (n, 5, 2) float32 landmarks.
        scores: (n,) float32 in [0, 1].
    """

    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Detections:
        return Detections(self.boxes[index], self.points[index], self.scores[index])

    def mapped(self, scale: tuple[float, float], shift: tuple[float, float]) -> Detections:
        """Rows in the pixels of another image: index -> (index + 0.5) * scale - 0.5 + shift."""
        factor, offset = np.array(scale, np.float32), np.array(shift, np.float32)
        corners = (self.boxes.reshape(-1, 2, 2) + np.float32(0.5)) * factor + (offset - np.float32(0.5))
        points = (self.points + np.float32(0.5)) * factor + (offset - np.float32(0.5))
        return Detections(corners.reshape(-1, 4), points, self.scores)


def concatenate(parts: list[Detections]) -> Detections:
    """All rows of several inputs."""
    if not parts:
        empty = np.zeros(0, np.float32)
        return Detections(empty.reshape(0, 4), empty.reshape(0, 5, 2), empty)
    return Detections(*(np.concatenate([getattr(p, key) for p in parts]) for key in ("boxes", "points", "scores")))


def decode_centerface(outputs: list[NDArray[np.float32]], min_score: float) -> Detections:
    """CenterFace (Xu et al., 2019): face centres are peaks of a heat map at a quarter of the input's size.

    Args:
        outputs: one array (1, 15, h, w), see `visavis.models.converters.centerface`.
        min_score: lowest probability of a face centre.
    """
    maps = outputs[0][0]
    logits = maps[0]
    rows, columns = np.nonzero(logits > np.log(min_score / (1 - min_score)))
    peaks = _is_peak(logits, rows, columns)
    rows, columns = rows[peaks], columns[peaks]
    logit, log_h, log_w, off_y, off_x = maps[:5, rows, columns]
    landmarks = maps[5:, rows, columns].T.reshape(-1, 5, 2)  # (y, x) in shares of the box
    size = _CENTERFACE_STRIDE * np.exp(np.minimum(np.stack([log_w, log_h], 1), _MAX_LOG_SIZE))
    corner = _CENTERFACE_STRIDE * (np.stack([columns + off_x, rows + off_y], 1) + 0.5)
    centre = corner - 0.5  # the network counts from pixel corners, we from pixel centres
    near = centre - size / 2
    boxes = np.concatenate([near, near + size], axis=1)
    points = near[:, None] + size[:, None] * landmarks[..., ::-1]
    return _detections(boxes, points, 1 / (1 + np.exp(-logit)))


def decode_scrfd(outputs: list[NDArray[np.float32]], min_score: float, size: tuple[int, int]) -> Detections:
    """SCRFD (Guo et al., 2021) as exported by InsightFace: anchor points at strides 8, 16, 32, distances to the sides.

    Args:
        outputs: scores, boxes and points per stride, (m, 1 | 4 | 10) each with or without a batch axis, in any order.
        min_score: lowest score, in [0, 1].
        size: (width, height) of the input.

    Raises:
        ModelError: the outputs are not those of a detector with five points.
    """
    by_width: dict[int, list[NDArray[np.float32]]] = {1: [], 4: [], 10: []}
    for output in outputs:
        rows = output.reshape(-1, output.shape[-1])
        by_width.setdefault(rows.shape[1], []).append(rows)
    levels = zip(*(sorted(by_width[width], key=len, reverse=True) for width in (1, 4, 10)), strict=False)
    parts = [
        _scrfd_level(scores, distances, offsets, stride, min_score, size)
        for (scores, distances, offsets), stride in zip(levels, _SCRFD_STRIDES, strict=False)
    ]
    if len(parts) != len(_SCRFD_STRIDES):
        shapes = [output.shape for output in outputs]
        raise ModelError(f"the detector's outputs {shapes} are not scores, boxes and five points at three strides")
    return concatenate(parts)


def _scrfd_level(
    scores: NDArray[np.float32],
    distances: NDArray[np.float32],
    offsets: NDArray[np.float32],
    stride: int,
    min_score: float,
    size: tuple[int, int],
) -> Detections:
    columns, rows = size[0] // stride, size[1] // stride
    anchors = len(scores) // (columns * rows)
    if not anchors or len(scores) != anchors * columns * rows:
        raise ModelError(f"the detector returned {len(scores)} rows at stride {stride} for an input of {size}")
    if scores.max() > 1:
        raise ModelError(f"the detector's scores reach {scores.max():g}, more than 1; export it with its sigmoid")
    (keep,) = np.nonzero(scores[:, 0] > min_score)
    cell = keep // anchors
    centre = np.stack([cell % columns, cell // columns], axis=1) * np.float32(stride)
    reach = distances[keep] * stride
    boxes = np.concatenate([centre - reach[:, :2], centre + reach[:, 2:]], axis=1)
    points = centre[:, None] + offsets[keep].reshape(-1, 5, 2) * stride
    return _detections(boxes, points, scores[keep, 0])


def _is_peak(logits: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether a cell is the largest of its 3 x 3 neighbourhood."""
    padded = np.pad(logits, 1, constant_values=-np.inf)
    around = [padded[rows + dy, columns + dx] for dy in range(3) for dx in range(3)]
    peak: NDArray[np.bool_] = logits[rows, columns] >= np.max(around, axis=0) if len(rows) else np.zeros(0, bool)
    return peak


def _detections(boxes: NDArray[np.floating], points: NDArray[np.floating], scores: NDArray[np.floating]) -> Detections:
    """Rows that are finite and have an area."""
    boxes, points = boxes.astype(np.float32), points.astype(np.float32)
    whole = np.isfinite(boxes).all(1) & np.isfinite(points).all((1, 2)) & (boxes[:, 2:] > boxes[:, :2]).all(1)
    return Detections(boxes[whole], points[whole], scores[whole].astype(np.float32))
