"""Photographing a figure: one picture with every label that the other rooms need."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.degrade import Plan, sensor
from visavis.errors import InvalidInput
from visavis.synthetic.background import Background
from visavis.synthetic.captions import QuestionAnswer, caption, questions
from visavis.synthetic.figure import Figure, Posed
from visavis.synthetic.labels import FaceLabels, label_face
from visavis.synthetic.look.tone import skin_rgb, tone_step
from visavis.synthetic.parsing import to_11_classes
from visavis.synthetic.person import Person
from visavis.synthetic.render import Camera, Light, develop, draw
from visavis.synthetic.shot import Shot
from visavis.synthetic.streams import Stream
from visavis.synthetic.version import VERSION
from visavis.types import Box

Floats = NDArray[np.float32]

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_MIDDLE_TONE, _AIM, _METERING = 2.0, 0.21, 0.6
"""Tone and luminance that the exposure aims at, and how much of the way it goes: dark places stay darker."""
SIZES = (16, 4096)
"""Smallest and largest side of a picture, pixels."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """A picture of one person and everything that is known about it.

    Attributes:
        image: (H, W, 3) uint8 sRGB.
        person, shot: the factors it was made from.
        face: box, points, landmarks and pose.
        camera: the exact camera; world units are metres.
        light, background, degradation: what the shot's seeds stood for.
        exposure: factor of the light that entered the camera.
        parsing: (H, W) uint8 classes of `visavis.synthetic.PARSING`.
        depth: (H, W) float32 metres along the viewing axis; inf on the background.
        normals: (H, W, 3) float32 unit vectors in world axes; 0 on the background.
        albedo: (H, W, 3) float32 linear reflectance.
        shading: (H, W, 3) float32 diffuse light; albedo * shading is the picture without highlights.
        alpha: (H, W) float32 share of the pixel that the person covers.
        person_id, shot_id: place in the world it was drawn from, if any.
        hair_of: whose hair the person wears in an experiment; None = their own.

    Labels belong to the clean picture; a degradation that changes no geometry leaves them true.
    """

    image: NDArray[np.uint8]
    person: Person
    shot: Shot
    face: FaceLabels
    camera: Camera
    light: Light
    background: Background
    degradation: Plan
    exposure: float
    parsing: NDArray[np.uint8]
    depth: Floats
    normals: Floats
    albedo: Floats
    shading: Floats
    alpha: Floats
    person_id: int | None = None
    shot_id: int | None = None
    hair_of: Person | None = None

    @property
    def box(self) -> Box:
        """The face from hairline to chin, ear to ear."""
        return self.face.box

    @property
    def points(self) -> Floats:
        """(5, 2) eyes, nose and mouth corners in the order of `visavis.types.POINT_NAMES`."""
        return self.face.points

    @property
    def landmarks(self) -> Floats:
        """(68, 2) iBUG points; the first 17 follow the visible outline."""
        return self.face.landmarks

    @property
    def landmarks_3d(self) -> Floats:
        """(68, 3) x and y in pixels and depth in metres of 68 fixed points of the head."""
        return self.face.landmarks_3d

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(68,) whether a landmark lies in the picture with nothing before it but clear lenses."""
        return self.face.visible

    @property
    def yaw(self) -> float:
        """Degrees; the nose toward the picture's right is positive, before the head leans by `roll`."""
        return self.shot.yaw

    @property
    def pitch(self) -> float:
        """Degrees; up is positive, before the head leans by `roll`."""
        return self.shot.pitch

    @property
    def roll(self) -> float:
        """Degrees; the crown toward the picture's right is positive."""
        return self.shot.roll

    @property
    def parsing_11(self) -> NDArray[np.uint8]:
        """(H, W) the mask in the 11 classes of Helen and LaPa."""
        return to_11_classes(self.parsing)

    @property
    def caption(self) -> str:
        """One sentence about the picture."""
        return caption(self._looks, self.shot)

    @property
    def questions(self) -> tuple[QuestionAnswer, ...]:
        """Questions about the picture with their certain answers."""
        return questions(self._looks, self.shot)

    @property
    def _looks(self) -> Person:
        """The person with the hair that is seen."""
        if self.hair_of is None:
            return self.person
        hair = ("hair_style", "hair_colour", "hair_red", "grey")
        return replace(self.person, **{name: getattr(self.hair_of, name) for name in hair})

    def row(self) -> dict[str, Any]:
        """All labels but the maps, flat and JSON-ready: a row of a table."""
        return {
            "person_id": self.person_id,
            "shot_id": self.shot_id,
            **self.face.to_dict(),
            "caption": self.caption,
            "questions": [qa._asdict() for qa in self.questions],
            **{f"person_{name}": value for name, value in asdict(self.person).items()},
            "person_fitzpatrick": self.person.fitzpatrick,
            "person_tone_step": tone_step(self.person.tone),
            **{f"shot_{name}": value for name, value in asdict(self.shot).items()},
            "camera": self.camera.to_dict(),
            "light": self.light.to_dict(),
            "background": asdict(self.background),
            "degradation": self.degradation.to_dict(),
            "exposure": self.exposure,
            "version": VERSION,
            **({"hair_of": asdict(self.hair_of)} if self.hair_of else {}),
        }


