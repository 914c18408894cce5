"""The template: every piece of the average head in one mesh, the subject's right the exact mirror of the left."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head.ears import ear
from visavis.synthetic.head.eyes import eyeball, lid_rims
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.mesh import Piece, grid_faces, joined, mirror, mirrored, welded
from visavis.synthetic.head.mouth import INNER_LIPS, bag, rings, teeth, tongue
from visavis.synthetic.head.surface import half_surface

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_HOLE = 6.0
"""Height in the texture, mm, of the eyes' and the mouth's holes: room for the rims of the lids and the inner lips."""
SKIN_V = 0.88
"""The skin's grid takes the texture's rows from 0 to here; the ears lie below."""


class Template(NamedTuple):
    """The mesh and the vertex numbers of its pieces."""

    vertices: Array
    """(V, 3) mm."""
    faces: NDArray[np.int32]
    uv: Array
    part: NDArray[np.uint8]
    weld: NDArray[np.int32]
    mirror: NDArray[np.int32]
    """(V,) the vertex at the mirrored place."""
    grid: Index
    """(R, 2 C - 1) vertex numbers of the skin's grid, the front in the middle column."""
    pieces: dict[str, Index]
    """Vertex numbers of: left_rim, right_rim (2, N); lips (K, N); left_eye, right_eye, left_ear, right_ear, bag, teeth,
    tongue."""


@cache
def template() -> Template:
    """The average head."""
    plan = layout()
    half = half_surface(plan)
    sheet = np.concatenate([half[:, :0:-1] * (-1.0, 1.0, 1.0), half], axis=1)
    skin = _skin(sheet)
    left_eye, left_ear = eyeball(), ear((0.52, 0.98), (SKIN_V + 0.005, 0.995))
    loop = skin.vertices[_lips_loop(sheet.shape)]
    named = {
        "skin": skin,
        "left_eye": left_eye,
        "right_eye": mirrored(left_eye),
        "left_ear": left_ear,
        "right_ear": mirrored(left_ear),
        "bag": bag(loop),
        "teeth": teeth(),
        "tongue": tongue(),
    }
    vertices, faces, uv, part = joined(list(named.values()))
    starts = np.cumsum([0, *(len(piece.vertices) for piece in named.values())])
    pieces = {name: np.arange(a, b) for name, a, b in zip(named, starts[:-1], starts[1:], strict=True)}
    rows, columns = sheet.shape[:2]
    grid = np.arange(rows * columns).reshape(rows, columns)
    rims = pieces.pop("skin")[grid.size :]
    n = 2 * (plan.outer - plan.inner + 1)
    pieces["left_rim"], pieces["right_rim"] = rims[: 4 * n].reshape(2, 2, n)
    pieces["lips"] = rims[4 * n :].reshape(len(INNER_LIPS), -1)
    groups = np.zeros(len(vertices), dtype=np.int64)
    for number, name in enumerate(("left_eye", "right_eye", "left_ear", "right_ear", "teeth", "tongue"), 1):
        groups[pieces[name]] = number
    return Template(vertices, faces, uv, part, welded(vertices, groups), mirror(vertices, faces, part), grid, pieces)


def _skin(sheet: Array) -> Piece:
    """The grid with its holes, the rims of both pairs of lids and the inner lips."""
    index = np.arange(sheet.shape[0] * sheet.shape[1]).reshape(sheet.shape[:2])
    flat, border = sheet.reshape(-1, 3), _texture(sheet)
    eye, lips = _eye_loop(sheet.shape), _lips_loop(sheet.shape)
    rim = lid_rims(flat[eye])
    holes = (
        (eye, rim, False),
        (index[:, ::-1].reshape(-1)[eye], rim * (-1.0, 1.0, 1.0), True),
        (lips, rings(flat[lips], INNER_LIPS), False),
    )
    vertices, faces, uv = flat, [_sheet_faces(index, flat)], [border]
    for loop, ring, flipped in holes:
        numbers = len(vertices) + np.arange(ring[..., 0].size).reshape(ring.shape[:2])
        vertices = np.concatenate([vertices, ring.reshape(-1, 3)])
        strip = np.concatenate([loop[None], numbers])
        around = grid_faces(np.concatenate([strip, strip[:, :1]], axis=1), vertices)
        faces.append(around[:, ::-1] if flipped else around)
        uv.append(_inset(border[loop], len(ring)))
    return Piece(vertices, np.concatenate(faces).astype(np.int32), np.concatenate(uv), "skin")


def _sheet_faces(index: Index, flat: Array) -> NDArray[np.int32]:
    """Triangles of the grid without the eyes and the mouth; the right half is cut as the mirror of the left."""
    plan, middle = layout(), index.shape[1] // 2
    keep = np.ones((index.shape[0] - 1, middle), dtype=bool)
    keep[plan.rows["upper_lid"], plan.inner : plan.outer] = False
    keep[plan.rows["parting_upper"], : plan.mouth] = False
    left = grid_faces(index[:, middle:], flat, keep)
    return np.concatenate([left, grid_faces(index[:, middle::-1], flat, keep)[:, ::-1]])


def _inset(border: Array, count: int) -> Array:
    """(count * N, 2) uv of rings inside the hole's box in the texture."""
    centre = (border.min(axis=0) + border.max(axis=0)) / 2
    t = np.arange(1, count + 1)[:, None, None] / (count + 1)
    rings_uv = np.stack([border[:, 0] + 0 * t[..., 0], border[:, 1] * (1 - t[..., 0]) + centre[1] * t[..., 0]], axis=-1)
    return rings_uv.reshape(-1, 2)


def _texture(sheet: Array) -> Array:
    """(R * C, 2) uv of the grid: straight lines, as far apart as rows and columns are where the face needs texels."""
    plan, middle = layout(), sheet.shape[1] // 2
    half = np.linalg.norm(np.diff(sheet[plan.rows["lid_fold"], middle:], axis=0), axis=1)
    half = np.concatenate([[0.0], np.cumsum(half)])
    u = 0.5 + 0.5 * np.concatenate([-half[:0:-1], half]) / half[-1]
    step = np.linalg.norm(np.diff(sheet[:, middle + plan.inner : middle + plan.outer + 6 : 2], axis=0), axis=2)
    step = np.quantile(step, 0.7, axis=1)
    step[plan.rows["upper_lid"]] = step[plan.rows["parting_upper"]] = _HOLE
    v = np.concatenate([[0.0], np.cumsum(np.maximum(step, 0.8))])
    return np.stack(np.meshgrid(u, SKIN_V * v / v[-1]), axis=-1).reshape(-1, 2)


def _eye_loop(shape: tuple[int, ...]) -> Index:
    """Vertex numbers round the left eye's hole: along the upper lid outwards, back along the lower lid."""
    plan, middle = layout(), shape[1] // 2
    index = np.arange(shape[0] * shape[1]).reshape(shape[:2])
    columns = slice(middle + plan.inner, middle + plan.outer + 1)
    return np.concatenate([index[plan.rows["upper_lid"], columns], index[plan.rows["lower_lid"], columns][::-1]])


def _lips_loop(shape: tuple[int, ...]) -> Index:
    """Vertex numbers round the mouth's hole: along the upper lip to the subject's left, back along the lower."""
    plan, middle = layout(), shape[1] // 2
    index = np.arange(shape[0] * shape[1]).reshape(shape[:2])
    columns = slice(middle - plan.mouth, middle + plan.mouth + 1)
    return np.concatenate(
        [index[plan.rows["parting_upper"], columns], index[plan.rows["parting_lower"], columns][::-1]]
    )
