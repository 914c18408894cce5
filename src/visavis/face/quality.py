"""Face quality without training: five components that any photo can be asked for, and their summary.

Every component is in [0, 1], 1 = nothing to complain of, and is made so that it can be explained in a sentence. The
summary is their geometric mean, so that one very poor property cannot be bought back by the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.types import Quality

Points = NDArray[np.float32]

_POOR_EYES, _GOOD_EYES = 6.0, 60.0  # pixels between the eyes: unusable below, nothing to gain above
_POOR_DETAIL, _GOOD_DETAIL = 0.08, 0.60  # share of fine structure in the face's contrast
_POOR_CONTRAST, _GOOD_CONTRAST = 4.0, 16.0  # standard deviation of luminance, of 255
_POOR_SCORE, _GOOD_SCORE = 0.5, 0.95  # detection scores: barely a face, and as sure as detectors get
_FLOOR = 0.01  # keeps the geometric mean from vanishing on one component
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def quality(chips: NDArray[np.uint8], points: Points, scores: NDArray[np.float32]) -> Quality:
    """Quality of n faces.

    Args:
        chips: (n, S, S, 3) uint8 RGB aligned chips.
        points: (n, 5, 2) detected landmarks in pixels of the photo.
        scores: (n,) detection scores in [0, 1].
    """
    luma = _face_luma(chips)
    parts = {
        "size": eye_distance_score(points),
        "sharpness": sharpness(luma),
        "exposure": exposure(luma),
        "frontality": frontality(points),
        "detection": _ramp(scores, _POOR_SCORE, _GOOD_SCORE),
    }
    logs = np.log(np.maximum(np.stack(list(parts.values())), _FLOOR))
    return Quality(**parts, summary=np.exp(logs.mean(0)).astype(np.float32))


def eye_distance_score(points: Points) -> NDArray[np.float32]:
    """(n,) how far the eyes are apart in the photo, on a log scale from 6 px (0) to 60 px (1)."""
    distance = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    return _ramp(np.log(np.maximum(distance, 1e-3)), np.log(_POOR_EYES), np.log(_GOOD_EYES))


def frontality(points: Points) -> NDArray[np.float32]:
    """(n,) how near the nose lies to the middle between the eyes: rho of SymFace's three-point split (2024).

    rho = clip(1 - |x_nose - x_middle| / (half the eye distance), 0, 1), along the eye line, so that shift, scale and
    in-plane rotation change nothing. It does not see pitch. Eyes less than a pixel apart give 0.
    """
    eyes = points[:, 1] - points[:, 0]
    half = np.linalg.norm(eyes, axis=1) / 2
    middle = (points[:, 0] + points[:, 1]) / 2
    along = ((points[:, 2] - middle) * eyes).sum(1) / np.maximum(2 * half, 1e-9)
    rho = np.clip(1 - np.abs(along) / np.maximum(half, 1e-9), 0, 1)
    return np.where(half < 0.5, 0, rho).astype(np.float32)


def sharpness(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) share of fine structure in the contrast of the face, so that dim or pale faces are not called blurred.

    Strong noise and compression blocks are fine structure too: this finds blur and lost detail, not every defect.
    Fine structure is what a four-neighbour Laplacian leaves of the chip at half its size; at full size it would
    mostly see the kinks that enlarging small faces makes.
    """
    n, side = len(luma), luma.shape[1] // 2
    half = luma[:, : 2 * side, : 2 * side].reshape(n, side, 2, side, 2).mean((2, 4))
    laplacian = (
        half[:, :-2, 1:-1] + half[:, 2:, 1:-1] + half[:, 1:-1, :-2] + half[:, 1:-1, 2:] - 4 * half[:, 1:-1, 1:-1]
    )
    contrast = np.maximum(half.std((1, 2)), 1.0)
    return _ramp(np.log(np.maximum(laplacian.std((1, 2)) / contrast, 1e-4)), np.log(_POOR_DETAIL), np.log(_GOOD_DETAIL))


def exposure(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) whether the face's tones were recorded: contrast, less the share lost in pure black or white.

    The mean brightness is left out on purpose: a well-exposed dark skin and a well-exposed light skin score alike.
    """
    lost = ((luma < 4) | (luma > 251)).mean((1, 2))
    contrast = _ramp(luma.std((1, 2)), _POOR_CONTRAST, _GOOD_CONTRAST)
    return np.asarray(contrast * np.clip(1 - 2 * lost, 0, 1), np.float32)


def _face_luma(chips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, h, w) luminance of the middle of the chips, without background and hair."""
    side = chips.shape[1]
    low, high = side // 5, side - side // 5
    return np.asarray(chips[:, low:high, low:high].astype(np.float32) @ _LUMA)


def _ramp(values: NDArray[np.floating], poor: float, good: float) -> NDArray[np.float32]:
    """0 at `poor`, 1 at `good`, linear between."""
    return np.asarray(np.clip((values - poor) / (good - poor), 0, 1), np.float32)
