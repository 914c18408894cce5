"""Clips: scenes that move, with people who turn, blink and speak, a hand-held camera, and cuts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.factors import Uniform
from visavis.synthetic.sample import background_of, checked_size, degradation_of
from visavis.synthetic.scene import Place, Scene, SceneSample, photograph_scene
from visavis.synthetic.speech import Speaker, SpeechSample, Utterance
from visavis.synthetic.speech import render as say
from visavis.synthetic.streams import Stream
from visavis.synthetic.tracks import REACH, Track, blinks
from visavis.synthetic.version import VERSION
from visavis.synthetic.world import World

SECONDS = Uniform(0.04, 600.0, "s")
RATES = Uniform(1.0, 120.0, "frames per second")
_CUTS = Uniform(0.0, SECONDS.high, "s")
_AMOUNT = Uniform(0.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A moving picture.

    Attributes:
        scenes: what is seen between cuts, first to last.
        cuts: seconds at which the next scene begins, ascending, one fewer than scenes.
        seconds: length.
        rate: frames per second.
        words: what the first person of the first scene says; none = nobody speaks.
        motion: how much people move; 1 = as in a conversation, 0 = as statues.
        shake: how much the camera shakes; 1 = held in the hand, 0 = on a tripod.
        seed: of all movements and of the speech.

    Raises:
        InvalidInput: a number out of range, or cuts that do not fit the scenes or the length.
    """

    scenes: tuple[Scene, ...]
    cuts: tuple[float, ...] = ()
    seconds: float = 2.0
    rate: float = 25.0
    words: tuple[str, ...] = ()
    motion: float = 1.0
    shake: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        SECONDS.check("seconds", self.seconds)
        RATES.check("rate", self.rate)
        _AMOUNT.check("motion", self.motion)
        _AMOUNT.check("shake", self.shake)
        edges = (0.0, *(_CUTS.check("cut", cut) for cut in self.cuts), self.seconds)
        if len(self.scenes) != len(self.cuts) + 1 or any(a >= b for a, b in pairwise(edges)):
            raise InvalidInput(
                f"{len(self.scenes)} scenes need {len(self.scenes) - 1} cuts, ascending within 0 to "
                f"{self.seconds:g} s; got {self.cuts}"
            )

    @classmethod
    def sample(
        cls,
        stream: Stream,
        *,
        people: int = 1,
        seconds: float = 2.0,
        rate: float = 25.0,
        cuts: int = 0,
        words: tuple[str, ...] = (),
        **fixed: Any,
    ) -> Clip:
        """Draw a clip.

        Args:
            stream: where chance comes from.
            people: in every scene, 0..8.
            seconds: length.
            rate: frames per second.
            cuts: how many, spread over the clip.
            words: what the first person says, see `visavis.synthetic.speech.LEXICON`.
            **fixed: factors of every shot set to a value, see `Shot`.

        Raises:
            InvalidInput: a number out of range.
        """
        if isinstance(cuts, bool) or not isinstance(cuts, int) or not 0 <= cuts <= 100:
            raise InvalidInput(f"cuts {cuts!r}: needs a whole number from 0 to 100")
        places = (np.arange(cuts) + 1 + 0.6 * (stream.child("cuts").uniforms(max(cuts, 1))[:cuts] - 0.5)) / (cuts + 1)
        scenes = tuple(Scene.sample(stream.child("scene", n), people, **fixed) for n in range(cuts + 1))
        when = tuple(float(seconds * place) for place in places)
        seed = stream.child("movement").integer()
        return cls(scenes=scenes, cuts=when, seconds=seconds, rate=rate, words=words, seed=seed)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return max(1, round(self.seconds * self.rate))

    @property
    def times(self) -> NDArray[np.float64]:
        """(frames,) seconds."""
        return np.arange(self.frames) / self.rate


