from __future__ import annotations

import json

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.render import LIGHT_KINDS, Light
from visavis.synthetic.render.light import harmonics, tint


def test_harmonics_are_orthonormal_over_the_sphere():
    rng = np.random.default_rng(0)
    z = (np.arange(400) + 0.5) / 200 - 1  # equal areas by rings, even azimuths
    azimuth = np.linspace(0, 2 * np.pi, 64, endpoint=False) + rng.uniform()
    ring = np.sqrt(1 - z**2)[:, None]
    directions = np.stack(np.broadcast_arrays(ring * np.cos(azimuth), ring * np.sin(azimuth), z[:, None]), -1)
    basis = harmonics(directions).reshape(-1, 9)
    assert np.abs(4 * np.pi * basis.T @ basis / len(basis) - np.eye(9)).max() < 1e-4


def test_the_simple_light_is_the_sum_of_its_amplitudes():
    light = Light.simple(base=0.4, up=0.1, front=0.2, side=-0.05)
    normal = np.array([0.6, 0.48, 0.64])
    assert light.irradiance(normal) == pytest.approx([0.4 + 0.1 * 0.48 + 0.2 * 0.64 - 0.05 * 0.6] * 3)


def test_the_key_light_stands_where_azimuth_and_elevation_say():
    assert Light.simple(azimuth=0, elevation=0).direction == pytest.approx([0, 0, 1])
    assert Light.simple(azimuth=90, elevation=0).direction == pytest.approx([1, 0, 0])
    assert Light.simple(azimuth=10, elevation=90).direction == pytest.approx([0, 1, 0])


def test_low_colour_temperatures_are_warm_and_keep_the_brightness():
    warm, white, cold = tint(3000), tint(6500), tint(10000)
    assert white == pytest.approx([1, 1, 1])
    assert warm[0] > warm[1] > warm[2]
    assert cold[0] < cold[1] < cold[2]
    assert (warm.mean(), cold.mean()) == pytest.approx((1, 1))


@pytest.mark.parametrize("kind", LIGHT_KINDS)
def test_sampled_lights_are_valid_repeatable_and_never_dark(kind):
    around = np.random.default_rng(1).normal(size=(200, 3))
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    for seed in range(50):
        light = Light.sample(np.random.default_rng(seed), kind)
        assert light.to_dict() == Light.sample(np.random.default_rng(seed), kind).to_dict()
        assert json.loads(json.dumps(light.to_dict()))["kind"] == kind
        assert np.linalg.norm(light.direction) == pytest.approx(1)
        assert light.irradiance(around).min() > 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ambient", np.zeros((9, 2))), ("direction", (0, 0, 0)), ("direction", (0, np.nan, 0)), ("colour", (1, 1)),
        ("strength", -1), ("size", 2.0),
    ],
)  # fmt: skip
def test_a_light_out_of_range_is_refused_by_name(field, value):
    fields = {"ambient": np.zeros((9, 3)), "direction": (0, 0, 1), "colour": (1, 1, 1), field: value}
    with pytest.raises(InvalidInput, match=field):
        Light(**fields)


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(InvalidInput, match="indoor, outdoor, low"):
        Light.sample(np.random.default_rng(0), "disco")
