"""Scenes: several people before one camera, some of them half hidden, and things that are no people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.degrade import Plan
from visavis.errors import InvalidInput
from visavis.synthetic.background import Background
from visavis.synthetic.captions import QuestionAnswer, caption
from visavis.synthetic.expressions import speaking_codes
from visavis.synthetic.factors import Uniform
from visavis.synthetic.figure import Posed
from visavis.synthetic.labels import FaceLabels, label_face
from visavis.synthetic.props import POSITIONS, Prop, prop_surface
from visavis.synthetic.render import Camera, Frame, Light, Surface, develop, draw
from visavis.synthetic.sample import background_of, checked_size, degradation_of, exposure_of, light_of
from visavis.synthetic.shot import Shot
from visavis.synthetic.streams import Stream
from visavis.synthetic.version import VERSION
from visavis.synthetic.world import World

MOST_PEOPLE = 8
_HEAD = 0.23
"""Height of a head, metres."""
_SHOULDERS = 0.21
"""Half the width of the shoulders, metres."""
_KNOWN_PEOPLE = 1000
"""Scenes cast their people from the first so many of the world, so that people meet again."""


@dataclass(frozen=True, slots=True)
class Place:
    """One person in a scene.

    Attributes:
        person: number in the world.
        shot: pose, expression, cover and clothes; its distance is that of this person, its light the scene's.
        x, y: middle of the head as shares of the picture's width and height.
        visemes: weights of `VISEMES` while speaking; none = the shot's own viseme.
    """

    person: int
    shot: Shot
    x: float
    y: float
    visemes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        POSITIONS.check("place x", self.x)
        POSITIONS.check("place y", self.y)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything in one picture of several people.

    Attributes:
        places: up to eight people.
        props: things that are no people.
        look: a shot whose light, background and sensor are the whole scene's.
        field_of_view: of the picture's longer side, degrees.
    """

    places: tuple[Place, ...]
    props: tuple[Prop, ...]
    look: Shot
    field_of_view: float = 50.0

    def __post_init__(self) -> None:
        if len(self.places) > MOST_PEOPLE:
            raise InvalidInput(f"{len(self.places)} people: a scene has 0 to {MOST_PEOPLE}")
        Uniform(5.0, 120.0, "degrees").check("field_of_view", self.field_of_view)

    @classmethod
    def sample(cls, stream: Stream, people: int | None = None, **fixed: Any) -> Scene:
        """Draw a scene.

        Args:
            stream: where chance comes from.
            people: how many, 0..8; None = drawn.
            **fixed: factors of every shot set to a value, see `Shot`.

        Raises:
            InvalidInput: a number of people or a factor out of range.
        """
        count = int(stream.child("people").uniform() * (MOST_PEOPLE + 1)) if people is None else people
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_PEOPLE:
            raise InvalidInput(f"people {people!r}: needs a whole number from 0 to {MOST_PEOPLE}")
        rng = stream.child("layout").generator()
        cast = rng.permutation(_KNOWN_PEOPLE)[:count]
        spots = _spots(count, rng)
        places = tuple(
            Place(
                int(person),
                Shot.sample(stream.child("shot", n), **{"distance": float(far), **fixed}),
                float(x),
                float(y),
            )
            for n, (person, (x, y, far)) in enumerate(zip(cast, spots, strict=True))
        )
        props = tuple(Prop.sample(rng) for _ in range(rng.integers(0, 4)))
        return cls(places, props, Shot.sample(stream.child("look"), **fixed), float(rng.uniform(42.0, 65.0)))


