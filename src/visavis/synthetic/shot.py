"""A shot: everything that varies between two photos of one person, as factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from visavis.degrade import SENSORS
from visavis.synthetic.expressions import EXPRESSIONS
from visavis.synthetic.factors import (
    Choice,
    Flag,
    Normal,
    Uniform,
    Whole,
    checked,
    drawn_within,
    factor_table,
    varies,
)  # fmt: skip
from visavis.synthetic.look.styles import CLOTHES_STYLES
from visavis.synthetic.person import checked_group
from visavis.synthetic.speech.phonemes import VISEMES
from visavis.synthetic.streams import Stream

MAX_YAW = 90.0

_OCCLUDERS = {"none": 12.0, "mask": 1.0, "sunglasses": 1.0, "hand": 1.0, "hair": 1.0}
_SENSORS = {"clean": 1.0, "camera": 5.0, "phone": 3.0} | dict.fromkeys(SENSORS[2:], 0.0)
"""How often each is drawn; "surveillance" and "low light" spoil a picture and come only when asked for."""
_SEEDS = Whole(0, 2**31 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One photo's circumstances; every field is a factor that can be set on its own.

    Angles are degrees: pitch > 0 lifts the nose, yaw > 0 turns it to the picture's right, then roll > 0 leans the crown
    to the picture's right, and with it where the nose points.

    Raises:
        InvalidInput: a factor lies outside its range; the message names the range.
    """

    yaw: float = varies(Normal(0.0, 20.0, -MAX_YAW, MAX_YAW, "degrees", reach=35.0), "head turned to the right")
    pitch: float = varies(Normal(0.0, 7.0, -45.0, 45.0, "degrees", reach=20.0), "head lifted")
    roll: float = varies(Normal(0.0, 6.0, -180.0, 180.0, "degrees", reach=20.0), "head leaning to the right")
    body_turn: float = varies(Uniform(0.0, 1.0), "share of the yaw that the shoulders follow")
    distance: float = varies(Uniform(0.45, 4.0, "m"), "from the lens to the face: perspective")
    head_share: float = varies(Normal(0.62, 0.05, 0.02, 1.5, reach=0.12), "height of the head / height of the picture")
    centre_x: float = varies(Normal(0.5, 0.03, -0.5, 1.5, reach=0.08), "face centre across the picture")
    centre_y: float = varies(Normal(0.47, 0.03, -0.5, 1.5, reach=0.08), "face centre down the picture")
    expression: str = varies(Choice({"neutral": 2.0} | dict.fromkeys(EXPRESSIONS[1:], 1.0)), "class of the expression")
    intensity: float = varies(Uniform(0.0, 1.0), "strength of the expression")
    viseme: str = varies(Choice({"rest": 6.0} | dict.fromkeys(VISEMES[1:], 1.0)), "shape of the speaking mouth")
    blink: float = varies(Normal(0.0, 0.12, 0.0, 1.0), "lids closed, 1 = shut")
    gaze_yaw: float = varies(Normal(0.0, 9.0, -35.0, 35.0, "degrees", reach=25.0), "eyes turned against the head")
    gaze_pitch: float = varies(Normal(0.0, 5.0, -25.0, 25.0, "degrees", reach=15.0), "eyes lifted against the head")
    light: str = varies(Choice({"indoor": 4.0, "outdoor": 4.0, "low": 1.0}), "kind of light")
    light_seed: int = varies(_SEEDS, "directions, colours and strengths of the light")
    occluder: str = varies(Choice(_OCCLUDERS), "what covers the face")
    occluder_seed: int = varies(_SEEDS, "place and colour of what covers the face")
    glasses_on: bool = varies(Flag(0.7), "wears the spectacles, if this person owns some")
    clothes: str = varies(Choice(dict.fromkeys(CLOTHES_STYLES, 1.0)), "what this person wears")
    clothes_seed: int = varies(_SEEDS, "colours and pattern of the clothes")
    background_seed: int = varies(_SEEDS, "kind and content of the background")
    sensor: str = varies(Choice(_SENSORS), "the camera's faults")
    sensor_seed: int = varies(_SEEDS, "blur, noise and JPEG quality")

    def __post_init__(self) -> None:
        for name, value in checked(Shot, {field.name: getattr(self, field.name) for field in fields(self)}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def sample(
        cls,
        source: Stream | np.random.Generator,
        group: Mapping[str, Any] | None = None,
        *,
        max_yaw: float | None = None,
        **fixed: Any,
    ) -> Shot:
        """Draw a shot.

        Args:
            source: a stream, or a generator from which one is seeded; each factor reads a stream of its own.
            group: factors held to a part of their range; see `visavis.synthetic.Group`.
            max_yaw: draw yaw within +-max_yaw degrees, spread in proportion (default: 35).
            **fixed: factors set to a value.

        Raises:
            InvalidInput: an unknown factor or a value outside its range.
        """
        stream = Stream.of(source)
        held = {**checked_group(group), **fixed}
        table = factor_table(cls)
        if unknown := held.keys() - table.keys():
            checked(cls, dict.fromkeys(unknown))
        if max_yaw is not None:
            table["yaw"] = _yaw_within(max_yaw)
        return cls(
            **{
                name: drawn_within(factor, name, held[name], stream.child(name))
                if name in held
                else factor.draw(stream.child(name))
                for name, factor in table.items()
            }
        )


def _yaw_within(max_yaw: float) -> Normal | Uniform:
    limit = Uniform(0.0, MAX_YAW, "degrees").check("max_yaw", max_yaw)
    if limit == 0.0:
        return Uniform(0.0, 0.0)
    return replace(Normal(0.0, 20.0 / 35.0 * limit, -MAX_YAW, MAX_YAW, "degrees"), reach=limit)
