"""A threshold for open-set search, with what is known about the false-positive identification rate that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Self

from visavis.errors import DataError

if TYPE_CHECKING:
    from visavis.matching.identification.fusion import Fusion

Method = Literal["non-mated scores", "calibration"]


@dataclass(frozen=True, slots=True)
class FpirThreshold:
    """A threshold and what is known about the FPIR that it gives.

    Attributes:
        fpir: false-positive identification rate asked for.
        threshold: similarity from which on a candidate is accepted.
        low: lower limit of the true FPIR at this threshold, for probes like the gallery's photos.
        high: upper limit.
        level: confidence that the true FPIR lies between them.
        probes: non-mated searches that were looked at; 0 if there were none, and then low = 0 and high = 1.
        people: people behind those searches.
        errors: how many of them reach the threshold.
        method: where the threshold comes from, see the module's text.
        fusion: how several references of one person become one score.
        enrolled_people: size of the gallery that it was set for.
        enrolled_references: number of references in it.
        model: fingerprint of the model that made the templates.
        table: (FPIR, threshold) by falling FPIR, to read the FPIR of other scores; see `fpir_at`.
    """

    fpir: float
    threshold: float
    low: float
    high: float
    level: float
    probes: int
    people: int
    errors: int
    method: Method
    fusion: Fusion
    enrolled_people: int
    enrolled_references: int
    model: str
    table: tuple[tuple[float, float], ...] = ()

    def fpir_at(self, score: float) -> float:
        """Upper estimate of the FPIR if the threshold stood at `score`: that of the highest tabled one not above it."""
        reached = [rate for rate, threshold in self.table if threshold <= score]
        return min(reached, default=1.0)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` reads it back unchanged."""
        return {**asdict(self), "table": [list(row) for row in self.table]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote.

        Raises:
            DataError: something is missing or of the wrong kind.
        """
        try:
            values = {item.name: data[item.name] for item in fields(cls)}
            table = tuple((float(rate), float(threshold)) for rate, threshold in values.pop("table"))
            return cls(**values, table=table)
        except (KeyError, TypeError, ValueError) as problem:
            raise DataError(f"stored threshold: cannot be read ({problem!r}); set it again") from problem
