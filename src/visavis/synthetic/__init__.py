"""The synthetic world: persistent people with exact labels, drawn from numbers alone, nobody's photo and licence-free.

    world = World(seed=0)
    sample = world.render(7, 0, size=160)     # person 7, shot 0: picture, landmarks, masks, depth, caption, ...

Rendering needs the extra `synthetic` (numba). Public names are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.synthetic.background import Background
    from visavis.synthetic.captions import QuestionAnswer
    from visavis.synthetic.clip import Clip, photograph_clip
    from visavis.synthetic.dataset import SyntheticFaces
    from visavis.synthetic.expressions import EXPRESSIONS
    from visavis.synthetic.factors import factor_meanings, factor_table
    from visavis.synthetic.figure import Figure
    from visavis.synthetic.head import Head, stand_in
    from visavis.synthetic.parsing import PARSING, PARSING_11, to_11_classes
    from visavis.synthetic.person import Group, Person, crossed
    from visavis.synthetic.render import Camera, Light
    from visavis.synthetic.sample import Sample, photograph
    from visavis.synthetic.scene import Place, Scene, photograph_scene
    from visavis.synthetic.shot import Shot
    from visavis.synthetic.speech.phonemes import VISEMES
    from visavis.synthetic.stereo import photograph_stereo, photograph_stereo_scene
    from visavis.synthetic.streams import Stream
    from visavis.synthetic.version import VERSION
    from visavis.synthetic.world import World

_HOMES = {
    "Background": "visavis.synthetic.background",
    "QuestionAnswer": "visavis.synthetic.captions",
    "SyntheticFaces": "visavis.synthetic.dataset",
    "EXPRESSIONS": "visavis.synthetic.expressions",
    "VISEMES": "visavis.synthetic.speech.phonemes",
    "factor_meanings": "visavis.synthetic.factors",
    "factor_table": "visavis.synthetic.factors",
    "Figure": "visavis.synthetic.figure",
    "Head": "visavis.synthetic.head",
    "stand_in": "visavis.synthetic.head",
    "PARSING": "visavis.synthetic.parsing",
    "PARSING_11": "visavis.synthetic.parsing",
    "to_11_classes": "visavis.synthetic.parsing",
    "Group": "visavis.synthetic.person",
    "Person": "visavis.synthetic.person",
    "crossed": "visavis.synthetic.person",
    "Camera": "visavis.synthetic.render",
    "Light": "visavis.synthetic.render",
    "Sample": "visavis.synthetic.sample",
    "photograph": "visavis.synthetic.sample",
    "Shot": "visavis.synthetic.shot",
    "Stream": "visavis.synthetic.streams",
    "VERSION": "visavis.synthetic.version",
    "World": "visavis.synthetic.world",
    "Clip": "visavis.synthetic.clip",
    "photograph_clip": "visavis.synthetic.clip",
    "Place": "visavis.synthetic.scene",
    "Scene": "visavis.synthetic.scene",
    "photograph_scene": "visavis.synthetic.scene",
    "photograph_stereo": "visavis.synthetic.stereo",
    "photograph_stereo_scene": "visavis.synthetic.stereo",
}

__all__ = [
    "EXPRESSIONS",
    "PARSING",
    "PARSING_11",
    "VERSION",
    "VISEMES",
    "Background",
    "Camera",
    "Clip",
    "Figure",
    "Group",
    "Head",
    "Light",
    "Person",
    "Place",
    "QuestionAnswer",
    "Sample",
    "Scene",
    "Shot",
    "Stream",
    "SyntheticFaces",
    "World",
    "crossed",
    "factor_meanings",
    "factor_table",
    "photograph",
    "photograph_clip",
    "photograph_scene",
    "photograph_stereo",
    "photograph_stereo_scene",
    "stand_in",
    "to_11_classes",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'visavis.synthetic' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
