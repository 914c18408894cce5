"""Taking the picture: car, plate and signs through one camera, then shadow, lens and sensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visavis.degrade import sensor
from visavis.degrade.kernels import gaussian_taps, line
from visavis.synthetic.plates.canvas import Array, Canvas
from visavis.synthetic.plates.car import surroundings
from visavis.synthetic.plates.colours import encoded
from visavis.synthetic.plates.grime import weather
from visavis.synthetic.plates.layout import Box
from visavis.synthetic.plates.paint import Print, compose, outline, painted
from visavis.synthetic.plates.plane import Plane, place, rotation
from visavis.synthetic.plates.plate import CLEAN, Plate, check_side
from visavis.synthetic.plates.sample import PlateSample, Text
from visavis.synthetic.plates.shade import Light, light_of, lit
from visavis.synthetic.plates.signs import Sign, signs_of
from visavis.synthetic.streams import Stream

_SUBSAMPLES = 3
"""Samples along each side of a pixel."""
_TEXELS = 2.0
"""Texels of a canvas along a pixel's side where the plate is nearest."""
_STRIP = 1 << 19
"""Pixels of the surroundings that are worked on at a time."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What stands before the camera.

    Attributes:
        plane: of the plate; its millimetres count from the plate's centre.
        turn: (3, 3) rotation of the plate.
        light: what falls on it.
        size: width and height of the picture, pixels.
        centre: the plate's centre in mm from its top-left corner.
    """

    plane: Plane
    turn: NDArray[np.float64]
    light: Light
    size: tuple[int, int]
    centre: tuple[float, float]

    def from_centre(self, box: Box) -> Box:
        """A box counted from the plate's corner, counted from its centre."""
        (x, y), (left, top, right, bottom) = self.centre, box
        return left - x, top - y, right - x, bottom - y


def take(plate: Plate, width: int, height: int, signs: Sequence[Sign] | None = None) -> PlateSample:
    """The picture of a plate with its labels; see `Plate.render`.

    Args:
        plate: what to show and how.
        width: of the picture, pixels.
        height: of the picture, pixels.
        signs: the signs to show; None = those of `signs_of`.
    """
    scene = set_up(plate, check_side("width", width), check_side("height", height))
    printing = compose(plate)
    picture = _background(plate, scene)
    pixels = _pixels_per_mm(scene.plane, scene.from_centre(outline(plate)))
    canvas = painted(plate, printing, _TEXELS * pixels)
    weather(canvas, plate)
    if signs is None:
        signs = signs_of(plate, scene.plane, scene.from_centre(outline(plate)), scene.size)
    for sign in signs:
        board = sign.painted(_TEXELS * _pixels_per_mm(sign.plane, sign.box))
        _lay(picture, board, lit(board, scene.light, scene.turn), sign.plane, (0.0, 0.0))
    _lay(picture, canvas, lit(canvas, scene.light, scene.turn), scene.plane, scene.centre)
    _cast_shadow(picture, plate, scene)
    image = _sensed(plate, encoded(_through_lens(picture, plate, scene)))
    return _labelled(image, plate, printing, scene, signs)


def set_up(plate: Plate, width: int, height: int) -> Scene:
    """The camera and light of a plate's picture."""
    wide, high = plate.design.size
    centre = (wide / 2, high / 2)
    turn = rotation(plate.yaw, plate.pitch, plate.roll)
    left, top, right, bottom = outline(plate)
    box = (left - centre[0], top - centre[1], right - centre[0], bottom - centre[1])
    plane = place(box, turn, 1000 * plate.distance, (plate.fill, plate.x, plate.y), (width, height))
    return Scene(plane, turn, light_of(plate), (width, height), centre)


def _pixels_per_mm(plane: Plane, box: Box) -> float:
    """Pixels along a millimetre where a box is seen largest."""
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    steps = (plane.to_pixels(corners + step) - plane.to_pixels(corners) for step in ((1, 0), (0, 1)))
    return float(max(np.linalg.norm(step, axis=1).max() for step in steps))


def _places(scene: Scene, rows: range) -> Array:
    """(rows, width, 2) mm from the plate's centre seen by each pixel."""
    grid = np.meshgrid(np.arange(scene.size[0]), np.arange(rows.start, rows.stop))
    return scene.plane.to_millimetres(np.stack(grid, axis=-1)).astype(np.float32)


