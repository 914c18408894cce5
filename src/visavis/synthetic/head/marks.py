"""Finding the 68 points on the template."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.landmarks import MAX_YAW, Landmarks
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.template import Template

Array = NDArray[np.float64]
Places = tuple[NDArray[np.int32], Array]
"""Triangles (n,) and barycentric coordinates (n, 3)."""


_BROW = [(x, float(anatomy.brow_line(x)) + 1.0) for x in (13.0, 22.0, 32.0, 43.0, 53.0)]
_NOSE_Y = (anatomy.NASION_Y - 2.0, -9.0, -24.0, anatomy.NOSE_TIP_Y + 1.0)
_NOSE_BASE = [(x, anatomy.SUBNASALE_Y + (2.0 if abs(x) > 9 else 0.5)) for x in (-12.5, -6.5, 0.0, 6.5, 12.5)]
_LIDS = np.interp([0.0, 0.33, 0.67, 1.0], [0.0, 1.0], [anatomy.EYE_INNER_CORNER[0], anatomy.EYE_OUTER_CORNER[0]])
_CORNER = anatomy.MOUTH_CORNER[0]
_LIP_TOP, _LIP_BOTTOM = (-15.0, -5.5, 0.0, 5.5, 15.0), (15.0, 7.5, 0.0, -7.5, -15.0)
_INNER_LIPS = (-22.5, -7.5, 0.0, 7.5, 22.5)


def landmarks(head: Template) -> Landmarks:
    """The tables of the template."""
    static_faces, static_weights = _static(head)
    faces, weights = _outlines(head)
    narrow = [MAX_YAW + (row if row <= 39 else 39 - row) for row in range(79)]
    return Landmarks(static_faces, static_weights, faces[narrow], weights[narrow], faces, weights)


def _static(head: Template) -> Places:
    """Points 17..67."""
    places: list[tuple[float, float] | int] = [
        *((-x, y) for x, y in _BROW[::-1]), *_BROW, *((0.0, y) for y in _NOSE_Y), *_NOSE_BASE,
        *_on_row(head, "upper_lid", -_LIDS[::-1]), *_on_row(head, "lower_lid", -_LIDS[1:3]),
        *_on_row(head, "upper_lid", _LIDS), *_on_row(head, "lower_lid", _LIDS[2:0:-1]),
        *_on_row(head, "parting_upper", [-_CORNER]), *_on_row(head, "lip_top", _LIP_TOP),
        *_on_row(head, "parting_upper", [_CORNER]), *_on_row(head, "lip_bottom", _LIP_BOTTOM),
        *_on_row(head, "parting_upper", _INNER_LIPS), *_on_row(head, "parting_lower", _INNER_LIPS[3:0:-1]),
    ]  # fmt: skip
    found = [_at(head, *place) if isinstance(place, tuple) else _at_vertex(head, place) for place in places]
    return np.array([face for face, _ in found], dtype=np.int32), np.array([weights for _, weights in found])


def _on_row(head: Template, name: str, xs: ArrayLike) -> list[int]:
    """The vertices of a named row nearest to x on the face."""
    plan, middle = layout(), head.grid.shape[1] // 2
    row = head.grid[plan.rows[name], middle - plan.ear : middle + plan.ear + 1]
    return [int(row[np.argmin(np.abs(head.vertices[row, 0] - x))]) for x in np.asarray(xs)]


def _at_vertex(head: Template, vertex: int) -> tuple[int, Array]:
    face = int(np.flatnonzero((head.faces == vertex).any(axis=1))[0])
    return face, (head.faces[face] == vertex).astype(float)


def _at(head: Template, x: float, y: float) -> tuple[int, Array]:
    """The foremost place of the skin at (x, y)."""
    a, b, c = (head.vertices[head.faces[:, k]] for k in range(3))
    (ux, uy), (vx, vy), (px, py) = (b - a)[:, :2].T, (c - a)[:, :2].T, (np.array([x, y]) - a[:, :2]).T
    area = np.where(np.abs(ux * vy - uy * vx) < 1e-9, np.inf, ux * vy - uy * vx)
    s, t = (px * vy - py * vx) / area, (ux * py - uy * px) / area
    inside = (s >= -1e-9) & (t >= -1e-9) & (s + t <= 1 + 1e-9) & (head.part == 0)
    depth = np.where(inside, a[:, 2] + s * (b - a)[:, 2] + t * (c - a)[:, 2], -np.inf)
    face = int(np.argmax(depth))
    return face, np.array([1 - s[face] - t[face], s[face], t[face]])


def _outlines(head: Template) -> Places:
    """(181, 17) places of the outline for yaws -90..90: one half is the mirror of the other yaw's."""
    left = [_left_outline(head, float(yaw)) for yaw in range(-MAX_YAW, MAX_YAW + 1)]
    columns, edges = head.grid.shape[1], _edges(head)
    faces = np.zeros((len(left), 17), dtype=np.int32)
    weights = np.zeros((len(left), 17, 3))
    for number, outline in enumerate(left):
        right = left[len(left) - 1 - number]
        for k in range(9):
            faces[number, 16 - k], weights[number, 16 - k] = _on_column(head, edges, *outline[k])
            if k < 8:
                row, column = right[k]
                faces[number, k], weights[number, k] = _on_column(head, edges, row, columns - 1 - column)
    return faces, weights


