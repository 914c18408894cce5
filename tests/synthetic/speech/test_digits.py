"""The digits sound different from each other, whoever says them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from visavis.synthetic.speech import DIGITS, Speaker, Utterance, render

RATE = 16_000
EDGES = 700 * (10 ** (np.linspace(0.05, 1.05, 22)) - 1) / (10**1.05 - 1) * 7500 / 700


def features(audio):
    """(12 * 20,) logarithmic energies of 20 bands in 12 equal stretches of a word, without their mean."""
    stretches = np.array_split(audio.astype(float), 12)
    rows = []
    for stretch in stretches:
        power = np.abs(np.fft.rfft(stretch, 1 << 11)) ** 2 / len(stretch)
        bins = np.clip((EDGES * (1 << 11) / RATE).astype(int), 0, len(power) - 1)
        rows.append([power[a : max(b, a + 1)].mean() for a, b in pairwise(bins)])
    logs = np.log(np.array(rows) + 1e-7)
    return (logs - logs.mean()).ravel()


def spoken_words(people):
    for person in people:
        utterance = Utterance.sample(np.random.default_rng(person), list(DIGITS))
        sample = render(utterance, Speaker.of(11, person))
        for word in sample.words:
            yield word.label, features(sample.audio[round(word.start * RATE) : round(word.end * RATE)])


def test_nearest_centroids_of_some_speakers_recognise_the_digits_of_others():
    known = list(spoken_words(range(8)))
    centroids = {digit: np.mean([x for label, x in known if label == digit], axis=0) for digit in DIGITS}
    hits = [
        min(centroids, key=lambda digit: np.linalg.norm(x - centroids[digit])) == label
        for label, x in spoken_words(range(100, 112))
    ]
    assert np.mean(hits) > 0.9
