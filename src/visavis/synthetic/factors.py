"""Factors: everything about a person or a shot that can vary, each with its range, its distribution and its words.

A factor turns one uniform number into a value (its quantile function), checks values that a user sets, and describes
itself. Persons and shots are frozen dataclasses whose fields carry one factor each (`varies`), so the table of factors,
the sampler, the range checks and the documentation cannot drift apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np

from visavis.errors import InvalidInput
from visavis.ranges import number, shown
from visavis.synthetic.streams import Stream

_NORMAL = NormalDist()
_FLAT = 1e-9
"""Probability of a part of a normal distribution that doubles no longer resolve."""


class Factor(Protocol):
    """One thing that varies."""

    def draw(self, stream: Stream) -> Any:
        """A value from the factor's own distribution."""
        ...

    def check(self, name: str, value: Any) -> Any:
        """The value in its plain type; InvalidInput naming the allowed values when it is not one of them."""
        ...

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        ...


@dataclass(frozen=True, slots=True)
class Uniform:
    """A number, every value of [low, high] equally likely."""

    low: float
    high: float
    unit: str = ""

    def draw(self, stream: Stream) -> float:
        """See `Factor.draw`."""
        return self.low + (self.high - self.low) * stream.uniform()

    def check(self, name: str, value: Any) -> float:
        """See `Factor.check`."""
        return _number(name, value, self)

    @property
    def allowed(self) -> str:
        return f"{self.low:g} to {self.high:g}{' ' + self.unit if self.unit else ''}"


@dataclass(frozen=True, slots=True)
class Normal:
    """A number around `mean`; drawn within `reach` (default: the range), allowed in the whole range [low, high]."""

    mean: float
    sd: float
    low: float
    high: float
    unit: str = ""
    reach: float | None = None

    def draw(self, stream: Stream) -> float:
        """See `Factor.draw`."""
        low, high = (max(self.low, self.mean - self.reach), min(self.high, self.mean + self.reach)) if self.reach else (
            self.low, self.high
        )  # fmt: skip
        return truncated_normal(stream.uniform(), self.mean, self.sd, low, high)

    def check(self, name: str, value: Any) -> float:
        """See `Factor.check`."""
        return _number(name, value, self)

    @property
    def allowed(self) -> str:
        return f"{self.low:g} to {self.high:g}{' ' + self.unit if self.unit else ''}"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, every value of low..high equally likely."""

    low: int
    high: int

    def draw(self, stream: Stream) -> int:
        """See `Factor.draw`."""
        return self.low + int(stream.uniform() * (self.high - self.low + 1))

    def check(self, name: str, value: Any) -> int:
        """See `Factor.check`."""
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not self.low <= value <= self.high:
            raise InvalidInput(f"{name} {shown(value)}: needs {self.allowed}")
        return int(value)

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several names with weights."""

    weights: Mapping[str, float]

    def draw(self, stream: Stream) -> str:
        """See `Factor.draw`."""
        return pick(stream.uniform(), self.weights)

    def check(self, name: str, value: Any) -> str:
        """See `Factor.check`."""
        if not isinstance(value, str) or value not in self.weights:
            raise InvalidInput(f"{name} {shown(value)}: needs {self.allowed}")
        return str(value)

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.weights)


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes with this probability."""

    probability: float

    def draw(self, stream: Stream) -> bool:
        """See `Factor.draw`."""
        return stream.uniform() < self.probability

    def check(self, name: str, value: Any) -> bool:
        """See `Factor.check`."""
        if not isinstance(value, bool):
            raise InvalidInput(f"{name} {shown(value)}: needs {self.allowed}")
        return value

    @property
    def allowed(self) -> str:
        return "True or False"


@dataclass(frozen=True, slots=True)
class Codes:
    """A vector of standard normal numbers, each drawn and allowed within [-limit, limit]."""

    count: int
    limit: float

    def draw(self, stream: Stream) -> tuple[float, ...]:
        """See `Factor.draw`."""
        uniforms = stream.uniforms(self.count)
        return tuple(truncated_normal(float(u), 0.0, 1.0, -self.limit, self.limit) for u in uniforms)

    def check(self, name: str, value: Any) -> tuple[float, ...]:
        """See `Factor.check`."""
        try:
            listed = value if isinstance(value, Sequence | np.ndarray) and len(value) == self.count else ()
            codes = tuple(number(name, code, -self.limit, self.limit) for code in listed)
        except (InvalidInput, TypeError):  # TypeError: an array without axes
            codes = ()
        if len(codes) != self.count:
            raise InvalidInput(f"{name} {shown(value)}: needs {self.allowed}")
        return codes

    @property
    def allowed(self) -> str:
        return f"{self.count} numbers from {-self.limit:g} to {self.limit:g}"


def truncated_normal(u: float, mean: float, sd: float, low: float, high: float) -> float:
    """The quantile u of a normal distribution cut to [low, high]; spread evenly where hardly anything of it is left."""
    below, above = _NORMAL.cdf((low - mean) / sd), _NORMAL.cdf((high - mean) / sd)
    if above - below < _FLAT:
        return low + u * (high - low)
    return min(max(mean + sd * _NORMAL.inv_cdf(below + u * (above - below)), low), high)


def pick(u: float, weights: Mapping[str, float]) -> str:
    """The name at quantile u of names with weights, in their order."""
    left = u * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return next(reversed(list(weights)))


def blend(u: float, share: float, none: Mapping[str, float], all_: Mapping[str, float]) -> str:
    """The name at quantile u when the weights are those of `all_` with this share and those of `none` with the rest."""
    totals = sum(none.values()), sum(all_.values())
    return pick(u, {name: (1 - share) * none[name] / totals[0] + share * all_[name] / totals[1] for name in none})


def varies(factor: Factor, meaning: str) -> Any:
    """A dataclass field that carries a factor and what it means."""
    return dataclasses.field(metadata={"factor": factor, "meaning": meaning})


def factor_table(kind: type) -> dict[str, Factor]:
    """The factors of a dataclass by field name."""
    return {field.name: field.metadata["factor"] for field in dataclasses.fields(kind) if "factor" in field.metadata}


def factor_meanings(kind: type) -> dict[str, str]:
    """What each factor of a dataclass means, by field name."""
    return {field.name: field.metadata["meaning"] for field in dataclasses.fields(kind) if "factor" in field.metadata}


def checked(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in their plain types.

    Raises:
        InvalidInput: a name is not a factor of this dataclass, or a value lies outside its factor's range.
    """
    table = factor_table(kind)
    for name in values:
        if name not in table:
            raise InvalidInput(f"{kind.__name__} has no factor {name!r}; its factors are {', '.join(sorted(table))}")
    return {name: table[name].check(name, value) for name, value in values.items()}


