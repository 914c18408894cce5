"""Failures to look at: the two photos of each wrong pair side by side, with score and label.

For local looking only: the sheet shows the people in the benchmark's photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageOps

from visavis.errors import InvalidInput
from visavis.images import load, save

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from visavis.bench.pairs import PairError, PairsReport

_MARGIN, _CAPTION = 8, 16
_PAPER, _INK = (255, 255, 255), (30, 30, 30)


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """One pair on the sheet: two RGB pictures (photos or chips) and what to write under them."""

    left: Image.Image
    right: Image.Image
    caption: str


def contact_sheet(entries: Sequence[Entry], tile: int = 150, columns: int = 3) -> Image.Image:
    """All entries on one RGB picture, row by row.

    Args:
        entries: at least one.
        tile: side in pixels of the square that each picture is fitted into.
        columns: pairs beside each other.
    """
    if not entries:
        raise InvalidInput("contact sheet: there is nothing to show")
    width, height = 2 * tile + _MARGIN, tile + _CAPTION + _MARGIN
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (columns * width + _MARGIN, rows * height + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, entry in enumerate(entries):
        x, y = _MARGIN + number % columns * width, _MARGIN + number // columns * height
        for picture, left in ((entry.left, x), (entry.right, x + tile)):
            sheet.paste(ImageOps.pad(picture, (tile, tile), color=_PAPER), (left, y))
        draw.text((x, y + tile + 2), entry.caption, fill=_INK)
    return sheet


def save_failures(
    report: PairsReport, root: str | os.PathLike[str], path: str | os.PathLike[str], limit: int = 60
) -> int:
    """Write the contact sheet of a report's worst failures as an image file.

    Args:
        report: of `bench_pairs`.
        root: folder that the report's paths are relative to.
        path: file to write; its suffix chooses the format.
        limit: failures shown, worst first.

    Returns: number of failures shown; 0 when there were none, and then no file is written.

    Raises:
        ImageError: a photo cannot be read any more.
        StorageError: the sheet could not be written.
    """
    entries = [_entry(error, Path(root)) for error in report.errors[:limit]]
    if entries:
        save(contact_sheet(entries), path)
    return len(entries)


def _entry(error: PairError, root: Path) -> Entry:
    left, right = (load(root / name).image for name in (error.path_a, error.path_b))
    if error.score is None:
        return Entry(left, right, f"no face, {'same person' if error.same else 'different people'}")
    return Entry(left, right, f"{error.kind}: {error.score:.3f} at threshold {error.threshold:.3f}")
