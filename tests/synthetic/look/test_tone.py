"""Skin tone: order, types and steps along the curve."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from visavis.synthetic.look.tone import FITZPATRICK, fitzpatrick, skin_rgb, tone_step, typology_angle

# Classes of the individual typology angle (Del Bino and Bernerd 2013), degrees.
ANGLES = {"I": (55, 90), "II": (41, 55), "III": (28, 41), "IV": (10, 28), "V": (-30, 10), "VI": (-90, -30)}


def test_skin_gets_darker_with_every_step_of_tone_in_every_channel():
    ramp = np.array([skin_rgb(tone) for tone in np.linspace(0, 5, 51)])
    assert (np.diff(ramp, axis=0) < 0).all()
    assert (ramp > 0).all()
    assert (ramp < 1).all()


@pytest.mark.parametrize("tone", range(6))
@pytest.mark.parametrize("undertone", [-0.5, 0.0, 0.5])
def test_the_centre_of_every_fitzpatrick_type_has_that_types_typology_angle(tone: int, undertone: float):
    low, high = ANGLES[fitzpatrick(tone)]
    assert low < typology_angle(skin_rgb(tone, undertone)) < high


def test_typology_angle_equals_a_computation_by_hand():
    # A grey has b* = 0, so its angle is +90 above L* = 50 and -90 below; a mid grey of 18.42 % has L* = 50.
    assert typology_angle([0.5, 0.5, 0.5]) == pytest.approx(90, abs=1.0)
    assert typology_angle([0.05, 0.05, 0.05]) == pytest.approx(-90, abs=1.0)


def test_types_and_steps_cover_the_curve_in_order():
    tones = np.linspace(0, 5, 501)
    assert [fitzpatrick(t) for t in range(6)] == list(FITZPATRICK)
    steps = [tone_step(t) for t in tones]
    assert sorted(set(steps)) == list(range(1, 11))
    assert steps == sorted(steps)


def test_a_rosy_undertone_is_redder_than_an_olive_one_and_hardly_changes_the_red_channel():
    rosy, olive = skin_rgb(2.0, 1.0), skin_rgb(2.0, -1.0)
    assert rosy[0] / rosy[1] > 1.1 * olive[0] / olive[1]
    assert abs(rosy[0] / olive[0] - 1) < 0.06
