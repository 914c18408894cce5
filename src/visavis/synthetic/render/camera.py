"""A pinhole camera: metres of the world to pixels of the picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.render.arrays import frozen, whole, within

Array = NDArray[np.float64]

MAX_SIZE = 16384
NEAR = 0.01
"""Metres: what comes closer to the lens is not drawn."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera that looks along -z of its own axes (x right, y up); pixel (0, 0) is the top-left pixel's centre.

    Attributes:
        width, height: of the picture in pixels, 1..16384.
        focal: focal length in pixels.
        centre: (x, y) of the principal point in pixels.
        position: (3,) of the lens in the world, metres.
        rotation: (3, 3) from world axes to camera axes.

    Raises:
        InvalidInput: a size, length or array out of range.
    """

    width: int
    height: int
    focal: float
    centre: tuple[float, float]
    position: Array = field(default_factory=lambda: np.array([0.0, 0.0, 1.0]))
    rotation: Array = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            size = whole(f"camera {name} in pixels", getattr(self, name), 1, MAX_SIZE)
            object.__setattr__(self, name, size)
        object.__setattr__(self, "focal", within("camera focal length in pixels", self.focal, 1e-3, 1e9))
        x, y = frozen("camera centre", self.centre, np.float64, (2,)).tolist()
        object.__setattr__(self, "centre", (x, y))
        object.__setattr__(self, "position", frozen("camera position", self.position, np.float64, (3,)))
        rotation = frozen("camera rotation", self.rotation, np.float64, (3, 3))
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) or np.linalg.det(rotation) < 0:
            raise InvalidInput("camera rotation: expected an orthonormal right-handed (3, 3) matrix")
        object.__setattr__(self, "rotation", rotation)

    @classmethod
    def portrait(
        cls,
        size: int | tuple[int, int],
        *,
        distance: float = 1.0,
        share: float = 0.62,
        centre: tuple[float, float] = (0.5, 0.5),
        target: ArrayLike = (0.0, 0.0, 0.0),
        head: float = 0.23,
    ) -> Camera:
        """A camera straight in front of a head.

        Args:
            size: of the picture in pixels, or (width, height).
            distance: from the lens to `target`, metres; short ones exaggerate the nose.
            share: height of the head / height of the picture.
            centre: where `target` appears, as shares of width and height.
            target: (3,) the point of the world in the middle of the head.
            head: height of the head, metres.
        """
        width, height = size if isinstance(size, tuple) else (size, size)
        distance = within("camera distance in metres", distance, 0.05, 1000.0)
        share = within("camera share of the head", share, 1e-3, 20.0)
        focal = share * height * distance / within("camera head height in metres", head, 1e-3, 100.0)
        middle = (centre[0] * width - 0.5, centre[1] * height - 0.5)
        position = frozen("camera target", target, np.float64, (3,)) + np.array([0.0, 0.0, distance])
        return cls(width, height, focal, middle, position)

    def project(self, points: ArrayLike) -> tuple[Array, Array]:
        """Pixels (..., 2) and depths (...) in metres along the viewing axis of world points (..., 3).

        A point at or behind the lens (depth <= 0) has no pixel: NaN.
        """
        local = (np.asarray(points, dtype=np.float64) - self.position) @ self.rotation.T
        depth = -local[..., 2]
        scale = self.focal / np.where(depth > 0, depth, np.nan)
        x, y = self.centre[0] + local[..., 0] * scale, self.centre[1] - local[..., 1] * scale
        return np.stack([x, y], axis=-1), depth

    def unproject(self, pixels: ArrayLike, depth: ArrayLike) -> Array:
        """World points (..., 3) seen at pixels (..., 2) at these depths (...): the inverse of `project`."""
        pixels, depth = np.asarray(pixels, dtype=np.float64), np.asarray(depth, dtype=np.float64)
        x = (pixels[..., 0] - self.centre[0]) / self.focal * depth
        y = (self.centre[1] - pixels[..., 1]) / self.focal * depth
        return np.asarray(np.stack([x, y, -depth], axis=-1) @ self.rotation + self.position)

    def rows(self, start: int, stop: int) -> Camera:
        """The camera that sees just these rows of the picture, at the same pixels."""
        return replace(self, height=stop - start, centre=(self.centre[0], self.centre[1] - start))

    def finer(self, samples: int) -> Camera:
        """The same view with `samples` pixels for each of ours, along and across."""
        x, y = ((c + 0.5) * samples - 0.5 for c in self.centre)
        return replace(
            self, width=self.width * samples, height=self.height * samples, focal=self.focal * samples, centre=(x, y)
        )

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready description."""
        return {
            "width": self.width,
            "height": self.height,
            "focal": self.focal,
            "centre": list(self.centre),
            "position": self.position.tolist(),
            "rotation": self.rotation.tolist(),
        }
