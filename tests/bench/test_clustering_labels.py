from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visavis.bench.clustering_labels import agreement, judge_labels, read_labels, subjects
from visavis.errors import DataError
from visavis.matching.clustering import FoundFaces


def faces_on(paths, boxes=None):
    count = len(paths)
    index = np.array([paths[:row].count(path) for row, path in enumerate(paths)], np.int64)
    boxes = np.tile(np.float32([10, 10, 20, 20]), (count, 1)) if boxes is None else np.float32(boxes)
    sizes = np.full((count, 2), 100, np.int32)
    return FoundFaces(
        tuple(paths), index, boxes, np.ones(count, np.float32), sizes, np.zeros((count, 2), np.float32), "m"
    )


def test_of_several_faces_the_one_that_the_photo_was_taken_for_is_judged():
    boxes = [[0, 0, 30, 30], [35, 35, 63, 63], [10, 10, 20, 20]]  # the largest is cut off in a corner
    assert subjects(faces_on(["a", "a", "b"], boxes)).tolist() == [1, 2]


def test_photos_are_judged_against_their_folders(tmp_path):
    paths = [str(tmp_path / name) for name in ("ada/1.jpg", "ada/2.jpg", "ben/1.jpg", "sub/ben/1.jpg")]
    labels = read_labels("folders", paths, Path())
    found = judge_labels(faces_on(paths), np.array([0, 0, 1, 1]), labels)
    assert (found.faces, found.people) == (4, 3)
    assert found.bcubed.precision == pytest.approx(0.75)
    assert found.to_dict()["pairwise"] == {"precision": 0.5, "recall": 1.0, "f": pytest.approx(2 / 3)}


def test_photos_are_judged_against_a_csv_file_and_those_not_in_it_are_not(tmp_path):
    for name in "123":
        (tmp_path / f"{name}.jpg").touch()
    (tmp_path / "who.csv").write_text("path,identity\n1.jpg,ada\n2.jpg,ada\n")
    paths = [str(tmp_path / f"{name}.jpg") for name in "123"]
    labels = read_labels(str(tmp_path / "who.csv"), paths, tmp_path)
    found = judge_labels(faces_on(paths), np.array([0, -1, 0]), labels)
    assert (found.faces, found.people, found.pairwise.recall) == (2, 1, 0)


def test_a_csv_file_finds_photos_of_several_folders_wherever_they_are_named_from(tmp_path):
    paths = [str(tmp_path / "lfw" / name) for name in ("Ada/1.jpg", "Ben/1.jpg", "Cem/2.jpg")]
    root, listing = tmp_path / "lfw" / "Ada", tmp_path / "lists" / "who.csv"
    listing.parent.mkdir()
    expected = dict(zip(paths, "abc", strict=True))
    for names in (
        ("Ada/1.jpg", "Ben/1.jpg", "2.jpg"),  # ends of paths
        ("../lfw/Ada/1.jpg", "../lfw/Ben/1.jpg", "../lfw/Cem/2.jpg"),  # from the list's folder
        ("1.jpg", "../Ben/1.jpg", paths[2]),  # from the first folder, and absolute
    ):
        rows = [f"{name},{person}" for name, person in zip((*names, "Dee/9.jpg"), "abcd", strict=True)]
        listing.write_text("\n".join(["path,identity", *rows]))
        assert read_labels(str(listing), paths, root) == expected


def test_rows_that_mean_none_or_several_of_the_photos_are_refused(tmp_path):
    paths, listing = [str(tmp_path / "lfw" / name) for name in ("Ada/1.jpg", "Ben/1.jpg")], tmp_path / "who.csv"
    listing.write_text("path,identity\n1.jpg,a\n")
    with pytest.raises(DataError, match=r"1\.jpg may be .*Ada/1\.jpg or .*Ben/1\.jpg; give more"):
        read_labels(str(listing), paths, tmp_path)
    listing.write_text("path,identity\nCem/1.jpg,c\n")
    with pytest.raises(DataError, match=r"none of its 1 photos is among those.*Cem/1\.jpg.*relative to"):
        read_labels(str(listing), paths, tmp_path)


def test_labels_of_other_photos_are_refused(tmp_path):
    with pytest.raises(DataError, match="none of the labelled photos has a face"):
        judge_labels(faces_on(["a"]), np.array([0]), {"b": "ada"})
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(str(tmp_path / "none.csv"), [], tmp_path)


def test_all_measures_come_together():
    found = agreement(["a", "a", "b"], np.array([0, 0, -1]))
    assert found.to_dict() == {
        "faces": 3,
        "people": 2,
        "pairwise": {"precision": 1, "recall": 1, "f": 1},
        "bcubed": {"precision": 1, "recall": 1, "f": 1},
        "nmi": pytest.approx(1),
    }
