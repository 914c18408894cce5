"""`visavis gallery upgrade` and `check-compat`: what they ask for, what they tell, and how they leave."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from tests.gallery.upgrade.noise_faces import crop_of, engine_of, new_gallery, reference, register_model

from visavis.gallery import open_gallery
from visavis.gallery.upgrade import upgrade_under_way


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("VISAVIS_GALLERY", raising=False)
    monkeypatch.delenv("VISAVIS_GALLERY_KEY", raising=False)
    for name, kind in {"old": (1, 32), "new": (2, 32), "wide": (3, 48)}.items():
        register_model(tmp_path, name, *kind)
    return {name: engine_of(name) for name in ("old", "new", "wide")}


@pytest.fixture
def on(tmp_path, models):
    new_gallery(tmp_path / "g", models["old"], people=30, photos=3).close()
    return ("--gallery", tmp_path / "g")


def test_an_upgrade_tells_what_became_of_everything(visavis, on, models):
    visavis("gallery", "threshold", *on, "--fpir", "0.2")
    ran = visavis("gallery", "upgrade", *on, "--to", "wide", "--drop-old", "--json")
    old, wide = models["old"].fingerprint, models["wide"].fingerprint
    assert ran.code == 0
    assert (ran.json["before"], ran.json["model"], ran.json["active"], ran.json["from_crops"]) == (old, wide, True, 90)
    assert (ran.json["dropped"]["models"], ran.json["missing"], ran.json["complete"]) == ([old], [], True)
    assert [one["fpir"] for one in ran.json["thresholds"]] == [0.2]
    said = visavis("gallery", "upgrade", *on, "--to", "wide")
    assert (said.code, f"the gallery is on {wide} already" in said.out) == (0, True)
    assert visavis("gallery", "info", *on, "--json").json["models"][0]["fingerprint"] == wide


def test_people_read_the_same(visavis, on, models):
    visavis("gallery", "threshold", *on, "--fpir", "0.2")
    said = visavis("gallery", "upgrade", *on, "--to", f"{models['new'].fingerprint}+flip").out
    assert "90 references embedded again: 90 from crops, 0 from original photos" in said
    assert "threshold for FPIR 0.2: " in said
    assert f"people are enrolled and searched under {models['new'].fingerprint}+flip now" in said


def test_what_is_missing_is_listed_and_the_code_says_so(visavis, on, models, tmp_path):
    with open_gallery(tmp_path / "g") as gallery:
        gallery.enrol([reference(models["old"], 40, crop=None)])
    ran = visavis("gallery", "upgrade", *on, "--to", "new", "--json")
    assert (ran.code, ran.json["active"], ran.json["unfindable"]) == (2, False, ["Person 040"])
    (missing,) = ran.json["missing"]
    assert (missing["reference"], missing["person"], missing["source"]) == ("r40-0", "Person 040", "/nowhere/40-0.jpg")
    said = visavis("gallery", "upgrade", *on, "--to", "new")
    assert said.code == 2
    assert "1 person would not be found any more: Person 040" in said.out
    assert f"{models['old'].fingerprint} is still the active model" in said.out
    allowed = visavis("gallery", "upgrade", *on, "--to", "new", "--allow-missing", "--drop-old")
    assert allowed.code == 2  # the old templates of those who have no other are kept
    assert "1 person cannot be found any more: Person 040" in allowed.out
    assert "templates kept; 1 reference" in allowed.out


def test_an_unfinished_upgrade_is_dropped_on_request(visavis, on, models, tmp_path):
    with open_gallery(tmp_path / "g") as gallery:
        gallery.enrol([reference(models["old"], 40, crop=None)])
    visavis("gallery", "upgrade", *on, "--to", "new")
    other = visavis("gallery", "upgrade", *on, "--to", "wide", "--json")
    assert (other.code, other.json["error"]["type"]) == (2, "GalleryConflict")
    dropped = visavis("gallery", "upgrade", *on, "--abort", "--json")
    assert (dropped.code, dropped.json["aborted"], dropped.json["models"]) == (0, True, [models["new"].fingerprint])
    assert visavis("gallery", "upgrade", *on, "--abort", "--json").json == {"aborted": False}
    assert "no upgrade is under way" in visavis("gallery", "upgrade", *on, "--abort").out
    with open_gallery(tmp_path / "g") as gallery:
        assert upgrade_under_way(gallery) is None


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((), "InvalidInput", "--to MODEL"),
        (("--to", "new", "--abort"), "InvalidInput", "--abort"),
        (("--to", "nobody"), "ModelNotFound", "no model is called 'nobody'"),
        (("--to", "new+sideways"), "InvalidInput", "+sideways is no variant"),
        (("--to", "new@000000000000"), "ModelNotFound", "the weights here are those of new@"),
        (("--to", "new", "--precision", "int4"), "InvalidInput", "choose float32 or int8"),
        (("--to", "centerface"), "CardError", "is a model for the task 'detect'"),
    ],
)
def test_a_model_that_cannot_be_is_one_error_and_nothing_changes(visavis, on, tmp_path, arguments, error, words):
    ran = visavis("gallery", "upgrade", *on, *arguments, "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, error)
    assert words in ran.json["error"]["message"]
    with open_gallery(tmp_path / "g") as gallery:
        assert len(gallery.models()) == 1


def test_help_names_the_model_by_the_command_s_own_arguments(visavis):
    said = visavis("gallery", "upgrade", "--help").out
    assert all(option in said for option in ("--to", "--flip", "--detector", "--abort", "VISAVIS_GALLERY"))
    assert "--embedder" not in said
    assert "--flip" not in visavis("gallery", "check-compat", "--help").out


def test_models_trained_apart_are_incompatible_at_chance(visavis, on, models):
    ran = visavis("gallery", "check-compat", "old", "new", *on, "--far", "0.01", "--json")
    assert (ran.code, ran.json["verdict"], ran.json["stored"]) == (1, "incompatible", True)
    assert ran.json["measured"]["chance"]
    assert "at chance" in ran.json["reason"]
    assert f"visavis gallery upgrade --to {models['new'].fingerprint}" in ran.json["advice"]
    assert "keeps the two models apart in either case" in ran.json["advice"]


def test_another_dimension_needs_no_measurement(visavis, on, models):
    ran = visavis("gallery", "check-compat", "old", "wide", *on, "--json")
    assert (ran.code, ran.json["verdict"], ran.json["measured"]) == (1, "incompatible", None)
    assert "have 32 numbers" in ran.json["reason"]
    assert models["old"].fingerprint in ran.json["reason"]
    assert f"{models['wide'].fingerprint} 48" in ran.json["reason"]


def test_a_model_that_sees_the_same_is_compatible(visavis, on, models, tmp_path):
    register_model(tmp_path, "near", 1, 32, gain=0.1)  # twice as long, in the same directions
    ran = visavis("gallery", "check-compat", "old", "near", *on, "--far", "0.05")
    assert ran.code == 0
    assert f"{engine_of('near').fingerprint} with {models['old'].fingerprint}: compatible" in ran.out
    assert "90 faces, the gallery's own templates for the old model; 30 people with several" in ran.out
    assert "The old templates may be used as they are" in ran.out
    assert "keeps the two models apart in either case" in ran.out


def test_models_that_the_gallery_does_not_hold_are_both_run_on_its_crops(visavis, on):
    measured = visavis(
        "gallery", "check-compat", "new", "new+flip", *on, "--far", "0.05", "--most", "40", "--json"
    ).json
    assert (measured["stored"], measured["measured"]["photos"]) == (False, 40)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("old", "new"), "InvalidInput", "--root DIR"),
        (("old", "old"), "InvalidInput", "is the old model and the new one"),
        (("old", "new", "--far", "0.00001"), "InvalidInput", "100000 could"),
        (("nobody", "new"), "ModelNotFound", "nobody"),
    ],
)
def test_what_cannot_be_checked_is_one_error(visavis, on, arguments, error, words):
    at = () if words == "--root DIR" else on
    ran = visavis("gallery", "check-compat", *arguments, *at, "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, error)
    assert words in ran.json["error"]["message"]


@pytest.mark.weights
def test_photos_in_folders_of_people_are_looked_at(visavis, models, tmp_path, portrait, same_person_again, stranger):
    for name, image in {"a/1": portrait, "a/2": same_person_again, "b/1": stranger}.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.image).save(tmp_path / "root" / f"{name}.png")
    Image.open(io.BytesIO(crop_of(1).data)).save(tmp_path / "root" / "b" / "nobody.png")
    ran = visavis("gallery", "check-compat", "old", "new", "--root", tmp_path / "root", "--far", "0.5", "--json")
    assert (ran.json["measured"]["photos"], ran.json["measured"]["people"]) == (3, 1)
    assert [one["reason"] for one in ran.json["missed"]] == ["no face was found"]
    assert ran.json["verdict"] != "compatible"
