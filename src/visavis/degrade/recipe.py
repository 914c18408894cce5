"""Recipes: chains of stages that draw their parameters by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from numpy.random import Generator

from visavis.degrade.plan import Plan, SequencePlan, Step
from visavis.errors import InvalidInput
from visavis.ranges import whole

Drawing: TypeAlias = Callable[[Generator], Iterator[tuple[str, Step]]]
"""Draws the steps of a chain in order, each with the name of its stage."""


@dataclass(frozen=True)
class Recipe:
    """A chain of named stages, any of which may be switched off.

    Attributes:
        name: of the chain and its version, recorded in plans.
        stages: names of all stages, in order.
        drawing: draws the steps of one plan.
        off: stages that are left out. All stages are drawn all the same, so that the others stay as they were.
    """

    name: str
    stages: tuple[str, ...]
    drawing: Drawing = field(repr=False)
    off: frozenset[str] = frozenset()

    def without(self, *stages: str) -> Recipe:
        """The recipe with these stages switched off.

        Raises:
            InvalidInput: no such stage.
        """
        if unknown := sorted(set(stages) - set(self.stages)):
            raise InvalidInput(f"{self.name}: no stage {', '.join(unknown)}; stages are {', '.join(self.stages)}")
        return replace(self, off=self.off.union(stages))

    def only(self, *stages: str) -> Recipe:
        """The recipe with all stages but these switched off.

        Raises:
            InvalidInput: no such stage.
        """
        self.without(*stages)
        return self.without(*(set(self.stages) - set(stages)))

    def draw(self, rng: Generator) -> Plan:
        """A plan for one frame, or for frames that share all parameters.

        Raises:
            InvalidInput: `rng` is no `numpy.random.Generator`.
        """
        if not isinstance(rng, Generator):
            raise InvalidInput(f"rng: expected a numpy.random.Generator (numpy.random.default_rng(seed)), got {rng!r}")
        seed = int(rng.integers(2**63))
        return Plan(self.name, tuple(step for stage, step in self.drawing(rng) if stage not in self.off), seed)

    def draw_sequence(self, rng: Generator, frames: int, group: int = 1) -> SequencePlan:
        """Plans for a sequence, drawn anew for each group of consecutive frames.

        Args:
            rng: where chance comes from.
            frames: length of the sequence, at least 1.
            group: frames that share their parameters, at least 1; `frames` = one plan for all.

        Raises:
            InvalidInput: a number out of range.
        """
        frames, group = whole("frames", frames, 1, 2**31), whole("group", group, 1, 2**31)
        return SequencePlan(tuple(self.draw(rng) for _ in range(0, frames, group)), frames, group)
