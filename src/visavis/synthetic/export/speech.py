"""Recordings of people who say digits, with the times of words, phonemes and lip shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from visavis.synthetic.export.plan import Output, Render
from visavis.synthetic.export.ranges import COUNT, PER_PERSON, SEED, check_fields
from visavis.synthetic.factors import Whole
from visavis.synthetic.speech import Interval, Speaker, SpeechSample, Utterance, render, wav_bytes
from visavis.synthetic.streams import Stream
from visavis.synthetic.world import World

RATE = Whole(8_000, 48_000)


@dataclass(frozen=True, kw_only=True)
class Speech:
    """A plan for a folder per speaker.

    Attributes:
        count: number of speakers, 1..1,000,000; speaker k has the voice of person k of the world with this seed.
        per_person: recordings of each, 1..10,000.
        seed: of the world, 0..2**63-1.
        rate: samples per second, 8,000..48,000.

    Raises:
        InvalidInput: a value outside its range; the message names the range.
    """

    count: int
    per_person: int = 1
    seed: int = 0
    rate: int = 16_000

    kind = "speakers"

    def __post_init__(self) -> None:
        check_fields(self, {"count": COUNT, "per_person": PER_PERSON, "seed": SEED, "rate": RATE})

    @property
    def examples(self) -> Mapping[str, Any]:
        """No column needs one."""
        return {}

    def parameters(self) -> dict[str, Any]:
        """What the recordings depend on."""
        return asdict(self)

    def files(self, item: int) -> list[str]:
        """The recordings of a speaker."""
        return [_name(item, recording) for recording in range(self.per_person)]

    def open(self) -> Render:
        """The world whose people speak."""
        world = World(self.seed)

        def say(item: int) -> Iterator[Output]:
            speaker = Speaker.of(self.seed, item, world.person(item).masculinity)
            for recording in range(self.per_person):
                stream = Stream(self.seed).child("speech", item, recording)
                sample = render(Utterance.sample(stream.generator()), speaker, self.rate)
                name = _name(item, recording)
                about = {"file": name, "person_id": item, "recording": recording}
                yield Output({name: wav_bytes(sample.audio, sample.rate)}, ({**about, **_row(sample)},))

        return say


def _name(person: int, recording: int) -> str:
    return f"person-{person:06d}/{recording:03d}.wav"


def _row(sample: SpeechSample) -> dict[str, Any]:
    times = {"word": sample.words, "phoneme": sample.phonemes, "viseme": sample.visemes}
    row = {"transcript": sample.transcript, "rate": sample.rate, "seconds": sample.seconds, "speaker": sample.speaker}
    for name, intervals in times.items():
        row |= _columns(name, intervals)
    return {**row, **sample.factors}


def _columns(name: str, intervals: tuple[Interval, ...]) -> dict[str, Any]:
    """Three columns of lists: what is said, from when, to when (seconds)."""
    return {
        f"{name}s": [interval.label for interval in intervals],
        f"{name}_starts": [interval.start for interval in intervals],
        f"{name}_ends": [interval.end for interval in intervals],
    }