def _left_outline(head: Template, yaw: float) -> list[tuple[float, int]]:
    """(row, column) of points 16..8: the outermost places of the left half, evenly spaced from the ear to the chin."""
    plan, middle = layout(), head.grid.shape[1] // 2
    first, last = plan.rows["upper_lid"] - 1, plan.rows["jaw"]
    columns = np.arange(middle, middle + plan.ear + 1)
    fine = np.arange(first, last + 0.01, 0.25)
    below = np.minimum(fine.astype(int), last - 1)
    t = (fine - below)[:, None, None]
    points = head.vertices[head.grid[below][:, columns]] * (1 - t) + head.vertices[head.grid[below + 1][:, columns]] * t
    angle = np.radians(yaw)
    across = points[..., 0] * np.cos(angle) + points[..., 2] * np.sin(angle)
    levels = np.linspace(-6.0, anatomy.MENTON_Y + 0.8, 61)
    spread = np.abs(points[None, ..., 1] - levels[:, None, None])
    masked = np.where(spread < 1.6, across[None], -np.inf).reshape(len(levels), -1)
    best = masked.argmax(axis=1)
    line = np.stack([across.reshape(-1)[best], points[..., 1].reshape(-1)[best]], axis=-1)
    chin = int(np.argmin(points[:, 0, 1] + 0.0 * across[:, 0]))
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    picks = np.searchsorted(length, np.linspace(0, length[-1], 9)[:-1])
    rows, cols = np.unravel_index(best[picks], across.shape)
    return [(float(fine[r]), int(columns[c])) for r, c in zip(rows, cols, strict=True)] + [(float(fine[chin]), middle)]


def _on_column(head: Template, edges: dict[tuple[int, int], int], row: float, column: int) -> tuple[int, Array]:
    """Face and weights of the place between two rows on a column."""
    upper = min(int(row), head.grid.shape[0] - 2)
    a, b = int(head.grid[upper, column]), int(head.grid[upper + 1, column])
    face = edges[min(a, b), max(a, b)]
    corners = head.faces[face]
    return face, (corners == a) * (1 - (row - upper)) + (corners == b) * (row - upper)


def _edges(head: Template) -> dict[tuple[int, int], int]:
    """A triangle at each edge, by its lower and higher vertex."""
    table: dict[tuple[int, int], int] = {}
    for k in range(3):
        pairs = np.sort(head.faces[:, [k, (k + 1) % 3]], axis=1)
        table.update(zip(map(tuple, pairs.tolist()), range(len(pairs)), strict=True))
    return table
