"""A contact sheet: people beside each other on one picture, to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.factors import Whole

if TYPE_CHECKING:
    from visavis.synthetic.world import World

MAX_SIDE = 16_384
"""Longest side of a sheet, pixels."""
_PEOPLE, _SHOTS, _SIZE = Whole(1, 1_000), Whole(1, 20), Whole(16, 4096)


@dataclass(frozen=True)
class Layout:
    """Where each shot goes: the shots of a person side by side, about as many rows as columns.

    Attributes:
        people: 1..1,000.
        shots: of each, 1..20.
        size: side of each picture in pixels, 16..4096.

    Raises:
        InvalidInput: a number out of range, or a sheet larger than `MAX_SIDE`.
    """

    people: int = 48
    shots: int = 3
    size: int = 112

    def __post_init__(self) -> None:
        for name, factor in {"people": _PEOPLE, "shots": _SHOTS, "size": _SIZE}.items():
            factor.check(name, getattr(self, name))
        if max(self.shape) > MAX_SIDE:
            raise InvalidInput(
                f"a sheet of {self.shape[1]} x {self.shape[0]} pixels is too large, at most {MAX_SIDE} a side: choose "
                "fewer people, fewer shots or a smaller size"
            )

    @property
    def across(self) -> int:
        """People beside each other."""
        return min(self.people, max(1, round(sqrt(self.people / self.shots))))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the sheet in pixels."""
        return ceil(self.people / self.across) * self.size, self.across * self.shots * self.size

    def corner(self, person: int, shot: int) -> tuple[int, int]:
        """Row and column of the top-left pixel of a picture."""
        row, place = divmod(person, self.across)
        return row * self.size, (place * self.shots + shot) * self.size


def contact_sheet(
    world: World,
    layout: Layout | None = None,
    *,
    samples: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """The first people of a world in their first shots; places left over are white.

    Args:
        world: whose people.
        layout: how many; None = 48 people in 3 shots each at 112 pixels.
        samples: samples per pixel and axis, 1..4.
        progress: called with the people done and their number.

    Returns: RGB picture (H, W, 3).

    Raises:
        InvalidInput: samples out of range.
    """
    layout = layout or Layout()
    sheet = np.full((*layout.shape, 3), 255, dtype=np.uint8)
    for person in range(layout.people):
        for shot in range(layout.shots):
            row, column = layout.corner(person, shot)
            picture = world.render(person, shot, layout.size, samples=samples).image
            sheet[row : row + layout.size, column : column + layout.size] = picture
        if progress:
            progress(person + 1, layout.people)
    return sheet
