from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.weights


def test_detect_lists_faces_and_draws_them(visavis, photos, tmp_path):
    ran = visavis("detect", photos / "both.png", photos / "nobody.png", "--out", tmp_path / "drawn", "--json")
    assert ran.code == 0
    assert [len(photo["faces"]) for photo in ran.json["photos"]] == [2, 0]
    with Image.open(tmp_path / "drawn" / "both.faces.png") as picture:
        assert picture.width >= 480
    assert "2 faces" in visavis("detect", photos / "both.png").out


def test_photos_that_cannot_be_used_are_told_and_skipped(visavis, photos):
    ran = visavis("detect", photos, "--json")
    assert ran.code == 0
    assert len(ran.json["photos"]) == 5
    (failed,) = ran.json["failed"]
    assert failed["source"].endswith("broken.jpg")
    assert visavis("detect", photos / "broken.jpg").code == 2
    assert visavis("detect", photos, "--strict").code == 2


def test_quality_is_listed_best_first(visavis, photos):
    ran = visavis("quality", photos / "collins.png", photos / "cropped.jpg", photos / "nobody.png", "--json")
    assert set(ran.json["photos"][0]["faces"][0]["quality"]) == {
        "size",
        "sharpness",
        "exposure",
        "frontality",
        "detection",
        "summary",
    }
    assert "nobody.png: no face" in visavis("quality", photos / "collins.png", photos / "nobody.png").out


@pytest.mark.parametrize("suffix", ["npz", "parquet", "json"])
def test_templates_are_written_with_all_that_belongs_to_them(visavis, photos, tmp_path, suffix):
    out = tmp_path / f"templates.{suffix}"
    ran = visavis("embed", photos / "both.png", photos / "collins.png", photos / "nobody.png", "--out", out, "--json")
    assert ran.code == 0
    assert (ran.json["photos"], ran.json["faces"]) == (3, 3)
    if suffix == "npz":
        table = dict(np.load(out))
        assert table["template"].shape == (3, 128)
        assert table["points"].shape == (3, 5, 2)
    elif suffix == "json":
        rows = json.loads(out.read_text())
        table = {key: [row[key] for row in rows] for key in rows[0]}
    else:
        parquet = pytest.importorskip("pyarrow.parquet", reason="parquet files need pyarrow")
        table = parquet.read_table(out).to_pydict()
    assert set(table) == {"source", "face", "box", "points", "score", "quality", "template", "model"}
    assert [str(s).rsplit("/", 1)[-1] for s in table["source"]] == ["both.png", "both.png", "collins.png"]
    assert list(table["face"]) == [0, 1, 0]
    assert len(table["template"][0]) == 128


def test_no_faces_at_all_make_an_empty_file(visavis, photos, tmp_path):
    for suffix in ("npz", "parquet", "json"):
        out = tmp_path / f"none.{suffix}"
        assert visavis("embed", photos / "nobody.png", "--out", out).code == 0
        assert out.stat().st_size > 0


def test_an_unknown_format_is_refused_before_any_work(visavis, photos, tmp_path):
    ran = visavis("embed", photos, "--out", tmp_path / "templates.csv")
    assert ran.code == 2
    assert ".npz, .parquet, .json" in ran.err


def test_a_folder_without_photos_is_named(visavis, tmp_path):
    ran = visavis("detect", tmp_path, "--json")
    assert ran.code == 2
    assert ran.json["error"]["type"] == "ImageNotFound"


def test_a_folder_that_cannot_be_searched_is_named_not_passed_over(visavis, photos, monkeypatch):
    def walk(folder, onerror):
        onerror(PermissionError(13, "Permission denied", f"{folder}/secret"))

    monkeypatch.setattr("os.walk", walk)
    ran = visavis("detect", photos)
    assert ran.code == 2
    assert "secret: cannot be searched (Permission denied)" in ran.err
