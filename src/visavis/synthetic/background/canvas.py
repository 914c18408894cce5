"""A small canvas of linear light on which everything is drawn already out of focus: edges are as wide as the blur.

An edge seen through a defocused lens is a soft step, and a point of light is a disc. Drawing them so needs no
filtering, and few pixels: the canvas is enlarged at the end.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike
from PIL import Image

from visavis.synthetic.background.palette import Light

Reach = tuple[float, float]

MARGIN = 0.1
"""How far the canvas reaches beyond the picture on each side, in picture heights, so that the camera may turn."""

_ONE_THREAD = 250_000
"""Multiplications in a matrix product that linear algebra libraries leave to one thread: waking others takes longer."""


class Canvas:
    """The picture in the making: y runs from 0 (top) to 1 (bottom), x is 0 in the middle, in picture heights.

    Attributes:
        light: (rows, columns, 3) float32, 1 = diffuse white.
        x: (columns,) float32 of the pixel centres; from a margin left of the picture to one right of it.
        y: (rows,) float32.
        blur: radius of the blur disc, in picture heights.
    """

    def __init__(self, fineness: float, aspect: float, blur: float) -> None:
        """An empty canvas with about `fineness` pixels per picture height, for a picture of width / height `aspect`."""
        tall, wide = 1 + 2 * MARGIN, aspect + 2 * MARGIN
        rows, columns = max(4, round(tall * fineness)), max(4, round(wide * fineness))
        self.y = ((np.arange(rows) + 0.5) * (tall / rows) - MARGIN).astype(np.float32)
        self.x = ((np.arange(columns) + 0.5) * (wide / columns) - wide / 2).astype(np.float32)
        self.light: Light = np.zeros((rows, columns, 3), np.float32)
        self.blur = blur
        self._aspect = aspect
        self._lights: list[tuple[float, float, float, Light]] = []

    def rectangle(self, across: Reach, down: Reach, colour: Light, opacity: float = 1.0, focus: float = 1.0) -> None:
        """Paint an upright rectangle; `focus` times the blur of the canvas."""
        blur = self.blur * focus
        columns = _window(self.x, across[0] - blur, across[1] + blur)
        rows = _window(self.y, down[0] - blur, down[1] + blur)
        x, y = self.x[columns], self.y[rows]
        if x.size and y.size:
            sides = np.concatenate((x - across[0], x - across[1], y - down[0], y - down[1]), dtype=np.float32)
            edges = soft(sides / blur)
            cover_x = edges[: x.size] - edges[x.size : 2 * x.size]
            cover_y = edges[2 * x.size : -y.size] - edges[-y.size :]
            self._paint(rows, columns, (opacity * cover_y)[:, None] * cover_x, colour)

    def skyline(self, edges: ArrayLike, tops: ArrayLike, colour: Light, bottom: float, focus: float = 1.0) -> None:
        """Paint a row of n things side by side: books on a board, houses in a street, bricks.

        Args:
            edges: (n + 1,) ascending x where one thing ends and the next begins.
            tops: (n,) y where each begins; `bottom` or below = a gap.
            colour: (n, 3).
            bottom: y where all end.
            focus: times the blur of the canvas.
        """
        tops = np.asarray(tops, np.float32)
        blur = self.blur * focus
        rows = _window(self.y, float(tops.min()) - blur, bottom + blur)
        y = self.y[rows, None]
        if not y.size:
            return
        steps = soft((self.x - np.asarray(edges, np.float32)[:, None]) / blur)  # (n + 1, columns)
        shares = steps[:-1] - steps[1:]
        down = np.maximum(soft((y - tops) / blur) - soft((y - bottom) / blur), 0)  # (rows, n)
        tints = (shares[..., None] * np.asarray(colour, np.float32)[:, None]).reshape(len(tops), -1)
        at_once = max(1, _ONE_THREAD // tints.size)
        for k in range(0, len(down), at_once):
            part = self.light[rows][k : k + at_once]
            part *= 1 - (down[k : k + at_once] @ shares)[..., None]
            part += (down[k : k + at_once] @ tints).reshape(part.shape)

    def grid(self, left: ArrayLike, top: ArrayLike, size: Reach, colour: Light, opacity: float = 1.0) -> None:
        """Paint equal upright rectangles at all crossings: windows of a house, lamps of a ceiling.

        Args:
            left: (n,) left edges.
            top: (m,) top edges.
            size: width and height of each.
            colour: (3,) or (rows, columns, 3).
            opacity: 0..1.
        """
        rows, down = self._bars(self.y, top, size[1])
        columns, across = self._bars(self.x, left, size[0])
        if colour.ndim == 3:
            colour = colour[rows, columns]
        self._paint(rows, columns, (np.float32(opacity) * down)[:, None] * across, colour)

    def disc(self, x: float, y: float, radius: float, colour: Light, opacity: float = 1.0, rim: float = 0.25) -> None:
        """Paint a disc whose rim is `rim` radii wide."""
        outer = radius * (1 + rim)
        columns, rows = _window(self.x, x - outer, x + outer), _window(self.y, y - outer, y + outer)
        across, down = self.x[columns] - np.float32(x), self.y[rows] - np.float32(y)
        if across.size and down.size:
            distance = np.sqrt(across * across + (down * down)[:, None])
            self._paint(rows, columns, np.float32(opacity) * soft((radius - distance) / (radius * rim)), colour)

    def point_light(self, x: float, y: float, radius: float, colour: Light) -> None:
        """Add a point of light, out of focus: a disc with a sharp rim, in front of everything."""
        self._lights.append((x, y, radius, colour))

    def glow(self, x: float, y: float, radius: float, colour: Light) -> None:
        """Add light that fades with the distance, as around a lamp."""
        self.light += (self.pool(x, y, radius) ** 2)[..., None] * colour

    def pool(self, x: float, y: float, radius: float) -> Light:
        """(rows, columns) 1 at a place, 1/2 at a distance of `radius`, fading to 0."""
        across, down = (self.x - np.float32(x)) / np.float32(radius), (self.y - np.float32(y)) / np.float32(radius)
        return np.asarray(1 / (1 + across * across + (down * down)[:, None]))

    def cover(self, share: Light, colour: Light) -> None:
        """Paint with a (rows, columns) share of 0..1 and a (3,) or (rows, columns, 3) colour."""
        self._paint(slice(None), slice(None), share, colour)

    def lit(self, field: Light) -> None:
        """Multiply by a (rows, columns) field of light."""
        self.light *= field[..., None].astype(np.float32)

    def filtered(self, factors: ArrayLike) -> None:
        """Multiply all light, points of light too, by (3,) factors."""
        factors = np.asarray(factors, np.float32)
        self.light *= factors
        self._lights = [(x, y, radius, colour * factors) for x, y, radius, colour in self._lights]

    def below(self, y: float | Light, focus: float = 1.0) -> Light:
        """(rows, columns) share of each pixel below the line y, a number or (columns,)."""
        edge = np.broadcast_to(np.asarray(y, np.float32), self.x.shape)
        return soft((self.y[:, None] - edge) / (self.blur * focus))

    def noise(self, rng: Generator, cells: int, stretch: float = 1.0, octaves: int = 1) -> Light:
        """(rows, columns) smooth noise of mean 0 and deviation about 1.

        Args:
            rng: where chance comes from.
            cells: lumps from top to bottom in the coarsest octave.
            stretch: > 1 makes lumps wider than high.
            octaves: layers, each of half the size and half the strength.
        """
        total = np.zeros((len(self.y), len(self.x)), np.float32)
        for octave in range(octaves):
            down = cells << octave
            total += self._lumps(rng, down, max(1, round(down / stretch))) * np.float32(0.5**octave)
        return total * np.float32(1.4 / sqrt(sum(0.25**octave for octave in range(octaves))))

    def photographed(self, width: int, height: int, turn: float = 0.0, lift: float = 0.0, roll: float = 0.0) -> Light:
        """(height, width, 3) the picture, taken a little from the side, from below and aslant, as people take it.

        Args:
            width: in pixels.
            height: in pixels.
            turn: how much taller the right side appears than the left, -0.1..0.1.
            lift: how much wider the bottom appears than the top, -0.1..0.1.
            roll: turn of the camera in radians, -0.05..0.05.
        """
        rows, columns, _ = self.light.shape
        scale = rows / (1 + 2 * MARGIN)
        corners: list[float] = []
        for side, down in ((-1, -1), (-1, 1), (1, 1), (1, -1)):  # north-west, south-west, south-east, north-east
            x = 0.5 * (side * self._aspect * (1 - down * lift) + down * roll)
            y = 0.5 * (down * (1 - side * turn) - side * self._aspect * roll)
            corners += [x * scale + columns / 2, y * scale + rows / 2]
        small = max(2, round(self._aspect * scale)), max(2, round(scale))
        roots = np.sqrt(np.maximum(self.light, 0))  # resampling overshoots less at lamps and windows
        out = np.empty((height, width, 3), np.float32)
        for channel in range(3):
            plane = Image.fromarray(np.ascontiguousarray(roots[..., channel]))
            seen = plane.transform(small, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
            out[..., channel] = np.asarray(seen.resize((width, height), Image.Resampling.BICUBIC))
        np.square(out, out=out)
        self._add_lights(out)
        return out

    def _add_lights(self, picture: Light) -> None:
        """Paint the points of light at the final size, so that their rims are sharp."""
        height, width, _ = picture.shape
        for x, y, radius, colour in self._lights:
            column, row, size = x * height + width / 2 - 0.5, y * height - 0.5, radius * height
            rim = max(1.0, 0.2 * size)
            outer = size + rim
            left, top = max(0, ceil(column - outer)), max(0, ceil(row - outer))
            part = picture[top : max(0, ceil(row + outer)), left : max(0, ceil(column + outer))]
            if part.size:
                across = np.arange(left, left + part.shape[1], dtype=np.float32) - np.float32(column)
                down = np.arange(top, top + part.shape[0], dtype=np.float32) - np.float32(row)
                distance = np.sqrt(across * across + (down * down)[:, None])
                part += soft((size - distance) / rim)[..., None] * colour

    def _lumps(self, rng: Generator, down: int, across: int) -> Light:
        """(rows, columns) smooth noise with `down` and `across` lumps per picture height."""
        grid = rng.standard_normal((down + down // 2 + 4, 3 * across + 4), dtype=np.float32)  # the same at every aspect
        across_reach = (float(self.x[-1]) - float(self.x[0])) / 2 * across
        down_reach = (0.5 + MARGIN) * down
        x, y = grid.shape[1] / 2, grid.shape[0] / 2
        box = (max(0, x - across_reach), y - down_reach, min(2 * x, x + across_reach), y + down_reach)
        size = len(self.x), len(self.y)
        return np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC, box=box))

    def _paint(self, rows: slice, columns: slice, share: Light, colour: Light) -> None:
        part = self.light[rows, columns]
        part += share[..., None] * (colour - part)

    def _bars(self, places: Light, starts: ArrayLike, width: float) -> tuple[slice, Light]:
        """The pixels between the ends of intervals of one width, and how much of each is covered."""
        starts = np.asarray(starts, np.float32)
        if not starts.size:
            return slice(0, 0), starts
        window = _window(places, float(starts.min()) - self.blur, float(starts.max()) + width + self.blur)
        depth = (places[window] - starts[:, None]) / self.blur
        return window, np.asarray((soft(depth) - soft(depth - width / self.blur)).sum(axis=0))


def soft(depth: Light) -> Light:
    """The share of a blur disc that lies inside an edge: 0 at depth -1, 1/2 on the edge, 1 at depth 1."""
    t = depth * np.float32(0.5)
    t += np.float32(0.5)
    np.maximum(t, 0, out=t)
    np.minimum(t, 1, out=t)
    return np.asarray(t * t * (3 - 2 * t))


def _window(places: Light, low: float, high: float) -> slice:
    """Where ascending `places` lie between two values."""
    first, step = float(places[0]), float(places[1] - places[0])
    count = len(places)
    return slice(min(count, max(0, ceil((low - first) / step))), min(count, max(0, ceil((high - first) / step))))
