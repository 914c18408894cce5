"""Speech in noise: mixtures of a set signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.ranges import number, whole
from visavis.synthetic.speech.ranges import Sound, sound


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture and its parts, each (n,) float32 in [-1, 1]; mixture = clean + noise up to rounding."""

    mixture: Sound
    clean: Sound
    noise: Sound
    snr: float
    """Signal-to-noise ratio in dB: power of `clean` over power of `noise`, both over the whole length."""


def mix(clean: ArrayLike, noise: ArrayLike, snr: float, offset: int = 0) -> Mixture:
    """Add `noise` to `clean` at `snr` dB.

    Args:
        clean: (n,) samples in [-1, 1].
        noise: (m,) samples; it is read from `offset` on, and repeated where it is too short.
        snr: -60..100 dB.
        offset: first sample of the noise that is used, 0..m - 1.
    Returns: the parts keep their balance; all are made quieter together where the mixture would leave [-1, 1].

    Raises:
        InvalidInput: a sound is silent, empty, not finite or not one channel, or a number is out of range.
    """
    speech, disturbance = (
        sound(name, values).astype(np.float64) for name, values in (("clean", clean), ("noise", noise))
    )
    offset = whole("offset (samples of the noise)", offset, 0, len(disturbance) - 1)
    snr = number("snr (dB)", snr, -60.0, 100.0)
    disturbance = np.resize(np.roll(disturbance, -offset), len(speech))
    gain = np.sqrt(_power("clean", speech) / _power("noise", disturbance)) * 10.0 ** (-snr / 20.0)
    parts = np.stack([speech + gain * disturbance, speech, gain * disturbance])
    mixture, speech, disturbance = (parts / max(np.abs(parts).max(), 1.0)).astype(np.float32)
    return Mixture(mixture, speech, disturbance, snr)


def _power(name: str, values: NDArray[np.float64]) -> float:
    power = float(np.mean(values**2))
    if power == 0.0:
        raise InvalidInput(f"{name} is silent; a signal-to-noise ratio needs sound in both parts")
    return power
