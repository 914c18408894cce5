"""Words for what a picture shows, made from its factors: one sentence, and questions whose answers are certain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from visavis.synthetic.person import Person
from visavis.synthetic.render.pose import rotation
from visavis.synthetic.shot import Shot

_FAINT, _PLAIN = 0.25, 0.5
"""Intensities of an expression: below the first nobody sees it, from the second on nobody misses it."""


class QuestionAnswer(NamedTuple):
    """A question about a picture and its only right answer."""

    question: str
    answer: str


def caption(person: Person, shot: Shot) -> str:
    """One sentence about the person and the circumstances."""
    parts = [f"A person of about {round(person.age / 5) * 5} with {_hair(person)}"]
    if person.beard != "none" and shot.occluder != "mask":
        parts.append(f"and {_BEARDS[person.beard]}")
    if worn := worn_items(person, shot):
        parts.append(f"wearing {' and '.join(worn)}")
    said = [" ".join(parts)]
    if shot.occluder != "mask":
        said.append(_EXPRESSIONS[shot.expression if shot.intensity >= _FAINT else "neutral"])
    return f"{', '.join([*said, turned(shot)])}; {_LIGHTS[shot.light]}."


def questions(person: Person, shot: Shot) -> tuple[QuestionAnswer, ...]:
    """Questions with certain answers: nothing is asked about what is covered, or so faint that one may miss it."""
    asked = [
        QuestionAnswer("Does the person wear something on the head?", _yes(person.hair_style in _HEADGEAR)),
        QuestionAnswer("Does the person wear sunglasses?", _yes(shot.occluder == "sunglasses")),
        QuestionAnswer("Is the mouth covered by a mask?", _yes(shot.occluder == "mask")),
        QuestionAnswer("Which way is the head turned?", turned(shot).removeprefix("facing ")),
        QuestionAnswer("What kind of light is there?", shot.light),
    ]
    if shot.occluder != "sunglasses":  # some call them glasses, too
        asked.append(QuestionAnswer("Does the person wear glasses?", _yes(wears_glasses(person, shot))))
    if person.hair_style in _HAIRLESS or person.hair_style == "headscarf":
        asked.append(QuestionAnswer("What colour is the hair?", "no hair can be seen"))
    elif person.hair_style not in _HEADGEAR:  # below a cap, hair shows from some sides
        asked.append(QuestionAnswer("What colour is the hair?", hair_colour_name(person)))
    if shot.occluder not in ("mask", "hand"):
        if person.beard not in ("stubble", "moustache"):  # these are a beard to some
            asked.append(QuestionAnswer("Does the person have a beard?", _yes(person.beard != "none")))
        if shot.expression == "neutral" or shot.intensity >= _PLAIN:
            asked.append(QuestionAnswer("What is the expression?", shot.expression))
    return tuple(asked)


def wears_glasses(person: Person, shot: Shot) -> bool:
    """Whether spectacles with clear lenses are in the picture; sunglasses replace them."""
    return shot.glasses_on and person.glasses != "none" and shot.occluder != "sunglasses"


def worn_items(person: Person, shot: Shot) -> list[str]:
    """What is worn on the face, in words."""
    glasses = ["glasses"] if wears_glasses(person, shot) else []
    return glasses + ([_OCCLUDERS[shot.occluder]] if shot.occluder in _OCCLUDERS else [])


def hair_colour_name(person: Person) -> str:
    """black, brown, blond, red, grey or white."""
    if person.grey > 0.55:
        return "white" if person.grey > 0.9 else "grey"
    if person.hair_red > 0.8 and person.hair_colour > 0.25:
        return "red"
    return "black" if person.hair_colour < 0.25 else "brown" if person.hair_colour < 0.65 else "blond"


def turned(shot: Shot) -> str:
    """Where the nose points in the picture, whichever way up the head is."""
    x, y, z = rotation(shot.yaw, shot.pitch, shot.roll)[:, 2]
    across, above = np.degrees(np.arctan2(x, z)), np.degrees(np.arcsin(np.clip(y, -1.0, 1.0)))
    words = []
    if abs(across) >= 10.0:
        words.append(f"{'slightly ' if abs(across) < 30.0 else ''}to the {'right' if across > 0 else 'left'}")
    if abs(above) > 20.0:
        words.append("up" if above > 0 else "down")
    return f"facing {' and '.join(words) or 'the camera'}"


def _hair(person: Person) -> str:
    if person.hair_style in _HAIRLESS:
        return _HAIRLESS[person.hair_style]
    if person.hair_style in _HEADGEAR:
        return _HEADGEAR[person.hair_style]
    return _STYLES[person.hair_style].format(hair_colour_name(person))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


_HAIRLESS = {"bald": "a bald head"}
_HEADGEAR = {"beanie": "a beanie", "cap": "a cap", "headscarf": "a headscarf"}
_STYLES = {
    "buzz": "shaven {} hair", "crew": "{} hair in a crew cut", "side_part": "{} hair with a side parting",
    "swept_back": "{} hair swept back", "fringe": "{} hair with a fringe", "curly_short": "short curly {} hair",
    "afro": "a {} afro", "bob": "a {} bob", "long": "long {} hair", "long_wavy": "long wavy {} hair",
    "long_curly": "long curly {} hair", "ponytail": "{} hair in a ponytail", "bun": "{} hair in a bun",
    "receding": "receding {} hair", "horseshoe": "a wreath of {} hair",
}  # fmt: skip
_BEARDS = {
    "stubble": "stubble", "moustache": "a moustache", "goatee": "a goatee", "short": "a short beard",
    "full": "a full beard",
}  # fmt: skip
_EXPRESSIONS = {
    "neutral": "with a calm face", "happy": "smiling", "sad": "looking sad", "surprised": "looking surprised",
    "angry": "looking angry", "disgusted": "looking disgusted",
}  # fmt: skip
_OCCLUDERS = {"mask": "a face mask", "sunglasses": "sunglasses"}
_LIGHTS = {"indoor": "indoors", "outdoor": "outdoors in daylight", "low": "in low light"}
