"""visavis: face matching, from pixels to evidence.

    import visavis as vv
    comparison = vv.match("probe.jpg", "reference.jpg")
    faces = vv.Engine().faces("photo.jpg")

Public names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.errors import VisavisError
    from visavis.face.engine import Engine, default_engine
    from visavis.images import Limits, Photo
    from visavis.images import load as load_image
    from visavis.matching.verification import compare, match
    from visavis.types import Box, Comparison, Decision, Evidence, Face, Faces, Quality, Template

__version__ = "0.1.0"

_HOMES = {
    "VisavisError": "visavis.errors",
    "Engine": "visavis.face.engine",
    "default_engine": "visavis.face.engine",
    "Limits": "visavis.images",
    "Photo": "visavis.images",
    "load_image": "visavis.images:load",
    "compare": "visavis.matching.verification",
    "match": "visavis.matching.verification",
    **dict.fromkeys(
        ("Box", "Comparison", "Decision", "Evidence", "Face", "Faces", "Quality", "Template"), "visavis.types"
    ),
}

__all__ = [
    "Box",
    "Comparison",
    "Decision",
    "Engine",
    "Evidence",
    "Face",
    "Faces",
    "Limits",
    "Photo",
    "Quality",
    "Template",
    "VisavisError",
    "compare",
    "default_engine",
    "load_image",
    "match",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'visavis' has no attribute {name!r}")
    home, _, attribute = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(home), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
