"""What is said, and how: words, pauses, melody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visavis.errors import InvalidInput
from visavis.ranges import generator, number, one_of, shown, whole
from visavis.synthetic.speech.phonemes import DIGITS, LEXICON

MOST_WORDS = 200
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True)
class Utterance:
    """Words to be said by any speaker.

    Attributes:
        words: n words of `LEXICON`, 1 <= n <= 200.
        pauses: n + 1 silences in seconds, 0..5: before the first word, between words, after the last.
        pitch: n offsets of the melody in semitones, -12..12, one per word.
        fall: semitones by which the pitch falls from the first sound to the last, -12..12.
        seed: of everything below the control of a speaker: jitter, noise, small differences of duration.
    """

    words: tuple[str, ...]
    pauses: tuple[float, ...]
    pitch: tuple[float, ...]
    fall: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        words = _known(self.words)
        n = len(words)
        if not all(isinstance(values, Sequence | np.ndarray) for values in (self.pauses, self.pitch)):
            raise InvalidInput(f"{n} words need a list of {n + 1} pauses and one of {n} pitch offsets")
        if len(self.pauses) != n + 1 or len(self.pitch) != n:
            raise InvalidInput(
                f"{n} words need {n + 1} pauses and {n} pitch offsets, got {len(self.pauses)} and {len(self.pitch)}"
            )
        pauses = tuple(number("pause (s)", pause, 0.0, _LONGEST_PAUSE) for pause in self.pauses)
        pitch = tuple(number("pitch (semitones)", value, -12.0, 12.0) for value in self.pitch)
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "pauses", pauses)
        object.__setattr__(self, "pitch", pitch)
        object.__setattr__(self, "fall", number("fall (semitones)", self.fall, -12.0, 12.0))
        object.__setattr__(self, "seed", whole("seed", self.seed, 0, 2**63 - 1))

    @classmethod
    def sample(cls, rng: np.random.Generator, words: Sequence[str] | None = None) -> Utterance:
        """A natural way to say `words`, or one to seven random digits.

        Raises:
            InvalidInput: a word is not in `LEXICON`.
        """
        rng = generator("rng", rng)
        said = tuple(rng.choice(DIGITS, size=rng.integers(1, 8)).tolist()) if words is None else _known(words)
        inner = np.maximum(rng.normal(0.09, 0.07, len(said) - 1), 0.0)
        pitch = rng.normal(0.0, 0.8, len(said))
        return cls(
            words=said,
            pauses=(float(rng.uniform(0.08, 0.25)), *inner.tolist(), float(rng.uniform(0.10, 0.30))),
            pitch=tuple((pitch - pitch.mean()).tolist()),
            fall=float(rng.uniform(0.5, 3.5)),
            seed=int(rng.integers(2**62)),
        )

    @property
    def transcript(self) -> str:
        """The words with spaces between them."""
        return " ".join(self.words)


def _known(words: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(words, Sequence | np.ndarray) or isinstance(words, str) or not 1 <= len(words) <= MOST_WORDS:
        raise InvalidInput(f"words is {shown(words)}; give a list of 1 to {MOST_WORDS} words, such as ['one', 'two']")
    return tuple(str(one_of("word", word, LEXICON)) for word in words)
