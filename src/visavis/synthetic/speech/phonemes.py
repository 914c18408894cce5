"""The sounds of a small English vocabulary: formant targets, phases of sound and silence, and what the lips show.

Formants are those of an average adult man (vowels: Peterson and Barney 1952; consonants: Klatt 1980), for a vocal
tract of `REFERENCE_TRACT` cm; a speaker's own tract scales them all.
"""

from __future__ import annotations

from dataclasses import dataclass

REFERENCE_TRACT = 17.0
"""Vocal-tract length, cm, that the formant targets belong to."""

VISEMES = ("rest", "bilabial", "labiodental", "dental", "wide", "round", "open", "mid")
"""What the lips show: rest, closed lips, teeth on the lower lip, tongue at the teeth, spread, round, wide open, half
open."""

PLACES = {
    "labial": (900.0, 900.0, 0.22),
    "labiodental": (6800.0, 3800.0, 0.16),
    "dental": (6000.0, 2400.0, 0.12),
    "alveolar": (6300.0, 1300.0, 0.55),
    "alveolar_burst": (4300.0, 1500.0, 0.55),
    "velar": (2000.0, 700.0, 0.50),
}
"""Where the air stream is turbulent: centre and width (Hz) of the noise it makes, and its level beside a vowel."""


@dataclass(frozen=True)
class Phase:
    """A part of a phoneme in which the sources keep their levels.

    Attributes:
        share: of the phoneme's duration, 0..1; the shares of a phoneme sum to 1.
        voice: level of the vibrating vocal folds, 1 = in a vowel.
        breath: level of the noise made at the vocal folds.
        friction: level of the noise made at the phoneme's place.
    """

    share: float
    voice: float = 0.0
    breath: float = 0.0
    friction: float = 0.0


@dataclass(frozen=True)
class Phoneme:
    """One speech sound.

    Attributes:
        name: its symbol in the ARPAbet.
        seconds: usual duration at normal speed.
        formants: one (F1, F2, F3) in Hz, or two that a diphthong glides between.
        visemes: one name of `VISEMES` per formant target.
        phases: levels of the sources over its duration.
        place: key of `PLACES`, where it has friction.
        nasal_zero: Hz of the zero that the closed mouth adds to a nasal sound; `NO_ZERO` for all others.
    """

    name: str
    seconds: float
    formants: tuple[tuple[float, float, float], ...]
    visemes: tuple[str, ...]
    phases: tuple[Phase, ...]
    place: str | None = None
    nasal_zero: float = 270.0


NO_ZERO = 270.0
"""Hz; the nasal pole lies here too, so that a zero at this frequency cancels it (Klatt 1980)."""
DIPHTHONG_TURN = 0.5
"""Share of a diphthong after which it heads for its second target."""


def _vowel(name: str, milliseconds: float, *targets: tuple[float, float, float], lips: str) -> Phoneme:
    return Phoneme(name, milliseconds / 1000, targets, tuple(lips.split()), (Phase(1.0, voice=1.0),))


def _glide(name: str, target: tuple[float, float, float], lips: str) -> Phoneme:
    return Phoneme(name, 0.080, (target,), (lips,), (Phase(1.0, voice=0.6),))


def _nasal(name: str, target: tuple[float, float, float], lips: str, zero: float) -> Phoneme:
    return Phoneme(name, 0.085, (target,), (lips,), (Phase(1.0, voice=0.45),), nasal_zero=zero)


def _fricative(name: str, target: tuple[float, float, float], lips: str, place: str, voice: float = 0.0) -> Phoneme:
    friction = 0.7 if voice else 1.0
    return Phoneme(name, 0.085 if voice else 0.120, (target,), (lips,), (Phase(1.0, voice, 0.0, friction),), place)


def _stop(name: str, target: tuple[float, float, float], lips: str, place: str, voice: float = 0.0) -> Phoneme:
    """Closure, burst, and (voiceless) the breath before the folds start again."""
    tail = Phase(0.15, voice=0.5) if voice else Phase(0.30, breath=0.5)
    closure = Phase(1.0 - 0.12 - tail.share, voice=voice)
    return Phoneme(name, 0.110, (target,), (lips,), (closure, Phase(0.12, friction=1.0), tail), place)


SILENCE = Phoneme("SIL", 0.1, ((500.0, 1500.0, 2500.0),), ("rest",), (Phase(1.0),))

_INVENTORY = (
    SILENCE,
    _vowel("IY", 160, (270, 2290, 3010), lips="wide"),
    _vowel("IH", 110, (390, 1990, 2550), lips="wide"),
    _vowel("EH", 130, (530, 1840, 2480), lips="mid"),
    _vowel("AE", 170, (660, 1720, 2410), lips="open"),
    _vowel("AA", 170, (730, 1090, 2440), lips="open"),
    _vowel("AH", 110, (640, 1190, 2390), lips="mid"),
    _vowel("AO", 170, (570, 840, 2410), lips="round"),
    _vowel("UW", 160, (300, 870, 2240), lips="round"),
    _vowel("AY", 210, (720, 1200, 2430), (380, 2000, 2600), lips="open wide"),
    _vowel("EY", 190, (490, 1880, 2510), (310, 2220, 2800), lips="mid wide"),
    _vowel("OW", 190, (540, 1000, 2350), (350, 780, 2250), lips="mid round"),
    _glide("W", (290, 610, 2150), "round"),
    _glide("R", (320, 1080, 1420), "round"),
    _nasal("N", (250, 1700, 2600), "dental", zero=1500.0),
    _nasal("M", (250, 1100, 2200), "bilabial", zero=900.0),
    _fricative("F", (340, 1100, 2080), "labiodental", "labiodental"),
    _fricative("V", (280, 1100, 2080), "labiodental", "labiodental", voice=0.45),
    _fricative("TH", (320, 1290, 2540), "dental", "dental"),
    _fricative("S", (320, 1390, 2530), "dental", "alveolar"),
    _fricative("Z", (270, 1390, 2530), "dental", "alveolar", voice=0.45),
    _stop("T", (350, 1750, 2650), "dental", "alveolar_burst"),
    _stop("K", (300, 1950, 2500), "mid", "velar"),
    _stop("P", (350, 900, 2150), "bilabial", "labial"),
    _stop("B", (250, 900, 2150), "bilabial", "labial", voice=0.12),
)
PHONEMES = {phoneme.name: phoneme for phoneme in _INVENTORY}
"""Every phoneme by its name."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPELLING = {
    "zero": "Z IH R OW", "one": "W AH N", "two": "T UW", "three": "TH R IY", "four": "F AO R", "five": "F AY V",
    "six": "S IH K S", "seven": "S EH V AH N", "eight": "EY T", "nine": "N AY N",
    # No digit closes the lips; these words do.
    "mama": "M AA M AH", "papa": "P AA P AH", "baby": "B EY B IY", "beam": "B IY M", "boom": "B UW M",
    "map": "M AE P",
}  # fmt: skip
LEXICON = {word: tuple(PHONEMES[name] for name in spelling.split()) for word, spelling in _SPELLING.items()}
"""The phonemes of every word that can be said: the ten digits, and six words with closed lips."""
