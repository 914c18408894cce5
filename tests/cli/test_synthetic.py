"""`visavis synthetic` as a user meets it: folders with labels, repeats that go on, and mistakes that are explained."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba", reason="rendering needs the extra synthetic")
parquet = pytest.importorskip("pyarrow.parquet", reason="the table of labels needs pyarrow")

PEOPLE = ("synthetic", "people")
TINY = ("--count", 2, "--per-person", 2, "--size", 32)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Two people, two shots each, with all maps, made in this process."""
    from visavis.synthetic.export import export
    from visavis.synthetic.export.people import People
    from visavis.synthetic.export.pictures import MAPS

    folder = tmp_path_factory.mktemp("people") / "out"
    export(People(count=2, per_person=2, size=32, max_yaw=20.0, labels=tuple(MAPS)), folder)
    return folder


def test_people_come_with_pictures_maps_and_a_row_each(labelled):
    rows = parquet.read_table(labelled / "labels.parquet").to_pylist()
    assert [(row["person_id"], row["shot_id"]) for row in rows] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for row in rows:
        stem = labelled / row["file"].removesuffix(".png")
        with Image.open(labelled / row["file"]) as picture, Image.open(f"{stem}.parsing.png") as mask:
            assert picture.size == mask.size == (32, 32)
            classes = np.asarray(mask)
        with Image.open(f"{stem}.depth.png") as depth:
            assert ((np.asarray(depth) > 0) == (classes > 0)).all()
        assert np.load(f"{stem}.normals.npz")["values"].shape == (32, 32, 3)
        assert abs(row["yaw"]) <= 20
        assert len(row["landmarks"]) == 68
        assert row["version"] == json.loads((labelled / "dataset.json").read_bytes())["version"]


def test_the_command_makes_the_same_bytes_in_two_processes_and_goes_on_when_repeated(visavis, labelled, tmp_path):
    out = tmp_path / "out"
    labels = ("--max-yaw", 20, "--labels", "parsing,depth,alpha,normals,albedo,shading")
    ran = visavis(*PEOPLE, out, *TINY, *labels, "--processes", 2, "--json")
    assert ran.code == 0
    answer = {"folder": str(out), "kind": "people", "count": 2, "rows": 4, "made": 2}
    assert ran.json == {**answer, "labels": str(out / "labels.parquet")}
    assert contents(out) == contents(labelled)
    (out / "person-000001" / "000.png").unlink()
    assert "2 people, 1 of them from before; 4 rows" in visavis(*PEOPLE, out, *TINY, *labels, "--processes", 1).out
    assert contents(out) == contents(labelled)


def test_factors_can_be_held(visavis, tmp_path):
    held = ("--group", "tone=4:5", "--group", "light=indoor,outdoor", "--fix", "expression=happy", "--format", "jpg")
    ran = visavis(*PEOPLE, tmp_path / "out", *TINY, *held, "--independent", "--processes", 1)
    assert ran.code == 0
    rows = parquet.read_table(tmp_path / "out" / "labels.parquet").to_pylist()
    assert all(4 <= row["person_tone"] <= 5 for row in rows)
    assert {row["shot_expression"] for row in rows} == {"happy"}
    assert {row["shot_light"] for row in rows} <= {"indoor", "outdoor"}
    assert all(row["file"].endswith(".jpg") for row in rows)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--count", 0), "count 0: needs a whole number from 1 to 1000000"),
        (("--count", 1_000_001), "count 1000001: needs"),
        (("--count", 1, "--per-person", 0), "per_person 0: needs a whole number from 1 to 10000"),
        (("--count", 1, "--size", 0), "size 0: needs a whole number from 16 to 4096"),
        (("--count", 1, "--size", 20_000), "size 20000: needs a whole number from 16 to 4096"),
        (("--count", 1, "--seed", -1), "seed -1: needs a whole number from 0 to"),
        (("--count", 1, "--max-yaw", 91), "max_yaw 91.0: needs 0 to 90 degrees"),
        (("--count", 1, "--samples", 5), "samples 5: needs a whole number from 1 to 4"),
        (("--count", 1, "--labels", "teeth"), "label map 'teeth': needs one or more of parsing, depth"),
        (("--count", 1, "--format", "gif"), "picture format 'gif': needs one of png, jpg"),
        (("--count", 1, "--fix", "height=2"), "no factor 'height'; people have age"),
        (("--count", 1, "--group", "tone=3:9"), "tone 9.0: needs 0 to 5"),
        (("--count", 1, "--processes", 0), "processes 0: needs a whole number from 1 to 256"),
    ],
)
def test_what_is_out_of_range_is_told_with_the_range_and_nothing_is_made(visavis, tmp_path, options, said):
    ran = visavis(*PEOPLE, tmp_path / "out", *options, "--json")
    assert ran.code == 2
    assert ran.json["error"]["type"] == "InvalidInput"
    assert said in ran.json["error"]["message"]
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_parameters_is_not_mixed_with(visavis, labelled):
    before = contents(labelled)
    ran = visavis(*PEOPLE, labelled, *TINY)
    assert ran.code == 2
    assert "made with other parameters (max_yaw was 20.0, now 35.0" in ran.err
    assert contents(labelled) == before


