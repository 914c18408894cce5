"""`visavis identify` with the real engine, thresholds and decisions; only the store is a stand-in."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from tests.cli.stand_in_gallery import StandIn, put_in_place

from visavis.face import Engine
from visavis.gallery.types import ModelSpace

pytestmark = pytest.mark.weights
ON = ("--gallery", "some.gallery")


@pytest.fixture
def opened(photos, monkeypatch):
    """A gallery in which Eileen Collins alone is enrolled, beside two who are far from everybody."""
    engine = Engine()
    template = engine.faces(photos / "collins.png").templates[0]
    vectors = np.stack([template, template + 1, template - 1]).astype(np.float32)
    space = ModelSpace(1, engine.fingerprint, 128, "euclidean", "float32", None, active=True)
    store = StandIn(np.arange(3), vectors, space, names=("Collins", "Near", "Far"))
    return put_in_place(monkeypatch, store)


def lines(ran):
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_known_face_is_named_with_evidence(visavis, photos, opened):
    ran = visavis("identify", photos / "cropped.jpg", *ON, "--json")
    (row,) = lines(ran)
    assert (ran.code, row["decision"], row["outcome"]) == (0, "Collins", "identified")
    assert {"probe", "box", "candidates", "reason", "threshold", "model", "notes"} <= set(row)
    assert row["candidates"][0]["similarity"] == pytest.approx(0.8, abs=0.1)
    said = visavis("identify", photos / "cropped.jpg", *ON).out
    assert "face 0: identified as Collins" in said
    assert "times likelier for one person than for two" in said
    assert "for FPIR 0.01" in said


def test_somebody_who_is_not_enrolled_is_not_named(visavis, photos, opened):
    ran = visavis("identify", photos / "hopper.png", *ON, "--json")
    (row,) = lines(ran)
    assert (ran.code, row["decision"], row["outcome"]) == (1, None, "not identified")


def test_every_face_of_a_photo_has_its_own_line(visavis, photos, opened):
    ran = visavis("identify", photos / "both.png", *ON, "--top", 1, "--json")
    rows = lines(ran)
    assert sorted(str(row["decision"]) for row in rows) == ["Collins", "None"]
    assert [row["face"] for row in rows] == [0, 1]
    assert {len(row["candidates"]) for row in rows} == {1}
    assert ran.code == 0


def test_a_photo_without_a_face_excludes_nobody(visavis, photos, opened):
    ran = visavis("identify", photos / "nobody.png", *ON, "--json")
    (row,) = lines(ran)
    assert (ran.code, row["box"], row["decision"], row["outcome"]) == (3, None, None, "no face")
    assert "no face was found" in visavis("identify", photos / "nobody.png", *ON).out


def test_a_folder_gives_a_line_for_every_photo_even_a_broken_one(visavis, photos, opened):
    ran = visavis("identify", photos, *ON, "--json")
    rows = lines(ran)
    assert {row["probe"] for row in rows} == {str(path) for path in photos.iterdir()}
    (failed,) = [row for row in rows if row["outcome"] == "failed"]
    assert failed["error"]["type"] == "ImageUnreadable"
    assert "broken.jpg" in ran.err
    assert ran.code == 0


@pytest.mark.parametrize("name", [b"two\nlines.jpg", b"latin \xe9.jpg"])
def test_the_probe_is_the_path_as_it_was_given(visavis, photos, opened, tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    try:
        shutil.copy(photos / "cropped.jpg", path)
    except OSError:
        pytest.skip("this file system has no such names")
    ran = visavis("identify", path, *ON, "--json")
    (row,) = lines(ran)
    assert (row["decision"], row["probe"], ran.out.count("\n")) == ("Collins", str(path), 1)


def test_without_one_usable_photo_the_code_is_that_of_an_error(visavis, photos, opened):
    assert visavis("identify", photos / "broken.jpg", *ON, "--json").code == 2


def test_a_gallery_of_another_model_is_refused_before_any_photo_is_read(visavis, photos, opened):
    ran = visavis("identify", photos / "collins.png", *ON, "--flip", "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "TemplateMismatch")