def photograph(
    figure: Figure,
    shot: Shot,
    size: int | tuple[int, int] = 112,
    *,
    samples: int = 1,
    light: Light | None = None,
    background: Background | None = None,
    degradation: Plan | None = None,
    exposure: float | None = None,
    person_id: int | None = None,
    shot_id: int | None = None,
) -> Sample:
    """Photograph a figure.

    Args:
        figure: who.
        shot: pose, expression, light, camera, cover and background.
        size: side of the picture in pixels, 16..4096, or (width, height).
        samples: colour samples per side of a pixel, 1..4: 1 for data, 2 or 3 for pictures to look at.
        light: instead of the light that the shot's seed stands for.
        background: instead of the background that the shot's seed stands for.
        degradation: instead of the camera's faults that the shot's seed stands for.
        exposure: factor of the light that enters the camera; None = chosen for the light, see `exposure_of`.
        person_id: recorded in the sample.
        shot_id: recorded in the sample.

    Raises:
        InvalidInput: a size or number of samples out of range.
    """
    width, height = checked_size(size)
    light, background = light or light_of(shot), background or background_of(shot)
    degradation = degradation or degradation_of(shot)
    posed = figure.posed(shot)
    camera = portrait_camera(posed, (width, height))
    frame = draw(posed.surfaces(camera), camera, light, samples)
    linear = frame.over(background.render(width, height))
    exposure = exposure_of(light) if exposure is None else exposure
    return Sample(
        image=degradation.apply(develop(linear, exposure)),
        person=figure.person,
        shot=shot,
        face=label_face(posed, camera, frame.depth, frame.parsing),
        camera=camera,
        light=light,
        background=background,
        degradation=degradation,
        exposure=exposure,
        parsing=frame.parsing,
        depth=frame.depth,
        normals=frame.normals,
        albedo=frame.albedo,
        shading=frame.shading,
        alpha=frame.coverage,
        person_id=person_id,
        shot_id=shot_id,
        hair_of=figure.hair_of,
    )


def portrait_camera(posed: Posed, size: tuple[int, int]) -> Camera:
    """The camera of the shot in which a figure is posed, for a picture of (width, height) pixels."""
    shot = posed.shot
    return Camera.portrait(
        size,
        distance=shot.distance,
        share=shot.head_share,
        centre=(shot.centre_x, shot.centre_y),
        target=posed.centre,
    )


def exposure_of(light: Light) -> float:
    """What a camera chooses for a face of middle tone in this light; who stands there does not change it.

    Cameras that meter on the face would brighten dark skin and everything around it: a trace of the person in the
    background, which an experiment must not have.
    """
    toward_camera = np.array([0.0, 0.0, 1.0])
    falling = light.irradiance(toward_camera) + light.strength * light.colour * max(float(light.direction[2]), 0.0)
    luminance = float(_LUMINANCE @ (skin_rgb(_MIDDLE_TONE) * falling))
    return float(np.clip((_AIM / luminance) ** _METERING, 0.25, 4.0))


def light_of(shot: Shot) -> Light:
    """The light that a shot's kind and seed stand for."""
    return Light.sample(Stream(shot.light_seed, ("light",)).generator(), shot.light)


def background_of(shot: Shot) -> Background:
    """The background that a shot's light and seed stand for."""
    return Background.sample(Stream(shot.background_seed, ("background",)).generator(), place=shot.light)


def degradation_of(shot: Shot) -> Plan:
    """The camera's faults that a shot's sensor and seed stand for."""
    if shot.sensor == "clean":
        return Plan("clean", (), 0)
    return sensor(shot.sensor).draw(Stream(shot.sensor_seed, ("sensor",)).generator())


def checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    """(width, height) of a size in pixels.

    Raises:
        InvalidInput: not one or two whole numbers in `SIZES`.
    """
    sides = size if isinstance(size, tuple) else (size, size)
    low, high = SIZES
    whole = all(isinstance(side, (int, np.integer)) and not isinstance(side, bool) for side in sides)
    if len(sides) != 2 or not whole or not all(low <= side <= high for side in sides):
        raise InvalidInput(f"size {size!r}: needs a whole number of pixels from {low} to {high}, or (width, height)")
    return int(sides[0]), int(sides[1])