def test_a_file_is_no_folder(visavis, tmp_path):
    (tmp_path / "file").touch()
    ran = visavis(*PEOPLE, tmp_path / "file", *TINY, "--json")
    assert ran.code == 2
    assert "is a file; name a folder" in ran.json["error"]["message"]


def test_plates_come_with_their_texts(visavis, tmp_path):
    ran = visavis(
        "synthetic", "plates", tmp_path, "--count", 2, "--width", 160, "--height", 90, "--processes", 1, "--json"
    )
    assert (ran.code, ran.json["rows"]) == (0, 2)
    for row in parquet.read_table(tmp_path / "labels.parquet").to_pylist():
        with Image.open(tmp_path / row["file"]) as picture:
            assert picture.size == (row["width"], row["height"]) == (160, 90)
        assert "".join(row["characters"]) == row["text"].replace(" ", "")
        assert len(row["character_corners"]) == len(row["characters"])
    refused = visavis("synthetic", "plates", tmp_path / "other", "--count", 1, "--region", "atlantis")
    assert refused.code == 2
    assert "atlantis" in refused.err


def test_speech_comes_with_its_words_and_their_times(visavis, tmp_path):
    import wave

    options = ("--count", 2, "--per-person", 2, "--rate", 8000, "--processes", 1)
    assert visavis("synthetic", "speech", tmp_path, *options).code == 0
    rows = parquet.read_table(tmp_path / "labels.parquet").to_pylist()
    assert [row["file"] for row in rows] == [f"person-{k:06d}/{j:03d}.wav" for k in range(2) for j in range(2)]
    for row in rows:
        with wave.open(str(tmp_path / row["file"])) as file:
            assert file.getframerate() == row["rate"] == 8000
            assert file.getnframes() == round(row["seconds"] * 8000)
        assert " ".join(row["words"]) == row["transcript"]
        assert len(row["words"]) == len(row["word_starts"]) == len(row["word_ends"])


@pytest.mark.parametrize(
    ("command", "options", "files"),
    [
        ("scene", ("--people", 2, "--labels", "person"), ["scene-000000.person.png", "scene-000000.png"]),
        ("stereo", ("--samples", 1, "--fix", "distance=1"), ["pair-000000.left.png", "pair-000000.right.png"]),
        ("clip", ("--seconds", 0.1, "--speech"), ["clip-000000.json", "clip-000000.mp4"]),
    ],
)
def test_scenes_pairs_and_films_fill_a_folder_too(visavis, tmp_path, command, options, files):
    if command == "clip":
        pytest.importorskip("av", reason="films need PyAV")
    small = ("--count", 1, "--width", 64, "--height", 48, "--processes", 1)
    ran = visavis("synthetic", command, tmp_path, *small, *options, "--json")
    assert ran.code == 0
    assert set(files) <= {path.name for path in tmp_path.iterdir()}
    assert parquet.read_metadata(tmp_path / "labels.parquet").num_rows == ran.json["rows"] >= 1
    refused = visavis("synthetic", command, tmp_path / "other", *small, "--seed", -1, *options, "--json")
    assert refused.json["error"]["type"] == "InvalidInput"


def test_a_sheet_shows_people_beside_each_other(visavis, tmp_path):
    out = tmp_path / "sheet.png"
    ran = visavis("synthetic", "sheet", out, "--people", 2, "--shots", 1, "--size", 32, "--samples", 1, "--json")
    assert ran.code == 0
    with Image.open(out) as picture:
        assert picture.size == (ran.json["width"], ran.json["height"])
        assert len(picture.getcolors(32 * 64)) > 200
        assert "seed 0; shows no real person" in picture.info["Comment"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("sheet.tga", "sheet.tga: needs a name that ends in one of .png, .jpg"), ("none/sheet.png", "create the folder")],
)
def test_a_sheet_that_cannot_be_written_is_told_before_the_work(visavis, tmp_path, monkeypatch, name, said):
    monkeypatch.setattr("visavis.synthetic.sheet.contact_sheet", None)
    refused = visavis("synthetic", "sheet", tmp_path / name)
    assert refused.code == 2
    assert said in refused.err


def test_who_stops_a_run_is_told_how_to_go_on(visavis, tmp_path, monkeypatch):
    def stopped(self, item):
        raise KeyboardInterrupt

    monkeypatch.setattr("visavis.synthetic.export.plates.Plates.files", stopped)
    ran = visavis("synthetic", "plates", tmp_path / "out", "--count", 1, "--processes", 1, "--json")
    assert (ran.code, ran.out) == (130, "")
    assert "out: stopped; what was written is kept: repeat the same command to go on" in ran.err


@pytest.mark.parametrize("command", ["people", "scene", "clip", "stereo", "plates", "speech", "sheet"])
def test_every_command_explains_itself_and_answers_programs(visavis, command):
    ran = visavis("synthetic", command, "--help")
    assert ran.code == 0
    assert "--json" in ran.out
    assert "--seed" in ran.out
