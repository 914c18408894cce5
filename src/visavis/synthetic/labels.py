"""What is true of one face in a picture: box, points, landmarks, who hides them, and the pose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.figure import Posed
from visavis.synthetic.head import MAX_YAW
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Camera
from visavis.types import Box

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

_HIDDEN_BEHIND = 0.0025
"""Metres: a point lies on the surface seen at its pixel unless that surface is nearer by more than this."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FaceLabels:
    """The labels of one face, in pixels with the centre of the top-left pixel at (0, 0).

    Attributes:
        box: the face from hairline to chin, ear to ear; it may reach beyond the picture.
        points: (5, 2) eyes, nose and mouth corners; on an upright face in the order of `visavis.types.POINT_NAMES`.
        landmarks: (68, 2) iBUG points; 0..16 follow the outline that the camera sees.
        landmarks_3d: (68, 3) x, y in pixels and depth in metres; all 68 are fixed points of the head.
        visible: (68,) whether `landmarks` lie in the picture with nothing before them (clear lenses are nothing), as
            far as the picture's pixels tell: at an outline they may be wrong by a pixel.
        pose: (yaw, pitch, roll) in degrees.
    """

    box: Box
    points: Floats
    landmarks: Floats
    landmarks_3d: Floats
    visible: NDArray[np.bool_]
    pose: tuple[float, float, float]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "box": self.box.as_list(),
            "points": np.round(self.points.astype(float), 3).tolist(),
            "landmarks": np.round(self.landmarks.astype(float), 3).tolist(),
            "landmarks_3d": np.round(self.landmarks_3d.astype(float), 4).tolist(),
            "visible": self.visible.tolist(),
            **dict(zip(("yaw", "pitch", "roll"), self.pose, strict=True)),
        }


def label_face(posed: Posed, camera: Camera, seen: Floats, parsing: NDArray[np.uint8]) -> FaceLabels:
    """The labels of a posed figure.

    Args:
        posed: who, and how.
        camera: where from.
        seen: (H, W) depth of the picture in metres: what is nearer than a landmark hides it.
        parsing: (H, W) classes of the picture: where dark glasses are, which have no depth.
    """
    head, vertices = posed.figure.head, posed.vertices
    seen_yaw = float(np.clip(posed.seen_yaw(camera), -MAX_YAW, MAX_YAW))  # off the middle it may exceed the shot's
    outline = head.landmarks.visible_points(vertices, head.faces, seen_yaw)
    fixed = head.landmarks.points(vertices, head.faces, 0.0)
    landmarks, depth = camera.project(outline)
    fixed_pixels, fixed_depth = camera.project(fixed)
    visible = _visible(landmarks, depth, seen)
    if posed.shot.occluder == "sunglasses":
        visible &= ~_nearest(landmarks, parsing == PARSING.index("glasses"))
    return FaceLabels(
        box=_face_box(camera.project(vertices[head.regions["face"]])[0]),
        points=five_points(landmarks),
        landmarks=landmarks.astype(np.float32),
        landmarks_3d=np.column_stack([fixed_pixels, fixed_depth]).astype(np.float32),
        visible=visible,
        pose=(posed.shot.yaw, posed.shot.pitch, posed.shot.roll),
    )


def five_points(landmarks: Array) -> Floats:
    """(5, 2) eye centres, nose tip and mouth corners of (68, 2); the subject's right eye comes first.

    On an upright face the subject's right is the picture's left, as `visavis.types.POINT_NAMES` says.
    """
    return np.stack(
        [landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0), landmarks[30], landmarks[48], landmarks[54]]
    ).astype(np.float32)


def _face_box(pixels: Array) -> Box:
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def _visible(pixels: Array, depth: Array, seen: Floats) -> NDArray[np.bool_]:
    """Whether nothing nearer is drawn at a point; the farthest of the four pixels around it counts, for outlines."""
    height, width = seen.shape
    # Compared as numbers: a pixel far outside does not fit an integer.
    inside = (np.rint(pixels) >= 0).all(axis=1) & (np.rint(pixels) < (width, height)).all(axis=1)
    around = [_nearest(np.floor(pixels) + np.array(step), seen) for step in np.ndindex(2, 2)]
    return np.asarray(inside & (np.max(around, axis=0) > depth - _HIDDEN_BEHIND))


def _nearest(pixels: Array, values: NDArray[Any]) -> NDArray[Any]:
    """(n,) the values (H, W) at the pixels nearest to (n, 2) points; outside the picture those of its border."""
    height, width = values.shape
    x, y = np.rint(np.clip(pixels, 0, (width - 1, height - 1))).astype(int).T
    return np.asarray(values[y, x])
