"""Captions and questions agree with the factors."""

from __future__ import annotations

import re

import pytest

from visavis.synthetic import World
from visavis.synthetic.captions import caption, hair_colour_name, questions, turned
from visavis.synthetic.look.styles import BEARD_STYLES, HAIR_STYLES

WORLD = World(3)


def asked(person, shot):
    return dict(questions(person, shot))


@pytest.mark.parametrize("style", HAIR_STYLES)
@pytest.mark.parametrize("beard", BEARD_STYLES)
def test_every_style_gives_a_whole_sentence(style, beard):
    words = caption(WORLD.person(0, hair_style=style, beard=beard), WORLD.shot(0, 0))
    assert re.fullmatch(r"A person of about \d\d with [a-z ,;-]+\.", words)
    assert "{" not in words
    assert "_" not in words


def test_the_caption_names_what_is_worn():
    person = WORLD.person(0, glasses="round", beard="none")
    assert "glasses" in caption(person, WORLD.shot(0, 0, occluder="none", glasses=True))
    assert "glasses" not in caption(person, WORLD.shot(0, 0, occluder="none", glasses=False))
    dark = caption(person, WORLD.shot(0, 0, occluder="sunglasses", glasses=True))
    assert "wearing sunglasses" in dark


def test_answers_follow_the_factors():
    person = WORLD.person(1, glasses="square", beard="full", hair_style="crew", grey=0.0, hair_colour=0.9, hair_red=0.0)
    bare = asked(person, WORLD.shot(1, 0, glasses=True, occluder="none", expression="happy", yaw=40.0))
    assert bare["Does the person wear glasses?"] == "yes"
    assert bare["Does the person have a beard?"] == "yes"
    assert bare["What colour is the hair?"] == "blond"
    assert bare["What is the expression?"] == "happy"
    assert bare["Which way is the head turned?"] == "to the right"
    masked = asked(person, WORLD.shot(1, 0, glasses=False, occluder="mask"))
    assert masked["Is the mouth covered by a mask?"] == "yes"
    assert "What is the expression?" not in masked


def test_nobody_is_asked_about_hair_that_cannot_be_seen():
    person = WORLD.person(1, hair_style="headscarf")
    assert asked(person, WORLD.shot(1, 0))["What colour is the hair?"] == "no hair can be seen"


@pytest.mark.parametrize(
    ("factors", "name"),
    [
        ({"hair_colour": 0.0, "grey": 0.0, "hair_red": 0.0}, "black"),
        ({"hair_colour": 0.5, "grey": 0.0, "hair_red": 0.0}, "brown"),
        ({"hair_colour": 0.5, "grey": 0.0, "hair_red": 1.0}, "red"),
        ({"hair_colour": 0.9, "grey": 0.7}, "grey"),
        ({"hair_colour": 0.9, "grey": 1.0}, "white"),
    ],
)
def test_colours_of_hair_have_names(factors, name):
    assert hair_colour_name(WORLD.person(0, **factors)) == name


@pytest.mark.parametrize(
    ("yaw", "words"), [(0.0, "the camera"), (-20.0, "slightly to the left"), (50.0, "to the right")]
)
def test_turns_are_seen_in_the_picture(yaw, words):
    assert turned(WORLD.shot(0, 0, yaw=yaw)).endswith(words)
