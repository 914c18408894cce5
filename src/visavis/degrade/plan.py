"""Plans: what a recipe drew, as data that can be kept, sent and applied again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator

from visavis.degrade.blur import BoxBlur, GaussianBlur, KernelBlur, MotionBlur
from visavis.degrade.frames import Pixels, check_frames
from visavis.degrade.jpeg import Jpeg
from visavis.degrade.light import Exposure
from visavis.degrade.noise import GaussianNoise, PoissonNoise, SensorNoise
from visavis.degrade.resizing import Rescale, Resize, ResizeJitter
from visavis.errors import InvalidInput
from visavis.ranges import shown, whole


@runtime_checkable
class Step(Protocol):
    """One change with fixed parameters: a frozen dataclass of plain numbers, words and truth values."""

    def apply(self, pixels: Pixels, rng: Generator) -> Pixels:
        """The (H, W, 3) uint8 frame after the step; noise comes from `rng`, other steps leave it alone."""
        ...


STEPS: Mapping[str, type[Any]] = {
    step.__name__: step
    for step in (
        *(BoxBlur, GaussianBlur, KernelBlur, MotionBlur, Resize, Rescale, ResizeJitter),
        *(GaussianNoise, PoissonNoise, SensorNoise, Jpeg, Exposure),
    )
}
"""The steps that a plan may hold, by name."""
MAX_FRAMES = 1_000_000
"""Most frames of a sequence: more do not fit into one array."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order and the seed of their noise.

    Attributes:
        recipe: name of the recipe that drew it, for the record.
        steps: what to do, first to last; none = the frame stays as it is.
        seed: 0..2^63 - 1; frame t of a sequence takes its noise from (seed, t).
    """

    recipe: str
    steps: tuple[Step, ...]
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", whole("Plan.seed", self.seed, 0, 2**63 - 1))
        object.__setattr__(self, "steps", tuple(_items("Plan.steps", self.steps)))
        for step in self.steps:
            if type(step) not in STEPS.values():
                raise InvalidInput(f"Plan.steps: {shown(step)} is no step; known are {', '.join(STEPS)}")

    def apply(self, pixels: Pixels) -> Pixels:
        """The frame, or all frames of a sequence with the same parameters and each its own noise.

        Args:
            pixels: (H, W, 3) or (T, H, W, 3) uint8 RGB.

        Returns: the same kind of array, of the size that the steps lead to.

        Raises:
            InvalidInput: another type or shape.
        """
        if check_frames(pixels).ndim == 3:
            return self._frame(pixels, 0)
        return np.stack([self._frame(frame, t) for t, frame in enumerate(pixels)])

    def _frame(self, frame: Pixels, t: int) -> Pixels:
        rng = np.random.default_rng((self.seed, t))
        for step in self.steps:
            frame = step.apply(frame, rng)
        return frame.copy() if not frame.flags.writeable or not self.steps else frame

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready description; `from_dict` makes an equal plan of it."""
        steps = [{"step": type(step).__name__, **asdict(step)} for step in self.steps]  # type: ignore[call-overload]
        return {"recipe": self.recipe, "seed": self.seed, "steps": steps}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that `to_dict` described.

        Raises:
            InvalidInput: a key is missing, or a step or one of its parameters is unknown or out of range.
        """
        _check_keys("plan", data, {"recipe", "seed", "steps"})
        return cls(
            str(data["recipe"]), tuple(_step(item) for item in _items("plan: steps", data["steps"])), data["seed"]
        )


@dataclass(frozen=True, slots=True)
class SequencePlan:
    """A plan for each group of consecutive frames.

    Attributes:
        plans: one for each group, first to last.
        frames: length of the sequence, 1..1000000.
        group: frames in a group, 1..1000000; the last group may hold fewer.
    """

    plans: tuple[Plan, ...]
    frames: int
    group: int

    def __post_init__(self) -> None:
        frames = whole("SequencePlan.frames", self.frames, 1, MAX_FRAMES)
        group = whole("SequencePlan.group", self.group, 1, MAX_FRAMES)
        object.__setattr__(self, "frames", frames)
        object.__setattr__(self, "group", group)
        object.__setattr__(self, "plans", tuple(_items("SequencePlan.plans", self.plans)))
        for plan in self.plans:
            if not isinstance(plan, Plan):
                raise InvalidInput(f"SequencePlan.plans: {shown(plan)} is no Plan; draw them with a recipe")
        if len(self.plans) != -(-frames // group):
            raise InvalidInput(f"SequencePlan: {frames} frames in groups of {group} need {-(-frames // group)} plans")

    def apply(self, pixels: Pixels) -> Pixels:
        """All frames, each group by its own plan.

        Args:
            pixels: (T, H, W, 3) uint8 RGB with T = `frames`.

        Raises:
            InvalidInput: another type, shape or number of frames.
        """
        if check_frames(pixels).ndim != 4 or len(pixels) != self.frames:
            raise InvalidInput(f"frames: expected ({self.frames}, H, W, 3), got {pixels.shape}; draw a plan for them")
        starts = range(0, self.frames, self.group)
        parts = zip(self.plans, starts, strict=True)
        return np.concatenate([plan.apply(pixels[start : start + self.group]) for plan, start in parts])

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready description; `from_dict` makes an equal plan of it."""
        return {"frames": self.frames, "group": self.group, "plans": [plan.to_dict() for plan in self.plans]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SequencePlan:
        """The plan that `to_dict` described.

        Raises:
            InvalidInput: see `Plan.from_dict`.
        """
        _check_keys("sequence plan", data, {"frames", "group", "plans"})
        plans = tuple(Plan.from_dict(plan) for plan in _items("sequence plan: plans", data["plans"]))
        return cls(plans, data["frames"], data["group"])


def _step(item: Any) -> Step:
    """The step of a plain description."""
    if not isinstance(item, Mapping) or str(item.get("step")) not in STEPS:
        raise InvalidInput(f"plan: {shown(item)} is no step; known are {', '.join(STEPS)}")
    values = {name: value for name, value in item.items() if name != "step"}
    try:
        step: Step = STEPS[str(item["step"])](**values)
    except TypeError as error:
        raise InvalidInput(f"plan: step {item['step']}: {error}") from error
    return step


def _items(name: str, values: Any) -> Iterable[Any]:
    if not isinstance(values, list | tuple):
        raise InvalidInput(f"{name} must be a list, got {type(values).__name__}")
    return values


def _check_keys(name: str, data: Any, keys: set[str]) -> None:
    if not isinstance(data, Mapping) or set(data) != keys:
        found = sorted(map(str, data)) if isinstance(data, Mapping) else type(data).__name__
        raise InvalidInput(f"{name}: expected the keys {', '.join(sorted(keys))}, got {found}")
