"""Rectified pairs of pictures with exact disparity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from visavis.synthetic.export.pictures import array_bytes, check_format, origin, picture_bytes, share_bytes
from visavis.synthetic.export.plan import Output, Render
from visavis.synthetic.export.ranges import COUNT, SAMPLES, SEED, SIDE, Group, check_fields, check_group
from visavis.synthetic.stereo import BASELINES, StereoSample, photograph_stereo
from visavis.synthetic.streams import Stream
from visavis.synthetic.world import World

_ROOM = (0.5, 4.0)
"""Nearest and farthest wall behind the person, metres."""


@dataclass(frozen=True, kw_only=True)
class StereoPairs:
    """A plan for one pair of pictures per person.

    Attributes:
        count: number of pairs, 1..1,000,000; pair k shows shot 0 of person k of the world.
        width, height: of the pictures in pixels, 16..4096.
        baseline: between the cameras in metres, 0.001..1.
        sensor: add the camera's faults, which differ between the two pictures.
        seed: of the world, 0..2**63-1.
        samples: samples per pixel and axis, 1..4.
        picture_format: png or jpg.
        group: pairs of a factor of people or shots and the part of its range that it is held to.

    Raises:
        InvalidInput: a value outside its range; the message names the range.
    """

    count: int
    width: int = 320
    height: int = 240
    baseline: float = 0.06
    sensor: bool = False
    seed: int = 0
    samples: int = 2
    picture_format: str = "png"
    group: Group = ()

    kind = "stereo pairs"

    def __post_init__(self) -> None:
        check_fields(
            self,
            {
                "count": COUNT,
                "width": SIDE,
                "height": SIDE,
                "baseline": BASELINES,
                "seed": SEED,
                "samples": SAMPLES,
            },
        )
        check_format(self.picture_format)
        object.__setattr__(self, "group", check_group(self.group))

    @property
    def examples(self) -> Mapping[str, Any]:
        """No column needs one."""
        return {}

    def parameters(self) -> dict[str, Any]:
        """What the pictures depend on."""
        return {**asdict(self), "group": dict(self.group)}

    def files(self, item: int) -> list[str]:
        """Left and right picture; disparity and occlusion of the left one."""
        stem, suffix = f"pair-{item:06d}", self.picture_format
        return [f"{stem}.left.{suffix}", f"{stem}.right.{suffix}", f"{stem}.disparity.npz", f"{stem}.occluded.png"]

    def open(self) -> Render:
        """The world whose people they are."""
        world = World(self.seed, group=dict(self.group))

        def render(item: int) -> Iterator[Output]:
            shot = world.shot(item, 0)
            near, far = _ROOM
            room = near + (far - near) * Stream(self.seed, ("wall", item)).uniform()
            sample = photograph_stereo(
                world.figure(item),
                shot,
                (self.width, self.height),
                baseline=self.baseline,
                wall=shot.distance + room,
                samples=self.samples,
                sensor=self.sensor,
            )
            yield self._output(sample, item)

        return render

    def _output(self, sample: StereoSample, item: int) -> Output:
        left, right, disparity, occluded = self.files(item)
        files = {
            left: picture_bytes(sample.left, self.picture_format, origin(self.seed)),
            right: picture_bytes(sample.right, self.picture_format, origin(self.seed)),
            disparity: array_bytes(sample.disparity, np.float32),
            occluded: share_bytes(sample.occluded),
        }
        shot = {f"shot_{name}": value for name, value in asdict(sample.shot).items()}
        return Output(files, ({"file": left, "right_file": right, "person_id": item, **sample.row(), **shot},))
