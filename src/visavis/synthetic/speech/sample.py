"""Speech with everything known about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.ranges import one_of, shown, whole
from visavis.synthetic.speech.phonemes import PHONEMES, VISEMES
from visavis.synthetic.speech.ranges import LONGEST, Sound, length, sampling_rate
from visavis.synthetic.speech.schedule import Interval, schedule, sustained
from visavis.synthetic.speech.speaker import Speaker
from visavis.synthetic.speech.tracks import tracks
from visavis.synthetic.speech.utterance import Utterance
from visavis.synthetic.speech.voice import speak

_PEAK = 0.7  # largest absolute value of rendered speech
_LIPS = 0.080  # seconds within which the lips move from one viseme to the next


@dataclass(frozen=True, eq=False)
class SpeechSample:
    """A recording and its labels.

    Attributes:
        audio: (n,) float32, one channel in [-1, 1].
        rate: samples per second.
        transcript: the words with spaces between them.
        words: when each word is said, seconds.
        phonemes: when each phoneme sounds (SIL = silence), without gaps.
        visemes: what the lips show when (names of `VISEMES`), without gaps.
        speaker: name of the speaker.
        factors: the numbers behind the voice.
    """

    audio: Sound
    rate: int
    transcript: str
    words: tuple[Interval, ...]
    phonemes: tuple[Interval, ...]
    visemes: tuple[Interval, ...]
    speaker: str
    factors: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.audio) / self.rate

    def lips(self, times: ArrayLike) -> NDArray[np.float64]:
        """(n, 8) weights of `VISEMES` at n `times` in seconds; rows sum to 1."""
        return viseme_weights(self.visemes, times)


def render(utterance: Utterance, speaker: Speaker, rate: int = 16_000) -> SpeechSample:
    """Say `utterance` with the voice of `speaker`; the same arguments give the same samples.

    Args:
        utterance: what is said, and how.
        speaker: who says it.
        rate: samples per second, 8,000 to 48,000; the voice itself has nothing above 8 kHz but a falling slope.

    Raises:
        InvalidInput: the rate is out of range, or the speech would last longer than ten minutes.
    """
    rate = sampling_rate(rate)
    plan = schedule(utterance, speaker)
    if plan.edges[-1] > LONGEST:
        raise InvalidInput(
            f"{len(utterance.words)} words last {plan.edges[-1]:.0f} s; say at most {LONGEST:.0f} s at once"
        )
    count = length(float(plan.edges[-1]), rate)
    audio = speak(
        tracks(plan, speaker, utterance.fall), speaker, count, rate, np.random.default_rng([utterance.seed, 2])
    )
    return SpeechSample(
        audio=_levelled(audio),
        rate=rate,
        transcript=utterance.transcript,
        words=plan.words,
        phonemes=plan.phoneme_times(),
        visemes=plan.viseme_times(),
        speaker=speaker.name,
        factors=speaker.factors(),
    )


def sustain(phoneme: str, speaker: Speaker, seconds: float = 1.0, rate: int = 16_000, seed: int = 0) -> Sound:
    """(n,) float32: one phoneme held by `speaker` at the speaker's mean pitch.

    Raises:
        InvalidInput: the phoneme is unknown, or a number is out of range.
    """
    one_of("phoneme", phoneme, (name for name in PHONEMES if name != "SIL"))
    rate, seed = sampling_rate(rate), whole("seed", seed, 0, 2**63 - 1)
    count = length(seconds, rate)
    plan = sustained(PHONEMES[phoneme], count / rate)
    return _levelled(speak(tracks(plan, speaker), speaker, count, rate, np.random.default_rng([seed, 3])))


def viseme_weights(visemes: Sequence[Interval], times: ArrayLike) -> NDArray[np.float64]:
    """How far the lips show each of `VISEMES`: a box per interval, smoothed as lips need time to move.

    Args:
        visemes: intervals without gaps.
        times: (n,) seconds; before the first and after the last interval, that interval's viseme holds.
    Returns: (n, 8) weights in [0, 1]; rows sum to 1.

    Raises:
        InvalidInput: no intervals, or times that are no flat list of numbers.
    """
    try:
        moments = np.atleast_1d(np.asarray(times, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"times: expected seconds of shape (n,), got {shown(times)}") from error
    if moments.ndim != 1 or np.isnan(moments).any():
        raise InvalidInput(f"times: expected seconds of shape (n,) without NaN, got shape {moments.shape}")
    if not visemes:
        raise InvalidInput("visemes: expected at least one interval")
    starts = np.array([-np.inf, *(v.start for v in visemes[1:])])
    ends = np.array([*(v.start for v in visemes[1:]), np.inf])
    share = _step(moments[:, None] - starts) - _step(moments[:, None] - ends)
    named = np.array([[v.label == name for name in VISEMES] for v in visemes], dtype=np.float64)
    return np.clip(share @ named, 0.0, 1.0)


def _step(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """A step at time 0, smoothed over `_LIPS` by a raised cosine."""
    t = np.clip(time / _LIPS + 0.5, 0.0, 1.0)
    return t - np.sin(2.0 * np.pi * t) / (2.0 * np.pi)


def _levelled(audio: NDArray[np.floating[Any]]) -> Sound:
    return np.asarray(audio * (_PEAK / np.abs(audio).max()), dtype=np.float32)
