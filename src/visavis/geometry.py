"""Similarities of the plane (scale, turn, shift) as complex numbers: a point z = x + iy goes to a*z + b."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Complex = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Similarity:
    """n similarities; |a| is the scale, arg(a) the turn, b the image of the origin.

    Attributes:
        a: (n,) complex.
        b: (n,) complex.
    """

    a: Complex
    b: Complex

    @classmethod
    def fit(cls, source: ArrayLike, target: ArrayLike) -> Similarity:
        """The similarities that take `source` closest to each `target`, in least squares (Umeyama, 1991).

        Args:
            source: (P, 2) points, not all equal.
            target: (n, P, 2) points.
        """
        z, w = as_complex(source), as_complex(target)
        z_mean, w_mean = z.mean(), w.mean(axis=1)
        z = z - z_mean
        a = ((w - w_mean[:, None]) @ z.conj()) / (z @ z.conj()).real
        return cls(a, w_mean - a * z_mean)


def as_complex(points: ArrayLike) -> Complex:
    """(..., 2) coordinates as (...) complex numbers."""
    array = np.ascontiguousarray(points, dtype=np.float64)
    return array.view(np.complex128)[..., 0]
