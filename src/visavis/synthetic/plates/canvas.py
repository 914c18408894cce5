"""A sheet of texels in millimetres: colour, relief, shine; what plates, holders and boards are painted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.plates.colours import linear
from visavis.synthetic.plates.layout import Box, Cell
from visavis.synthetic.plates.typeface import GRID, MARGIN

Array = NDArray[np.floating[Any]]


@dataclass(eq=False)
class Canvas:
    """Paint and relief over a rectangle; painting changes the arrays in place.

    Attributes:
        x: (w,) mm of the texels' centres, from the plate's top-left corner.
        y: (h,) the same downwards.
        scale: texels per mm.
        colour: (h, w, 3) albedo in linear light.
        relief: (h, w) height above the sheet, mm.
        shine: (h, w) strength of the highlights, 0..1.
        reflective: (h, w) share of light that is thrown back to where it came from, 0..1.
        alpha: (h, w) 1 where there is something.
    """

    x: Array
    y: Array
    scale: float
    colour: Array
    relief: Array
    shine: Array
    reflective: Array
    alpha: Array

    @classmethod
    def blank(cls, box: Box, scale: float) -> Canvas:
        """An empty canvas over left, top, right, bottom (mm)."""
        left, top, right, bottom = box
        w, h = max(2, round((right - left) * scale)), max(2, round((bottom - top) * scale))
        x = (left + (np.arange(w) + 0.5) * (right - left) / w).astype(np.float32)
        y = (top + (np.arange(h) + 0.5) * (bottom - top) / h).astype(np.float32)
        plain = [np.zeros((h, w), dtype=np.float32) for _ in range(4)]
        return cls(x, y, scale, np.zeros((h, w, 3), dtype=np.float32), *plain)

    def fill(self, coverage: Array, colour: str, strength: float = 1.0) -> None:
        """Paint `colour` where `coverage` (h, w) is 1."""
        share = (coverage * np.float32(strength))[..., None]
        self.colour += share * (linear(colour) - self.colour)

    def coverage(self, distance: Array) -> Array:
        """Share of each texel inside a shape, from the signed distance (mm, negative inside) of its centre."""
        return np.asarray(np.clip(0.5 - distance * np.float32(self.scale), 0, 1), dtype=np.float32)

    def rectangle(self, box: Box, radius: float = 0.0) -> Array:
        """(h, w) signed distance to a rounded rectangle, mm."""
        left, top, right, bottom = box
        across = np.abs(self.x - (left + right) / 2) - ((right - left) / 2 - radius)
        down = (np.abs(self.y - (top + bottom) / 2) - ((bottom - top) / 2 - radius))[:, None]
        outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
        return np.asarray(outside + np.minimum(np.maximum(across, down), 0) - radius, dtype=np.float32)

    def disc(self, x: float, y: float, radius: float) -> Array:
        """(h, w) signed distance to a disc, mm."""
        return np.asarray(np.hypot(self.x - x, (self.y - y)[:, None]) - radius, dtype=np.float32)

    def characters(self, cells: Sequence[Cell]) -> Array:
        """(h, w) signed distance to the ink of all cells, mm; far away it is only large."""
        distance = np.full(self.alpha.shape, 10, dtype=np.float32)
        for cell in cells:
            left, top, _, bottom = cell.box
            cap = bottom - top
            grid = cell.face.distances(cell.character)
            columns = ((self.x - left) / cap + MARGIN) * GRID - 0.5
            rows = ((self.y - top) / cap + MARGIN) * GRID - 0.5
            window = np.ix_(_inside(rows, grid.shape[0]), _inside(columns, grid.shape[1]))
            if min(len(window[0]), window[1].size) == 0:
                continue
            near = cap * _interpolated(grid, rows[window[0].ravel()], columns[window[1].ravel()])
            distance[window] = np.minimum(distance[window], near)
        return distance


def _inside(places: Array, count: int) -> NDArray[np.intp]:
    return np.flatnonzero((places >= 0) & (places <= count - 1))


def _interpolated(grid: Array, rows: Array, columns: Array) -> Array:
    """The grid at all pairs of fractional rows and columns, bilinear."""
    top = np.minimum(rows.astype(np.intp), grid.shape[0] - 2)
    left = np.minimum(columns.astype(np.intp), grid.shape[1] - 2)
    down, across = (rows - top)[:, None], columns - left
    lines = grid[top] * (1 - down) + grid[top + 1] * down
    return np.asarray(lines[:, left] * (1 - across) + lines[:, left + 1] * across, dtype=np.float32)
