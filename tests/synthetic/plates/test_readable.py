"""An independent reader (RapidOCR) reads on clean pictures what the labels say."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.synthetic.plates import REGIONS, nth_plate


@pytest.fixture(scope="module")
def reader():
    rapidocr = pytest.importorskip("rapidocr", reason="needs the OCR of `pip install rapidocr`")
    return rapidocr.RapidOCR(params={"Global.log_level": "error"})


def read(reader, sample):
    """What the OCR reads in the rows of the number, as scorers compare it: upper-case A-Z and 0-9."""
    found = []
    for row in sorted(set(sample.rows)):
        points = sample.character_corners[np.equal(sample.rows, row)].reshape(-1, 2)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        rest = 0.15 * (bottom - top)
        rows, columns = slice(int(top - rest), int(bottom + rest) + 2), slice(int(left - rest), int(right + rest) + 2)
        result = reader(sample.image[rows, columns], use_det=False, use_cls=False, use_rec=True)
        found += result.txts or ()
    return "".join(c for c in "".join(found).upper() if c.isascii() and c.isalnum())


def test_ocr_reads_clean_plates_as_labelled(reader):
    regions = list(REGIONS)
    plates = [nth_plate(2025, index, regions[index % len(regions)]).clean() for index in range(3 * len(regions))]
    samples = [plate.render(480, 270) for plate in plates]
    wrong = [(s.plate.region, s.normalised, text) for s in samples if (text := read(reader, s)) != s.normalised]
    assert len(wrong) <= 0.02 * len(samples) + 1, wrong
