"""What a model's scores mean: the plain data of a calibration, as it stands in a model card."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Rate = Annotated[float, Field(gt=0, lt=1)]
Table = Annotated[tuple[tuple[Rate, float], ...], Field(min_length=1)]


class Calibration(BaseModel):
    """From similarity to evidence, fitted once on known comparisons (see `visavis.matching.calibration`).

    Attributes:
        slope: natural-log likelihood ratio = slope * similarity + intercept; positive.
        intercept: see `slope`.
        llr_min: most negative log likelihood ratio that the number of mated comparisons supports.
        llr_max: largest log likelihood ratio that the number of non-mated comparisons supports.
        fmr: (rate, threshold) by rising rate; threshold = the smallest score T with FMR(T) <= rate.
        fnmr: (rate, threshold) by rising rate; threshold = the largest score T with FNMR(T) <= rate.
        mated: number of same-person comparisons behind it.
        nonmated: number of different-people comparisons behind it.
        identities: number of people behind them.
        cllr: log-likelihood-ratio cost on those comparisons, in bits (0 = perfect, 1 = says nothing).
        source: the data it was fitted on.
        command: the command that fitted it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    slope: float = Field(gt=0)
    intercept: float
    llr_min: float = Field(lt=0)
    llr_max: float = Field(gt=0)
    fmr: Table
    fnmr: Table
    mated: int = Field(ge=1)
    nonmated: int = Field(ge=1)
    identities: int = Field(ge=2)
    cllr: float = Field(ge=0)
    source: str = Field(min_length=1)
    command: str = Field(min_length=1)

    @model_validator(mode="after")
    def _tables_are_monotone(self) -> Self:
        for name, rows, direction in (("fmr", self.fmr, -1), ("fnmr", self.fnmr, 1)):
            for (rate, threshold), (next_rate, next_threshold) in pairwise(rows):
                if next_rate <= rate:
                    raise ValueError(f"{name}: rates must rise, but {next_rate:g} follows {rate:g}")
                if direction * (next_threshold - threshold) < 0:
                    word = "fall" if direction < 0 else "rise"
                    raise ValueError(f"{name}: thresholds must {word} with the rate, but do not at {next_rate:g}")
        return self
