"""Expressions move the parts of the face that they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic import EXPRESSIONS, VISEMES, World, stand_in
from visavis.synthetic.expressions import EXPRESSION_MIXTURES, VISEME_MIXTURES, expression_codes, speaking_codes

WORLD = World(1)


def marks(**factors):
    """(68, 3) landmarks of the average head, mm."""
    shot = WORLD.shot(0, 0, **{"expression": "neutral", "viseme": "rest", "blink": 0.0, "intensity": 1.0, **factors})
    head = stand_in()
    return 1e3 * head.landmarks.points(head.pose(head.template, expression_codes(shot)), head.faces)


def test_every_mixture_uses_movements_that_the_head_has():
    names = set(stand_in().expression_names)
    for table in (EXPRESSION_MIXTURES, VISEME_MIXTURES):
        for mixture in table.values():
            assert set(mixture) <= names
            assert all(0 < weight <= 1 for weight in mixture.values())


def test_there_are_six_expressions_and_eight_visemes_as_speech_has_them():
    assert len(EXPRESSIONS) == 6
    assert set(VISEMES) == set(VISEME_MIXTURES)
    assert len(VISEMES) == 8


def test_a_neutral_rest_is_the_neutral_head():
    assert np.allclose(marks(), 1e3 * stand_in().landmarks.points(stand_in().template, stand_in().faces))


def test_smiling_lifts_and_widens_the_corners_of_the_mouth():
    calm, happy = marks(), marks(expression="happy")
    assert happy[48, 1] > calm[48, 1] + 1
    assert happy[54, 1] > calm[54, 1] + 1
    assert happy[54, 0] - happy[48, 0] > calm[54, 0] - calm[48, 0] + 2


def test_sadness_lowers_the_corners_and_surprise_opens_mouth_and_brows():
    calm, sad, surprised = marks(), marks(expression="sad"), marks(expression="surprised")
    assert sad[[48, 54], 1].mean() < calm[[48, 54], 1].mean() - 1
    assert surprised[17:27, 1].mean() > calm[17:27, 1].mean() + 2
    assert surprised[62, 1] - surprised[66, 1] > calm[62, 1] - calm[66, 1] + 5


def test_anger_lowers_the_brows_and_disgust_raises_the_lip():
    calm, angry, disgusted = marks(), marks(expression="angry"), marks(expression="disgusted")
    assert angry[[20, 21, 22, 23], 1].mean() < calm[[20, 21, 22, 23], 1].mean() - 1
    assert disgusted[[50, 52], 1].mean() > calm[[50, 52], 1].mean() + 1


def test_a_blink_closes_both_eyes_whatever_the_expression():
    for expression in EXPRESSIONS:
        shut = marks(expression=expression, blink=1.0)
        opening = [shut[37, 1] - shut[41, 1], shut[38, 1] - shut[40, 1], shut[43, 1] - shut[47, 1]]
        assert max(opening) < 1.0


def test_visemes_open_close_and_round_the_lips():
    gap = {name: marks(viseme=name)[62, 1] - marks(viseme=name)[66, 1] for name in VISEMES}
    width = {name: marks(viseme=name)[54, 0] - marks(viseme=name)[48, 0] for name in VISEMES}
    assert gap["open"] > gap["mid"] > gap["rest"]
    assert gap["bilabial"] <= gap["rest"] + 0.2
    assert width["round"] < width["rest"] - 2
    assert width["wide"] > width["rest"] + 1


def test_half_a_viseme_moves_half_as_far():
    shot = WORLD.shot(0, 0, expression="neutral", blink=0.0)
    whole = np.eye(8)[VISEMES.index("open")]
    assert np.allclose(speaking_codes(shot, tuple(whole / 2)), speaking_codes(shot, tuple(whole)) / 2)


@pytest.mark.parametrize("weights", [(1.0,), (2.0,) + (0.0,) * 7, (-0.1,) + (0.0,) * 7])
def test_wrong_weights_of_visemes_are_told(weights):
    with pytest.raises(InvalidInput, match="8 weights from 0 to 1"):
        speaking_codes(WORLD.shot(0, 0), weights)
