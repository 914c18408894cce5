"""Words for what a picture shows, made from its factors: one sentence, and questions whose answers are certain."""

from __future__ import annotations

from typing import NamedTuple

from visavis.synthetic.person import Person
from visavis.synthetic.shot import Shot


class QuestionAnswer(NamedTuple):
    """A question about a picture and its only right answer."""

    question: str
    answer: str


def caption(person: Person, shot: Shot) -> str:
    """One sentence about the person and the circumstances."""
    parts = [f"A person of about {round(person.age / 5) * 5} with {_hair(person)}"]
    if person.beard != "none":
        parts.append(f"and {_BEARDS[person.beard]}")
    if worn := worn_items(person, shot):
        parts.append(f"wearing {' and '.join(worn)}")
    return f"{' '.join(parts)}, {_EXPRESSIONS[shot.expression]}, {turned(shot)}; {_LIGHTS[shot.light]}."


def questions(person: Person, shot: Shot) -> tuple[QuestionAnswer, ...]:
    """Questions with certain answers; the mouth is not asked about when a mask covers it."""
    asked = [
        QuestionAnswer("What colour is the hair?", hair_colour_name(person)),
        QuestionAnswer("Does the person wear glasses?", _yes(wears_glasses(person, shot))),
        QuestionAnswer("Does the person wear sunglasses?", _yes(shot.occluder == "sunglasses")),
        QuestionAnswer("Is the mouth covered by a mask?", _yes(shot.occluder == "mask")),
        QuestionAnswer("Which way is the head turned?", turned(shot).removeprefix("facing ")),
        QuestionAnswer("What kind of light is there?", shot.light),
    ]
    if person.hair_style in _HAIRLESS or person.hair_style in _HEADGEAR:
        asked[0] = QuestionAnswer("What colour is the hair?", "no hair can be seen")
    if shot.occluder != "mask":
        asked.append(QuestionAnswer("Does the person have a beard?", _yes(person.beard in ("goatee", "short", "full"))))
        asked.append(QuestionAnswer("What is the expression?", shot.expression))
    return tuple(asked)


def wears_glasses(person: Person, shot: Shot) -> bool:
    """Whether spectacles with clear lenses are in the picture; sunglasses replace them."""
    return shot.glasses and person.glasses != "none" and shot.occluder != "sunglasses"


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
    """Where the head faces, seen in the picture."""
    if abs(shot.yaw) < 10:
        return "facing the camera"
    side = "right" if shot.yaw > 0 else "left"
    return f"facing {'slightly ' if abs(shot.yaw) < 30 else ''}to the {side}"


def _hair(person: Person) -> str:
    if person.hair_style in _HAIRLESS:
        return _HAIRLESS[person.hair_style]
    if person.hair_style in _HEADGEAR:
        return _HEADGEAR[person.hair_style]
    return _STYLES.get(person.hair_style, f"{person.hair_style.replace('_', ' ')} {{}} hair").format(
        hair_colour_name(person)
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


_HAIRLESS = {"bald": "a bald head"}
_HEADGEAR = {"beanie": "a beanie", "cap": "a cap", "headscarf": "a headscarf"}
_STYLES: dict[str, str] = {
    "ponytail": "{} hair in a ponytail", "bun": "{} hair in a bun", "bob": "a {} bob", "afro": "a {} afro",
    "fringe": "{} hair with a fringe",
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
