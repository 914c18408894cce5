"""Faces of an image: detection, alignment, quality and templates, composed by the engine."""

from visavis.face.align import ARCFACE_112, DLIB_150, ChipTemplate
from visavis.face.detect import DetectionSettings, Detector
from visavis.face.embed import Embedder
from visavis.face.engine import Engine, default_engine

__all__ = [
    "ARCFACE_112",
    "DLIB_150",
    "ChipTemplate",
    "DetectionSettings",
    "Detector",
    "Embedder",
    "Engine",
    "default_engine",
]
