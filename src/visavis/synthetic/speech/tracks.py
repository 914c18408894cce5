"""How the parameters of the voice move: targets per sound, smoothed as tongue and lips cannot jump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.speech.phonemes import PLACES
from visavis.synthetic.speech.schedule import Schedule, target_spans
from visavis.synthetic.speech.speaker import Speaker

Array = NDArray[np.floating[Any]]

STEP = 0.002
"""Seconds between two values of a track."""
# Seconds within which a change is made: formants from target to target, voice and noise on or off, pitch.
_TONGUE, _FOLDS, _NOISE, _MELODY = 0.085, 0.026, 0.014, 0.120
_BREATH = 1.5  # level of the noise in the voice of the breathiest speaker


@dataclass(frozen=True, eq=False)
class Tracks:
    """Parameters over time, at `times` (T,) seconds.

    Attributes:
        pitch: (T,) Hz.
        formants: (T, 3) Hz.
        nasal_zero: (T,) Hz.
        voice: (T,) level of the vocal folds.
        breath: (T,) level of the noise at the vocal folds.
        friction: (T, places) level of the noise at each of `PLACES`.
    """

    times: Array
    pitch: Array
    formants: Array
    nasal_zero: Array
    voice: Array
    breath: Array
    friction: Array

    def at(self, values: Array, times: Array) -> Array:
        """A track of this object, (T,) or (T, c), read at other `times`."""
        if values.ndim == 1:
            return np.interp(times, self.times, values)
        return np.stack([np.interp(times, self.times, column) for column in values.T], axis=-1)


def tracks(plan: Schedule, speaker: Speaker, fall: float = 0.0) -> Tracks:
    """The parameters of `speaker` saying `plan`, the pitch falling by `fall` semitones in all."""
    end = float(plan.edges[-1])
    times = np.arange(int(np.ceil(end / STEP)) + 1) * STEP
    sound = np.searchsorted(plan.edges[1:-1], times, side="right")
    tilt = fall * (0.5 - times / end)
    semitones = _smooth(plan.pitch[sound], _MELODY) + tilt
    voice, breath, friction = _levels(plan, times)
    zeros = np.array([phoneme.nasal_zero for phoneme in plan.phonemes])
    return Tracks(
        times=times,
        pitch=speaker.f0 * 2.0 ** (semitones / 12.0),
        formants=_smooth(_targets(plan, times), _TONGUE / speaker.speed) * speaker.formant_scale,
        nasal_zero=_smooth(zeros[sound], _FOLDS),
        voice=_smooth(voice, _FOLDS),
        breath=_smooth(breath, _NOISE) + _BREATH * speaker.breathiness * _smooth(voice, _FOLDS),
        friction=_smooth(friction, _NOISE),
    )


def _targets(plan: Schedule, times: Array) -> Array:
    """(T, 3) formant target at each time; silence keeps the target of the sound before (or after) it."""
    edges: list[float] = []
    values: list[tuple[float, ...]] = []
    for phoneme, start, end in zip(plan.phonemes, plan.edges[:-1], plan.edges[1:], strict=True):
        if phoneme.name != "SIL" or len(plan.phonemes) == 1:
            edges += [first for first, _ in target_spans(phoneme, float(start), float(end))]
            values += phoneme.formants
    return np.array(values)[np.searchsorted(np.array(edges[1:]), times, side="right")]


def _levels(plan: Schedule, times: Array) -> tuple[Array, Array, Array]:
    """Voice (T,), breath (T,) and friction (T, places) before smoothing."""
    edges, values = [], []
    for phoneme, start, end in zip(plan.phonemes, plan.edges[:-1], plan.edges[1:], strict=True):
        place = [float(phoneme.place == name) for name in PLACES]
        begun = 0.0
        for phase in phoneme.phases:
            edges.append(start + begun * (end - start))
            values.append([phase.voice, phase.breath, *(phase.friction * here for here in place)])
            begun += phase.share
    table = np.array(values)[np.searchsorted(np.array(edges[1:]), times, side="right")]
    return table[:, 0], table[:, 1], table[:, 2:]


def _smooth(values: Array, seconds: float) -> Array:
    """`values` (T,) or (T, c) averaged over a raised-cosine window of `seconds`, the ends held."""
    half = max(round(seconds / STEP / 2), 1)
    window = np.hanning(2 * half + 3)[1:-1]
    window /= window.sum()
    columns = values[:, None] if values.ndim == 1 else values
    padded = np.pad(columns, ((half, half), (0, 0)), mode="edge")
    smooth = np.stack([np.convolve(column, window, mode="valid") for column in padded.T], axis=-1)
    return smooth[:, 0] if values.ndim == 1 else smooth
