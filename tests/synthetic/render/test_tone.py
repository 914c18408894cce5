from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.render import develop, linear_light, metered, srgb
from visavis.synthetic.render.tone import MID_GREY, SHOULDER, _develop, _table, film


def test_srgb_meets_its_reference_values_and_inverts():
    assert srgb([0.0, 0.0031308, 0.18, 0.5, 1.0]) == pytest.approx([0, 0.04045, 0.4613561, 0.7353570, 1], abs=1e-5)
    values = np.linspace(0, 1, 1001)
    assert srgb(linear_light(values)) == pytest.approx(values, abs=1e-6)


def test_developing_is_the_formula_to_half_a_grey_level():
    linear = np.linspace(0, 1.9, 3000, dtype=np.float32).reshape(10, 100, 3)
    exact = 255 * srgb(film(linear))
    assert np.abs(develop(linear) - exact).max() < 0.75


def test_film_keeps_black_and_mid_grey_adds_contrast_and_never_clips():
    assert film([0.0, MID_GREY]) == pytest.approx([0, MID_GREY])
    assert film(0.09) < 0.09
    assert film(0.36) > 0.36
    x = np.linspace(0, 3, 5000)
    y = film(x)
    assert (np.diff(y) > 0).all()
    assert y.max() < 1
    slope = np.diff(y) / np.diff(x)
    bend = np.flatnonzero(y > SHOULDER)[0]
    assert slope[bend] == pytest.approx(slope[bend - 2], rel=0.01)


def test_film_adds_saturation():
    skin = np.array([0.5, 0.3, 0.2])
    assert film(skin)[0] / film(skin)[2] > 0.5 / 0.2


def test_metering_lifts_the_dark_and_dims_the_bright_but_not_all_the_way():
    grey, everywhere = np.full((8, 6, 3), 0.2), np.ones((8, 6))
    assert metered(grey, everywhere, target=0.2) == pytest.approx(1)
    assert 1 < metered(grey / 4, everywhere) < 4
    assert 0.25 < metered(grey * 4, everywhere) < 1
    assert metered(grey / 2, everywhere, target=0.2, strength=1.0) == pytest.approx(2)
    assert metered(0 * grey, everywhere) == 4


def test_metering_looks_at_what_has_weight_only():
    picture = np.random.default_rng(0).uniform(0, 1, (5, 7, 3))
    skin = np.zeros((5, 7), bool)
    skin[1:3, 2:5] = True
    luminance = (picture[skin] * (0.2126, 0.7152, 0.0722)).sum(-1).mean()
    assert metered(picture, skin) == pytest.approx((0.21 / luminance) ** 0.4, rel=1e-5)
    assert metered(picture, 0 * skin) == 1
    with pytest.raises(InvalidInput, match="weight"):
        metered(picture, skin[:2])


def test_exposure_scales_the_light():
    linear = np.random.default_rng(0).uniform(0, 0.5, (4, 4, 3)).astype(np.float32)
    assert np.abs(develop(linear, 2.0).astype(int) - develop(2 * linear)).max() <= 1


def test_light_that_is_no_number_or_too_much_becomes_black_or_white():
    odd = np.array([[[np.nan, -1.0, np.inf]]], np.float32)
    assert develop(odd).tolist() == [[[0, 0, 255]]]
    out = np.empty(3, np.uint8)
    _develop.py_func(odd.reshape(-1), 1.0, _table(), out)
    assert out.tolist() == [0, 0, 255]


def test_a_negative_exposure_is_refused():
    with pytest.raises(InvalidInput, match="exposure"):
        develop(np.zeros((1, 1, 3)), -1.0)
