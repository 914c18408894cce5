"""What a drawing gives: the picture in linear light and a label of every kind for each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """A drawn picture of (h, w) pixels. All but `colour` and `coverage` are sampled once, at the pixel's centre.

    Attributes:
        colour: (h, w, 3) linear RGB already weighted by `coverage`: black where nothing is.
        coverage: (h, w) in [0, 1], share of the pixel that something covers.
        depth: (h, w) metres along the viewing axis; inf where nothing is.
        normals: (h, w, 3) unit, in world axes, before the bending by fine relief; 0 where nothing is.
        albedo: (h, w, 3) linear RGB.
        shading: (h, w, 3) diffuse light; albedo * shading is the picture without highlights.
        parsing: (h, w) uint8 class numbers of `visavis.synthetic.parsing.PARSING`.
        surface: (h, w) int16 place in the list of surfaces drawn; -1 = nothing.
        face: (h, w) int32 row in the faces of that surface; -1 = nothing.
        weights: (h, w, 2) float32 barycentric weights of the face's first two corners.
    """

    colour: Floats
    coverage: Floats
    depth: Floats
    normals: Floats
    albedo: Floats
    shading: Floats
    parsing: NDArray[np.uint8]
    surface: NDArray[np.int16]
    face: NDArray[np.int32]
    weights: Floats

    def over(self, background: ArrayLike) -> Floats:
        """(h, w, 3) linear RGB of the drawing in front of a linear background of the same size (or one colour).

        Raises:
            InvalidInput: a background of another size.
        """
        behind = np.asarray(background, dtype=np.float32)
        if behind.shape not in ((3,), self.colour.shape):
            raise InvalidInput(f"background: expected shape (3,) or {self.colour.shape}, got {behind.shape}")
        return self.colour + (1.0 - self.coverage[..., None]) * behind
