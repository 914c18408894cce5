"""Source and filter: glottal pulses and noise, coloured by the resonances of the vocal tract.

Everything is made in the frequency domain and added up in time, one spectrum per glottal pulse or noise frame, so
that no recursive filter is needed, formants may move from pulse to pulse, and nothing aliases. The glottal pulse is
the causal-anticausal linear model (Doval, d'Alessandro and Henrich 2003), an LF-like pulse given by its spectrum; the
vocal tract is Klatt's cascade of formants (1980) with one nasal pole and zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.speech.phonemes import NO_ZERO, PLACES
from visavis.synthetic.speech.speaker import Speaker
from visavis.synthetic.speech.tracks import Tracks

Array = NDArray[np.floating[Any]]
Complex = NDArray[np.complexfloating[Any, Any]]

_BEFORE, _AFTER = 0.016, 0.048  # seconds kept around a pulse: it swells before the folds close, the tract rings after
_NOISE_FRAME = 0.010  # seconds
_BLOCK = 32  # pulses or frames made at a time: they fit the cache, and memory does not grow with the speech
_BANDWIDTHS = (60.0, 85.0, 130.0)  # Hz, of formants 1 to 3
_HIGHER = np.array([3500.0, 4500.0, 5500.0, 6500.0, 7500.0])  # Hz, formants 4 to 8 are alike in all sounds
_HIGHER_BANDWIDTHS = np.array([220.0, 260.0, 320.0, 380.0, 440.0])
_ASYMMETRY = 0.68  # of the pulse: share of its open phase at which the flow is largest
_BREATH_LEVEL, _FRICTION_LEVEL = 0.5, 3.0  # of noise beside a pulse of level 1
_INAUDIBLE = 1e-4


def speak(tracks: Tracks, speaker: Speaker, count: int, rate: int, rng: np.random.Generator) -> Array:
    """`count` samples at `rate` Hz of a voice that follows `tracks`; not yet of a set loudness."""
    audio = np.zeros(count)
    _add_pulses(audio, tracks, speaker, rate, rng)
    _add_noise(audio, tracks, speaker, rate, rng)
    return audio


def resonance(frequency: Array, centre: Array, bandwidth: Array | float) -> Complex:
    """Response of one resonance, 1 at 0 Hz: w0^2 / (w0^2 - w^2 + j w 2 pi b); broadcasts."""
    return np.asarray(centre**2 / (centre**2 - frequency**2 + 1j * frequency * bandwidth), dtype=np.complex128)


def tract(frequency: Array, formants: Array, nasal_zero: Array, speaker: Speaker) -> Complex:
    """(n, bins) response of the vocal tract in n states.

    Args:
        frequency: (bins,) Hz.
        formants: (n, 3) Hz.
        nasal_zero: (n,) Hz; `NO_ZERO` where the nose is closed off.
        speaker: whose higher formants are used.
    """
    higher = resonance(frequency, _HIGHER[:, None] * speaker.formant_scale, _HIGHER_BANDWIDTHS[:, None]).prod(axis=0)
    response = np.broadcast_to(higher, (len(formants), len(frequency))).copy()
    for centre, bandwidth in zip(formants.T, _BANDWIDTHS, strict=True):
        response *= resonance(frequency, centre[:, None], bandwidth)
    nasal = nasal_zero != NO_ZERO
    if nasal.any():
        response[nasal] *= resonance(frequency, np.array(NO_ZERO), 100.0)
        response[nasal] /= resonance(frequency, nasal_zero[nasal, None], 100.0)
    return response


def glottal_pulse(frequency: Array, pitch: Array, breathiness: float) -> Complex:
    """(n, bins) spectrum of the derivative of one glottal pulse whose folds close at time 0.

    Its open phase is a resonance that grows until the closure (hence the conjugate): the "glottal formant" at
    1 / (2 a Oq T0) of bandwidth 1 / (Oq T0 tan(pi (1 - a))). Breathy folds stay open longer and close more softly.
    """
    open_quotient = 0.55 + 0.3 * breathiness
    glottal = pitch[:, None] / (2.0 * _ASYMMETRY * open_quotient)
    bandwidth = pitch[:, None] / (open_quotient * np.tan(np.pi * (1.0 - _ASYMMETRY)))
    swell = 1j * frequency / glottal**2 * resonance(frequency, glottal, bandwidth).conj()
    softness = 6000.0 * 0.2**breathiness
    pulse: Complex = swell / (1.0 + 1j * frequency / softness)
    return pulse


def _add_pulses(audio: Array, tracks: Tracks, speaker: Speaker, rate: int, rng: np.random.Generator) -> None:
    """Add the voiced part: one pulse per closure of the folds."""
    times, pitch, level = _closures(tracks, speaker, rng)
    before, size, frequency = _frame(rate)
    start = np.floor(times * rate).astype(int) - before
    shift = times - start / rate  # where in its frame the folds close, to a fraction of a sample
    for some in _blocks(len(times)):
        formants, zeros = tracks.at(tracks.formants, times[some]), tracks.at(tracks.nasal_zero, times[some])
        spectrum = glottal_pulse(frequency, pitch[some], speaker.breathiness)
        spectrum *= tract(frequency, formants, zeros, speaker)
        spectrum *= rate * level[some, None] * np.exp(-2j * np.pi * shift[some, None] * frequency)
        _add_up(audio, np.fft.irfft(spectrum, size), start[some])


def _closures(tracks: Tracks, speaker: Speaker, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """(n,) times at which the phase of the pitch passes a whole number, with the pitch and the level there."""
    mean_pitch = (tracks.pitch[1:] + tracks.pitch[:-1]) / 2
    phase = np.concatenate([[0.0], np.cumsum(mean_pitch * np.diff(tracks.times))])
    times = np.interp(np.arange(1, int(phase[-1]) + 1), phase, tracks.times)
    jitter, shimmer = rng.standard_normal((2, len(times)))
    pitch = tracks.at(tracks.pitch, times)
    level = tracks.at(tracks.voice, times) * (1.0 + speaker.shimmer * shimmer)
    times = times + speaker.jitter / pitch * jitter
    heard = level > _INAUDIBLE
    return times[heard], pitch[heard], level[heard]


def _add_noise(audio: Array, tracks: Tracks, speaker: Speaker, rate: int, rng: np.random.Generator) -> None:
    """Add breath, coloured by the whole tract, and friction, coloured by its place: overlapping frames of noise."""
    half = max(round(_NOISE_FRAME * rate / 2), 1)
    count = -(-len(audio) // half) + 1
    white = rng.standard_normal((count + 1) * half) * np.sqrt(rate / 16_000.0)  # the same power per Hz at any rate
    taper = 0.5 - 0.5 * np.cos(np.pi * (np.arange(2 * half) + 0.5) / half)  # neighbours add up to 1
    middle = np.arange(count) * half / rate
    breath, friction = tracks.at(tracks.breath, middle), tracks.at(tracks.friction, middle)
    heard = np.flatnonzero((breath > _INAUDIBLE) | (friction > _INAUDIBLE).any(axis=1))
    before, size, frequency = _frame(rate, 2 * half)
    places = _FRICTION_LEVEL * friction_spectra(frequency, speaker)
    for some in (heard[block] for block in _blocks(len(heard))):
        formants, zeros = tracks.at(tracks.formants, middle[some]), tracks.at(tracks.nasal_zero, middle[some])
        response = tract(frequency, formants, zeros, speaker)
        response *= _BREATH_LEVEL * breath[some, None] / (1.0 + frequency / 1000.0)
        response += friction[some] @ places
        frames = np.zeros((len(some), size))
        frames[:, before : before + 2 * half] = white[some[:, None] * half + np.arange(2 * half)] * taper
        _add_up(audio, np.fft.irfft(np.fft.rfft(frames, axis=1) * response, size), (some - 1) * half - before)


def friction_spectra(frequency: Array, speaker: Speaker) -> Array:
    """(places, bins) amplitude of the noise made at each of `PLACES`; small mouths sound a little higher."""
    centre, width, level = (np.array(column)[:, None] for column in zip(*PLACES.values(), strict=True))
    scale = np.sqrt(speaker.formant_scale)
    spectra: Array = level * np.exp(-0.5 * ((frequency - centre * scale) / (width * scale)) ** 2)
    return spectra


def _frame(rate: int, length: int = 0) -> tuple[int, int, Array]:
    """Samples before a sound of `length`, samples of the whole frame around it, and the frame's frequencies in Hz."""
    before, after = round(_BEFORE * rate), round(_AFTER * rate)
    size = before + length + after
    return before, size, np.fft.rfftfreq(size, 1.0 / rate)


def _blocks(count: int) -> Iterator[slice]:
    """0..count in pieces of `_BLOCK`."""
    return (slice(first, min(first + _BLOCK, count)) for first in range(0, count, _BLOCK))


def _add_up(audio: Array, pieces: Array, start: NDArray[np.int64]) -> None:
    """Add `pieces` (n, size) to `audio`, piece i beginning at sample start[i]; what sticks out is cut off."""
    first = int(start.min())
    total = np.bincount(((start - first)[:, None] + np.arange(pieces.shape[1])).ravel(), pieces.ravel())
    low, high = max(first, 0), min(first + len(total), len(audio))
    if low < high:
        audio[low:high] += total[low - first : high - first]
