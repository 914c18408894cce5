"""Expressions and visemes as mixtures of the head's expression modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head import stand_in
from visavis.synthetic.speech.phonemes import VISEMES

EXPRESSION_MIXTURES: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "happy": {"smile_left": 0.6, "smile_right": 0.6, "open_smile": 0.6, "cheek_raise": 0.7, "squint": 0.3},
    "sad": {"corners_down": 0.9, "brow_inner_up": 0.9, "chin_raise": 0.4, "blink_left": 0.15, "blink_right": 0.15},
    "surprised": {"brow_up": 1.0, "jaw_open": 0.55, "lips_part": 0.4, "eyes_wide": 0.9},
    "angry": {"brow_down": 1.0, "lip_press": 0.6, "squint": 0.45, "nose_wrinkle": 0.35},
    "disgusted": {"nose_wrinkle": 1.0, "upper_lip_raise": 0.9, "brow_down": 0.5, "corners_down": 0.4, "squint": 0.4},
}
"""The six classes of expression at full strength."""

VISEME_MIXTURES: Mapping[str, Mapping[str, float]] = {
    "rest": {},
    "bilabial": {"lip_press": 0.8},
    "labiodental": {"lower_lip_tuck": 0.9, "jaw_open": 0.06, "upper_lip_raise": 0.25},
    "dental": {"jaw_open": 0.14, "lips_part": 0.5, "tongue_up": 1.0},
    "wide": {"lip_stretch": 0.6, "lips_part": 0.6, "jaw_open": 0.10},
    "round": {"pucker": 0.8, "jaw_open": 0.12, "funnel": 0.3},
    "open": {"jaw_open": 0.60, "lips_part": 0.4},
    "mid": {"jaw_open": 0.30, "lips_part": 0.4},
}
"""Eight shapes of the speaking mouth at full strength."""

_SHUT = {"blink_left": 1.0, "blink_right": 1.0}
_MOVES_LIDS = {"squint": 1.0, "eyes_wide": 1.0}

EXPRESSIONS = tuple(EXPRESSION_MIXTURES)
"""Names of the classes of expression."""


class _Mimic(Protocol):
    """What an expression is read from; see `visavis.synthetic.Shot`."""

    @property
    def expression(self) -> str: ...
    @property
    def intensity(self) -> float: ...
    @property
    def viseme(self) -> str: ...
    @property
    def blink(self) -> float: ...


def expression_codes(shot: _Mimic) -> NDArray[np.float64]:
    """(E,) expression codes of the stand-in head for a shot's expression, viseme and blink; 1 = full movement."""
    return speaking_codes(shot, [float(name == shot.viseme) for name in VISEMES])


def speaking_codes(shot: _Mimic, visemes: Sequence[float]) -> NDArray[np.float64]:
    """(E,) the same with a mixture of visemes, weights in the order of `VISEMES`.

    Raises:
        InvalidInput: not eight weights from 0 to 1.
    """
    if len(visemes) != len(VISEMES) or not all(0.0 <= weight <= 1.0 for weight in visemes):
        raise InvalidInput(f"visemes {visemes!r}: needs {len(VISEMES)} weights from 0 to 1, of {', '.join(VISEMES)}")
    codes = shot.intensity * _vector(EXPRESSION_MIXTURES[shot.expression])
    for name, weight in zip(VISEMES, visemes, strict=True):
        codes = codes + weight * _vector(VISEME_MIXTURES[name])
    # What else moves the lids gives way to the blink, so that they meet.
    codes = codes * (1.0 - shot.blink * _vector(_MOVES_LIDS))
    return np.clip(np.maximum(codes, shot.blink * _vector(_SHUT)), 0.0, 1.0)


def _vector(mixture: Mapping[str, float]) -> NDArray[np.float64]:
    """(E,) a mixture as codes of the stand-in head."""
    return np.array([mixture.get(name, 0.0) for name in stand_in().expression_names])