def drawn_within(factor: Factor, name: str, allowed: Any, stream: Stream) -> Any:
    """A value of the factor from a part of its range.

    Args:
        factor: the factor.
        name: its name, for messages.
        allowed: one value, or (low, high) of a number, or a sequence of names of a choice.
        stream: where the number comes from.

    Raises:
        InvalidInput: the part lies outside the factor's range.
    """
    if isinstance(factor, Choice) and isinstance(allowed, tuple | list):
        names = [factor.check(name, item) for item in allowed]
        if not names:
            raise InvalidInput(f"{name} {shown(allowed)}: needs at least {factor.allowed}")
        return pick(stream.uniform(), {item: max(factor.weights[item], 1e-9) for item in names})
    if isinstance(factor, (Uniform, Normal, Whole)) and isinstance(allowed, Sequence):
        if len(allowed) != 2:
            raise InvalidInput(f"{name} {shown(allowed)}: needs one value or (low, high)")
        low, high = (factor.check(name, end) for end in allowed)
        if low > high:
            raise InvalidInput(f"{name} {shown(allowed)}: needs low <= high")
        return _part_of(factor, low, high).draw(stream)
    return factor.check(name, allowed)


def _part_of(factor: Uniform | Normal | Whole, low: Any, high: Any) -> Factor:
    if isinstance(factor, Whole):
        return Whole(int(low), int(high))
    if isinstance(factor, Normal) and low < high:
        return dataclasses.replace(factor, low=low, high=high, reach=None)
    return Uniform(low, high)


def _number(name: str, value: Any, factor: Uniform | Normal) -> float:
    try:
        return number(name, value, factor.low, factor.high)
    except InvalidInput:
        raise InvalidInput(f"{name} {shown(value)}: needs {factor.allowed}") from None
