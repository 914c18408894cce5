"""Recipes: chains of stages that draw their parameters by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from numpy.random import Generator

from visavis.degrade.plan import MAX_FRAMES, Plan, SequencePlan, Step
from visavis.ranges import generator, one_of, whole

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
        for stage in stages:
            one_of(f"{self.name}: stage", stage, self.stages)
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
        seed = int(generator("rng", rng).integers(2**63))
        return Plan(self.name, tuple(step for stage, step in self.drawing(rng) if stage not in self.off), seed)

    def draw_sequence(self, rng: Generator, frames: int, group: int = 1) -> SequencePlan:
        """Plans for a sequence, drawn anew for each group of consecutive frames.

        Args:
            rng: where chance comes from.
            frames: length of the sequence, 1..1000000.
            group: frames that share their parameters, 1..1000000; `frames` = one plan for all.

        Raises:
            InvalidInput: a number out of range.
        """
        frames, group = whole("frames", frames, 1, MAX_FRAMES), whole("group", group, 1, MAX_FRAMES)
        return SequencePlan(tuple(self.draw(rng) for _ in range(0, frames, group)), frames, group)
