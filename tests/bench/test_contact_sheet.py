"""The contact sheet shows both photos of each failure in place."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from visavis.bench.contact_sheet import Entry, contact_sheet, save_failures
from visavis.bench.pairs import bench_pairs
from visavis.errors import ImageNotFound, InvalidInput, StorageError

RED, BLUE = (255, 0, 0), (0, 0, 255)


def plain(colour, size=(40, 40)):
    return Image.new("RGB", size, colour)


def test_pictures_stand_side_by_side_row_by_row():
    sheet = np.array(contact_sheet([Entry(plain(RED), plain(BLUE), "pair")] * 3, tile=50, columns=2))
    reds, blues = ((sheet == colour).all(axis=2) for colour in (RED, BLUE))
    assert reds.sum() == blues.sum() == 3 * 50 * 50
    assert np.flatnonzero(reds.any(axis=0)).min() + 50 == np.flatnonzero(blues.any(axis=0)).min()
    rows = np.flatnonzero(reds.any(axis=1))
    assert len(rows) == 100  # two rows of tiles
    assert (sheet[rows.max() + 1 :] < 100).any()  # the caption is written below


def test_a_picture_of_another_shape_keeps_its_proportions():
    sheet = np.array(contact_sheet([Entry(plain(RED, (40, 20)), plain(BLUE), "wide")], tile=50, columns=1))
    assert (sheet == RED).all(axis=2).sum() == 50 * 25


def test_nothing_to_show_is_refused():
    with pytest.raises(InvalidInput, match="nothing to show"):
        contact_sheet([])


@pytest.fixture
def report(engine, crowd):
    """A report with failures of every kind, whose stored faces have been replaced by real pictures."""
    (crowd / "images" / "p00" / "0.jpg").write_text("[]")
    report = bench_pairs(engine, crowd / "pairs.csv", crowd, metric="euclidean")
    for row in csv.DictReader((crowd / "pairs.csv").open()):
        for path in (row["path_a"], row["path_b"]):
            plain(RED).save(crowd / path, format="PNG")
    return report


def test_the_worst_failures_of_a_report_are_shown(report, crowd):
    assert {error.kind for error in report.errors} == {"no face", "false match", "false non-match"}
    assert save_failures(report, crowd, crowd / "all.png") == len(report.errors)
    assert save_failures(report, crowd, crowd / "few.png", limit=2) == 2
    with Image.open(crowd / "few.png") as sheet:
        assert (np.array(sheet) == RED).all(axis=2).sum() == 4 * 150 * 150


def test_without_failures_no_file_is_written(report, crowd):
    assert save_failures(replace(report, errors=()), crowd, crowd / "none.png") == 0
    assert not (crowd / "none.png").exists()


def test_a_photo_that_is_gone_and_an_impossible_place_are_clear_errors(report, crowd):
    with pytest.raises(StorageError):
        save_failures(report, crowd, crowd / "no" / "sheet.png")
    (crowd / report.errors[0].path_a).unlink()
    with pytest.raises(ImageNotFound):
        save_failures(report, crowd, crowd / "sheet.png")
