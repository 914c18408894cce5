"""Named sets of vertices, as FLAME's mask file has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.template import Template

Region = NDArray[np.int32]


def regions(head: Template) -> dict[str, Region]:
    """Vertex numbers of each region of the template."""
    x, y, z = head.vertices.T
    side = np.abs(x)
    plan = layout()
    skin = np.zeros(len(x), dtype=bool)
    skin[head.grid] = True
    head_rows = np.zeros(len(x), dtype=bool)
    head_rows[head.grid[: plan.rows["jaw"] + 1]] = True
    rims = np.zeros(len(x), dtype=bool)
    rims[np.concatenate([head.pieces["left_rim"].ravel(), head.pieces["right_rim"].ravel()])] = True
    front = head_rows & (z > 8.0)
    eye_x, eye_y, _ = anatomy.EYE_CENTRE
    lips = np.zeros(len(x), dtype=bool)
    middle = head.grid.shape[1] // 2
    lips[
        head.grid[plan.rows["lip_top"] : plan.rows["lip_bottom"] + 1, middle - plan.mouth : middle + plan.mouth + 1]
    ] = True
    lips[head.pieces["lips"]] = True
    near_eye = ((side - eye_x) / 22.0) ** 2 + ((y - eye_y) / 16.0) ** 2 < 1.0
    masks = {
        "face": (front & (y < anatomy.HAIRLINE_Y)) | rims | lips,
        "nose": front & (side < 18.5 - np.clip((y + 35) / 40, 0, 1) * 8) & (y < 4) & (y > -51.0) & (z > 84),
        "lips": lips,
        "upper_lip": lips & _upper(head),
        "lower_lip": lips & ~_upper(head),
        "forehead": front & (y > 24.0) & (y < anatomy.HAIRLINE_Y),
        "eye_region": (front & near_eye) | rims,
        "scalp": head_rows & ((y >= anatomy.HAIRLINE_Y) | ((z < -12.0) & (y > -50.0))),
        "neck": skin & ~head_rows,
        "jaw": front & (y < -78.0),
        "boundary": np.isin(np.arange(len(x)), head.grid[-1]),
    }
    named = {name: np.flatnonzero(mask).astype(np.int32) for name, mask in masks.items()}
    named |= {
        f"{part}{'ball' if what == 'eye' else ''}": head.pieces[part].astype(np.int32)
        for what in ("eye", "ear")
        for part in (f"left_{what}", f"right_{what}")
    }
    named["teeth"], named["tongue"] = (head.pieces[name].astype(np.int32) for name in ("teeth", "tongue"))
    named["mouth"] = head.pieces["bag"].astype(np.int32)
    return named


def _upper(head: Template) -> NDArray[np.bool_]:
    upper = np.zeros(len(head.vertices), dtype=bool)
    upper[head.grid[: layout().rows["parting_upper"] + 1]] = True
    rings = head.pieces["lips"]
    upper[rings[:, : rings.shape[1] // 2]] = True
    return upper