def _background(plate: Plate, scene: Scene) -> Array:
    width, height = scene.size
    box = scene.from_centre(outline(plate))
    pixel = 1 / _pixels_per_mm(scene.plane, box)
    step = max(1, _STRIP // width)
    strips = (range(top, min(top + step, height)) for top in range(0, height, step))
    return np.concatenate(
        [surroundings(plate, box, _places(scene, rows), pixel, scene.light, scene.turn) for rows in strips]
    )


def _lay(picture: Array, canvas: Canvas, light: Array, plane: Plane, centre: tuple[float, float]) -> None:
    """Put a canvas into the picture, each pixel the mean of its samples."""
    height, width = picture.shape[:2]
    pitch_x, pitch_y = canvas.x[1] - canvas.x[0], canvas.y[1] - canvas.y[0]
    left, top = float(canvas.x[0] - pitch_x / 2) - centre[0], float(canvas.y[0] - pitch_y / 2) - centre[1]
    texels = np.array([[pitch_x, 0, left], [0, pitch_y, top], [0, 0, 1]], dtype=np.float64)  # continuous texels to mm
    right, bottom = left + pitch_x * len(canvas.x), top + pitch_y * len(canvas.y)
    seen = plane.quads((left, top, right, bottom))[0]
    low = np.maximum(np.floor(seen.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(seen.max(axis=0)).astype(int) + 2, (width, height))
    if (high <= low).any():
        return
    step = 1 / _SUBSAMPLES
    samples = np.array([[step, 0, low[0] - 0.5], [0, step, low[1] - 0.5], [0, 0, 1]])  # continuous samples to pixels
    matrix = np.linalg.inv(plane.matrix @ texels) @ samples
    layers = np.concatenate([light * canvas.alpha[..., None], canvas.alpha[..., None]], axis=-1)
    w, h = (int(v) for v in high - low)
    warped = np.stack([_warped(layers[..., k], matrix, (w, h)) for k in range(4)], axis=-1)
    window = picture[low[1] : high[1], low[0] : high[0]]
    window *= 1 - warped[..., 3:]
    window += warped[..., :3]


def _warped(layer: Array, matrix: NDArray[np.float64], size: tuple[int, int]) -> Array:
    """One layer seen through a homography from samples to texels, averaged over the samples of each pixel."""
    w, h = size
    source = Image.fromarray(np.ascontiguousarray(layer))
    coefficients = tuple((matrix / matrix[2, 2]).ravel()[:8])
    fine = source.transform(
        (w * _SUBSAMPLES, h * _SUBSAMPLES), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )
    samples = np.asarray(fine).reshape(h, _SUBSAMPLES, w, _SUBSAMPLES)
    return np.asarray(samples.mean(axis=(1, 3)), dtype=np.float32)


def _cast_shadow(picture: Array, plate: Plate, scene: Scene) -> None:
    """A soft band of shadow across plate and car, a little bluer than the light."""
    if not plate.shadow:
        return
    wide = plate.design.size[0]
    angle = np.radians(plate.shadow_angle)
    tint = np.array([1.0, 0.97, 0.9], dtype=np.float32) * np.float32(plate.shadow * 0.75)
    for top in range(0, len(picture), step := max(1, _STRIP // scene.size[0])):
        rows = range(top, min(top + step, len(picture)))
        places = _places(scene, rows)
        across = (places[..., 0] * np.cos(angle) + places[..., 1] * np.sin(angle)) / wide - plate.shadow_place
        inside = np.clip(0.5 + (plate.shadow_width / 2 - np.abs(across)) / 0.05, 0, 1)
        inside = inside * inside * (3 - 2 * inside)
        picture[rows.start : rows.stop] *= 1 - inside[..., None].astype(np.float32) * tint


def _through_lens(picture: Array, plate: Plate, scene: Scene) -> Array:
    """Defocus and motion, in linear light, each centred so that labels stay true."""
    pixels = _pixels_per_mm(scene.plane, scene.from_centre((0, 0, *plate.design.size)))
    sigma = plate.blur * max(plate.design.caps) * pixels
    if sigma > 0.05:
        taps = gaussian_taps(sigma, 2 * ceil(3 * sigma) + 1)
        picture = _filtered(_filtered(picture, taps[None]), taps[:, None])
    length = plate.motion * plate.design.size[0] * pixels
    if length > 0.05:
        picture = _filtered(picture, line(length, np.radians(plate.motion_angle)))
    return picture


def _filtered(picture: Array, kernel: NDArray[np.float64]) -> Array:
    """(h, w, 3) weighted means of each pixel's neighbours; the border is repeated."""
    h, w = picture.shape[:2]
    down, across = kernel.shape[0] // 2, kernel.shape[1] // 2
    padded = np.pad(picture, ((down, down), (across, across), (0, 0)), mode="edge")
    total = np.zeros_like(picture)
    for row, column in np.argwhere(kernel > 1e-6):
        total += np.float32(kernel[row, column]) * padded[row : row + h, column : column + w]
    return total


def _sensed(plate: Plate, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if plate.sensor == CLEAN:
        return image
    recipe = sensor(plate.sensor).without("motion", "exposure")  # the plate has factors of its own for these
    return recipe.draw(Stream(plate.sensor_seed, ("sensor",)).generator()).apply(image)


def _labelled(
    image: NDArray[np.uint8], plate: Plate, printing: Print, scene: Scene, signs: Sequence[Sign]
) -> PlateSample:
    cells = printing.cells
    words = [Text(word.kind, word.text, scene.plane.quads(scene.from_centre(word.box))[0]) for word in printing.words]
    boards = [Text(sign.kind, sign.text, sign.plane.quads(sign.box)[0]) for sign in signs if sign.is_inside(scene.size)]
    return PlateSample(
        image=image,
        plate=plate,
        text=plate.text.replace("|", " "),
        corners=scene.plane.quads(scene.from_centre((0, 0, *plate.design.size)))[0],
        characters=tuple(cell.character for cell in cells),
        character_corners=scene.plane.quads([scene.from_centre(cell.ink) for cell in cells]),
        rows=tuple(cell.row for cell in cells),
        distractors=(*words, *boards),
    )
