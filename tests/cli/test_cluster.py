"""`visavis cluster` with the real engine and, for galleries, a real gallery.

Renders lie nearer to each other than photos, so that thresholds made for photos say nothing about them: where the
clusters of renders matter, a similarity is given.
"""

from __future__ import annotations

import json
import shutil
import stat

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("faiss", reason="needs visavis[cluster]")
pytestmark = pytest.mark.weights


@pytest.fixture
def folders(tmp_path, photos):
    """Two real people in folders of their own, each photographed three times, and one photo of both."""
    for person, photo in (("collins", "collins.png"), ("hopper", "hopper.png")):
        folder = tmp_path / "photos" / person
        folder.mkdir(parents=True)
        with Image.open(photos / photo) as image:
            image.save(folder / "1.png")
            image.resize((image.width * 4 // 5, image.height * 4 // 5)).save(folder / "2.jpg", quality=80)
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "3.png")
    return tmp_path / "photos"


def names(paths):
    return sorted(path.split("photos/")[1] for path in paths)


def test_the_faces_of_a_folder_are_grouped_by_person(visavis, folders):
    ran = visavis("cluster", folders, "--json")
    assert ran.code == 0
    assert sorted(names(one["paths"]) for one in ran.json["clusters"]) == [
        ["collins/1.png", "collins/2.jpg", "collins/3.png"],
        ["hopper/1.png", "hopper/2.jpg", "hopper/3.png"],
    ]
    assert (ran.json["unassigned"], ran.json["photos"], ran.json["faces"]) == ([], 6, 6)
    assert ran.json["threshold"]["fmr"] == 0.01
    assert ran.json["agreement"] is None
    said = visavis("cluster", folders).out
    assert "6 photos, 6 faces, 2 clusters, 0 unassigned faces" in said
    assert "cluster 0: 3 faces, similarity 0." in said
    assert "average, threshold 0.3831: FMR 0.01" in said


@pytest.mark.parametrize("method", ["average", "hdbscan", "whispers"])
def test_every_method_keeps_the_faces_of_a_photo_apart(visavis, folders, photos, method):
    shutil.copy(photos / "both.png", folders / "both.png")
    ran = visavis("cluster", folders, "--method", method, "--threshold", -5, "--json")  # all are near enough
    both = [one["id"] for one in ran.json["clusters"] for face in one["faces"] if face["path"].endswith("both.png")]
    assert len(both) == len(set(both)) == 2
    assert all(len(one["paths"]) == one["size"] for one in ran.json["clusters"])


def test_photos_that_fail_or_show_nobody_are_told_and_do_not_stop_it(visavis, photos):
    ran = visavis("cluster", photos, "--json")
    assert ran.code == 0
    (failed,) = ran.json["failed"]
    assert (failed["path"].endswith("broken.jpg"), failed["type"]) == (True, "ImageUnreadable")
    assert [path.rpartition("/")[2] for path in ran.json["without_face"]] == ["nobody.png"]
    assert "broken.jpg" in ran.err
    said = visavis("cluster", photos).out
    assert "no face was found on 1 photo" in said
    assert "1 photo could not be used" in said


def test_the_report_holds_the_answer_and_a_page_for_the_owner_alone(visavis, folders, tmp_path):
    out = tmp_path / "report"
    ran = visavis("cluster", folders, "--labels", "folders", "--out", out, "--json")
    assert json.loads((out / "clusters.json").read_text()) == ran.json
    page = (out / "index.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 6
    assert "3.png" in page
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert ran.json["agreement"]["bcubed"] == {"precision": 1, "recall": 1, "f": 1}
    assert "BCubed F 1.0000, pairwise F 1.0000, NMI 1.0000" in page


def test_a_second_run_looks_only_at_what_is_new(visavis, folders, tmp_path):
    out = tmp_path / "report"
    first = visavis("cluster", folders, "--out", out, "--json").json
    shutil.copy(folders / "collins" / "1.png", folders / "copy.png")
    second = visavis("cluster", folders, "--out", out, "--json").json
    assert (first["reused"], second["reused"]) == (0, 6)
    assert second["photos"] == 7
    other = visavis("cluster", folders, "--out", out, "--flip", "--json").json
    assert other["reused"] == 0
    assert other["model"].endswith("+flip")


def test_labels_may_come_from_a_file(visavis, folders, tmp_path):
    listing = tmp_path / "who.csv"
    listing.write_text("path,identity\ncollins/1.png,c\ncollins/2.jpg,c\nhopper/1.png,h\n")
    judged = visavis("cluster", folders, "--labels", listing, "--json").json["agreement"]
    assert (judged["faces"], judged["people"], judged["nmi"]) == (3, 2, pytest.approx(1))


def test_faces_of_low_quality_and_small_clusters_are_unassigned(visavis, folders):
    low = visavis("cluster", folders, "--min-quality", 1, "--json").json
    assert low["clusters"] == []
    assert {one["reason"] for one in low["unassigned_faces"]} == {"low quality"}
    small = visavis("cluster", folders, "--min-faces", 4, "--json").json
    assert (small["clusters"], len(small["unassigned"])) == ([], 6)


def test_copies_of_one_photo_are_one_cluster(visavis, photos, tmp_path):
    for n in range(4):
        shutil.copy(photos / "hopper.png", tmp_path / f"{n}.png")
    (one,) = visavis("cluster", tmp_path, "--json").json["clusters"]
    assert (one["size"], one["similarity"]) == (4, pytest.approx(1))


def test_a_face_alone_is_unassigned(visavis, photos):
    ran = visavis("cluster", photos / "hopper.png", "--json")
    assert (ran.code, ran.json["clusters"], len(ran.json["unassigned"])) == (0, [], 1)


def test_a_folder_without_faces_says_so(visavis, photos, tmp_path):
    shutil.copy(photos / "nobody.png", tmp_path / "nobody.png")
    ran = visavis("cluster", tmp_path, "--out", tmp_path / "report", "--json")
    assert (ran.code, ran.json["clusters"], len(ran.json["without_face"])) == (3, [], 1)
    assert "There are none." in (tmp_path / "report" / "index.html").read_text()


def test_without_one_usable_photo_the_code_is_that_of_an_error(visavis, photos):
    ran = visavis("cluster", photos / "broken.jpg", "--json")
    assert (ran.code, len(ran.json["failed"])) == (2, 1)


def test_an_empty_folder_is_an_error(visavis, tmp_path):
    ran = visavis("cluster", tmp_path, "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "ImageNotFound")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name photos"),
        (("a.jpg", "--gallery", "g"), "name photos"),
        (("--gallery", "g", "--labels", "folders"), "name photos"),
        (("a.jpg", "--method", "kmeans"), "method"),
        (("a.jpg", "--min-faces", "1"), "min_size"),
    ],
)
def test_arguments_that_cannot_be_are_refused_before_any_photo_is_read(visavis, arguments, said):
    ran = visavis("cluster", *arguments, "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "InvalidInput")
    assert said in ran.json["error"]["message"]


def test_a_threshold_has_one_source(visavis, photos):
    ran = visavis("cluster", photos / "hopper.png", "--fmr", 0.01, "--threshold", 0.5, "--json")
    assert "not both" in ran.json["error"]["message"]


def test_a_report_folder_that_cannot_be_is_named_before_any_photo_is_read(visavis, photos, tmp_path):
    (tmp_path / "file").touch()
    ran = visavis("cluster", photos, "--out", tmp_path / "file", "--json")
    assert ran.json["error"]["type"] == "StorageError"


def test_a_report_never_lands_among_files_of_others(visavis, photos, tmp_path):
    page = tmp_path / "index.html"
    page.write_text("mine")
    ran = visavis("cluster", photos / "hopper.png", "--out", tmp_path, "--json")
    assert (ran.code, ran.json["error"]["type"], page.read_text()) == (2, "StorageError", "mine")
    assert "--out" in ran.json["error"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / ".directory").touch()  # as file managers leave
    assert visavis("cluster", photos / "hopper.png", "--out", tmp_path / "own").code == 0


@pytest.fixture
def gallery(tmp_path, photos):
    """Collins enrolled twice under two names, Hopper once; all from real photos, with crops."""
    from visavis.face import Engine
    from visavis.gallery import create_gallery
    from visavis.gallery.enrolment import PhotoOf, enrol_photos

    engine = Engine()
    with create_gallery(tmp_path / "g", model=engine.fingerprint, dimension=128, metric="euclidean") as store:
        with Image.open(photos / "collins.png") as image:
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "mirrored.png")
        enrolled = {
            "Collins": photos / "collins.png",
            "Eileen": tmp_path / "mirrored.png",
            "Hopper": photos / "hopper.png",
        }
        items = [PhotoOf(str(path), name) for name, path in enrolled.items()]
        assert enrol_photos(store, engine, items, guard="off").complete
    return tmp_path / "g"


