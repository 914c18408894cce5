"""`visavis enroll` with the real engine and a real gallery: what it writes, says, and ends with."""

from __future__ import annotations

import shutil

import pytest

import visavis.gallery as gallery_room
from visavis.errors import GalleryNotFound
from visavis.face import Engine
from visavis.gallery import create_gallery

pytestmark = pytest.mark.weights
pytest.importorskip("sqlalchemy", reason="galleries need visavis[gallery]")


@pytest.fixture
def on(tmp_path, monkeypatch):
    """Options that name a gallery which is not there yet."""
    monkeypatch.delenv("VISAVIS_GALLERY", raising=False)
    monkeypatch.delenv("VISAVIS_GALLERY_KEY", raising=False)
    return ("--gallery", tmp_path / "people.gallery")


@pytest.fixture
def folders(photos, tmp_path):
    """Collins with two photos, one of them nested; Hopper with one; Nobody without any."""
    root = tmp_path / "folders"
    for name in ("Collins/2024", "Hopper", "Nobody"):
        (root / name).mkdir(parents=True)
    shutil.copy(photos / "collins.png", root / "Collins")
    shutil.copy(photos / "cropped.jpg", root / "Collins" / "2024")
    shutil.copy(photos / "hopper.png", root / "Hopper")
    return root


def sources(rows):
    return {row["source"].rsplit("/", 1)[1] for row in rows}


def test_a_folder_of_people_is_enrolled_and_the_gallery_made(visavis, folders, on):
    ran = visavis("enroll", folders, *on, "--json")
    assert ran.code == 0, ran.out
    report = ran.json
    assert (report["made"], report["guard"], report["dry_run"]) == (True, "refuse", False)
    assert report["counts"]["enrolled"] == report["photos"] == 3
    assert sources(report["enrolled"]) == {"collins.png", "cropped.jpg", "hopper.png"}
    assert report["notes"] == ["the folder of Nobody holds no photo"]
    people = visavis("people", "list", *on, "--json").json
    assert {person["name"]: person["references"] for person in people} == {"Collins": 2, "Hopper": 1}


def test_a_gallery_that_another_run_makes_in_this_moment_is_used(visavis, folders, on, monkeypatch):
    real, asked = gallery_room.open_gallery, []

    def open_gallery(uri, **settings):
        asked.append(uri)
        try:
            return real(uri, **settings)
        except GalleryNotFound:
            create_gallery(uri, model=Engine().fingerprint, dimension=128, metric="euclidean").close()
            raise

    monkeypatch.setitem(vars(gallery_room), "open_gallery", open_gallery)
    ran = visavis("enroll", folders / "Hopper", "--person", "Hopper", *on, "--json")
    assert (ran.code, ran.json["made"], ran.json["counts"]["enrolled"], len(asked)) == (0, False, 1, 2)


def test_again_everything_is_known(visavis, folders, on):
    visavis("enroll", folders, *on)
    ran = visavis("enroll", folders, *on, "--json")
    assert (ran.code, ran.json["made"], ran.json["counts"]["known"]) == (0, False, 3)
    assert "0 photos of 0 people enrolled; 3 known" in visavis("enroll", folders, *on).out


def test_what_is_refused_or_fails_is_told_and_the_rest_is_enrolled(visavis, folders, photos, on):
    shutil.copy(photos / "hopper.png", folders / "Collins" / "stray.png")
    shutil.copy(photos / "nobody.png", folders / "Hopper")
    shutil.copy(photos / "broken.jpg", folders / "Hopper")
    ran = visavis("enroll", folders, *on, "--json")
    report = ran.json
    assert ran.code == 2
    assert sources(report["failed"]) == {"broken.jpg"}
    assert {row["source"].rsplit("/", 1)[1]: row["findings"][0]["kind"] for row in report["refused"]} == {
        "stray.png": "outlier",
        "nobody.png": "no face",
    }
    assert report["counts"]["enrolled"] == 3
    said = visavis("enroll", folders, *on)
    assert said.code == 2
    assert "refused: " in said.out
    assert "failed: " in said.out
    assert "3 known, 2 refused, 1 failed" in said.out


