"""Where the parts of a face lie on the canvas: soft weights and the parsing class of every texel, the same for all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.skull import jaw_edge
from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.parsing import PARSING

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Regions:
    """Fields over the n texels of a canvas; weights lie in [0, 1].

    Attributes:
        x, y, z: position on the template, mm; `side` is |x|, `azimuth` the angle |atan2(x, z)| in radians.
        front: 1 on the face, 0 on the back of the head.
        cheeks, nose, nose_tip, chin, ears, forehead, t_zone, mouth_surround, temples: soft areas.
        under_eye, upper_lid, socket: the skin below the eye, the lid up to its crease, and the whole hollow.
        rim: the moist edge of the lids where it runs in to the eyeball, and the red inner corner.
        above_lid, below_lid: mm outward from the margin of the upper and the lower lid; far beyond the corners 99.
        lids: 1 along the lids, fading out at the corners of the eye.
        nostrils: the openings of the nose.
        upper_lip, lower_lip: the red of the lips, with a soft border.
        from_parting: mm from the line where the lips meet, upward positive.
        neck: below the jaw.
        parsing: class of the texel in `PARSING`, before brows.
    """

    x: Floats
    y: Floats
    z: Floats
    side: Floats
    azimuth: Floats
    front: Floats
    cheeks: Floats
    nose: Floats
    nose_tip: Floats
    chin: Floats
    ears: Floats
    forehead: Floats
    t_zone: Floats
    mouth_surround: Floats
    temples: Floats
    under_eye: Floats
    upper_lid: Floats
    socket: Floats
    rim: Floats
    above_lid: Floats
    below_lid: Floats
    lids: Floats
    nostrils: Floats
    upper_lip: Floats
    lower_lip: Floats
    from_parting: Floats
    neck: Floats
    parsing: NDArray[np.uint8]


@cache
def regions(canvas: Canvas) -> Regions:
    """The regions of a canvas, built once."""
    x, y, z = canvas.points.T.astype(np.float64)
    side = np.abs(x)
    fields = {"x": x, "y": y, "z": z, "side": side, "azimuth": np.abs(np.arctan2(x, z + 1e-6)), "front": step(z, 5, 45)}
    ears = np.zeros(canvas.valid.shape, bool) if canvas.ears is None else canvas.ears
    fields["ears"] = ears[canvas.valid].astype(np.float64)
    fields |= _skin_areas(x, y, z) | _eye_areas(side, y, z) | _lip_areas(x, y, z)
    fields["neck"] = step(jaw_edge(fields["azimuth"]) - y, -1.5, 1.5) * (1 - fields["ears"])
    single = {name: field.astype(np.float32) for name, field in fields.items()}
    return Regions(**single, parsing=_classes(fields))


def step(value: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """0 up to `low`, 1 from `high` on, smooth between."""
    t = np.clip((np.asarray(value, dtype=np.float64) - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def hill(x: ArrayLike, y: ArrayLike, centre: tuple[float, float], size: tuple[float, float]) -> NDArray[np.float64]:
    """A Gaussian hill of height 1 over (x, y)."""
    along, up = (np.asarray(x) - centre[0]) / size[0], (np.asarray(y) - centre[1]) / size[1]
    return np.asarray(np.exp(-0.5 * (along * along + up * up)), dtype=np.float64)


def _skin_areas(x: Floats, y: Floats, z: Floats) -> dict[str, NDArray[np.float64]]:
    side, front = np.abs(x), step(z, 5, 45)
    wing_x, wing_y = anatomy.NOSE_WING
    tip = hill(side, y, (0, anatomy.NOSE_TIP_Y), (9, 8)) + 0.8 * hill(side, y, (wing_x, wing_y), (4.5, 5))
    nose_half = np.interp(y, [-52, -49, -44, -36, -22, 0, 6], [4, 14, 19, 15.5, 9.5, 6.5, 4.5])
    nose = step(nose_half - side, -1.2, 1.2) * step(y, -51, -49) * (1 - step(y, 2, 7)) * step(z, 60, 70)
    forehead = hill(side, y, (0, 46), (38, 17))
    return {
        "cheeks": np.minimum(hill(side, y, (41, -27), (15, 14)) + 0.35 * hill(side, y, (50, -45), (18, 20)), 1) * front,
        "nose": nose,
        "nose_tip": np.minimum(tip, 1) * front,
        "chin": hill(side, y, (0, -101), (15, 9)) * front,
        "forehead": forehead * front,
        "t_zone": np.minimum(nose + 0.7 * hill(side, y, (0, 38), (26, 14)) + 0.4 * hill(side, y, (0, -100), (11, 8)), 1)
        * front,
        "mouth_surround": hill(side, y, (0, -70), (30, 17)) * front,
        "temples": hill(side, y, (60, 12), (9, 22)) * step(z, -5, 25),
        "nostrils": hill(side, y, (7.0, -47.4), (2.5, 1.15)) * front,
    }


def _eye_areas(side: Floats, y: Floats, z: Floats) -> dict[str, NDArray[np.float64]]:
    (inner, _), (outer, _) = anatomy.EYE_INNER_CORNER, anatomy.EYE_OUTER_CORNER
    beside = (side < inner - 3) | (side > outer + 5) | (z < 40)
    above = np.where(beside, 99.0, y - anatomy.upper_lid(side))
    below = np.where(beside, 99.0, anatomy.lower_lid(side) - y)
    open_z = step(z, 40, 55)
    along = step(side, inner - 4, inner + 3) * (1 - step(side, outer - 6, outer + 5)) * open_z
    depth = anatomy.lower_lid(np.clip(side, inner, outer)) - y
    lid = anatomy.upper_lid(np.clip(side, inner, outer))
    wide = step(side, inner - 5, inner + 2) * (1 - step(side, outer - 1, outer + 7)) * open_z
    tear = 0.8 * np.exp(-0.5 * ((depth - 6.0) / 3.4) ** 2) * np.exp(-0.5 * ((side - 22.0) / 7.5) ** 2)
    centre_x, centre_y, centre_z = anatomy.EYE_CENTRE
    from_centre = np.sqrt((side - centre_x) ** 2 + (y - centre_y) ** 2 + (z - centre_z) ** 2)
    rim = step(anatomy.LID_RADIUS - 0.15 - from_centre, 0, 0.5)
    corner = hill(side, y, (inner + 0.4, -1.2), (1.5, 1.3))
    return {
        "under_eye": np.minimum(0.75 * np.exp(-0.5 * ((depth - 4.5) / 3.0) ** 2) * along + tear * open_z, 1.0),
        "upper_lid": step(y - lid, -1.0, 0.5) * (1 - step(y - lid, 4.0, 9.0)) * wide,
        "socket": hill(side, y, (29, 3), (15, 9)) * open_z,
        "rim": np.maximum(rim, corner) * open_z,
        "above_lid": above,
        "below_lid": below,
        "lids": step(side, inner - 0.5, inner + 5) * (1 - step(side, outer - 1.5, outer + 3.5)) * open_z,
    }


def _lip_areas(x: Floats, y: Floats, z: Floats) -> dict[str, NDArray[np.float64]]:
    corner_x, _ = anatomy.MOUTH_CORNER
    between = step(corner_x + 0.6 - np.abs(x), -0.8, 0.8) * step(z, 45, 55)
    from_parting = y - anatomy.lip_parting(x)
    upper = step(anatomy.lip_top(x) - y, -0.7, 0.9) * (from_parting >= 0) * between
    lower = step(y - anatomy.lip_bottom(x), -0.9, 1.3) * (from_parting < 0) * between
    return {"upper_lip": upper, "lower_lip": lower, "from_parting": from_parting}


def _classes(fields: dict[str, NDArray[np.float64]]) -> NDArray[np.uint8]:
    """The parsing class of every texel; later rows win."""
    left = fields["x"] > 0
    classes = np.full(left.shape, PARSING.index("skin"), np.uint8)
    for name, where in (
        ("neck", fields["neck"] > 0.5),
        ("left_ear", (fields["ears"] > 0.5) & left),
        ("right_ear", (fields["ears"] > 0.5) & ~left),
        ("nose", fields["nose"] > 0.5),
        ("upper_lip", fields["upper_lip"] > 0.5),
        ("lower_lip", fields["lower_lip"] > 0.5),
    ):
        classes[where] = PARSING.index(name)
    return classes
