"""Any number of plates from one seed."""

from __future__ import annotations

from typing import Any

from visavis.ranges import whole
from visavis.synthetic.plates.plate import Plate
from visavis.synthetic.plates.sample import PlateSample
from visavis.synthetic.streams import MAX_SEED, Stream


def nth_plate(seed: int, index: int, region: str | None = None, **fixed: Any) -> Plate:
    """Plate number `index` of the endless row that `seed` starts; it depends on nothing else.

    Args:
        seed: 0..2**63-1.
        index: 0..2**63-1.
        region: one of `REGIONS`; None = any.
        **fixed: factors held to a value or range, see `Plate.sample`.

    Raises:
        InvalidInput: a number out of range, or see `Plate.sample`.
    """
    index = whole("index", index, 0, MAX_SEED)
    return Plate.sample(Stream(seed, ("plate", index)), region, **fixed)


def plate_sample(
    seed: int, index: int, *, width: int = 640, height: int = 360, region: str | None = None, **fixed: Any
) -> PlateSample:
    """The picture of `nth_plate` with its labels; the same arguments give the same bytes.

    Raises:
        InvalidInput: see `nth_plate` and `Plate.render`.
    """
    return nth_plate(seed, index, region, **fixed).render(width, height)
