"""The list of roles: read in order, and every mistake named with its line."""

from __future__ import annotations

import pytest

from visavis.bench.identification_list import read_identification
from visavis.errors import DataError

GOOD = ("gallery,Ann,a1.jpg", "probe_mated,Ann,a2.jpg", "probe_nonmated,Bob,b1.jpg")


@pytest.fixture
def write(tmp_path):
    for name in ("a1", "a2", "b1", "b2"):
        (tmp_path / f"{name}.jpg").touch()

    def listing(*rows, header="role,identity,path"):
        (tmp_path / "split.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return tmp_path / "split.csv", tmp_path

    return listing


def test_photos_come_in_order_with_their_roles(write):
    listed = read_identification(*write(*GOOD))
    assert listed.images == ("a1.jpg", "a2.jpg", "b1.jpg")
    assert listed.identities.tolist() == ["Ann", "Ann", "Bob"]
    assert listed.rows("probe_mated").tolist() == [1]


def test_columns_may_come_in_any_order_beside_others(write):
    rows = [",".join((*reversed(row.split(",")), "x")) for row in GOOD]
    assert read_identification(*write(*rows, header="path,identity,role,note")).images == ("a1.jpg", "a2.jpg", "b1.jpg")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((*GOOD, "probe,Bob,b2.jpg"), r"line 5: role 'probe' is none of gallery, probe_mated, probe_nonmated"),
        ((*GOOD, "gallery,,b2.jpg"), "line 5: says not who"),
        ((*GOOD, "gallery,Eve,a1.jpg"), "line 5: a1.jpg is already on line 2"),
        ((*GOOD, "probe_mated,Eve,b2.jpg"), "line 5: Eve has no photo in the gallery"),
        ((*GOOD, "probe_nonmated,Ann,b2.jpg"), "line 5: Ann is in the gallery"),
        ((*GOOD, "gallery,Eve,../b2.jpg"), "line 5: path"),
        ((*GOOD, "gallery,Eve,c.jpg"), r"1 images are not under .*: c.jpg \(line 5\)"),
        ((*GOOD, "gallery"), "line 5: has fewer values"),
        (GOOD[:2], "no rows with the role probe_nonmated"),
        ((), "no rows with the role gallery, probe_mated, probe_nonmated"),
    ],
)
def test_a_mistake_is_named_with_its_line(write, rows, words):
    with pytest.raises(DataError, match=words):
        read_identification(*write(*rows))


def test_a_missing_column_is_named(write):
    with pytest.raises(DataError, match="line 1: no column identity"):
        read_identification(*write(header="role,path"))


def test_a_file_that_is_no_list_is_refused(tmp_path):
    (tmp_path / "split.csv").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "split.csv", tmp_path / "absent.csv"):
        with pytest.raises(DataError, match="cannot be read as a UTF-8 CSV file"):
            read_identification(path, tmp_path)
