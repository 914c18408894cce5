"""A flat thing before a pinhole camera: exact homographies between its millimetres and the picture's pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.plates.layout import Box

Array = NDArray[np.float64]


def rotation(yaw: float, pitch: float, roll: float) -> Array:
    """(3, 3) Rz(-roll) Ry(yaw) Rx(-pitch), degrees: from the plate's axes (x right, y up, z out) to the camera's."""
    a, b, c = np.radians([yaw, -pitch, -roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane seen in perspective.

    Attributes:
        matrix: (3, 3) homography from millimetres (x right, y DOWN, from the thing's centre) to pixels (centre of the
            top-left pixel at (0, 0)).
    """

    matrix: Array

    @classmethod
    def facing(cls, turn: Array, distance: float, focal: float, centre: tuple[float, float]) -> Plane:
        """The plane of a thing turned by `turn`.

        Args:
            turn: (3, 3) rotation of `rotation`.
            distance: of its centre, mm.
            focal: length in pixels.
            centre: where its centre appears, pixels; the optical axis goes through it.
        """
        across = turn[:, :2] * [1, -1]  # y is up in the world but down on the plate
        camera = across * [[1], [-1], [-1]]  # the camera's y is down, and it looks against the world's z
        projection = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]])
        return cls(projection @ np.column_stack([camera, [0, 0, distance]]))

    def to_pixels(self, points: ArrayLike) -> Array:
        """(..., 2) pixels of (..., 2) millimetres."""
        return _apply(self.matrix, points)

    def to_millimetres(self, points: ArrayLike) -> Array:
        """(..., 2) millimetres of (..., 2) pixels."""
        return _apply(np.asarray(np.linalg.inv(self.matrix), dtype=np.float64), points)

    def quads(self, boxes: ArrayLike) -> Array:
        """(n, 4, 2) pixels of the corners of n boxes (left, top, right, bottom in mm), clockwise from the top left."""
        sides = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        return self.to_pixels(sides[:, [[0, 1], [2, 1], [2, 3], [0, 3]]])

    def is_in_front(self, box: Box) -> bool:
        """Whether all of a box (mm) lies before the camera."""
        left, top, right, bottom = box
        corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]])
        return bool((corners @ self.matrix[2] > 0).all())


def _apply(matrix: Array, points: ArrayLike) -> Array:
    flat = np.asarray(points, dtype=np.float64)
    mapped = flat @ matrix[:, :2].T + matrix[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def place(box: Box, turn: Array, distance: float, spot: tuple[float, float, float], size: tuple[int, int]) -> Plane:
    """The plane on which `box` fills a share of the picture, at a place inside it.

    Args:
        box: left, top, right, bottom in mm from the thing's centre.
        turn: (3, 3) rotation.
        distance: of its centre, mm.
        spot: share of the picture's width or height that it fills; place across and down, -1 to 1.
        size: width and height of the picture in pixels.
    """
    fill, x, y = spot
    unit = Plane.facing(turn, distance, 1.0, (0.0, 0.0)).quads(box)[0]
    low, high = unit.min(axis=0), unit.max(axis=0)
    picture = np.array(size, dtype=np.float64)
    focal = float((fill * picture / (high - low)).min())
    room = (picture - focal * (high - low)) / 2
    middle = (picture - 1) / 2 + room * (x, y) - focal * (low + high) / 2
    return Plane.facing(turn, distance, focal, (float(middle[0]), float(middle[1])))
