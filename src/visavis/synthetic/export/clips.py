"""Films of people who move and speak: MP4, a row of labels per frame, and a JSON file per film."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.clip import RATES, SECONDS, Clip, ClipSample, photograph_clip
from visavis.synthetic.export.mp4 import CRF, mp4_bytes, need_pyav
from visavis.synthetic.export.pictures import origin
from visavis.synthetic.export.plan import Output, Render
from visavis.synthetic.export.ranges import COUNT, SAMPLES, SEED, SIDE, Group, check_fields, check_group
from visavis.synthetic.export.scenes import FACE_EXAMPLES, PEOPLE, scene_row, shot_group
from visavis.synthetic.factors import Whole
from visavis.synthetic.speech import DIGITS, SpeechSample
from visavis.synthetic.streams import Stream
from visavis.synthetic.world import World

_SECONDS_PER_WORD = 0.6


@dataclass(frozen=True, kw_only=True)
class Clips:
    """A plan for one film per clip.

    Attributes:
        count: number of clips, 1..1,000,000; the first ones do not depend on it.
        people: in every scene, 0..8.
        seconds: length of each, 0.04..600.
        fps: frames per second, 1..120.
        cuts: in each, 0..100.
        speech: the first person says digits, with sound.
        width, height: in pixels, even, 16..4096.
        crf: 0 (largest, best) to 51.
        seed: of the world whose people they are, 0..2**63-1.
        samples: samples per pixel and axis, 1..4.
        group: pairs of a factor of people or shots and the part of its range that it is held to.

    Raises:
        InvalidInput: a value outside its range; the message names the range.
        MissingExtra: PyAV is not installed.
    """

    count: int
    people: int = 1
    seconds: float = 2.0
    fps: float = 25.0
    cuts: int = 0
    speech: bool = False
    width: int = 320
    height: int = 240
    crf: int = 18
    seed: int = 0
    samples: int = 1
    group: Group = ()

    kind = "clips"

    def __post_init__(self) -> None:
        check_fields(
            self,
            {
                "count": COUNT,
                "people": PEOPLE,
                "seconds": SECONDS,
                "fps": RATES,
                "cuts": Whole(0, 100),
                "width": SIDE,
                "height": SIDE,
                "crf": CRF,
                "seed": SEED,
                "samples": SAMPLES,
            },
        )
        if self.width % 2 or self.height % 2:
            raise InvalidInput(f"{self.width} x {self.height} pixels: films need an even width and height")
        object.__setattr__(self, "group", check_group(self.group))
        need_pyav()

    @property
    def examples(self) -> Mapping[str, Any]:
        """A frame may hold no face, and no thing that is none."""
        return {"prop_boxes": [[0.0]], "questions": "", **FACE_EXAMPLES}

    def parameters(self) -> dict[str, Any]:
        """What the films depend on."""
        return {**asdict(self), "group": dict(self.group)}

    def files(self, item: int) -> list[str]:
        """The film, and what is known of it as a whole: cuts, words, lip shapes and their times."""
        return [f"clip-{item:06d}.mp4", f"clip-{item:06d}.json"]

    def open(self) -> Render:
        """The world whose people are cast."""
        world = World(self.seed, group=dict(self.group))

        def render(item: int) -> Iterator[Output]:
            yield self._output(
                photograph_clip(world, self._clip(item), (self.width, self.height), samples=self.samples), item
            )

        return render

    def _clip(self, item: int) -> Clip:
        stream = Stream(self.seed, ("clip", item))
        return Clip.sample(
            stream,
            people=self.people,
            seconds=self.seconds,
            rate=self.fps,
            cuts=self.cuts,
            words=self._words(stream.child("words")) if self.speech else (),
            **shot_group(self.group),
        )

    def _words(self, stream: Stream) -> tuple[str, ...]:
        """As many digits as the time allows, one at least."""
        count = min(max(1, int(self.seconds / _SECONDS_PER_WORD)), 100)
        return tuple(DIGITS[int(u * len(DIGITS))] for u in stream.uniforms(count))

    def _output(self, sample: ClipSample, item: int) -> Output:
        film, about = self.files(item)
        rows: list[dict[str, Any]] = []
        sound = None if sample.speech is None else self._sound(sample.speech)
        frames = self._frames(sample, {"file": film, "clip_id": item}, rows)
        data = mp4_bytes(
            frames,
            Fraction(self.fps).limit_denominator(1001),
            self.crf,
            sound,
            sample.speech.rate if sample.speech else 16_000,
            origin(self.seed),
        )
        return Output({film: data, about: json.dumps(sample.row(), indent=2).encode()}, tuple(rows))

    def _frames(
        self, sample: ClipSample, begin: dict[str, Any], rows: list[dict[str, Any]]
    ) -> Iterator[NDArray[np.uint8]]:
        """The pictures; their labels are added to the rows as they pass."""
        times, parts = sample.clip.times.tolist(), sample.scene_of.tolist()
        for number, frame in enumerate(sample):
            when = {"frame": number, "time": times[number], "scene": parts[number]}
            rows.append({**begin, **when, **scene_row(frame)})
            yield frame.image

    def _sound(self, speech: SpeechSample) -> NDArray[np.float32]:
        """The voice, cut or filled up with silence to the length of the film, give or take a frame."""
        length = round(self.seconds * speech.rate)
        voice = speech.audio[:length]
        return np.pad(voice, (0, length - len(voice)))
