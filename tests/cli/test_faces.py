from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image
from tests.people import face_boxes, overlap

pytestmark = pytest.mark.weights


def test_detect_lists_faces_and_draws_them(visavis, people, tmp_path):
    ran = visavis("detect", people / "group.png", people / "nobody.png", "--out", tmp_path / "drawn", "--json")
    assert ran.code == 0
    assert [len(photo["faces"]) for photo in ran.json["photos"]] == [3, 0]
    with Image.open(tmp_path / "drawn" / "group.faces.png") as picture:
        assert picture.width >= 480
    assert "3 faces" in visavis("detect", people / "group.png").out


def test_the_boxes_and_points_of_the_answer_are_where_the_faces_are(visavis, people, group_photo):
    (photo,) = visavis("detect", people / "group.png", "--json").json["photos"]
    assert overlap([face["box"] for face in photo["faces"]], face_boxes(group_photo)).diagonal().min() > 0.6
    for found, person in zip(photo["faces"], group_photo.faces, strict=True):
        error = np.linalg.norm(np.array(found["points"]) - person.face.points, axis=1).mean()
        assert error < 0.1 * person.face.box.height


def test_photos_that_cannot_be_used_are_told_and_skipped(visavis, people):
    ran = visavis("detect", people, "--json")
    assert ran.code == 0
    assert len(ran.json["photos"]) == 5
    (failed,) = ran.json["failed"]
    assert failed["source"].endswith("broken.jpg")
    assert visavis("detect", people / "broken.jpg").code == 2
    assert visavis("detect", people, "--strict").code == 2


def test_quality_is_listed_best_first(visavis, people):
    photos = people / "group.png", people / "again.jpg", people / "person.png", people / "nobody.png"
    rows = [
        face["quality"] for photo in visavis("quality", *photos, "--json").json["photos"] for face in photo["faces"]
    ]
    parts = {"size", "sharpness", "exposure", "frontality", "detection"}
    assert all(set(row) == parts | {"summary"} for row in rows)
    listed = visavis("quality", *photos).out
    assert "nobody.png: no face" in listed
    summaries = [float(number) for number in re.findall(r"\W \d+ +\W (\d\.\d\d) ", listed)]
    assert summaries == sorted((round(row["summary"], 2) for row in rows), reverse=True)
    assert len(summaries) == 5


@pytest.mark.parametrize("suffix", ["npz", "parquet", "json"])
def test_templates_are_written_with_all_that_belongs_to_them(visavis, people, tmp_path, suffix):
    out = tmp_path / f"templates.{suffix}"
    ran = visavis("embed", people / "group.png", people / "person.png", people / "nobody.png", "--out", out, "--json")
    assert ran.code == 0
    assert (ran.json["photos"], ran.json["faces"]) == (3, 4)
    if suffix == "npz":
        table = dict(np.load(out))
        assert table["template"].shape == (4, 128)
        assert table["points"].shape == (4, 5, 2)
    elif suffix == "json":
        rows = json.loads(out.read_text())
        table = {key: [row[key] for row in rows] for key in rows[0]}
    else:
        parquet = pytest.importorskip("pyarrow.parquet", reason="parquet files need pyarrow")
        table = parquet.read_table(out).to_pydict()
    assert set(table) == {"source", "face", "box", "points", "score", "quality", "template", "model"}
    assert [str(s).rsplit("/", 1)[-1] for s in table["source"]] == ["group.png"] * 3 + ["person.png"]
    assert list(table["face"]) == [0, 1, 2, 0]
    assert len(table["template"][0]) == 128


def test_no_faces_at_all_make_an_empty_file(visavis, people, tmp_path):
    for suffix in ("npz", "parquet", "json"):
        out = tmp_path / f"none.{suffix}"
        assert visavis("embed", people / "nobody.png", "--out", out).code == 0
        assert out.stat().st_size > 0


def test_an_unknown_format_is_refused_before_any_work(visavis, people, tmp_path):
    ran = visavis("embed", people, "--out", tmp_path / "templates.csv")
    assert ran.code == 2
    assert ".npz, .parquet, .json" in ran.err


def test_a_folder_without_photos_is_named(visavis, tmp_path):
    ran = visavis("detect", tmp_path, "--json")
    assert ran.code == 2
    assert ran.json["error"]["type"] == "ImageNotFound"


def test_a_folder_that_cannot_be_searched_is_named_not_passed_over(visavis, people, monkeypatch):
    def walk(folder, onerror):
        onerror(PermissionError(13, "Permission denied", f"{folder}/secret"))

    monkeypatch.setattr("os.walk", walk)
    ran = visavis("detect", people)
    assert ran.code == 2
    assert "secret: cannot be searched (Permission denied)" in ran.err
