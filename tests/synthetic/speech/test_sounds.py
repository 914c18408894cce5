"""Tones, noise, mixtures and WAV files are what they claim."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from visavis.errors import InvalidInput, StorageError
from visavis.synthetic.speech import COLOURS, babble, chirp, mix, noise, tone, wav_bytes, write_wav

RATE = 16_000


def decibels(power):
    return 10 * np.log10(power)


def mean_power(audio):
    return float(np.mean(np.square(audio, dtype=float)))


def test_a_tone_has_one_frequency():
    power = np.abs(np.fft.rfft(tone(1.0, 440.0))) ** 2
    assert power.argmax() == 440
    assert power[430:451].sum() > 0.995 * power.sum()


def test_a_chirp_glides_evenly():
    audio = chirp(1.0, 500.0, 3500.0)
    peaks = [np.abs(np.fft.rfft(audio[i : i + 1600])).argmax() * 10.0 for i in (0, 7200, 14_400)]
    np.testing.assert_allclose(peaks, [650.0, 2000.0, 3350.0], atol=170)


@pytest.mark.parametrize(("colour", "slope"), COLOURS.items())
def test_noise_has_the_slope_of_its_colour(colour, slope):
    power = np.abs(np.fft.rfft(noise(8.0, np.random.default_rng(0), colour))) ** 2
    hertz = np.fft.rfftfreq(8 * RATE, 1 / RATE)
    bands = [(f, power[(hertz >= f) & (hertz < 2 * f)].mean()) for f in (50, 100, 200, 400, 800, 1600, 3200)]
    fit = np.polyfit(*np.log(np.array(bands)).T, 1)
    assert fit[0] == pytest.approx(slope, abs=0.1)


def test_babble_is_many_voices_at_a_set_level():
    audio = babble(1.5, np.random.default_rng(0), voices=4)
    assert len(audio) == 1.5 * RATE
    assert mean_power(audio) == pytest.approx(0.01, rel=1e-3)
    assert (np.square(audio.reshape(10, -1)).mean(axis=1) > 1e-4).all()


@pytest.mark.parametrize("snr", [-20.0, -5.0, 0.0, 3.7, 15.0, 40.0])
def test_a_mixture_has_its_signal_to_noise_ratio(snr):
    rng = np.random.default_rng(1)
    result = mix(tone(1.0, 300.0), noise(0.4, rng, "pink"), snr, offset=77)
    assert decibels(mean_power(result.clean) / mean_power(result.noise)) == pytest.approx(snr, abs=0.01)
    np.testing.assert_allclose(result.clean + result.noise, result.mixture, atol=2e-7)
    assert np.abs(result.mixture).max() <= 1.0


def test_a_short_noise_is_repeated_from_the_offset():
    result = mix(np.full(7, 0.1), np.array([0.1, 0.2, -0.3]), 0.0, offset=1)
    np.testing.assert_allclose(result.noise / result.noise[2], [2, -3, 1, 2, -3, 1, 2], rtol=1e-6)


def test_a_loud_mixture_is_made_quieter_as_a_whole():
    result = mix(tone(0.2, 300.0), tone(0.2, 301.0), -30.0)
    assert np.abs(result.mixture).max() <= 1.0
    assert decibels(mean_power(result.clean) / mean_power(result.noise)) == pytest.approx(-30.0, abs=0.01)


def test_a_wav_file_gives_the_samples_back(tmp_path):
    audio = np.array([0.0, 1.0, -1.0, 0.25, -0.125], np.float32)
    write_wav(tmp_path / "a.wav", audio, 22_050)
    with wave.open(str(tmp_path / "a.wav"), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        samples = np.frombuffer(file.readframes(99), "<i2") / 32767
    np.testing.assert_allclose(samples, audio, atol=0.5 / 32767)


def test_wav_bytes_do_not_depend_on_anything_but_the_sound():
    assert wav_bytes(tone(0.1, 200.0), RATE) == wav_bytes(tone(0.1, 200.0), RATE)
    with wave.open(io.BytesIO(wav_bytes(tone(0.1, 200.0), RATE)), "rb") as file:
        assert file.getnframes() == 1600


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: tone(1.0, 9000.0), r"frequency .* in 20\.\.8000, got 9000"),
        (lambda: chirp(1.0, 100.0, float("inf")), "frequency"),
        (lambda: tone(-1.0, 100.0), "seconds"),
        (lambda: noise(1.0, np.random.default_rng(0), "red"), "expected one of white, pink"),
        (lambda: babble(1.0, np.random.default_rng(0), voices=0), r"voices: expected a whole number in 1\.\.40, got 0"),
        (lambda: mix(np.zeros(9), np.ones(9), 0.0), "clean is silent"),
        (lambda: mix(np.ones(9), np.zeros(9), 0.0), "noise is silent"),
        (lambda: mix(np.ones(9), np.ones((9, 2)), 0.0), "one channel"),
        (lambda: mix(np.ones(9), [], 0.0), "one channel"),
        (lambda: mix(np.ones(9), [np.nan], 0.0), "NaN"),
        (lambda: mix(np.ones(9), ["x"], 0.0), "not an array of numbers"),
        (lambda: mix(np.ones(9), np.ones(9), 1000.0), "snr"),
        (lambda: mix(np.ones(9), np.ones(9), 0.0, offset=9), "0..8"),
        (lambda: wav_bytes(np.array([1.5]), RATE), "outside"),
        (lambda: wav_bytes(np.ones(3), 7), "rate"),
    ],
)
def test_impossible_sounds_are_refused_with_the_range(make, match):
    with pytest.raises(InvalidInput, match=match):
        make()


def test_an_unwritable_file_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError):
        write_wav(tmp_path / "missing" / "a.wav", tone(0.1, 200.0), RATE)
    assert not list(tmp_path.iterdir())
