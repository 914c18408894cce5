"""The canvas: where on the head each texel of the skin's texture lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import texel_positions
from visavis.synthetic.head.template import SKIN_V
from visavis.synthetic.look.noise import draw_strokes

Floats = NDArray[np.float32]
Value = TypeVar("Value", bound=np.generic)

_CELL = 4.0
SIZE = (304, 384)
"""Rows and columns of the skin's texture at detail 1: about 0.7 texels per millimetre on the face."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """The skin's texels.

    Attributes:
        positions: (h, w, 3) position on the neutral template, mm.
        valid: (h, w) whether the texel lies on skin at all.
        ears: (h, w) whether it lies on an ear; None = no ears.
    """

    positions: NDArray[np.float64]
    valid: NDArray[np.bool_]
    ears: NDArray[np.bool_] | None = None

    @cached_property
    def points(self) -> Floats:
        """(n, 3) positions of the valid texels, row by row, mm. Every mask and field below is (n,) in this order."""
        return np.ascontiguousarray(self.positions[self.valid], dtype=np.float32)

    @cached_property
    def spacing(self) -> float:
        """Typical distance of neighbouring texels on the face, mm."""
        face = (self.points[:, 2] > 60) & (np.abs(self.points[:, 0]) < 50)
        along, down = self._steps
        return float(np.sqrt(np.median(along[self.valid][face]) * np.median(down[self.valid][face])))

    def spread(self, field: NDArray[Value]) -> NDArray[Value]:
        """(n, ...) values of the valid texels as a whole texture (h, w, ...); texels off the skin copy a neighbour."""
        return np.asarray(field[self._nearest])

    def strokes(self, strokes: Floats, *, union: bool = True, blur: float = 0.5) -> Floats:
        """(n,) how much strokes cover each texel; see `noise.draw_strokes`. `blur` is in texels."""
        out = np.zeros(len(self.points), np.float32)
        if len(strokes):
            cells, order, origin = self._cells
            rows = np.ascontiguousarray(strokes, dtype=np.float32)
            draw_strokes(self.points, cells, order, origin, _CELL, rows, blur * self.spacing, union, out)
        return out

    def lift(self, x: Floats, y: Floats) -> Floats:
        """(m, 3) the points of the skin in front of a frontal view's (x, y), mm."""
        column = np.clip(((x + 90) / 1.5).astype(int), 0, self._front.shape[1] - 1)
        row = np.clip(((y + 200) / 1.5).astype(int), 0, self._front.shape[0] - 1)
        return np.stack([x, y, self._front[row, column]], axis=-1).astype(np.float32)

    def tilt(self, height: Floats) -> Floats:
        """(h, w, 2) slopes along u and v of a (n,) relief in mm."""
        relief = self.spread(height)
        along, down = self._steps
        du = np.zeros_like(relief)
        dv = np.zeros_like(relief)
        du[:, 1:-1] = 0.5 * (relief[:, 2:] - relief[:, :-2]) / along[:, 1:-1]
        dv[1:-1] = 0.5 * (relief[2:] - relief[:-2]) / down[1:-1]
        return np.asarray(np.clip(np.stack([du, dv], axis=-1), -1.2, 1.2), dtype=np.float32)

    @cached_property
    def _steps(self) -> tuple[Floats, Floats]:
        """Distances from texel to texel along the rows and down the columns, mm."""
        along, down = np.ones(self.valid.shape, np.float32), np.ones(self.valid.shape, np.float32)
        along[:, 1:-1] = np.linalg.norm(self.positions[:, 2:] - self.positions[:, :-2], axis=-1) / 2
        down[1:-1] = np.linalg.norm(self.positions[2:] - self.positions[:-2], axis=-1) / 2
        return np.clip(along, 0.2, 6.0), np.clip(down, 0.2, 6.0)

    @cached_property
    def _nearest(self) -> NDArray[np.int32]:
        """(h, w) for every texel the number of the valid texel whose value it shows."""
        number = np.where(self.valid, np.cumsum(self.valid).reshape(self.valid.shape) - 1, -1).astype(np.int32)
        for _ in range(8):
            for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
                number = np.where(number < 0, np.roll(number, shift, axis), number)
        return np.where(number < 0, 0, number)

    @cached_property
    def _cells(self) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
        """The texels sorted into cubes of space."""
        origin = self.points.min(axis=0) - 1
        place = ((self.points - origin) / _CELL).astype(np.int64)
        sizes = place.max(axis=0) + 1
        flat = np.ravel_multi_index(tuple(place.T), tuple(sizes))
        order = np.argsort(flat, kind="stable").astype(np.int32)
        edges = np.searchsorted(flat[order], np.arange(int(np.prod(sizes)) + 1)).astype(np.int32)
        return np.stack([edges[:-1], edges[1:]], axis=-1).reshape(*sizes, 2), order, origin

    @cached_property
    def _front(self) -> Floats:
        """Depth of the foremost skin over a frontal grid of 1.5 mm from (-90, -200), mm."""
        front = np.full((240, 120), -np.inf, np.float32)
        column = np.clip(((self.points[:, 0] + 90) / 1.5).astype(int), 0, 119)
        row = np.clip(((self.points[:, 1] + 200) / 1.5).astype(int), 0, 239)
        np.maximum.at(front, (row, column), self.points[:, 2])
        for _ in range(3):
            for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
                front = np.where(np.isinf(front), np.roll(front, shift, axis), front)
        return np.where(np.isinf(front), 0.0, front).astype(np.float32)


@cache
def canvas(detail: float = 1.0) -> Canvas:
    """The canvas of the stand-in head; `detail` multiplies the number of texels per millimetre."""
    height, width = round(SIZE[0] * detail), round(SIZE[1] * detail)
    positions, valid = texel_positions(height, width)
    below = (np.arange(height) + 0.5) / height > SKIN_V
    return Canvas(positions, valid, np.broadcast_to(below[:, None], valid.shape))
