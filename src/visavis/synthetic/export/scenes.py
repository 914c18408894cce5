"""Pictures of several people, with every face's labels, and what is no face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from visavis.synthetic.export.pictures import (
    check_format,
    check_maps,
    depth_bytes,
    index_bytes,
    origin,
    parsing_bytes,
    picture_bytes,
)  # fmt: skip
from visavis.synthetic.export.plan import Output, Render
from visavis.synthetic.export.ranges import COUNT, SAMPLES, SEED, SIDE, Group, check_fields, check_group
from visavis.synthetic.factors import Whole, factor_table
from visavis.synthetic.scene import MOST_PEOPLE, Scene, SceneSample, photograph_scene
from visavis.synthetic.shot import Shot
from visavis.synthetic.streams import Stream
from visavis.synthetic.world import World

PEOPLE = Whole(0, MOST_PEOPLE)
MAPS: dict[str, Callable[[Any], bytes]] = {"parsing": parsing_bytes, "person": index_bytes, "depth": depth_bytes}
"""The label maps of a scene, all PNG: classes, place of the person seen + 1 (0 = none), and depth."""


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """A plan for one picture per scene.

    Attributes:
        count: number of scenes, 1..1,000,000; the first ones do not depend on it.
        people: in each, 0..8; None = drawn anew for each.
        width, height: of the pictures in pixels, 16..4096.
        seed: of the world whose people they are, 0..2**63-1.
        samples: samples per pixel and axis, 1..4.
        labels: names of `MAPS` to write beside each picture.
        picture_format: png or jpg.
        group: pairs of a factor of people or shots and the part of its range that it is held to.

    Raises:
        InvalidInput: a value outside its range; the message names the range.
    """

    count: int
    people: int | None = None
    width: int = 640
    height: int = 480
    seed: int = 0
    samples: int = 1
    labels: tuple[str, ...] = ()
    picture_format: str = "png"
    group: Group = ()

    kind = "scenes"

    def __post_init__(self) -> None:
        check_fields(self, {"count": COUNT, "width": SIDE, "height": SIDE, "seed": SEED, "samples": SAMPLES})
        if self.people is not None:
            PEOPLE.check("people", self.people)
        check_format(self.picture_format)
        object.__setattr__(self, "labels", check_maps(self.labels, MAPS))
        object.__setattr__(self, "group", check_group(self.group))

    @property
    def examples(self) -> Mapping[str, Any]:
        """A picture may hold no face, and no thing that is none."""
        return {"prop_boxes": [[0.0]], "questions": "", **FACE_EXAMPLES}

    def parameters(self) -> dict[str, Any]:
        """What the pictures depend on."""
        return {**asdict(self), "group": dict(self.group)}

    def files(self, item: int) -> list[str]:
        """The picture and its label maps."""
        return [f"{_stem(item)}.{ending}" for ending in (self.picture_format, *(f"{n}.png" for n in self.labels))]

    def open(self) -> Render:
        """The world whose people are cast."""
        world = World(self.seed, group=dict(self.group))
        of_shots = shot_group(self.group)

        def render(item: int) -> Iterator[Output]:
            scene = Scene.sample(Stream(self.seed, ("scene", item)), self.people, **of_shots)
            yield self._output(photograph_scene(world, scene, (self.width, self.height), samples=self.samples), item)

        return render

    def _output(self, sample: SceneSample, item: int) -> Output:
        picture = f"{_stem(item)}.{self.picture_format}"
        files = {picture: picture_bytes(sample.image, self.picture_format, origin(self.seed))}
        files |= {f"{_stem(item)}.{name}.png": MAPS[name](getattr(sample, name)) for name in self.labels}
        return Output(files, ({"file": picture, "scene_id": item, **scene_row(sample)},))


def scene_row(sample: SceneSample) -> dict[str, Any]:
    """The labels of a scene with one column of lists per label of its faces, all in the same order."""
    row = sample.row()
    faces = row.pop("faces")
    return {**row, **{f"face_{name}": [face[name] for face in faces] for name in _FACE}}


def shot_group(group: Group) -> dict[str, Any]:
    """The part of a group that is about shots."""
    return {name: held for name, held in group if name in factor_table(Shot)}


def _stem(scene: int) -> str:
    return f"scene-{scene:06d}"


_FACE: dict[str, Any] = {
    "person_id": [0], "seen": [0.0], "box": [[0.0]], "points": [[[0.0]]], "landmarks": [[[0.0]]],
    "landmarks_3d": [[[0.0]]], "visible": [[True]], "yaw": [0.0], "pitch": [0.0], "roll": [0.0], "shot": "",
}  # fmt: skip
FACE_EXAMPLES = {f"face_{name}": example for name, example in _FACE.items()}
"""The columns about faces, each with an example for its type."""
