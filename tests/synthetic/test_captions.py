"""Captions and questions agree with the factors."""

from __future__ import annotations

import re

import pytest

from visavis.synthetic import World, photograph
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
    assert "glasses" in caption(person, WORLD.shot(0, 0, occluder="none", glasses_on=True))
    assert "glasses" not in caption(person, WORLD.shot(0, 0, occluder="none", glasses_on=False))
    dark = caption(person, WORLD.shot(0, 0, occluder="sunglasses", glasses_on=True))
    assert "wearing sunglasses" in dark


def test_answers_follow_the_factors():
    person = WORLD.person(1, glasses="square", beard="full", hair_style="crew", grey=0.0, hair_colour=0.9, hair_red=0.0)
    bare = asked(
        person, WORLD.shot(1, 0, glasses_on=True, occluder="none", expression="happy", intensity=0.8, yaw=40.0)
    )
    assert bare["Does the person wear glasses?"] == "yes"
    assert bare["Does the person have a beard?"] == "yes"
    assert bare["What colour is the hair?"] == "blond"
    assert bare["What is the expression?"] == "happy"
    assert bare["Which way is the head turned?"] == "to the right"
    masked = asked(person, WORLD.shot(1, 0, glasses_on=False, occluder="mask"))
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


def test_nothing_is_said_about_what_a_mask_covers():
    person = WORLD.person(1, beard="full")
    words = caption(person, WORLD.shot(1, 0, occluder="mask", expression="happy", intensity=1.0))
    assert "beard" not in words
    assert "smiling" not in words
    for cover in ("mask", "hand"):
        assert not asked(person, WORLD.shot(1, 0, occluder=cover)).keys() & {
            "Does the person have a beard?", "What is the expression?",
        }  # fmt: skip


def test_an_expression_too_faint_to_see_is_a_calm_face_and_not_asked_about():
    faint = WORLD.shot(1, 0, occluder="none", expression="happy", intensity=0.1)
    assert "calm face" in caption(WORLD.person(1), faint)
    assert "What is the expression?" not in asked(WORLD.person(1), faint)


def test_the_colour_of_hair_below_a_cap_is_not_asked_about():
    answers = asked(WORLD.person(1, hair_style="cap"), WORLD.shot(1, 0))
    assert answers["Does the person wear something on the head?"] == "yes"
    assert "What colour is the hair?" not in answers


def test_hair_borrowed_in_an_experiment_is_the_hair_described():
    bald, blond = (WORLD.person(n, hair_style=style, hair_colour=0.9, grey=0.0, hair_red=0.0, beard="none")
                   for n, style in enumerate(("bald", "bob")))  # fmt: skip
    sample = photograph(WORLD.figure(bald, hair_of=blond), WORLD.shot(0, 0), 32)
    assert "a blond bob" in sample.caption
    assert sample.person == bald
    assert sample.row()["hair_of"]["hair_style"] == "bob"


@pytest.mark.parametrize(
    ("pose", "words"),
    [
        ({"yaw": 40.0, "roll": 180.0}, "to the left"),
        ({"yaw": 40.0, "roll": 90.0}, "facing down"),
        ({"yaw": 0.0, "pitch": 40.0}, "facing up"),
        ({"yaw": 90.0, "pitch": 0.0}, "to the right"),
    ],
)
def test_where_the_nose_points_is_said_whichever_way_up_the_head_is(pose, words):
    assert turned(WORLD.shot(0, 0, **{"pitch": 0.0, "roll": 0.0, **pose})).endswith(words)


@pytest.mark.parametrize(
    ("yaw", "words"), [(0.0, "the camera"), (-20.0, "slightly to the left"), (50.0, "to the right")]
)
def test_turns_are_seen_in_the_picture(yaw, words):
    assert turned(WORLD.shot(0, 0, yaw=yaw)).endswith(words)