def test_people_of_a_gallery_who_may_be_one_are_named_and_nothing_is_changed(visavis, gallery, tmp_path):
    out = tmp_path / "report"
    ran = visavis("cluster", "--gallery", gallery, "--out", out, "--json")
    (merge,) = ran.json["merge_candidates"]
    assert sorted(one["person"] for one in merge["people"]) == ["Collins", "Eileen"]
    assert ran.json["split_candidates"] == []
    assert sorted(face["person"] for face in ran.json["clusters"][0]["faces"]) == ["Collins", "Eileen"]
    page = (out / "index.html").read_text()
    assert "Perhaps one person" in page
    assert page.count("data:image/jpeg;base64,") == 3  # from the crops
    said = visavis("cluster", "--gallery", gallery).out
    assert "cluster 0 holds Collins (1 reference), Eileen (1 reference): perhaps one person" in said
    assert "against the people enrolled (3)" in said


def test_faces_of_a_photo_of_many_are_kept_apart(visavis, people):
    ran = visavis("cluster", people / "group.png", people / "person.png", "--threshold", -5, "--json")
    assert ran.json["faces"] == 4
    for one in ran.json["clusters"]:
        assert len(one["paths"]) == one["size"]
    assert np.isfinite([one["similarity"] for one in ran.json["clusters"]]).all()