def test_a_photo_with_two_people_needs_the_face_to_be_named(visavis, photos, on):
    ran = visavis("enroll", photos / "both.png", "--person", "Collins", *on, "--json")
    assert ran.code == 2
    assert ran.json["refused"][0]["findings"][0]["kind"] == "several faces"
    chosen = visavis("enroll", photos / "both.png", "--person", "Collins", "--face", "0", *on)
    assert chosen.code == 0
    other = visavis("enroll", photos / "both.png", "--person", "Hopper", "--face", "1", *on)
    assert other.code == 0
    merged = visavis("people", "merge", "Collins", "Hopper", *on, "--json")
    assert merged.json["error"]["type"] == "GalleryConflict"


def test_the_first_run_says_that_it_made_the_gallery(visavis, photos, on):
    said = visavis("enroll", photos / "collins.png", "--person", "Collins", *on).out
    assert "made this gallery, for templates of dlib-resnet@" in said
    assert "1 photo of 1 person enrolled; 0 known" in said


def test_consent_date_and_crops_are_kept_as_asked(visavis, photos, on):
    keep = ("--consent", "signed form", "--retain-until", "2999-01-31", "--no-crops")
    assert visavis("enroll", photos / "collins.png", "--person", "Eileen  Collins", *keep, *on).code == 0
    person = visavis("people", "show", "Eileen Collins", *on, "--json").json
    (reference,) = person["enrolled"]
    assert (reference["consent"], reference["retain_until"]) == ("signed form", "2999-01-31")
    assert not reference["has_crop"]


def test_an_enrolled_person_is_identified(visavis, folders, photos, on):
    visavis("enroll", folders, *on)
    ran = visavis("identify", photos / "cropped.jpg", *on)
    assert "identified as Collins" in ran.out


def test_a_dry_run_makes_and_writes_nothing(visavis, folders, on):
    ran = visavis("enroll", folders, *on, "--dry-run", "--json")
    assert (ran.code, ran.json["counts"]["enrolled"], ran.json["gallery"]) == (0, 3, None)
    assert not on[1].exists()
    assert "3 photos of 2 people would be enrolled" in visavis("enroll", folders, *on, "--dry-run").out
    visavis("gallery", "create", *on)
    assert visavis("enroll", folders, *on, "--dry-run").code == 0
    assert visavis("gallery", "info", *on, "--json").json["references"] == 0


def test_a_guard_that_flags_lets_strays_in(visavis, folders, photos, on):
    shutil.copy(photos / "hopper.png", folders / "Collins" / "stray.png")
    ran = visavis("enroll", folders, *on, "--guard", "flag", "--json")
    assert ran.code == 0
    assert "stray.png" in sources(ran.json["flagged"])
    assert sources(ran.json["flagged"]) <= sources(ran.json["enrolled"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("{photos}",), "InvalidInput"),
        (("{photos}/collins.png",), "InvalidInput"),
        (("{empty}",), "ImageNotFound"),
        (("{photos}/nothing.png",), "ImageNotFound"),
        (("{photos}/collins.png", "--person", "a" * 10_000), "InvalidInput"),
        (("{photos}/collins.png", "--person", ""), "InvalidInput"),
        (("{photos}/collins.png", "--person", "C", "--retain-until", "2001-01-01"), "InvalidInput"),
        (("{photos}/collins.png", "--person", "C", "--guard", "strict"), "InvalidInput"),
        (("{photos}", "--person", "C", "--face", "0"), "InvalidInput"),
    ],
)
def test_what_cannot_be_is_one_error_and_no_gallery_is_made(visavis, photos, tmp_path, on, arguments, error):
    (tmp_path / "empty").mkdir()
    named = [argument.format(photos=photos, empty=tmp_path / "empty") for argument in arguments]
    ran = visavis("enroll", *named, *on, "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, error)
    assert not on[1].exists()


def test_a_gallery_of_another_model_is_refused(visavis, photos, on):
    visavis("gallery", "create", *on)
    ran = visavis("enroll", photos / "collins.png", "--person", "Collins", "--flip", *on, "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "TemplateMismatch")


def test_the_help_says_what_the_exit_codes_mean(visavis):
    said = " ".join(visavis("enroll", "--help").out.split())
    assert all(word in said for word in ("Exit code", "--json", "--dry-run", "--guard", "VISAVIS_GALLERY"))
