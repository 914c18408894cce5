"""Noise has the strength that its formula says."""

from __future__ import annotations

import numpy as np
import pytest
from tests.degrade.frames import flat, picture

from visavis.degrade import GaussianNoise, PoissonNoise, SensorNoise
from visavis.errors import InvalidInput


def spread(step, value):
    """Standard deviation and mean of the change at one grey, away from black and white."""
    change = step.apply(flat(value), np.random.default_rng(3)).astype(float) - value
    return change.std(), change.mean()


@pytest.mark.parametrize("sigma", [1.0, 4.0, 12.0])
@pytest.mark.parametrize("grey", [False, True])
def test_gaussian_noise_has_its_sigma_everywhere(sigma, grey):
    for value in (60, 128, 190):
        deviation, mean = spread(GaussianNoise(sigma, grey), value)
        assert deviation**2 == pytest.approx(sigma**2 + 1 / 12, rel=0.05)  # rounding adds a twelfth
        assert mean == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
def test_the_variance_of_poisson_noise_is_the_value_times_the_squared_scale(scale):
    for value in (20, 80, 160):
        deviation, mean = spread(PoissonNoise(scale), value)
        assert deviation**2 == pytest.approx(scale**2 * value + 1 / 12, rel=0.05)
        assert mean == pytest.approx(0, abs=0.15)


def test_poisson_noise_of_full_scale_counts_photons():
    counted = PoissonNoise().apply(flat(3), np.random.default_rng(0))
    share = np.bincount(counted.ravel(), minlength=12)[:12] / counted.size
    poisson = np.exp(-3) * np.array([3.0**k / np.prod(np.arange(1.0, k + 1)) for k in range(12)])
    np.testing.assert_allclose(share, poisson, atol=0.005)


def test_sensor_noise_adds_the_variances_of_reading_and_of_light():
    for value in (10, 100, 200):
        deviation, mean = spread(SensorNoise(2.0, 0.7), value)
        assert deviation**2 == pytest.approx(4 + 0.49 * value + 1 / 12, rel=0.06)
        assert mean == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("kind", [GaussianNoise(8, True), PoissonNoise(1, True), SensorNoise(6, 0.0, True)], ids=str)
def test_grey_noise_is_the_same_in_all_channels(kind):
    change = kind.apply(flat(120), np.random.default_rng(0)).astype(int) - 120
    assert (change[..., 0] == change[..., 1]).all()
    assert (change[..., 0] == change[..., 2]).all()


@pytest.mark.parametrize("kind", [GaussianNoise(8), PoissonNoise(1), SensorNoise(6, 0.5)], ids=str)
def test_colour_noise_is_drawn_for_each_channel(kind):
    change = kind.apply(flat(120), np.random.default_rng(0)).astype(float) - 120
    assert np.abs(np.corrcoef(change.reshape(-1, 3).T) - np.eye(3)).max() < 0.03


@pytest.mark.parametrize("kind", [GaussianNoise(0), PoissonNoise(0), SensorNoise(0, 0)], ids=str)
def test_no_noise_changes_nothing(kind):
    np.testing.assert_array_equal(kind.apply(picture(), np.random.default_rng(0)), picture())


@pytest.mark.parametrize("kind", [GaussianNoise(60), PoissonNoise(4), SensorNoise(60, 2)], ids=str)
def test_strong_noise_stops_at_black_and_white(kind):
    for value in (0, 1, 254, 255):
        noisy = kind.apply(flat(value), np.random.default_rng(0))
        assert abs(int(np.median(noisy)) - value) <= 12  # no value has come round to the other end


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: GaussianNoise(-1), "GaussianNoise.sigma: expected a number in 0..128, got -1"),
        (lambda: GaussianNoise(float("nan")), "got nan"),
        (lambda: GaussianNoise(1, 1), "GaussianNoise.grey: expected True or False, got 1"),
        (lambda: PoissonNoise(17), "PoissonNoise.scale: expected a number in 0..16"),
        (lambda: PoissonNoise(1, None), "PoissonNoise.grey"),
        (lambda: SensorNoise(-1, 0), "SensorNoise.read"),
        (lambda: SensorNoise(0, -1), "SensorNoise.shot"),
    ],
)
def test_parameters_out_of_range_are_refused_with_the_range(make, problem):
    with pytest.raises(InvalidInput, match=problem):
        make()
