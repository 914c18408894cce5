"""Sounds that are no speech: tones, chirps, coloured noise, the babble of many voices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.ranges import generator, number, one_of, whole
from visavis.synthetic.speech.phonemes import DIGITS
from visavis.synthetic.speech.ranges import Sound, length, sampling_rate
from visavis.synthetic.speech.sample import render
from visavis.synthetic.speech.speaker import Speaker
from visavis.synthetic.speech.utterance import Utterance

COLOURS = {"white": 0.0, "pink": -1.0, "brown": -2.0, "blue": 1.0, "violet": 2.0}
"""Power of noise goes with this power of the frequency."""
_LEVEL = 0.1  # root mean square of noise
_FADE = 0.005  # seconds over which a tone fades in and out, so that it does not click


def tone(seconds: float, frequency: float, rate: int = 16_000) -> Sound:
    """(n,) float32: a sine of amplitude 0.5 and `frequency` Hz, 20 Hz up to half the rate.

    Raises:
        InvalidInput: a number is out of range.
    """
    return chirp(seconds, frequency, frequency, rate)


def chirp(seconds: float, start: float, end: float, rate: int = 16_000) -> Sound:
    """(n,) float32: a sine of amplitude 0.5 that glides linearly from `start` to `end` Hz, each 20 Hz to half the rate.

    Raises:
        InvalidInput: a number is out of range.
    """
    rate = sampling_rate(rate)
    n = length(seconds, rate)
    low, high = (number("frequency (Hz)", f, 20.0, rate / 2) for f in (start, end))
    time = np.arange(n) / rate
    phase = low * time + (high - low) * time**2 / (2.0 * n / rate)
    fade = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (_FADE * rate), 0.0, 1.0)
    return (0.5 * fade * np.sin(2.0 * np.pi * phase)).astype(np.float32)


def noise(seconds: float, rng: np.random.Generator, colour: str = "white", rate: int = 16_000) -> Sound:
    """(n,) float32 noise of root mean square 0.1 (less if it would leave [-1, 1]).

    Args:
        seconds: up to ten minutes.
        rng: source of randomness.
        colour: a key of `COLOURS`; the spectrum is flat below 20 Hz.
        rate: samples per second.

    Raises:
        InvalidInput: the colour is unknown or a number is out of range.
    """
    one_of("noise colour", colour, COLOURS)
    rate = sampling_rate(rate)
    n = length(seconds, rate)
    frequency = np.maximum(np.fft.rfftfreq(n, 1.0 / rate), 20.0)
    spectrum = np.fft.rfft(generator("rng", rng).standard_normal(n)) * frequency ** (COLOURS[colour] / 2.0)
    return _quiet(np.fft.irfft(spectrum, n))


def babble(seconds: float, rng: np.random.Generator, voices: int = 6, rate: int = 16_000) -> Sound:
    """(n,) float32: `voices` (1..40) strangers saying digits at once, root mean square 0.1.

    Raises:
        InvalidInput: a number is out of range.
    """
    rate = sampling_rate(rate)
    n = length(seconds, rate)
    rng, total = generator("rng", rng), np.zeros(n)
    for _ in range(whole("voices", voices, 1, 40)):
        speaker = Speaker.of(int(rng.integers(2**62)), 0)
        total += _chatter(n, speaker, rng, rate)
    return _quiet(total)


def _chatter(n: int, speaker: Speaker, rng: np.random.Generator, rate: int) -> NDArray[np.float64]:
    """`n` samples of digits from one speaker, entering in the middle."""
    said = np.zeros(0)
    skip = int(rng.integers(rate))
    while len(said) < n + skip:
        more = render(Utterance.sample(rng, rng.choice(DIGITS, size=8).tolist()), speaker, rate)
        said = np.concatenate([said, more.audio])
    return said[skip : skip + n]


def _quiet(values: NDArray[np.float64]) -> Sound:
    scale = min(_LEVEL / max(float(np.sqrt(np.mean(values**2))), 1e-12), 1.0 / max(float(np.abs(values).max()), 1e-12))
    return (scale * values).astype(np.float32)
