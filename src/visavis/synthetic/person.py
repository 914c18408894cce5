"""A person: everything that stays when light, pose and expression change, as factors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.factors import (
    Choice,
    Codes,
    Normal,
    Uniform,
    Whole,
    blend,
    checked,
    drawn_within,
    factor_table,
    truncated_normal,
    varies,
)  # fmt: skip
from visavis.synthetic.head.identity import IDENTITY_NAMES
from visavis.synthetic.look.styles import BEARD_STYLES, GLASSES_STYLES, HAIR_STYLES
from visavis.synthetic.streams import Stream

Group = Mapping[str, Any]
"""Factors held to a part of their range: one value, (low, high) of a number, or names of a choice."""


def crossed(**parts: Sequence[Any]) -> tuple[dict[str, Any], ...]:
    """All combinations of parts of factors: the cells of a causal audit.

        for cell in crossed(tone=[(0, 1), (4, 5)], masculinity=[(0, 0.3), (0.7, 1)]):
            world = World(seed=0, group=cell, independent=True)

    With `independent=True` person k is the same in every cell but for the crossed factors.

    Args:
        **parts: for each factor the parts of its range, see `Group`.

    Raises:
        InvalidInput: not a list or tuple of parts.
    """
    for name, cells in parts.items():
        if not isinstance(cells, list | tuple):
            raise InvalidInput(f"crossed {name} {cells!r}: needs a list of parts of its range")
    return tuple(dict(zip(parts, cell, strict=True)) for cell in product(*parts.values()))


def checked_group(group: Group | None) -> Group:
    """The group, or an empty one for None.

    Raises:
        InvalidInput: something else than a mapping.
    """
    if group is not None and not isinstance(group, Mapping):
        raise InvalidInput(f"group {group!r}: needs a mapping from names of factors to parts of their range")
    return group or {}


_GLASSES = {"none": 15.0} | {style: 1.0 for style in GLASSES_STYLES if style != "sunglasses"}
_SEEDS = Whole(0, 2**31 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One synthetic person; every field is a factor that can be set on its own.

    Raises:
        InvalidInput: a factor lies outside its range; the message names the range.
    """

    shape: tuple[float, ...] = varies(Codes(len(IDENTITY_NAMES), 2.0), "shape of the head, in standard deviations")
    tone: float = varies(Uniform(0.0, 5.0), "skin tone: 0 lightest to 5 darkest, Fitzpatrick type = 1 + rounded tone")
    undertone: float = varies(Normal(0.0, 0.5, -1.0, 1.0), "from olive (-1) to rosy (1)")
    age: float = varies(Normal(38.0, 17.0, 18.0, 85.0, "years"), "apparent age: wrinkles, grey, sagging")
    masculinity: float = varies(Uniform(0.0, 1.0), "gender-like factor: shifts shape, hair and beard, decides none")
    iris: float = varies(Uniform(0.0, 1.0), "iris from blue (0) over green and hazel to dark brown (1)")
    brow_height: float = varies(Normal(0.0, 1.6, -4.0, 4.0, "mm"), "brows above their average height")
    brow_arch: float = varies(Normal(0.0, 1.6, -4.0, 4.0, "mm"), "how much the brows arch beyond the average")
    brow_thickness: float = varies(Normal(1.0, 0.22, 0.5, 1.6), "thickness of the brows, 1 = average")
    brow_density: float = varies(Uniform(0.0, 1.0), "how dense the brows are")
    lip_colour: float = varies(Uniform(0.0, 1.0), "lips from pale (0) to dark (1)")
    lip_redness: float = varies(Uniform(0.0, 1.0), "lips from brownish (0) to red (1)")
    freckles: float = varies(Uniform(0.0, 1.0), "freckles: shown above 0.6, and more on light skin")
    moles: int = varies(Whole(0, 6), "number of moles")
    roughness: float = varies(Uniform(0.0, 1.0), "pores and blotches")
    skin_seed: int = varies(_SEEDS, "where moles, blotches and wrinkles lie")
    hair_style: str = varies(Choice(dict.fromkeys(HAIR_STYLES, 1.0)), "cut of the hair")
    hair_colour: float = varies(Uniform(0.0, 1.0), "hair from black (0) to light blond (1)")
    hair_red: float = varies(Uniform(0.0, 1.0), "red of the hair, seen above 0.8")
    grey: float = varies(Uniform(0.0, 1.0), "share of grey hair")
    hairline: float = varies(Normal(0.0, 4.0, -9.0, 9.0, "mm"), "hairline above its average height")
    recession: float = varies(Uniform(0.0, 1.0), "receding temples")
    hair_curl: float = varies(Uniform(0.0, 1.0), "from straight to curly, within the style")
    hair_volume: float = varies(Uniform(0.0, 1.0), "how far the hair stands off")
    hair_seed: int = varies(_SEEDS, "how the locks fall")
    beard: str = varies(Choice(dict.fromkeys(BEARD_STYLES, 1.0)), "facial hair")
    beard_density: float = varies(Uniform(0.0, 1.0), "how dense facial hair is")
    makeup: float = varies(Uniform(0.0, 1.0), "make-up on lips, lids and lashes, seen above 0.5")
    glasses: str = varies(Choice(_GLASSES), "the spectacles this person owns")

    def __post_init__(self) -> None:
        for name, value in checked(Person, {field.name: getattr(self, field.name) for field in fields(self)}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def sample(cls, source: Stream | np.random.Generator, group: Group | None = None, **fixed: Any) -> Person:
        """Draw a person.

        Args:
            source: a stream, or a generator from which one is seeded. Each factor reads a stream of its own, so fixing
                one changes no other (but those in `LEANINGS` that follow it).
            group: factors held to a part of their range; see `Group`.
            **fixed: factors set to a value.

        Raises:
            InvalidInput: an unknown factor or a value outside its range.
        """
        return cls._sample(source, {**checked_group(group), **fixed}, LEANINGS)

    @classmethod
    def sample_independent(
        cls, source: Stream | np.random.Generator, group: Group | None = None, **fixed: Any
    ) -> Person:
        """Draw a person whose factors are statistically independent: grey at 20 is as likely as at 80."""
        return cls._sample(source, {**checked_group(group), **fixed}, {})

    @classmethod
    def _sample(cls, source: Stream | np.random.Generator, held: Group, leanings: Mapping[str, Leaning]) -> Person:
        stream = Stream.of(source)
        table = factor_table(cls)
        if unknown := held.keys() - table.keys():
            checked(cls, dict.fromkeys(unknown))
        values: dict[str, Any] = {}
        for name, factor in table.items():
            own = stream.child(name)
            if name in held:
                values[name] = drawn_within(factor, name, held[name], own)
            elif name in leanings:
                values[name] = leanings[name](own.uniform(), values)
            else:
                values[name] = factor.draw(own)
        return cls(**values)

    @property
    def fitzpatrick(self) -> int:
        """Skin type 1..6 (Fitzpatrick 1988) nearest to the tone."""
        return 1 + min(round(self.tone), 5)

    def head_codes(self) -> NDArray[np.float64]:
        """(I,) identity codes of the head: the shape, shifted by the masculinity and the age."""
        drawn = np.array([_DRAWN.get(name, _GAIN) for name in IDENTITY_NAMES]) * self.shape
        manly = np.array([_MASCULINE.get(name, 0.0) for name in IDENTITY_NAMES]) * (2 * self.masculinity - 1)
        aged = np.array([_AGED.get(name, 0.0) for name in IDENTITY_NAMES]) * (self.age - 40.0) / 40.0
        return np.asarray(drawn + manly + aged)


Leaning = Callable[[float, Mapping[str, Any]], Any]
"""How a factor follows others: from its uniform number and the values drawn before it."""


def _hair_style(u: float, person: Mapping[str, Any]) -> str:
    feminine, masculine = _weights(HAIR_STYLES, _FEMININE_HAIR), _weights(HAIR_STYLES, _MASCULINE_HAIR)
    return blend(u, person["masculinity"], feminine, masculine)


def _beard(u: float, person: Mapping[str, Any]) -> str:
    none, any_ = _weights(BEARD_STYLES, {"none": 1.0}, 0.01), {"none": 1.6} | dict.fromkeys(BEARD_STYLES[1:], 0.5)
    return blend(u, person["masculinity"] ** 2, none, any_)


def _grey(u: float, person: Mapping[str, Any]) -> float:
    return float(np.clip((person["age"] - 46.0) / 30.0 + truncated_normal(u, 0.0, 0.25, -0.6, 0.6), 0.0, 1.0))


def _hair_colour(u: float, person: Mapping[str, Any]) -> float:
    """Light hair grows rarer with darker skin, without ever being impossible."""
    return float(u ** (1.0 + 0.9 * person["tone"]))


def _hair_red(u: float, person: Mapping[str, Any]) -> float:
    return float(u ** (1.0 + 0.5 * person["tone"]))


def _iris(u: float, person: Mapping[str, Any]) -> float:
    return float(1.0 - (1.0 - u) ** (1.0 + 0.8 * person["tone"]))


def _recession(u: float, person: Mapping[str, Any]) -> float:
    return float(u ** (4.0 - 2.5 * person["masculinity"]) * np.clip(person["age"] / 60.0, 0.3, 1.0))


def _makeup(u: float, person: Mapping[str, Any]) -> float:
    return float(u ** (1.0 + 5.0 * person["masculinity"]))


LEANINGS: dict[str, Leaning] = {
    "iris": _iris, "hair_style": _hair_style, "hair_colour": _hair_colour, "hair_red": _hair_red, "grey": _grey,
    "recession": _recession, "beard": _beard, "makeup": _makeup,
}  # fmt: skip
"""Factors that follow others in ordinary people; `Person.sample_independent` leaves these ties out."""

_FEMININE_HAIR: dict[str, float] = {
    "long": 3.0, "long_wavy": 2.5, "long_curly": 1.5, "bob": 2.5, "ponytail": 2.0, "bun": 1.5, "fringe": 1.0,
    "afro": 0.8, "curly_short": 0.6, "side_part": 0.4, "headscarf": 0.8, "beanie": 0.2,
}  # fmt: skip
_MASCULINE_HAIR: dict[str, float] = {
    "crew": 3.0, "side_part": 3.0, "swept_back": 2.0, "buzz": 2.0, "curly_short": 1.2, "fringe": 1.0, "receding": 1.2,
    "horseshoe": 0.7, "bald": 1.0, "afro": 0.6, "long": 0.3, "long_wavy": 0.3, "cap": 0.5, "beanie": 0.3,
}  # fmt: skip
_MASCULINE: dict[str, float] = {
    "robust": 1.0, "jaw_width": 0.5, "brow_ridge": 0.5, "size": 0.5, "cheek_fullness": -0.3, "upper_lip": -0.4,
    "lower_lip": -0.4, "eye_opening": -0.4, "brow_bone_height": -0.5, "neck_width": 0.8, "nose_width": 0.3,
}  # fmt: skip
"""Mean shift of identity modes from the middle to masculinity 1, standard deviations; the other way to 0."""
_GAIN = 1.15
"""Spread of people in standard deviations of the modes; at twice as much they are monsters."""
_DRAWN = {"age": 0.3}
"""Share of a code that is drawn, where another factor gives most of it."""
_AGED: dict[str, float] = {"age": 1.7, "hooded_lids": 0.5, "eye_bags": 0.6, "nasolabial": 0.5, "ear_lobe": 0.4}
"""Shift of identity modes per 40 years above 40, standard deviations."""


def _weights(names: tuple[str, ...], favoured: Mapping[str, float], least: float = 0.04) -> dict[str, float]:
    """Weights for all names: those favoured, and a little for every other, so that no factor decides another."""
    return {name: favoured.get(name, 0.0) + least for name in names}
