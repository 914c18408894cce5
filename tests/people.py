"""Photos of people who do not exist, for tests that want to know what is true of a photo.

Distances between renders are smaller than between photos, so no test may hold them to a threshold of photos: compare
one with the other, or calibrate on renders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from visavis.synthetic import Sample, Scene, World
    from visavis.synthetic.scene import SceneSample

CALM: dict[str, Any] = {
    "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "body_turn": 1.0, "expression": "neutral", "viseme": "rest", "blink": 0.0,
    "gaze_yaw": 0.0, "gaze_pitch": 0.0, "light": "indoor", "occluder": "none", "glasses_on": False, "sensor": "clean",
    "centre_x": 0.5, "centre_y": 0.47, "head_share": 0.62,
}  # fmt: skip
"""Factors of a shot like that for a passport; only light, clothes, background and distance are left to chance."""


def calm_photo(world: World, k: int, j: int = 0, size: int | tuple[int, int] = 320, **other: Any) -> Sample:
    """Shot j of person k as for a passport but for the factors named, its picture read-only."""
    from visavis.synthetic import photograph

    sample = photograph(world.figure(k), world.shot(k, j, **{**CALM, **other}), size, person_id=k, shot_id=j)
    sample.image.setflags(write=False)
    return sample


def row_of_people(world: World, people: dict[int, tuple[float, float]], y: float = 0.4) -> Scene:
    """A scene of calm people who face the camera: {number: (place across the picture 0..1, distance in metres)}."""
    from visavis.synthetic import Place, Scene

    places = tuple(Place(k, world.shot(k, 7, **{**CALM, "distance": far}), x, y) for k, (x, far) in people.items())
    return Scene(places, (), world.shot(0, 7, **CALM), field_of_view=50.0)


def face_boxes(scene: SceneSample) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, 4) true boxes of a scene's faces, in its order of places."""
    return np.array([face.face.box.as_list() for face in scene.faces]).reshape(-1, 4)


def overlap(a: Any, b: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, m) intersection over union of (n, 4) and (m, 4) boxes, left, top, right, bottom."""
    a, b = np.asarray(a, float).reshape(-1, 1, 4), np.asarray(b, float).reshape(1, -1, 4)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = sides.clip(0).prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (a, b)]
    return np.asarray(shared / (areas[0] + areas[1] - shared))
