"""The scripts in examples/ do what their first lines say, on people who do not exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"

pytestmark = pytest.mark.weights


def run(name, *arguments, code=0):
    """What an example prints; its exit code must be `code`."""
    command = [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture
def photos(portrait, same_person_again, stranger, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, sample in (("a", portrait), ("b", same_person_again), ("c", stranger)):
        Image.fromarray(sample.image).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no photo")
    return folder


def test_match_two_photos_prints_decision_and_probability(photos):
    said = run("match_two_photos", photos / "a.png", photos / "b.png")
    assert re.match(r"match \(score 0\.\d+, match threshold 0\.\d+\)\nprobability of one person: [01]\.\d+", said)
    assert "error" in run("match_two_photos", photos / "a.png", photos / "broken.png", code=1)


def test_folder_to_templates_keeps_a_row_a_face_and_leaves_out_what_it_cannot_read(photos, tmp_path):
    assert "3 faces of 3 photos" in run("folder_to_templates", photos, tmp_path / "out.npz")
    table = np.load(tmp_path / "out.npz")
    assert table["templates"].shape == (3, 128)
    same, other = (np.linalg.norm(table["templates"][0] - table["templates"][row]) for row in (1, 2))
    assert same < other


def test_synthetic_set_fills_a_folder_and_tells_what_is_on_each_picture(world, tmp_path):
    pytest.importorskip("pyarrow", reason="the table needs visavis[parquet]")
    said = run("synthetic_set", tmp_path / "set", 2)
    assert f"6 pictures of 2 people are in {tmp_path / 'set'}" in said
    assert len(list((tmp_path / "set").glob("person-*/*.depth.png"))) == 6
    ages = [int(age) for age in re.findall(r"A person of about (\d+)", said)]
    assert len(ages) == 6
    assert all(20 <= age <= 40 for age in ages)


def test_synthetic_audit_gives_the_error_rates_of_both_tones(world):
    said = run("synthetic_audit", 4)
    rates = re.findall(r"strangers matched ([\d.]+)%, persons missed ([\d.]+)%, faces not found (\d+)", said)
    assert len(rates) == 2
    assert all(float(fmr) < 5 and float(fnmr) < 100 and int(missed) <= 1 for fmr, fnmr, missed in rates)


def test_synthetic_scene_compares_every_person_with_what_was_found(world, tmp_path):
    said = run("synthetic_scene", tmp_path / "scene.png")
    overlaps = [float(share) for share in re.findall(r"box overlap ([\d.]+)", said)]
    assert len(said.splitlines()) == 5
    assert len(overlaps) >= 2
    assert min(overlaps) > 0.4
    with Image.open(tmp_path / "scene.png") as picture:
        assert picture.width == 640


def test_enrol_and_identify_goes_on_where_it_was(photos, tmp_path):
    pytest.importorskip("sqlalchemy", reason="galleries need visavis[gallery]")
    (tmp_path / "people" / "Ada").mkdir(parents=True)
    (photos / "a.png").rename(tmp_path / "people" / "Ada" / "a.png")
    arguments = (tmp_path / "people", tmp_path / "gallery", photos / "b.png")
    assert "1 photos enrolled, 0 known" in run("enrol_and_identify", *arguments)
    assert "0 photos enrolled, 1 known" in run("enrol_and_identify", *arguments)


def test_alone_the_examples_say_how_they_are_run():
    for name in ("match_two_photos", "folder_to_templates", "synthetic_set", "synthetic_scene", "enrol_and_identify"):
        assert "Run it: python examples/" in run(name, code=1)
