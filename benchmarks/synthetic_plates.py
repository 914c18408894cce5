"""Are synthetic plates what their labels say? An independent reader (RapidOCR) answers, and a clock.

Plates are read twice: clean (frontal, washed, evenly lit), where text and label must agree, and as drawn, which tells
how hard the pictures are. "given" reads the rows where the labels say they are; "found" lets the reader's own text
detector look for them in the whole picture. Texts are compared as upper-case A-Z and 0-9, nothing else is forgiven.

    pip install rapidocr
    python benchmarks/synthetic_plates.py
"""

from __future__ import annotations

import json
from collections import Counter
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

from _machine import arguments, interleaved, progress, run, write_json
from visavis.errors import MissingExtra
from visavis.synthetic.plates import REGIONS, PlateSample, nth_plate, plate_sample

SEED = 1_000_003
SIZE = (640, 360)
BAR = 0.98
MARGIN = 0.15
"""Room around a row that is read, in heights of a capital."""


class Reader:
    """RapidOCR with the models that lie inside its package; nothing is downloaded."""

    def __init__(self) -> None:
        try:
            rapidocr: Any = import_module("rapidocr")
        except ImportError as error:
            raise MissingExtra("the reader is missing: pip install rapidocr") from error
        self._engine = rapidocr.RapidOCR(params={"Global.log_level": "error"})

    def given(self, sample: PlateSample) -> str:
        """What stands in the rows that the labels give."""
        texts: list[str] = []
        for row in sorted(set(sample.rows)):
            left, top, right, bottom = row_box(sample, row)
            rest = MARGIN * (bottom - top)
            rows = slice(max(0, int(top - rest)), int(bottom + rest) + 2)
            columns = slice(max(0, int(left - rest)), int(right + rest) + 2)
            result = self._engine(sample.image[rows, columns], use_det=False, use_cls=False, use_rec=True)
            texts += result.txts or ()
        return normalised("".join(texts))

    def found(self, sample: PlateSample) -> str:
        """What the reader finds by itself within the number's area, line by line."""
        result = self._engine(sample.image, use_det=True, use_cls=False, use_rec=True)
        if result.boxes is None:
            return ""
        rows = [row_box(sample, row) for row in sorted(set(sample.rows))]
        lines: list[tuple[int, float, str]] = []
        for corners, text in zip(result.boxes, result.txts, strict=True):
            x, y = corners.mean(axis=0)
            inside = [k for k, (left, top, right, bottom) in enumerate(rows) if left < x < right and top < y < bottom]
            lines += [(k, float(x), text) for k in inside[:1]]
        return normalised("".join(text for *_, text in sorted(lines)))


def row_box(sample: PlateSample, row: int) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of one row of characters."""
    points = sample.character_corners[np.equal(sample.rows, row)].reshape(-1, 2)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def normalised(text: str) -> str:
    """Upper-case A-Z and 0-9 only."""
    return "".join(character for character in text.upper() if character.isascii() and character.isalnum())


def readings(reader: Reader, count: int) -> dict[str, Any]:
    """Shares of plates that are read exactly, by region, and every clean plate that is not."""
    regions = list(REGIONS)
    right: dict[str, Counter[str]] = {name: Counter() for name in ("clean_given", "clean_found", "drawn_given")}
    plates: Counter[str] = Counter()
    wrong = []
    show = progress("plates")
    for index in range(count):
        plate = nth_plate(SEED, index, regions[index % len(regions)])
        clean, drawn = plate.clean().render(*SIZE), plate.render(*SIZE)
        texts = {
            "clean_given": reader.given(clean),
            "clean_found": reader.found(clean),
            "drawn_given": reader.given(drawn),
        }
        plates[plate.region] += 1
        for name, text in texts.items():
            right[name][plate.region] += text == clean.normalised
        if texts["clean_given"] != clean.normalised:
            wrong.append({"region": plate.region, "face": plate.face, "text": clean.text, "read": texts["clean_given"]})
        show(index + 1, count)
    return {
        "plates": count,
        "read_exactly": {name: round(counts.total() / count, 4) for name, counts in right.items()},
        "read_exactly_by_region": {
            region: {name: round(counts[region] / plates[region], 3) for name, counts in right.items()}
            for region in plates
        },
        "clean_plates_misread": wrong,
    }


def speed() -> dict[str, Any]:
    """Milliseconds for one picture, factors drawn and labels included."""
    calls = {
        f"{width}x{height}": lambda width=width, height=height: [
            plate_sample(SEED, index, width=width, height=height) for index in range(8)
        ]
        for width, height in ((320, 180), SIZE, (1280, 720))
    }
    return {name: timing.per(8).to_dict() for name, timing in interleaved(calls, rounds=3).items()}


def main() -> None:
    parser = arguments((__doc__ or "").splitlines()[0], "synthetic_plates")
    parser.add_argument("--count", type=int, default=260, metavar="N", help="plates to read")
    given = parser.parse_args()
    figures = {
        "benchmark": "synthetic_plates",
        "command": f"python benchmarks/synthetic_plates.py --count {given.count}",
        "reader": f"rapidocr {version('rapidocr')}",
        "seed": SEED,
        "bar": BAR,
        **readings(Reader(), given.count),
        "milliseconds_per_picture": speed(),
    }
    print(json.dumps(figures, indent=1))
    write_json(given.json, figures)


if __name__ == "__main__":
    run(main)
