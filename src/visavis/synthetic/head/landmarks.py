"""The 68 points of iBUG on a head: 51 fixed on the surface, 17 along the outline that the eye sees.

Point 0 is the jaw beside the subject's right ear, 36 the outer corner of the right eye, 48 the right corner of the
mouth. Every point is a triangle and barycentric coordinates, so it moves with shape, expression and pose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput

Array = NDArray[np.float64]
Faces = NDArray[np.int32]

MAX_YAW = 90
"""The wide outline table covers yaws of -90..90 degrees."""


@dataclass(frozen=True)
class Landmarks:
    """Where the 68 points lie; FLAME's tables plus an outline beyond 39 degrees. Empty tables: the head has none."""

    static_faces: NDArray[np.int32]
    """(51,) triangle of points 17..67."""
    static_barycentric: Array
    """(51, 3)."""
    contour_faces: NDArray[np.int32]
    """(79, 17) triangle of points 0..16: rows 0..39 for that yaw in degrees, row 39 + |yaw| for negative ones."""
    contour_barycentric: Array
    """(79, 17, 3)."""
    wide_faces: NDArray[np.int32]
    """(181, 17): rows for yaws -90..90."""
    wide_barycentric: Array
    """(181, 17, 3)."""

    def points(self, vertices: Array, faces: Faces, yaw: float = 0.0) -> Array:
        """(68, 3) points on the posed `vertices`, the outline as FLAME picks it: yaw rounded and held at +-39.

        Args:
            vertices: (V, 3) posed head, any unit.
            faces: (F, 3) of the same head.
            yaw: degrees; positive = nose toward the picture's right.
        Raises: InvalidInput: the head has no landmark tables, or yaw is not finite.
        """
        self._check(self.contour_faces, yaw)
        row = contour_row(yaw)
        return self._both(vertices, faces, self.contour_faces[row], self.contour_barycentric[row])

    def visible_points(self, vertices: Array, faces: Faces, yaw: float = 0.0) -> Array:
        """(68, 3) as `points`, but the outline follows the silhouette.

        Raises: InvalidInput: the head has no landmark tables, or yaw is not within +-90 degrees.
        """
        self._check(self.wide_faces, yaw)
        if abs(yaw) > MAX_YAW:
            raise InvalidInput(f"yaw {yaw:g}: the table of outlines goes from -{MAX_YAW} to {MAX_YAW} degrees")
        row = round(yaw) + MAX_YAW
        return self._both(vertices, faces, self.wide_faces[row], self.wide_barycentric[row])

    def _both(self, vertices: Array, faces: Faces, contour: NDArray[np.int32], barycentric: Array) -> Array:
        index = np.concatenate([contour, self.static_faces])
        weights = np.concatenate([barycentric, self.static_barycentric])
        result: Array = np.einsum("nk,nkd->nd", weights, vertices[faces[index]])
        return result

    def _check(self, table: NDArray[np.int32], yaw: float) -> None:
        if table.size == 0:
            raise InvalidInput("this head has no landmark tables: load them beside it, or use stand_in()")
        if not np.isfinite(yaw):
            raise InvalidInput(f"yaw is {yaw}; it must be a finite angle in degrees, positive to the picture's right")


def contour_row(yaw: float) -> int:
    """FLAME's row for a yaw in degrees: 0..39 for 0..39, 39 + |yaw| for negative ones, both ends held."""
    angle = round(min(max(yaw, -39.0), 39.0))
    return angle if angle >= 0 else 39 - angle