@dataclass(frozen=True, eq=False)
class SceneFace:
    """One person of a drawn scene."""

    place: Place
    face: FaceLabels
    seen: float
    """Share of what this person alone would fill of their face box that is in the picture and not hidden, 0..1."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SceneSample:
    """A picture of a scene and everything that is known about it.

    Attributes:
        image: (H, W, 3) uint8 sRGB.
        scene: what it was made from.
        faces: one per person, in the scene's order, hidden or not.
        prop_boxes: (n, 4) left, top, right, bottom of the things that are no people.
        camera, light, background, degradation, exposure: as in `visavis.synthetic.Sample`.
        parsing: (H, W) uint8 classes of `visavis.synthetic.PARSING`.
        person: (H, W) int16 place of the person seen; -1 = none.
        depth: (H, W) float32 metres; inf on the background.
    """

    image: NDArray[np.uint8]
    scene: Scene
    faces: tuple[SceneFace, ...]
    prop_boxes: NDArray[np.float32]
    camera: Camera
    light: Light
    background: Background
    degradation: Plan
    exposure: float
    parsing: NDArray[np.uint8]
    person: NDArray[np.int16]
    depth: NDArray[np.float32]

    @property
    def caption(self) -> str:
        """One sentence about the picture."""
        count = len(self.faces)
        return f"{count or 'No'} {'person' if count == 1 else 'people'} in one picture."

    @property
    def questions(self) -> tuple[QuestionAnswer, ...]:
        """Questions about the picture with their certain answers; asked only where nobody is mostly hidden."""
        if any(face.seen < 0.5 for face in self.faces):
            return ()
        wearing = sum(face.place.shot.occluder == "mask" for face in self.faces)
        return (
            QuestionAnswer("How many people are there?", str(len(self.faces))),
            QuestionAnswer("How many people wear a face mask?", str(wearing)),
        )

    def row(self) -> dict[str, Any]:
        """All labels but the maps, JSON-ready."""
        return {
            "people": len(self.faces),
            "faces": [
                {
                    "person_id": face.place.person,
                    "seen": round(face.seen, 4),
                    **face.face.to_dict(),
                    "shot": asdict(face.place.shot),
                }
                for face in self.faces
            ],
            "prop_boxes": self.prop_boxes.astype(float).round(2).tolist(),
            "caption": self.caption,
            "questions": [qa._asdict() for qa in self.questions],
            "camera": self.camera.to_dict(),
            "light": self.light.to_dict(),
            "background": asdict(self.background),
            "degradation": self.degradation.to_dict(),
            "exposure": self.exposure,
            "version": VERSION,
        }


def photograph_scene(
    world: World,
    scene: Scene,
    size: int | tuple[int, int] = (640, 480),
    *,
    samples: int = 1,
    backdrop: NDArray[np.float32] | None = None,
    degradation: Plan | None = None,
) -> SceneSample:
    """Draw a scene.

    Args:
        world: whose people they are.
        scene: who and what, where.
        size: (width, height) in pixels, 16..4096, or a side.
        samples: colour samples per side of a pixel, 1..4.
        backdrop: (height, width, 3) linear light, instead of the scene's own background: for clips.
        degradation: instead of the camera's faults that the scene's look stands for.

    Raises:
        InvalidInput: a size or number of samples out of range.
    """
    width, height = checked_size(size)
    camera = scene_camera(scene, width, height)
    light, background = light_of(scene.look), background_of(scene.look)
    backdrop = background.render(width, height) if backdrop is None else backdrop
    stage = Stage.set(world, scene, camera)
    drawn = stage.drawn(camera, samples)
    picture, parsing, nearest, depth = layered(drawn, backdrop)
    degradation = degradation or degradation_of(scene.look)
    exposure = exposure_of(light)
    person = np.where(nearest < len(stage.cast), nearest, -1).astype(np.int16)
    faces = tuple(
        SceneFace(
            place, labels := label_face(figure, camera, depth, parsing), _share_seen(labels, drawn[n], person == n)
        )
        for n, (place, figure) in enumerate(zip(scene.places, stage.cast, strict=True))
    )
    return SceneSample(
        image=degradation.apply(develop(picture, exposure)),
        scene=scene,
        faces=faces,
        prop_boxes=_boxes([camera.project(surface.vertices)[0] for surface in stage.props]),
        camera=camera,
        light=light,
        background=background,
        degradation=degradation,
        exposure=exposure,
        parsing=parsing,
        person=person,
        depth=depth,
    )


@dataclass(frozen=True, eq=False)
class Stage:
    """The people and things of a scene in their places in the world, to be drawn from wherever one likes."""

    scene: Scene
    cast: tuple[Posed, ...]
    props: tuple[Surface, ...]

    @classmethod
    def set(cls, world: World, scene: Scene, camera: Camera) -> Stage:
        """Everybody where this camera sees them at their place in the picture."""
        cast = tuple(_posed(world, place, camera) for place in scene.places)
        return cls(scene, cast, tuple(prop_surface(prop, camera) for prop in scene.props))

    def drawn(self, camera: Camera, samples: int) -> list[Frame]:
        """Each person and then each thing, drawn alone with a shadow map of its own."""
        light = light_of(self.scene.look)
        alone = [figure.surfaces(camera) for figure in self.cast] + [[surface] for surface in self.props]
        return [draw(surfaces, camera, light, samples) for surfaces in alone]


def scene_camera(scene: Scene, width: int, height: int) -> Camera:
    """The camera of a scene, at the world's origin, looking along -z."""
    focal = max(width, height) / 2 / np.tan(np.radians(scene.field_of_view) / 2)
    return Camera(width, height, float(focal), ((width - 1) / 2, (height - 1) / 2), np.zeros(3))


