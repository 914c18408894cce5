"""People in folders: the same person in several shots each, with everything known about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from visavis.synthetic.export.pictures import MAPS, check_format, check_maps, origin, picture_bytes
from visavis.synthetic.export.plan import Output, Render
from visavis.synthetic.export.ranges import (
    COUNT,
    PER_PERSON,
    SAMPLES,
    SEED,
    SIDE,
    YAW,
    Group,
    check_fields,
    check_group,
)  # fmt: skip
from visavis.synthetic.sample import Sample
from visavis.synthetic.world import World


@dataclass(frozen=True, kw_only=True)
class People:
    """A plan for a folder per person.

    Attributes:
        count: number of people, 1..1,000,000; the first ones do not depend on it.
        per_person: shots of each, 1..10,000.
        size: side of the pictures in pixels, 16..4096.
        seed: of the world, 0..2**63-1.
        max_yaw: largest turn of a head, 0..90 degrees.
        samples: samples per pixel and axis, 1..4; more are smoother and slower.
        labels: names of `MAPS` to write beside each picture.
        picture_format: png or jpg.
        group: pairs of a factor of people or shots and the part of its range that it is held to; see `Group`.
        independent: factors of people are drawn independently of each other.

    Raises:
        InvalidInput: a value outside its range; the message names the range.
    """

    count: int
    per_person: int = 1
    size: int = 112
    seed: int = 0
    max_yaw: float = 35.0
    samples: int = 1
    labels: tuple[str, ...] = ()
    picture_format: str = "png"
    group: Group = ()
    independent: bool = False

    kind = "people"

    def __post_init__(self) -> None:
        check_fields(
            self,
            {"count": COUNT, "per_person": PER_PERSON, "size": SIDE, "samples": SAMPLES, "seed": SEED, "max_yaw": YAW},
        )
        check_format(self.picture_format)
        object.__setattr__(self, "labels", check_maps(self.labels, MAPS))
        object.__setattr__(self, "group", check_group(self.group))

    @property
    def examples(self) -> Mapping[str, Any]:
        """No column needs one."""
        return {}

    def parameters(self) -> dict[str, Any]:
        """What the pictures depend on."""
        return {**asdict(self), "group": dict(self.group)}

    def files(self, item: int) -> list[str]:
        """The pictures of a person, and their label maps."""
        endings = [self.picture_format, *(f"{name}.{MAPS[name][0]}" for name in self.labels)]
        return [f"{_stem(item, shot)}.{ending}" for shot in range(self.per_person) for ending in endings]

    def open(self) -> Render:
        """The world that renders the people."""
        world = self.world()

        def render(item: int) -> Iterator[Output]:
            for shot in range(self.per_person):
                yield self._output(world.render(item, shot, self.size, samples=self.samples), item, shot)

        return render

    def world(self) -> World:
        """The world that the people live in."""
        return World(self.seed, group=dict(self.group), max_yaw=self.max_yaw, independent=self.independent)

    def _output(self, sample: Sample, item: int, shot: int) -> Output:
        stem = _stem(item, shot)
        picture = f"{stem}.{self.picture_format}"
        files = {picture: picture_bytes(sample.image, self.picture_format, origin(self.seed))}
        for name in self.labels:
            suffix, encode = MAPS[name]
            files[f"{stem}.{name}.{suffix}"] = encode(getattr(sample, name))
        return Output(files, ({"file": picture, **sample.row()},))


def _stem(person: int, shot: int) -> str:
    return f"person-{person:06d}/{shot:03d}"
