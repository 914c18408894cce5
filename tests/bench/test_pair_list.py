"""A pairs list is read as written, or refused by file and line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visavis.bench.pair_list import read_pairs
from visavis.errors import DataError


@pytest.fixture
def write(tmp_path):
    """Writes pairs.csv beside the photos a/1, a/2, b/1 and b/2, and returns its path."""
    for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def writer(*lines, header="fold,same,path_a,path_b"):
        path = tmp_path / "pairs.csv"
        path.write_bytes("\n".join([header, *lines, ""]).encode())
        return path

    return writer


GOOD = ("1,1,a/1.jpg,a/2.jpg", "2,0,b/1.jpg,a/2.jpg")


def test_every_column_ends_where_it_belongs_and_images_are_listed_once(write):
    path = write(*GOOD)
    pairs = read_pairs(path, path.parent)
    assert pairs.images == ("a/1.jpg", "a/2.jpg", "b/1.jpg")
    assert [pairs.images[i] for i in pairs.first] == ["a/1.jpg", "b/1.jpg"]
    assert [pairs.images[i] for i in pairs.second] == ["a/2.jpg", "a/2.jpg"]
    assert pairs.same.tolist() == [True, False]
    assert pairs.folds.tolist() == [1, 2]
    assert (len(pairs), pairs.source_sets, pairs.notes) == (2, None, ())


def test_order_of_columns_other_columns_spaces_and_a_byte_order_mark_do_not_matter(write):
    path = write("x, true ,b/1.jpg,1,b/2.jpg", "x,FALSE,a/1.jpg,2,b/2.jpg", header="\ufeffz,same,path_b, fold ,path_a")
    pairs = read_pairs(path, path.parent)
    assert pairs.same.tolist() == [True, False]
    assert pairs.images[pairs.first[0]] == "b/2.jpg"


def test_one_photo_under_two_spellings_is_one_image(write):
    path = write("1,1,a/1.jpg,./a/2.jpg", "2,0,a/../a/1.jpg,b//1.jpg")
    assert read_pairs(path, path.parent).images == ("a/1.jpg", "a/2.jpg", "b/1.jpg")


def test_source_sets_are_kept_where_there_are_any(write):
    path = write("s,1,1,a/1.jpg,a/2.jpg", "t,2,0,a/1.jpg,b/1.jpg", header="source_set,fold,same,path_a,path_b")
    assert read_pairs(path, path.parent).source_sets == ("s", "t")


def test_without_folds_each_kind_is_cut_into_consecutive_parts_and_this_is_noted(write):
    same, different = ["1,a/1.jpg,a/2.jpg"] * 7, ["0,a/1.jpg,b/1.jpg"] * 4
    path = write(*same, *different, header="same,path_a,path_b")
    pairs = read_pairs(path, path.parent, folds=3)
    assert pairs.folds.tolist() == [1, 1, 1, 2, 2, 3, 3, 1, 1, 2, 3]
    assert pairs.notes == ("no column fold: 3 folds of consecutive pairs were made, for each kind on its own",)
    assert len(np.unique(read_pairs(path, path.parent).folds)) == 4  # no more folds than pairs of a kind


def test_folders_name_people_only_if_every_label_agrees(write):
    path = write(*GOOD)
    people = read_pairs(path, path.parent).identities()
    assert people is not None
    assert people.tolist() == ["a", "a", "b"]
    path = write(*GOOD, "2,0,b/1.jpg,b/2.jpg")
    assert read_pairs(path, path.parent).identities() is None


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        (GOOD, "fold,same,path_a,b", r"pairs.csv, line 1: no column path_b"),
        ((), "fold,same,path_a,path_b", "holds no pairs"),
        (("1,1,a/1.jpg,a/2.jpg", "1,maybe,a/1.jpg,a/2.jpg"), None, r"line 3: same is 'maybe'; write 1 .* or 0"),
        (("one,1,a/1.jpg,a/2.jpg", GOOD[1]), None, r"line 2: fold is 'one'"),
        (("1" * 30 + ",1,a/1.jpg,a/2.jpg", GOOD[1]), None, "whole number"),
        ((GOOD[0], "1,0,a/1.jpg"), None, r"line 3: has fewer values"),
        ((GOOD[0], "1,0,a/1.jpg,"), None, r"line 3: path '' must name a file below"),
        ((GOOD[0], "1,0,a/1.jpg,../secret.jpg"), None, r"line 3: path '../secret.jpg' must name a file below"),
        ((GOOD[0], "1,0,a/1.jpg,a/../../x.jpg"), None, "below the root folder"),
        ((GOOD[0], "1,0,a/1.jpg,/etc/passwd"), None, "below the root folder"),
        ((GOOD[0], "1,1,b/1.jpg,b/2.jpg"), None, "all pairs are labelled 1; a benchmark needs both"),
        ((GOOD[0], "1,0,a/1.jpg,b/1.jpg"), None, "all pairs are in fold 1"),
        (("1,a/1.jpg,a/2.jpg", "0,a/1.jpg,b/2.jpg"), "same,path_a,path_b", "at least two pairs of each kind"),
        ((*GOOD, '1,0,"a/1.jpg'), None, "cannot be read as a UTF-8 CSV"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_by_file_and_line(write, lines, header, message):
    path = write(*lines, **({"header": header} if header else {}))
    with pytest.raises(DataError, match=message):
        read_pairs(path, path.parent)


def test_missing_images_are_listed_with_their_lines_but_not_without_end(write):
    path = write(*GOOD, *(f"1,0,a/1.jpg,gone{i}.jpg" for i in range(8)))
    with pytest.raises(DataError, match=r"8 images are not under .*gone0.jpg \(line 4\).*gone4.jpg.* and 3 more"):
        read_pairs(path, path.parent)


def test_a_list_that_is_absent_or_no_text_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"absent\.csv: cannot be read"):
        read_pairs(tmp_path / "absent.csv", tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        read_pairs(tmp_path, tmp_path)
    (tmp_path / "photo.csv").write_bytes(b"\xff\xd8\xff\xe0" * 9)
    with pytest.raises(DataError, match="UTF-8"):
        read_pairs(tmp_path / "photo.csv", tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.text(st.sampled_from('01,/.ab"\n\r\0 \ufeffé-'), max_size=60) | st.binary(max_size=60))
def test_no_rubbish_raises_anything_but_a_data_error(tmp_path, rubbish):
    path = tmp_path / "pairs.csv"
    header = b"fold,same,path_a,path_b\n" if len(rubbish) % 2 else b""
    path.write_bytes(header + (rubbish if isinstance(rubbish, bytes) else rubbish.encode()))
    with pytest.raises(DataError, match=r"pairs\.csv"):
        read_pairs(path, tmp_path)
