"""Any number of plates from one seed."""

from __future__ import annotations

from typing import Any

from visavis.errors import InvalidInput
from visavis.synthetic.plates.plate import Plate
from visavis.synthetic.plates.sample import PlateSample
from visavis.synthetic.streams import Stream


def nth_plate(seed: int, index: int, region: str | None = None, **fixed: Any) -> Plate:
    """Plate number `index` of the endless row that `seed` starts; it depends on nothing else.

    Args:
        seed: 0..2**63-1.
        index: 0 or more.
        region: one of `REGIONS`; None = any.
        **fixed: factors held to a value or range, see `Plate.sample`.

    Raises:
        InvalidInput: a number out of range, or see `Plate.sample`.
    """
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise InvalidInput(f"index {index!r}: needs a whole number of 0 or more")
    return Plate.sample(Stream(seed, ("plate", index)), region, **fixed)


def plate_sample(
    seed: int, index: int, *, width: int = 640, height: int = 360, region: str | None = None, **fixed: Any
) -> PlateSample:
    """The picture of `nth_plate` with its labels; the same arguments give the same bytes.

    Raises:
        InvalidInput: see `nth_plate` and `Plate.render`.
    """
    return nth_plate(seed, index, region, **fixed).render(width, height)
