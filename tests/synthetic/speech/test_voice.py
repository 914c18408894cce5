"""The rendered voice has the pitch, formants and noise that its factors say, measured by other means."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.synthetic.speech import PHONEMES, Speaker, sustain

RATE = 16_000
VOWELS = ["IY", "IH", "EH", "AE", "AA", "AH", "AO", "UW"]


def pitch_by_autocorrelation(audio, rate):
    """Hz of the first high peak of the autocorrelation between 2.5 and 20 ms, refined by a parabola."""
    size = 2 * len(audio)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(audio - audio.mean(), size)) ** 2)[: len(audio)]
    correlation /= np.arange(len(audio), 0, -1)
    low, high = int(rate * 0.0025), int(rate * 0.020)
    peaks = [k for k in range(low, high) if correlation[k - 1] < correlation[k] >= correlation[k + 1]]
    peak = next(k for k in peaks if correlation[k] > 0.93 * correlation[low:high].max())
    left, middle, right = correlation[peak - 1 : peak + 2]
    return rate / (peak + 0.5 * (left - right) / (left - 2 * middle + right))


def resonances(audio, order, rate):
    """Hz of the narrow poles of a linear predictor of `order`: what made the sound, whatever drove it."""
    x = np.diff(audio.astype(float)) * np.hanning(len(audio) - 1)
    correlation = np.array([x[: len(x) - k] @ x[k:] for k in range(order + 1)])
    matrix = correlation[np.abs(np.subtract.outer(np.arange(order), np.arange(order)))]
    roots = np.roots([1.0, *-np.linalg.solve(matrix, correlation[1:])])
    narrow = roots[(roots.imag > 0) & (np.abs(roots) > np.exp(-np.pi * 700 / rate))]
    return np.sort(np.angle(narrow) * rate / (2 * np.pi))


@pytest.mark.parametrize("f0", [70.0, 93.7, 120.0, 181.3, 240.0, 310.0])
@pytest.mark.parametrize("vowel", ["AA", "IY"])
def test_pitch_equals_its_factor(f0, vowel):
    audio = sustain(vowel, Speaker(f0=f0, jitter=0.006, shimmer=0.03), 0.5)
    assert pitch_by_autocorrelation(audio, RATE) == pytest.approx(f0, rel=0.02)


@pytest.mark.parametrize("tract", [14.5, 17.0])
@pytest.mark.parametrize("vowel", VOWELS)
def test_formants_of_vowels_scale_with_the_tract(vowel, tract):
    speaker = Speaker(f0=63.0, tract=tract, breathiness=0.0, jitter=0.0, shimmer=0.0)
    # Below 4 kHz there are four formants for this tract; the predictor also models the slope of the source.
    audio = sustain(vowel, speaker, 0.6, rate=8000)[800:4000]
    measured = resonances(audio, 12, 8000)
    for wanted in np.array(PHONEMES[vowel].formants[0]) * 17.0 / tract:
        assert np.abs(measured - wanted).min() < 0.05 * wanted, (vowel, wanted, measured)


def test_a_shorter_tract_shifts_the_whole_spectrum_up():
    centroids = []
    for tract in (19.0, 17.0, 15.0, 13.0):
        power = np.abs(np.fft.rfft(sustain("EH", Speaker(tract=tract, breathiness=0.0), 0.5))) ** 2
        above = np.fft.rfftfreq(8000, 1 / RATE) > 1200
        centroids.append((power * np.fft.rfftfreq(8000, 1 / RATE))[above].sum() / power[above].sum())
    assert centroids == sorted(centroids)


def harmonicity(audio, f0):
    """Correlation between the sound and itself one period later, without its low frequencies."""
    spectrum = np.fft.rfft(audio)
    spectrum[: int(2000 * len(audio) / RATE)] = 0
    high, period = np.fft.irfft(spectrum), round(RATE / f0)
    return np.corrcoef(high[:-period], high[period:])[0, 1]


def test_breathiness_drowns_the_harmonics_in_noise():
    voices = [Speaker(f0=100.0, breathiness=b, jitter=0.0, shimmer=0.0) for b in (0.0, 0.2, 0.5, 0.9)]
    values = [harmonicity(sustain("EH", voice, 0.5), 100.0) for voice in voices]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.95
    assert values[-1] < 0.8


def test_jitter_and_shimmer_disturb_the_periods_in_proportion():
    def unlikeness(**factors):
        speaker = Speaker(**{"f0": 100.0, "breathiness": 0.0, "jitter": 0.0, "shimmer": 0.0, **factors})
        audio = sustain("AA", speaker, 1.0)[800:-800]
        return np.std(audio[160:] - audio[:-160]) / np.std(audio)

    assert unlikeness() < 0.05
    assert unlikeness() < unlikeness(jitter=0.005) < unlikeness(jitter=0.02)
    assert unlikeness() < unlikeness(shimmer=0.03) < unlikeness(shimmer=0.15)


@pytest.mark.parametrize(("sharp", "dull"), [("S", "K"), ("F", "P")])
def test_friction_has_the_colour_of_its_place(sharp, dull):
    def centroid(name):
        power = np.abs(np.fft.rfft(sustain(name, Speaker(), 0.3))) ** 2
        return (power * np.arange(len(power))).sum() / power.sum() * RATE / 4800

    assert centroid(sharp) > centroid(dull) + 1500


def test_a_nasal_has_a_hole_where_its_zero_is():
    def level(name, low, high):
        power = np.abs(np.fft.rfft(sustain(name, Speaker(f0=80.0, breathiness=0.0), 0.5))) ** 2
        hertz = np.fft.rfftfreq(8000, 1 / RATE)
        return 10 * np.log10(power[(hertz > low) & (hertz < high)].max() / power.max())

    assert level("M", 820, 980) < level("UW", 820, 980) - 20


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
def test_the_voice_is_the_same_at_every_rate(rate):
    power = np.abs(np.fft.rfft(sustain("EH", Speaker(f0=100.0, breathiness=0.0, jitter=0.0), 0.5, rate)))
    reference = np.abs(np.fft.rfft(sustain("EH", Speaker(f0=100.0, breathiness=0.0, jitter=0.0), 0.5, 16_000)))
    harmonics = np.arange(50, 1500, 50)
    np.testing.assert_allclose(
        power[harmonics] / power[harmonics].max(), reference[harmonics] / reference.max(), atol=0.02
    )


def test_nothing_aliases():
    audio = sustain("AA", Speaker(f0=301.7, breathiness=0.0, jitter=0.0, shimmer=0.0), 1.0, 8000)[2000:6000]
    power = np.abs(np.fft.rfft(audio * np.blackman(4000))) ** 2
    hertz = np.fft.rfftfreq(4000, 1 / 8000)
    off_harmonic = np.abs((hertz / 301.7 + 0.5) % 1 - 0.5) * 301.7 > 30
    assert 10 * np.log10(power[off_harmonic].max() / power.max()) < -60
