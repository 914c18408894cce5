"""Head poses: yaw, pitch and roll in degrees, and rotation matrices.

yaw > 0 turns the nose to the picture's right, pitch > 0 lifts it, roll > 0 leans the crown to the picture's right:
R = Rz(-roll) Ry(yaw) Rx(-pitch) acting on column vectors (x right, y up, z toward the camera).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.render.arrays import frozen

Array = NDArray[np.float64]


def rotation(yaw: float, pitch: float, roll: float) -> Array:
    """(3, 3) rotation of a pose in degrees."""
    sy, sp, sr = np.sin(np.radians([yaw, -pitch, -roll]))
    cy, cp, cr = np.cos(np.radians([yaw, -pitch, -roll]))
    about_x = np.array([(1, 0, 0), (0, cp, -sp), (0, sp, cp)])
    about_y = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
    about_z = np.array([(cr, -sr, 0), (sr, cr, 0), (0, 0, 1)])
    return np.asarray(about_z @ about_y @ about_x, dtype=np.float64)


def angles(matrix: ArrayLike) -> tuple[float, float, float]:
    """(yaw, pitch, roll) in degrees of a rotation: the inverse of `rotation`, |yaw| <= 90.

    At yaw = +-90 only pitch and roll together are defined (gimbal lock).

    Raises:
        InvalidInput: not a finite (3, 3) matrix.
    """
    r = frozen("rotation", matrix, np.float64, (3, 3))
    yaw = np.arctan2(-r[2, 0], np.hypot(r[0, 0], r[1, 0]))
    pitch, roll = np.arctan2(-r[2, 1], r[2, 2]), np.arctan2(-r[1, 0], r[0, 0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))
