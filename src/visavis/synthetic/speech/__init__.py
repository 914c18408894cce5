"""Speech-like sound with exact labels: digits said by made-up speakers, tones, noise, and mixtures of them."""

from visavis.synthetic.speech.mixing import Mixture, mix
from visavis.synthetic.speech.phonemes import DIGITS, LEXICON, PHONEMES, VISEMES, Phoneme
from visavis.synthetic.speech.sample import SpeechSample, render, sustain, viseme_weights
from visavis.synthetic.speech.schedule import Interval
from visavis.synthetic.speech.sounds import COLOURS, babble, chirp, noise, tone
from visavis.synthetic.speech.speaker import Speaker
from visavis.synthetic.speech.utterance import Utterance
from visavis.synthetic.speech.wav import wav_bytes, write_wav

__all__ = [
    "COLOURS",
    "DIGITS",
    "LEXICON",
    "PHONEMES",
    "VISEMES",
    "Interval",
    "Mixture",
    "Phoneme",
    "Speaker",
    "SpeechSample",
    "Utterance",
    "babble",
    "chirp",
    "mix",
    "noise",
    "render",
    "sustain",
    "tone",
    "viseme_weights",
    "wav_bytes",
    "write_wav",
]
