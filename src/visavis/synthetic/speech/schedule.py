"""When each sound is made: an utterance laid out in time for one speaker."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.speech.phonemes import DIPHTHONG_TURN, LEXICON, SILENCE, Phoneme
from visavis.synthetic.speech.speaker import Speaker
from visavis.synthetic.speech.utterance import Utterance

_DRAWN_OUT = 1.25  # the end of an utterance is slower
_UNEVENNESS = 0.06  # relative standard deviation of a duration


@dataclass(frozen=True)
class Interval:
    """Something that lasts from `start` to `end`, seconds."""

    label: str
    start: float
    end: float


@dataclass(frozen=True, eq=False)
class Schedule:
    """The sounds of an utterance in order, without gaps.

    Attributes:
        phonemes: n sounds, silences included.
        edges: (n + 1,) seconds, increasing; sound i lasts from edges[i] to edges[i + 1].
        pitch: (n,) semitones above the speaker's mean pitch, by sound.
        words: when each word is said.
    """

    phonemes: tuple[Phoneme, ...]
    edges: NDArray[np.float64]
    pitch: NDArray[np.float64]
    words: tuple[Interval, ...] = ()

    def phoneme_times(self) -> tuple[Interval, ...]:
        """When each phoneme sounds; silence is called SIL."""
        names = (phoneme.name for phoneme in self.phonemes)
        return tuple(Interval(name, *span) for name, span in zip(names, pairwise(self.edges.tolist()), strict=True))

    def viseme_times(self) -> tuple[Interval, ...]:
        """What the lips show when; equal neighbours are one interval, a diphthong may be two."""
        merged: list[Interval] = []
        for phoneme, (start, end) in zip(self.phonemes, pairwise(self.edges.tolist()), strict=True):
            for viseme, (first, last) in zip(phoneme.visemes, target_spans(phoneme, start, end), strict=True):
                same = merged and merged[-1].label == viseme
                merged.append(Interval(viseme, merged.pop().start if same else first, last))
        return tuple(merged)


def target_spans(phoneme: Phoneme, start: float, end: float) -> tuple[tuple[float, float], ...]:
    """From when to when a phoneme heads for each of its formant targets."""
    if len(phoneme.formants) == 1:
        return ((start, end),)
    turn = start + DIPHTHONG_TURN * (end - start)
    return (start, turn), (turn, end)


def schedule(utterance: Utterance, speaker: Speaker) -> Schedule:
    """Lay an utterance out in time: usual durations, divided by the speaker's speed, a little uneven."""
    rng = np.random.default_rng([utterance.seed, 1])
    rows: list[tuple[Phoneme, float, float]] = [(SILENCE, utterance.pauses[0], 0.0)]
    spans: list[tuple[int, int]] = []
    for number, word in enumerate(utterance.words):
        sounds, pitch = LEXICON[word], utterance.pitch[number]
        slow = _DRAWN_OUT if number == len(utterance.words) - 1 else 1.0
        lengths = [
            slow * sound.seconds / speaker.speed * (1.0 + _UNEVENNESS * rng.standard_normal()) for sound in sounds
        ]
        spans.append((len(rows), len(rows) + len(sounds)))
        rows += [(sound, seconds, pitch) for sound, seconds in zip(sounds, lengths, strict=True)]
        rows.append((SILENCE, utterance.pauses[number + 1], pitch))
    edges = np.concatenate([[0.0], np.cumsum([seconds for _, seconds, _ in rows])])
    words = (Interval(w, float(edges[a]), float(edges[b])) for w, (a, b) in zip(utterance.words, spans, strict=True))
    lasting = np.diff(edges) > 0  # words may follow each other without a pause
    return Schedule(
        phonemes=tuple(sound for (sound, _, _), keep in zip(rows, lasting, strict=True) if keep),
        edges=np.append(edges[:-1][lasting], edges[-1]),
        pitch=np.array([pitch for _, _, pitch in rows])[lasting],
        words=tuple(words),
    )


def sustained(phoneme: Phoneme, seconds: float) -> Schedule:
    """One sound, held."""
    return Schedule((phoneme,), np.array([0.0, seconds]), np.zeros(1))
