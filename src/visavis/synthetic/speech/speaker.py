"""Who speaks: the few numbers that make one voice unlike another."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from visavis.ranges import number, whole
from visavis.synthetic.speech.phonemes import REFERENCE_TRACT

LIMITS = {
    "f0": (50.0, 500.0),
    "tract": (11.0, 21.0),
    "breathiness": (0.0, 1.0),
    "speed": (0.5, 2.0),
    "jitter": (0.0, 0.05),
    "shimmer": (0.0, 0.3),
}
"""Lowest and highest value of each factor of a `Speaker`."""
_STREAM = 0x7001CE  # keeps the voice of person k apart from everything else drawn for person k


@dataclass(frozen=True)
class Speaker:
    """A voice.

    Attributes:
        f0: mean pitch, Hz.
        tract: length of the vocal tract, cm; formants go with its inverse (17 = average man, 14.5 = average woman).
        breathiness: 0 = pressed, 1 = whisper-like: more noise, longer open phase, duller pulses.
        speed: of speaking, 1 = normal, 2 = twice as fast.
        jitter: relative standard deviation of the glottal periods.
        shimmer: relative standard deviation of the glottal amplitudes.
        name: identifies the speaker in labels.
    """

    f0: float = 120.0
    tract: float = REFERENCE_TRACT
    breathiness: float = 0.15
    speed: float = 1.0
    jitter: float = 0.005
    shimmer: float = 0.03
    name: str = "speaker"

    def __post_init__(self) -> None:
        for factor, (low, high) in LIMITS.items():
            object.__setattr__(self, factor, number(f"speaker {factor}", getattr(self, factor), low, high))

    @classmethod
    def of(cls, seed: int, person: int, masculinity: float | None = None) -> Speaker:
        """The voice of person `person` of the world `seed`: the same whoever else is asked for.

        Args:
            seed: of the world, >= 0.
            person: number of the person, >= 0.
            masculinity: 0..1, shifts pitch and tract length without deciding them; None draws it.

        Raises:
            InvalidInput: a number is out of range.
        """
        seed, person = whole("seed", seed, 0, 2**63 - 1), whole("person", person, 0, 2**31 - 1)
        rng = np.random.default_rng([seed, person, _STREAM])
        drawn = rng.random()
        lean = drawn if masculinity is None else number("masculinity", masculinity, 0.0, 1.0)
        octaves, cm, breath, speed, jitter, shimmer = rng.standard_normal(6)
        return cls(
            f0=float(np.clip(210.0 * 2.0 ** (-0.9 * lean + 0.17 * octaves), 75.0, 320.0)),
            tract=float(np.clip(14.4 + 2.5 * lean + 0.55 * cm, 13.0, 19.0)),
            breathiness=float(np.clip(0.20 + 0.12 * breath, 0.0, 0.6)),
            speed=float(np.clip(1.15**speed, 0.7, 1.5)),
            jitter=float(np.clip(0.006 * 1.4**jitter, 0.002, 0.02)),
            shimmer=float(np.clip(0.03 * 1.4**shimmer, 0.01, 0.1)),
            name=f"{seed}-{person}",
        )

    @property
    def formant_scale(self) -> float:
        """Factor between the formants of the reference tract and this speaker's."""
        return REFERENCE_TRACT / self.tract

    def factors(self) -> dict[str, float]:
        """The numbers behind the voice, by name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}
