"""A rendered utterance and its labels agree."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.speech import (
    DIGITS,
    LEXICON,
    VISEMES,
    Interval,
    Speaker,
    Utterance,
    render,
    sustain,
    viseme_weights,
)

RATE = 16_000


@pytest.fixture(scope="module")
def counted():
    """Zero to nine, with clear pauses."""
    utterance = Utterance(DIGITS, (0.2,) * 11, (0.0,) * 10, seed=3)
    return render(utterance, Speaker(f0=110.0, breathiness=0.1))


def decibels(audio):
    return 10 * np.log10(np.mean(np.square(audio, dtype=float)) + 1e-12)


def part(sample, interval, margin=0.0):
    return sample.audio[round((interval.start + margin) * RATE) : round((interval.end - margin) * RATE)]


def above(audio, hertz):
    """Share of the power above a frequency."""
    power = np.abs(np.fft.rfft(audio)) ** 2
    return power[np.fft.rfftfreq(len(audio), 1 / RATE) > hertz].sum() / power.sum()


def test_transcript_words_and_phonemes_say_the_same(counted):
    assert counted.transcript == "zero one two three four five six seven eight nine"
    assert [word.label for word in counted.words] == list(DIGITS)
    for word in counted.words:
        inside = [p.label for p in counted.phonemes if word.start <= p.start and p.end <= word.end]
        assert inside == [phoneme.name for phoneme in LEXICON[word.label]]


def test_phonemes_and_visemes_fill_the_recording_without_gaps(counted):
    for track in (counted.phonemes, counted.visemes):
        assert track[0].start == 0
        assert track[-1].end == pytest.approx(counted.seconds, abs=1 / RATE)
        assert all(a.end == b.start for a, b in pairwise(track))
        assert all(interval.end > interval.start for interval in track)
    assert {interval.label for interval in counted.visemes} <= set(VISEMES)


def test_audio_is_loud_in_words_and_silent_in_pauses(counted):
    for pause in (p for p in counted.phonemes if p.label == "SIL"):
        # The folds' pulse swells before the first word and the tract rings after it: 25 ms of grace.
        assert decibels(part(counted, pause, 0.025)) < -50
    for word in counted.words:
        assert decibels(part(counted, word)) > -30


def test_the_measured_start_and_end_of_each_word_are_the_labelled_ones(counted):
    frames = counted.audio[: len(counted.audio) // 80 * 80].reshape(-1, 80)
    loud = 10 * np.log10(np.mean(np.square(frames, dtype=float), axis=1) + 1e-12) > -45
    edges = np.flatnonzero(np.diff(np.r_[0, loud, 0])) * 0.005
    for word in counted.words:
        if word.label not in ("two", "eight", "six"):  # these begin or end in the silence of a closure, or very softly
            assert np.abs(edges - word.start).min() < 0.02, word
            assert np.abs(edges - word.end).min() < 0.03, word


def test_fricatives_hiss_and_vowels_do_not(counted):
    for sound in counted.phonemes:
        if sound.label in ("S", "F", "TH"):
            assert above(part(counted, sound, 0.02), 3000) > 0.7, sound
        if sound.label in ("IY", "AO", "AH", "UW", "AY", "EY"):
            assert above(part(counted, sound, 0.02), 3500) < 0.1, sound


def test_a_stop_is_silent_until_it_bursts(counted):
    for sound in (p for p in counted.phonemes if p.label in ("T", "K")):
        length = sound.end - sound.start
        closure = Interval("", sound.start + 0.25 * length, sound.start + 0.45 * length)
        burst = Interval("", sound.start + 0.58 * length, sound.start + 0.70 * length)
        assert decibels(part(counted, burst)) > decibels(part(counted, closure)) + 20


def test_the_pitch_falls_as_asked():
    utterance = Utterance(("nine",) * 4, (0.0,) * 5, (0.0,) * 4, fall=12.0)
    audio = render(utterance, Speaker(f0=120.0, breathiness=0.0)).audio

    def pitch(piece):
        correlation = np.correlate(piece, piece, "full")[len(piece) - 1 :]
        return RATE / (60 + np.argmax(correlation[60:320]))

    n = len(audio)
    start, end = (pitch(audio[int(a * n) : int(a * n) + 1200]) for a in (0.12, 0.80))
    assert start / end == pytest.approx(2 ** (12 * 0.68 / 12), rel=0.1)


def test_audio_is_float32_within_one(counted):
    assert counted.audio.dtype == np.float32
    assert 0.5 < np.abs(counted.audio).max() <= 1.0


def test_speaking_twice_as_fast_takes_half_the_time():
    utterance = Utterance(("seven",), (0.0, 0.0), (0.0,))
    slow, fast = (render(utterance, Speaker(speed=speed)).seconds for speed in (0.75, 1.5))
    assert slow / fast == pytest.approx(2.0, rel=1e-3)


def test_the_same_request_gives_the_same_bytes_in_another_process():
    code = (
        "import hashlib, numpy as np; from visavis.synthetic.speech import *\n"
        "u = Utterance.sample(np.random.default_rng(4)); s = render(u, Speaker.of(1, 2))\n"
        "print(hashlib.sha256(s.audio.tobytes()).hexdigest(), s.transcript)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    sample = render(Utterance.sample(np.random.default_rng(4)), Speaker.of(1, 2))
    assert run.stdout.strip() == f"{hashlib.sha256(sample.audio.tobytes()).hexdigest()} {sample.transcript}"


def test_voices_are_persistent_and_differ():
    assert Speaker.of(7, 3) == Speaker.of(7, 3)
    assert len({Speaker.of(7, k).f0 for k in range(50)}) == 50
    assert Speaker.of(7, 3) != Speaker.of(8, 3)


def test_masculinity_shifts_voices_without_deciding_them():
    low, high = (np.array([Speaker.of(0, k, m).f0 for k in range(200)]) for m in (1.0, 0.0))
    assert np.median(high) > 1.5 * np.median(low)
    assert low.max() > high.min()


def test_lips_are_shown_as_weights_that_follow_the_labels(counted):
    middles = [(v.start + v.end) / 2 for v in counted.visemes]
    weights = counted.lips(middles)
    assert weights.shape == (len(middles), 8)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert (weights >= 0).all()
    assert (weights <= 1).all()
    for row, viseme in zip(weights, counted.visemes, strict=True):
        if viseme.end - viseme.start > 0.08:
            assert VISEMES[row.argmax()] == viseme.label
            assert row.max() == pytest.approx(1.0)


def test_lips_move_smoothly(counted):
    times = np.arange(0, counted.seconds, 0.001)
    assert np.abs(np.diff(counted.lips(times), axis=0)).max() < 0.03


def test_lips_rest_before_and_after():
    track = (Interval("rest", 0.0, 0.1), Interval("open", 0.1, 0.5), Interval("rest", 0.5, 0.6))
    assert viseme_weights(track, [-1.0, 0.3, 9.0])[:, [0, 6]].tolist() == [[1, 0], [0, 1], [1, 0]]


def test_every_viseme_occurs_in_the_words_that_can_be_said():
    sample = render(Utterance.sample(np.random.default_rng(0), list(LEXICON)), Speaker())
    assert {viseme.label for viseme in sample.visemes} == set(VISEMES)


def test_random_utterances_are_one_to_seven_digits():
    lengths = [len(Utterance.sample(np.random.default_rng(k)).words) for k in range(200)]
    assert set(lengths) == set(range(1, 8))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Utterance.sample(np.random.default_rng(0), ["ten"]), "word: expected one of zero, one, .* got 'ten'"),
        (lambda: Utterance.sample(np.random.default_rng(0), []), "1 to 200 words"),
        (lambda: Utterance.sample(np.random.default_rng(0), "one"), "give a list"),
        (lambda: Utterance(("one",), (0.1,), (0.0,)), "1 words need 2 pauses"),
        (lambda: Utterance(("one",), (0.1, -1.0), (0.0,)), r"pause .* in 0\.\.5, got -1"),
        (lambda: Speaker(f0=10.0), r"f0: expected a number in 50\.\.500, got 10.0"),
        (lambda: Speaker(tract=float("nan")), "tract"),
        (lambda: Speaker(f0=10**400), "f0"),
        (lambda: Speaker(shimmer=True), "shimmer"),
        (lambda: Speaker(speed="fast"), "speed: .* got 'fast'"),
        (lambda: Speaker.of(-1, 0), "seed"),
        (lambda: Speaker.of(0, 1.5), "person"),
        (lambda: Speaker.of(0, 1, 1.5), "masculinity"),
        (lambda: render(Utterance(("one",), (0.1, 0.1), (0.0,)), Speaker(), 100), r"rate .* in 8000\.\.48000, got 100"),
        (lambda: sustain("XX", Speaker()), "phoneme: expected one of IY, .*, got 'XX'"),
        (lambda: sustain("SIL", Speaker()), "phoneme: expected one of IY, "),
        (lambda: sustain("AA", Speaker(), 0.0), "seconds"),
        (lambda: sustain("AA", Speaker(), 1e6), "seconds"),
        (
            lambda: render(Utterance(("one",) * 200, (5.0,) * 201, (0.0,) * 200), Speaker()),
            "200 words last .* at most 600 s",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_range(make, match):
    with pytest.raises(InvalidInput, match=match):
        make()
