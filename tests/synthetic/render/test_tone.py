from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.srgb import linear_light, srgb
from visavis.synthetic.render import develop
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
