"""The world: an endless row of people and of shots of each, every one addressed by its number."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from visavis.errors import InvalidInput
from visavis.synthetic.factors import Uniform, factor_table
from visavis.synthetic.figure import Figure
from visavis.synthetic.head import stand_in
from visavis.synthetic.person import Group, Person, checked_group
from visavis.synthetic.sample import Sample, photograph
from visavis.synthetic.shot import Shot
from visavis.synthetic.streams import Stream

_KEPT = 12
"""Figures kept for the next shot, about 27 MB each: a full scene of eight and some."""
_DETAIL = Uniform(0.2, 8.0, "texels per millimetre")


class World:
    """People and shots by number; person k and shot j of person k depend on the seed, k and j alone.

    Args:
        seed: 0..2**63-1.
        group: factors of people and shots held to a part of their range, see `Group`.
        max_yaw: shots have yaw within +-max_yaw degrees; None = 35.
        independent: draw all factors of a person independently (grey hair at 20 as often as at 80), for experiments.
        detail: texels per millimetre of the skin's texture, 0.2..8; 1 = enough for 160 pixels.

    Not to be shared between threads; give each its own (they agree in everything).

    Raises:
        InvalidInput: a number out of range, a factor that does not exist or a range outside its factor's.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        group: Group | None = None,
        max_yaw: float | None = None,
        independent: bool = False,
        detail: float = 1.0,
    ) -> None:
        self.seed = Stream(seed).seed
        self.max_yaw = max_yaw
        self.independent = independent
        self.head = stand_in()
        self.detail = _DETAIL.check("detail", detail)
        self._person_group, self._shot_group = _split(checked_group(group))
        self._figures: OrderedDict[tuple[Person, Person | None], Figure] = OrderedDict()
        self.person(0), self.shot(0, 0)  # a wrong group is told at once

    def person(self, k: int, **fixed: Any) -> Person:
        """Person number k, with factors set to other values if you like.

        Raises:
            InvalidInput: k is not a number from 0 up, an unknown factor, or a value outside its range.
        """
        draw = Person.sample_independent if self.independent else Person.sample
        return draw(self._stream("person", k), self._person_group, **fixed)

    def shot(self, k: int, j: int, **fixed: Any) -> Shot:
        """Shot number j of person k, with factors set to other values if you like.

        Raises:
            InvalidInput: as for `person`.
        """
        group = {name: held for name, held in self._shot_group.items() if name not in fixed}
        max_yaw = None if "yaw" in fixed or "yaw" in group else self.max_yaw
        return Shot.sample(self._stream("shot", k, j), group, max_yaw=max_yaw, **fixed)

    def figure(self, person: int | Person, *, hair_of: Person | None = None) -> Figure:
        """The figure of a person (by number, or any person), kept for the next shots.

        Args:
            person: who.
            hair_of: whose hair to wear (an experiment's control); None = the person's own.

        Raises:
            InvalidInput: a number that is none.
        """
        who = person if isinstance(person, Person) else self.person(person)
        key = (who, hair_of)
        if key in self._figures:
            self._figures.move_to_end(key)
        else:
            self._figures[key] = Figure.of(who, self.head, hair_of=hair_of, detail=self.detail)
            if len(self._figures) > _KEPT:
                self._figures.popitem(last=False)
        return self._figures[key]

    def render(self, k: int, j: int, size: int | tuple[int, int] = 112, *, samples: int = 1) -> Sample:
        """Shot j of person k as a labelled picture; see `visavis.synthetic.photograph`."""
        return photograph(self.figure(k), self.shot(k, j), size, samples=samples, person_id=k, shot_id=j)

    def swap(self, k: int, other: int, j: int, size: int | tuple[int, int] = 112, *, samples: int = 1) -> Sample:
        """The true face swap: person k exactly as in shot j of the other person."""
        return photograph(self.figure(k), self.shot(other, j), size, samples=samples, person_id=k, shot_id=j)

    def _stream(self, kind: str, *numbers: int) -> Stream:
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
                raise InvalidInput(f"{kind} number {number!r}: needs a whole number from 0 up")
        return Stream(self.seed, (kind, *map(int, numbers)))


def _split(group: Group) -> tuple[dict[str, Any], dict[str, Any]]:
    """The factors of people and those of shots.

    Raises:
        InvalidInput: a name that is a factor of neither.
    """
    people, shots = factor_table(Person), factor_table(Shot)
    if unknown := [name for name in group if name not in people and name not in shots]:
        raise InvalidInput(f"no factor {unknown[0]!r}; people have {', '.join(people)}; shots have {', '.join(shots)}")
    return {n: v for n, v in group.items() if n in people}, {n: v for n, v in group.items() if n in shots}
