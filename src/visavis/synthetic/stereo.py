"""Stereo: one scene seen by two parallel cameras, with the exact disparity of every pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.background import Background
from visavis.synthetic.factors import Uniform
from visavis.synthetic.figure import Figure
from visavis.synthetic.render import Camera, Frame, develop, draw
from visavis.synthetic.sample import (
    background_of,
    checked_size,
    degradation_of,
    exposure_of,
    light_of,
    portrait_camera,
)
from visavis.synthetic.scene import Scene, Stage, layered, scene_camera
from visavis.synthetic.shot import Shot
from visavis.synthetic.version import VERSION
from visavis.synthetic.world import World

Floats = NDArray[np.float32]

BASELINES = Uniform(0.001, 1.0, "m")
_SAME = 0.75
"""Pixels by which the disparities of one surface may differ between neighbours."""
WALLS = Uniform(0.5, 100.0, "m")
_ROOM = 0.4
"""Metres that shoulders may reach behind the middle of the head."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StereoSample:
    """A rectified pair: a point at (x, y) in the left picture lies at (x - disparity, y) in the right one.

    Attributes:
        left, right: (H, W, 3) uint8 sRGB.
        disparity: (H, W) float32 pixels, of the left picture; the background is a plane at a distance of its own.
        occluded: (H, W) True where the left pixel has no counterpart of its own in the right picture: hidden there,
            outside it, or a mixture of near and far (outlines, loose hair).
        depth: (H, W) float32 metres, of the left picture.
        camera: of the left picture; the right one stands `baseline` to its right.
        baseline: metres.
        shot: what the pair was made from; of a scene its look.
    """

    left: NDArray[np.uint8]
    right: NDArray[np.uint8]
    disparity: Floats
    occluded: NDArray[np.bool_]
    depth: Floats
    camera: Camera
    baseline: float
    shot: Shot

    def row(self) -> dict[str, Any]:
        """What is not a map, JSON-ready."""
        return {
            "baseline": self.baseline,
            "camera": self.camera.to_dict(),
            "disparity_low": float(self.disparity.min()),
            "disparity_high": float(self.disparity.max()),
            "occluded_share": float(self.occluded.mean()),
            "version": VERSION,
        }


def photograph_stereo(
    figure: Figure,
    shot: Shot,
    size: int | tuple[int, int] = (320, 240),
    *,
    baseline: float = 0.06,
    wall: float = 3.0,
    samples: int = 2,
    sensor: bool = False,
) -> StereoSample:
    """Photograph a figure with two cameras.

    Args:
        figure: who.
        shot: how; the left camera is the shot's own.
        size: (width, height) in pixels, or a side.
        baseline: between the cameras, metres, 0.001..1.
        wall: distance of the background, metres, 0.5..100.
        samples: colour samples per side of a pixel, 1..4.
        sensor: add the camera's faults of the shot; they differ between the pictures and blur the match.

    Raises:
        InvalidInput: a number out of range.
    """
    size = checked_size(size)
    posed, light = figure.posed(shot), light_of(shot)

    def view(camera: Camera) -> list[Frame]:
        return [draw(posed.surfaces(camera), camera, light, samples)]

    return _pair(view, portrait_camera(posed, size), shot, shot.distance, baseline, wall, sensor)


def photograph_stereo_scene(
    world: World,
    scene: Scene,
    size: int | tuple[int, int] = (320, 240),
    *,
    baseline: float = 0.06,
    wall: float = 5.0,
    samples: int = 2,
    sensor: bool = False,
) -> StereoSample:
    """Photograph a scene with two cameras; for a clip, do so with `ClipSample.scene_at` of every frame.

    Args:
        world: whose people they are.
        scene: who and what, where the left camera sees them.
        size: (width, height) in pixels, or a side.
        baseline: between the cameras, metres, 0.001..1.
        wall: distance of the background, metres, 0.5..100.
        samples: colour samples per side of a pixel, 1..4.
        sensor: add the camera's faults of the scene.

    Raises:
        InvalidInput: a number out of range.
    """
    left = scene_camera(scene, *checked_size(size))
    stage = Stage.set(world, scene, left)
    distances = [place.shot.distance for place in scene.places] + [prop.distance + prop.size for prop in scene.props]
    farthest = max(distances, default=0.0)
    return _pair(lambda camera: stage.drawn(camera, samples), left, scene.look, farthest, baseline, wall, sensor)


def _pair(
    view: Callable[[Camera], list[Frame]],
    left: Camera,
    look: Shot,
    farthest: float,
    baseline: float,
    wall: float,
    sensor: bool,
) -> StereoSample:
    """What `view` shows to a camera and to one `baseline` to its right, before a wall behind all of it."""
    baseline, wall = BASELINES.check("baseline", baseline), WALLS.check("wall", wall)
    if wall < farthest + _ROOM:
        raise InvalidInput(f"wall {wall:g} m: needs to stand {_ROOM:g} m or more behind the farthest at {farthest:g} m")
    right = replace(left, position=left.position + np.array([baseline, 0.0, 0.0]))
    strength = left.focal * baseline
    walls = _wall(background_of(look), left.width, left.height, strength / wall)
    layers = [layered(view(camera), back) for camera, back in zip((left, right), walls, strict=True)]
    exposure = exposure_of(light_of(look))
    images = [develop(picture, exposure) for picture, *_ in layers]
    if sensor:
        images = list(degradation_of(look).apply(np.stack(images)))
    depth, other = (np.minimum(layer[-1], np.float32(wall)) for layer in layers)
    disparity = (strength / depth).astype(np.float32)
    return StereoSample(
        left=images[0],
        right=images[1],
        disparity=disparity,
        occluded=_occluded(disparity, strength / other),
        depth=depth,
        camera=left,
        baseline=baseline,
        shot=look,
    )


def _wall(background: Background, width: int, height: int, shift: float) -> tuple[Floats, Floats]:
    """The background as both cameras see it, `shift` pixels apart."""
    room = int(np.ceil(shift)) + 2
    wide = background.render(width + room, height)
    start = room - 1 - shift
    whole = int(np.floor(start))
    part = np.float32(start - whole)
    # The left picture lies `shift` further to the left on the wall than the right one.
    left = (1 - part) * wide[:, whole : whole + width] + part * wide[:, whole + 1 : whole + 1 + width]
    return left.astype(np.float32), wide[:, room - 1 : room - 1 + width]


def _occluded(disparity: Floats, other: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Where the right picture shows something else, or nothing, at the left pixel's counterpart.

    Args:
        disparity: (H, W) of the left picture.
        other: (H, W) of the right picture.
    """
    height, width = disparity.shape
    x = np.arange(width) - disparity
    first = np.clip(np.floor(x).astype(int), 0, width - 1)
    rows = np.arange(height)[:, None]
    low, high = _neighbourhood(other)
    nearest = other[rows, first], other[rows, np.clip(first + 1, 0, width - 1)]
    elsewhere = np.maximum(*(abs(value - disparity) for value in nearest)) > _SAME
    mixed_here = np.subtract(*_neighbourhood(disparity)[::-1]) > 2 * _SAME
    mixed_there = (high - low)[rows, first] > 2 * _SAME
    return np.asarray((x < 0) | (x > width - 1) | elsewhere | mixed_here | mixed_there)


def _neighbourhood(values: NDArray[np.floating[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Least and greatest of each pixel and its eight neighbours."""
    padded = np.pad(values, 1, mode="edge")
    height, width = values.shape
    around = np.stack([padded[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)])
    return around.min(axis=0), around.max(axis=0)
