"""Whose photos lie where: one folder per person, one person's folder, single photos, and what is unclear."""

from __future__ import annotations

import os

import pytest

from visavis.errors import ImageNotFound, InvalidInput
from visavis.gallery.enrolment import PhotoOf, photos_at, photos_in


@pytest.fixture
def people(tmp_path):
    """Ada with a photo and two deeper ones, Ben with one, and what is to be passed over."""
    for name in ("Ada/1.jpg", "Ada/2024/june/2.JPG", "Ada/2024/3.png", "Ben/1.heic"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"photo")
    for name in ("Ada/notes.txt", "Ada/._1.jpg", ".thumbs/1.jpg", "Ben/.cache/1.jpg"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"other")
    return tmp_path


def test_photos_belong_to_the_folder_at_the_top_however_deep_they_lie(people):
    found = photos_in(people)
    assert [(item.person, os.path.relpath(item.photo, people)) for item in found] == [
        ("Ada", "Ada/1.jpg"),
        ("Ada", "Ada/2024/3.png"),
        ("Ada", "Ada/2024/june/2.JPG"),
        ("Ben", "Ben/1.heic"),
    ]
    assert len(found) == 4
    assert found.empty == ()


def test_a_folder_may_be_walked_again(people):
    found = photos_in(people)
    assert list(found) == list(found)


def test_a_person_s_folder_may_be_a_link(people, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "1.jpg").write_bytes(b"photo")
    (people / "Cem").symlink_to(elsewhere)
    assert "Cem" in {item.person for item in photos_in(people)}


def test_an_empty_folder_of_a_person_is_told(people):
    (people / "Dan").mkdir()
    assert photos_in(people).empty == ("Dan",)


def test_photos_of_nobody_in_particular_are_an_error_that_names_them(people):
    for i in range(5):
        (people / f"loose{i}.jpg").write_bytes(b"photo")
    with pytest.raises(InvalidInput, match=r"loose0\.jpg, loose1\.jpg, loose2\.jpg, \.\.\.\).*of their person"):
        photos_in(people)


def test_a_flat_folder_needs_to_be_told_who_it_is(people):
    with pytest.raises(InvalidInput, match=r"1\.heic.*--person NAME"):
        photos_in(people / "Ben")
    assert [item.person for item in photos_in(people / "Ben", "Benjamin")] == ["Benjamin"]


def test_one_person_cannot_be_on_the_photos_of_several_folders(people):
    with pytest.raises(InvalidInput, match=r"has folders of its own \(Ada, Ben\)"):
        photos_in(people, "Ada")


def test_a_folder_without_photos_is_an_error(tmp_path):
    (tmp_path / "Ada").mkdir()
    with pytest.raises(ImageNotFound, match="holds no photo"):
        photos_in(tmp_path)
    with pytest.raises(ImageNotFound, match="cannot be searched"):
        photos_in(tmp_path / "nowhere")


def test_paths_of_photos_and_folders_come_one_after_the_other(people):
    found = photos_at([people / "Ben", people / "Ada" / "1.jpg"], "Ben")
    assert [item.photo for item in found] == [people / "Ben" / "1.heic", people / "Ada" / "1.jpg"]
    assert len(found) == 2
    assert photos_at([people]).parts == (photos_in(people),)


def test_a_photo_needs_a_person_and_a_face_number_a_single_photo(people):
    photo = people / "Ada" / "1.jpg"
    with pytest.raises(InvalidInput, match="nobody knows who"):
        photos_at([photo])
    with pytest.raises(ImageNotFound, match="no such photo"):
        photos_at([people / "none.jpg"])
    assert list(photos_at([photo], "Ada", 1)) == [PhotoOf(photo, "Ada", 1)]
    for paths in ([photo, photo], [people / "Ben"]):
        with pytest.raises(InvalidInput, match="single photo"):
            photos_at(paths, "Ada", 1)
