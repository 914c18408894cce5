"""A finished picture of a plate with everything that is known about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.plates.plate import Plate
from visavis.types import Box


@dataclass(frozen=True, eq=False)
class Text:
    """A text in the picture that is not the plate's number.

    Attributes:
        kind: "design" (small words of the plate), "dealer" (on its holder), "sticker" or "board".
        text: what it says.
        corners: (4, 2) pixels: top-left, top-right, bottom-right, bottom-left.
    """

    kind: str
    text: str
    corners: NDArray[np.float64]

    @property
    def box(self) -> Box:
        """The smallest upright box around it."""
        return box_around(self.corners)


@dataclass(frozen=True, eq=False)
class PlateSample:
    """A picture and its labels; coordinates are pixels with the centre of the top-left pixel at (0, 0).

    Attributes:
        image: (height, width, 3) uint8 RGB.
        plate: all factors.
        text: the number as read, rows and groups parted by blanks.
        corners: (4, 2) of the plate without holder: top-left, top-right, bottom-right, bottom-left as seen on it.
        characters: one string each, blanks left out.
        character_corners: (n, 4, 2) around the ink of each character, corners in the same order.
        rows: (n,) row of each character, from 0.
        distractors: all other texts in the picture.
    """

    image: NDArray[np.uint8]
    plate: Plate
    text: str
    corners: NDArray[np.float64]
    characters: tuple[str, ...]
    character_corners: NDArray[np.float64]
    rows: tuple[int, ...]
    distractors: tuple[Text, ...]

    @property
    def box(self) -> Box:
        """The smallest upright box around the plate."""
        return box_around(self.corners)

    @property
    def normalised(self) -> str:
        """The number as scorers compare it: A-Z and 0-9 only."""
        return "".join(character for character in self.text if character.isalnum())

    def labels(self) -> dict[str, Any]:
        """All labels and factors as plain data for JSON."""
        height, width = self.image.shape[:2]
        return {
            "width": width,
            "height": height,
            "text": self.text,
            "normalised": self.normalised,
            "box": self.box.as_list(),
            "corners": plain(self.corners),
            "characters": [
                {"character": character, "row": row, "corners": plain(corners)}
                for character, row, corners in zip(self.characters, self.rows, self.character_corners, strict=True)
            ],
            "distractors": [
                {"kind": item.kind, "text": item.text, "box": item.box.as_list(), "corners": plain(item.corners)}
                for item in self.distractors
            ],
            "factors": asdict(self.plate),
        }


def box_around(points: NDArray[np.float64]) -> Box:
    """The smallest upright box around (n, 2) points."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def plain(points: NDArray[np.float64]) -> list[Any]:
    """Points as lists, rounded to thousandths of a pixel."""
    rounded: list[Any] = np.round(points, 3).tolist()
    return rounded
