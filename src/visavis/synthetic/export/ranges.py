"""What exports accept, and one way to check it."""

from __future__ import annotations

from collections.abc import Mapping

from visavis.synthetic.factors import Factor, Uniform, Whole
from visavis.synthetic.sample import SIZES
from visavis.synthetic.shot import MAX_YAW
from visavis.synthetic.streams import MAX_SEED

COUNT = Whole(1, 1_000_000)
PER_PERSON = Whole(1, 10_000)
SIDE = Whole(*SIZES)
SAMPLES = Whole(1, 4)
SEED = Whole(0, MAX_SEED)
YAW = Uniform(0.0, MAX_YAW, "degrees")


def check_fields(plan: object, ranges: Mapping[str, Factor]) -> None:
    """Replace fields of a frozen dataclass by their checked values in plain types.

    Raises:
        InvalidInput: one lies outside its range; the message names both.
    """
    for name, factor in ranges.items():
        object.__setattr__(plan, name, factor.check(name, getattr(plan, name)))