@dataclass(frozen=True, eq=False)
class ClipSample:
    """A clip ready to be drawn: what is known without drawing, and the frames one by one.

    Attributes:
        world: whose people they are.
        clip: what it is made from.
        size: (width, height) in pixels.
        samples: colour samples per side of a pixel.
    """

    world: World
    clip: Clip
    size: tuple[int, int]
    samples: int = 1

    def __len__(self) -> int:
        return self.clip.frames

    def __iter__(self) -> Iterator[SceneSample]:
        """The frames, drawn when asked for."""
        for number in range(len(self)):
            yield self.frame(number)

    @property
    def scene_of(self) -> NDArray[np.intp]:
        """(frames,) which scene each frame shows."""
        return np.searchsorted(self.clip.cuts, self.clip.times, side="right")

    @cached_property
    def speech(self) -> SpeechSample | None:
        """The voice of the first person of the first scene, from time 0; None if nobody speaks."""
        if not self.clip.words or not self.clip.scenes[0].places:
            return None
        stream = Stream(self.clip.seed, ("speech",))
        who = self.clip.scenes[0].places[0].person
        utterance = Utterance.sample(stream.child("utterance").generator(), self.clip.words)
        return say(utterance, Speaker.of(self.world.seed, who, self.world.person(who).masculinity))

    def frame(self, number: int) -> SceneSample:
        """Frame `number` with all its labels.

        Raises:
            InvalidInput: no such frame.
        """
        scene = self.scene_at(number)
        plan = degradation_of(scene.look)
        return photograph_scene(
            self.world,
            scene,
            self.size,
            samples=self.samples,
            backdrop=self._backdrop(int(self.scene_of[number]), float(self.clip.times[number])),
            degradation=replace(plan, seed=(plan.seed + int(number)) % 2**63),  # same faults, new noise
        )

    def scene_at(self, number: int) -> Scene:
        """The scene as it stands in frame `number`.

        Raises:
            InvalidInput: no such frame.
        """
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 0 <= number < len(self):
            raise InvalidInput(f"frame {number!r}: the clip has frames 0 to {len(self) - 1}")
        return self._moved(int(self.scene_of[number]), float(self.clip.times[number]))

    def row(self) -> dict[str, Any]:
        """What is known of the whole clip, JSON-ready."""
        speech = self.speech
        return {
            "frames": len(self),
            "rate": self.clip.rate,
            "cuts": list(self.clip.cuts),
            "scene_of": self.scene_of.tolist(),
            "people": [[place.person for place in scene.places] for scene in self.clip.scenes],
            "transcript": speech.transcript if speech else "",
            "words": [asdict(word) for word in speech.words] if speech else [],
            "visemes": [asdict(viseme) for viseme in speech.visemes] if speech else [],
            "version": VERSION,
        }

    def _moved(self, part: int, time: float) -> Scene:
        scene = self.clip.scenes[part]
        shift = self._shake(part, time)
        places = (self._moved_place(part, n, place, time, shift) for n, place in enumerate(scene.places))
        props = (replace(prop, x=prop.x + shift[0], y=prop.y + shift[1]) for prop in scene.props)
        return replace(scene, places=tuple(places), props=tuple(props))

    def _moved_place(self, part: int, n: int, place: Place, time: float, shift: NDArray[np.float64]) -> Place:
        stream, much = Stream(self.clip.seed, ("person", part, n)), self.clip.motion

        def course(name: str, spread: float, period: float) -> float:
            return float(Track(stream.child(name), spread * much, period).at(time))

        shot = place.shot
        shot = replace(
            shot,
            yaw=float(np.clip(shot.yaw + course("yaw", 9.0, 0.8), -90, 90)),
            pitch=float(np.clip(shot.pitch + course("pitch", 4.0, 0.7), -45, 45)),
            roll=float(np.clip(shot.roll + course("roll", 3.0, 0.9), -180, 180)),
            gaze_yaw=float(np.clip(shot.gaze_yaw + course("gaze_yaw", 5.0, 0.6), -35, 35)),
            gaze_pitch=float(np.clip(shot.gaze_pitch + course("gaze_pitch", 3.0, 0.6), -25, 25)),
            intensity=float(np.clip(shot.intensity + course("intensity", 0.25, 1.2), 0, 1)),
            distance=float(np.clip(shot.distance * np.exp(course("distance", 0.02, 1.5)), 0.45, 4.0)),
            blink=float(max(shot.blink, blinks(stream.child("blink"), time) if much else 0.0)),
        )
        x = place.x + course("x", 0.02, 1.2) / shot.distance + shift[0]
        y = place.y + course("y", 0.008, 1.0) / shot.distance + shift[1]
        speaks = self.speech is not None and part == 0 and n == 0
        visemes = tuple(np.clip(self.speech.lips([time])[0], 0, 1).tolist()) if speaks and self.speech else ()
        return Place(place.person, shot, x, y, visemes)

    def _shake(self, part: int, time: float) -> NDArray[np.float64]:
        """(2,) how far the picture is moved, as shares of its width and height."""
        stream = Stream(self.clip.seed, ("camera", part))
        return np.array(
            [
                float(Track(stream.child(axis), 0.004 * self.clip.shake, 0.23).at(time))
                + float(Track(stream.child(axis, "slow"), 0.008 * self.clip.shake, 1.1).at(time))
                for axis in ("x", "y")
            ]
        )

    def _backdrop(self, part: int, time: float) -> NDArray[np.float32]:
        """The background as the shaken camera sees it, in linear light."""
        width, height = self.size
        margin = 4 + int(np.ceil(REACH * 0.012 * self.clip.shake * max(self.size)))
        whole = self._backdrops(part, margin)
        dx, dy = margin - self._shake(part, time) * (width, height)
        x, y = int(np.floor(dx)), int(np.floor(dy))
        fx, fy = np.float32(dx - x), np.float32(dy - y)
        rows = (1 - fy) * whole[y : y + height] + fy * whole[y + 1 : y + 1 + height]
        return np.asarray((1 - fx) * rows[:, x : x + width] + fx * rows[:, x + 1 : x + 1 + width], dtype=np.float32)

    def _backdrops(self, part: int, margin: int) -> NDArray[np.float32]:
        if part not in self._kept:
            background = background_of(self.clip.scenes[part].look)
            self._kept[part] = background.render(self.size[0] + 2 * margin, self.size[1] + 2 * margin)
        return self._kept[part]

    @cached_property
    def _kept(self) -> dict[int, NDArray[np.float32]]:
        """Backgrounds already drawn, with a margin for the shake."""
        return {}


def photograph_clip(
    world: World, clip: Clip, size: int | tuple[int, int] = (320, 240), *, samples: int = 1
) -> ClipSample:
    """A clip of a world's people, drawn frame by frame when iterated.

    Raises:
        InvalidInput: a size out of range.
    """
    return ClipSample(world, clip, checked_size(size), samples)