def scene_caption(scene: Scene, world: World) -> str:
    """A sentence per person, left to right."""
    placed = sorted(scene.places, key=lambda place: place.x)
    return " ".join(
        caption(world.person(place.person), replace(place.shot, light=scene.look.light)) for place in placed
    )


def _posed(world: World, place: Place, camera: Camera) -> Posed:
    """The person of a place, where the camera is to see it."""
    pixel = np.array([place.x * camera.width - 0.5, place.y * camera.height - 0.5])
    centre = camera.unproject(pixel, np.asarray(place.shot.distance))
    codes = speaking_codes(place.shot, place.visemes) if place.visemes else None
    return world.figure(place.person).posed(place.shot, codes, centre)


def layered(
    frames: list[Frame], background: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.intp], NDArray[np.float32]]:
    """The frames over the background, the farthest first at every pixel.

    Returns: (H, W, 3) linear light, (H, W) classes, (H, W) number of the nearest frame (n = none), (H, W) depth.
    """
    picture = background.astype(np.float32)
    if not frames:
        size = picture.shape[:2]
        return picture, np.zeros(size, np.uint8), np.zeros(size, np.intp), np.full(size, np.inf, np.float32)
    depths = np.stack([frame.depth for frame in frames])
    # Soft edges and lenses cover pixels in whose middle they have no depth: they lie where their frame mostly does.
    places = np.stack([np.where(np.isfinite(frame.depth), frame.depth, _median_depth(frame)) for frame in frames])
    colours, coverages = np.stack([frame.colour for frame in frames]), np.stack([frame.coverage for frame in frames])
    picture = colours.sum(axis=0) + (1 - coverages.sum(axis=0)[..., None]) * picture
    crowded = np.count_nonzero(coverages, axis=0) > 1
    colours, coverages, light = colours[:, crowded], coverages[:, crowded, None], background[crowded]
    for turn in np.argsort(-places[:, crowded], axis=0, kind="stable"):
        here = turn, np.arange(turn.size)
        light = colours[here] + (1 - coverages[here]) * light
    picture[crowded] = light
    nearest, depth = depths.argmin(axis=0), depths.min(axis=0)
    parsing = np.take_along_axis(np.stack([frame.parsing for frame in frames]), nearest[None], axis=0)[0]
    return picture, parsing, np.where(np.isfinite(depth), nearest, len(frames)), depth


def _median_depth(frame: Frame) -> float:
    inside = frame.depth[np.isfinite(frame.depth)]
    return float(np.median(inside)) if inside.size else 0.0


def _share_seen(labels: FaceLabels, alone: Frame, mine: NDArray[np.bool_]) -> float:
    """Of the pixels of this person's face box that this person would fill alone, the share that is still seen."""
    box, (height, width) = labels.box, mine.shape
    whole = (box.right - box.left) * (box.bottom - box.top)
    rows = slice(max(0, int(box.top)), max(0, min(height, int(np.ceil(box.bottom)))))
    columns = slice(max(0, int(box.left)), max(0, min(width, int(np.ceil(box.right)))))
    filled = np.isfinite(alone.depth[rows, columns])
    inside = filled.size / max(whole, 1.0)
    return float(min(1.0, inside) * mine[rows, columns].sum() / max(filled.sum(), 1))


def _boxes(pixels: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    return np.array([[*points.min(axis=0), *points.max(axis=0)] for points in pixels], np.float32).reshape(-1, 4)


def _spots(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(count, 3) x, y as shares of the picture and distance in metres; heads overlap by half at most."""
    spots: list[NDArray[np.float64]] = []
    for _ in range(count):
        for _ in range(40):
            far = float(np.exp(rng.uniform(np.log(0.9), np.log(3.6))))
            spot = np.array([rng.uniform(0.06, 0.94), rng.uniform(0.22, 0.55), far])
            if all(_apart(spot, other) for other in spots):
                break
        spots.append(spot)
    return np.array(spots).reshape(-1, 3)


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether the nearer person leaves half of the other's face free, in a view a metre wide at a metre's distance."""
    near, far = (a, b) if a[2] < b[2] else (b, a)
    aside, above = abs(a[0] - b[0]), near[1] - far[1]
    head = 0.5 * 0.7 * _HEAD * (1 / a[2] + 1 / b[2])
    shoulders = _SHOULDERS / near[2] + 0.2 * _HEAD / far[2]
    over_the_head = above > _HEAD * (0.6 / near[2] + 0.2 / far[2])
    return bool(over_the_head or aside > (head if above > 0 else shoulders))
