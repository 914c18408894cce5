"""A run of enrolment into a real gallery: what is written, what is known again, what is kept out, and what is told."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from tests.gallery.enrolment.studio import Studio

from visavis.errors import (
    EnrolmentRefused,
    FaceNotFound,
    GalleryUnavailable,
    ImageUnreadable,
    InvalidInput,
    ModelError,
    TemplateMismatch,
)
from visavis.gallery import create_gallery, open_gallery
from visavis.gallery.enrolment import (
    Enrolment,
    PhotoOf,
    Settings,
    enrol_folder,
    enrol_photo,
    enrol_photos,
    reference_id,
    run,
)
from visavis.gallery.enrolment.batch import AT_ONCE
from visavis.gallery.enrolment.writing import FLAGGED


def several(studio, people, photos=3):
    """Photos of each person by that name."""
    return [PhotoOf(studio.photo(name), name, source=f"{name}/{i}.jpg") for name in people for i in range(photos)]


def crowd(n):
    return [f"person {i:03}" for i in range(n)]


def told(report):
    return {outcome.source: str(outcome.status) for outcome in report.outcomes}


def kinds(outcomes):
    return {outcome.source: [str(finding.kind) for finding in outcome.findings] for outcome in outcomes}


def test_good_photos_become_references_with_all_that_is_known_of_them(gallery, studio):
    items = several(studio, ["Ada", "Ben"])
    report = enrol_photos(gallery, studio.engine, items, consent="a form", retain_until="2999-12-31")
    assert report.complete
    assert report.counts() == {"enrolled": 6, "known": 0, "refused": 0, "failed": 0, "flagged": 0}
    assert gallery.count() == (2, 6)
    one = gallery.references(person="Ada")[0]
    assert (one.source, one.consent, one.retain_until, one.has_crop) == ("Ada/0.jpg", "a form", "2999-12-31", True)
    assert one.id == report.outcomes[0].reference == reference_id(gallery.id, one.photo, 0, "Ada")
    assert one.quality["summary"] == pytest.approx(0.9)
    assert one.box.as_list() == [0, 0, 100, 100]
    vectors = gallery.templates([one.key])
    shot = studio.shots[one.photo]
    np.testing.assert_array_equal(vectors[0], shot.templates[0])


def test_two_galleries_call_the_same_photo_of_a_person_differently(gallery, studio, tmp_path):
    items = several(studio, ["Ada"])
    settings = {"model": studio.fingerprint, "dimension": 128, "metric": "euclidean"}
    with create_gallery(tmp_path / "other", **settings) as other:
        reports = [enrol_photos(each, studio.engine, items) for each in (gallery, other)]
    ids = [{outcome.reference for outcome in report.outcomes} for report in reports]
    assert [len(each) for each in ids] == [3, 3]
    assert not ids[0] & ids[1]


def test_the_same_again_is_known_without_being_looked_at(gallery, studio):
    items = several(studio, ["Ada", "Ben"])
    enrol_photos(gallery, studio.engine, items)
    studio.looked_at.clear()
    before = gallery.version
    report = enrol_photos(gallery, studio.engine, items)
    assert report.counts()["known"] == 6
    assert report.complete
    assert studio.looked_at == []
    assert gallery.version == before


def test_a_stopped_run_goes_on_where_it_was(gallery, studio):
    items = several(studio, crowd(60))
    stopped = list(islice(Enrolment(gallery, studio.engine, Settings()).outcomes(items), 70))
    there = gallery.count()[1]
    assert there >= len(stopped) == 70  # what is told is written
    report = enrol_photos(gallery, studio.engine, items)
    assert gallery.count() == (60, 180)
    assert report.counts()["known"] == there
    assert report.complete


def test_a_file_that_was_moved_is_the_same_reference(gallery, studio):
    photo = studio.photo("Ada")
    enrol_photos(gallery, studio.engine, [PhotoOf(photo, "Ada", source="old.jpg")])
    report = enrol_photos(gallery, studio.engine, [PhotoOf(photo, "Ada", source="new/place.jpg")])
    assert told(report) == {"new/place.jpg": "known"}


def test_a_person_who_was_renamed_is_not_enrolled_again(gallery, studio):
    items = several(studio, ["Ada"])
    enrol_photos(gallery, studio.engine, items)
    gallery.rename("Ada", "Augusta")
    report = enrol_photos(gallery, studio.engine, items)
    assert [outcome.person for outcome in report.known] == ["Augusta"] * 3
    assert "who is Augusta now" in report.known[0].reason


def test_copies_of_a_file_in_one_folder_count_once(gallery, studio):
    items = several(studio, ["Ada"])
    report = enrol_photos(gallery, studio.engine, [*items, PhotoOf(items[0].photo, "Ada", source="copy.jpg")])
    assert told(report)["copy.jpg"] == "known"
    assert "same file as Ada/0.jpg" in report.known[0].reason
    assert gallery.count() == (1, 3)


@pytest.mark.parametrize("batches", [1, 2])
def test_one_photo_cannot_show_two_people_with_one_face(gallery, studio, batches):
    ada, ben = several(studio, ["Ada"]), several(studio, ["Ben"])
    wrong = PhotoOf(ada[0].photo, "Ben", source="Ben/ada.jpg")
    if batches == 2:
        enrol_photos(gallery, studio.engine, ada)
    report = enrol_photos(gallery, studio.engine, [*ada, *ben, wrong])
    assert kinds(report.refused) == {"Ben/ada.jpg": ["photo of another person"]}
    assert "Ada/0.jpg" in report.refused[0].why
    flagged = enrol_photos(gallery, studio.engine, [wrong], guard="flag")
    assert kinds(flagged.enrolled)["Ben/ada.jpg"][0] == "photo of another person"


def test_two_faces_of_one_photo_are_two_people(gallery, studio):
    photo = studio.photo("Ada", "Ben")
    both = [PhotoOf(photo, "Ada", 0, "both.jpg"), PhotoOf(photo, "Ben", 1, "both.jpg")]
    assert enrol_photos(gallery, studio.engine, both).complete
    again = enrol_photos(gallery, studio.engine, [PhotoOf(photo, "Ada", 1, "again.jpg")], guard="flag")
    assert kinds(again.refused)["again.jpg"][0] == "photo twice"
    twice = [PhotoOf(studio.photo("Cem", "Dan"), "Cem", face, f"{face}.jpg") for face in (0, 1)]
    twice[1] = PhotoOf(twice[0].photo, "Cem", 1, "1.jpg")
    assert kinds(enrol_photos(gallery, studio.engine, twice).refused) == {"1.jpg": ["photo twice"]}


def test_what_is_wrong_with_single_photos_keeps_no_other_out(gallery, studio):
    items = [
        *several(studio, ["Ada"]),
        PhotoOf(studio.broken(), "Ada", source="broken.jpg"),
        PhotoOf(studio.photo(), "Ada", source="wall.jpg"),
        PhotoOf(studio.photo("Ada", sharpness=0.1), "Ada", source="blurred.jpg"),
        PhotoOf(studio.photo("Ada"), "Ada", 3, "few.jpg"),
        PhotoOf("/nowhere.jpg", "Ada"),
        PhotoOf(studio.photo("Ada"), "A\nda", source="name.jpg"),
        PhotoOf(studio.photo("Ada", "Ben"), "Ada", -1, "minus.jpg"),
    ]
    report = enrol_photos(gallery, studio.engine, items)
    assert report.counts() == {"enrolled": 3, "known": 0, "refused": 2, "failed": 5, "flagged": 0}
    assert kinds(report.refused) == {"wall.jpg": ["no face"], "blurred.jpg": ["poor quality"]}
    errors = {outcome.source: outcome.error for outcome in report.failed}
    assert errors == {
        "broken.jpg": "ImageUnreadable",
        "few.jpg": "FaceNotFound",
        "/nowhere.jpg": "ImageNotFound",
        "name.jpg": "InvalidInput",
        "minus.jpg": "InvalidInput",
    }
    assert not report.complete
    for outcome in (*report.refused, *report.failed):
        assert outcome.source in outcome.why or outcome.error == "ImageUnreadable" or "name" in outcome.why


def test_swapped_photos_are_kept_out_and_named(gallery, studio):
    people = crowd(20)
    enrol_photos(gallery, studio.engine, several(studio, people))
    wrong = [PhotoOf(studio.photo(people[i]), people[i + 1], source=f"{i}.jpg") for i in range(10)]
    report = enrol_photos(gallery, studio.engine, wrong)
    assert kinds(report.refused) == {f"{i}.jpg": ["contradiction"] for i in range(10)}
    assert all(people[i] in outcome.findings[0].people for i, outcome in enumerate(report.refused))
    assert gallery.count() == (20, 60)


def test_the_first_photos_of_new_people_are_compared_with_each_other(gallery, studio):
    ada = several(studio, ["Ada"])
    lady = [PhotoOf(studio.photo("Ada"), "Lady", source=f"lady{i}.jpg") for i in range(2)]
    report = enrol_photos(gallery, studio.engine, [*ada, *lady])
    assert kinds(report.flagged) == {"lady0.jpg": ["possible duplicate"], "lady1.jpg": ["possible duplicate"]}
    assert report.flagged[0].findings[0].people == ("Ada",)


def test_flags_are_kept_in_the_audit_log_without_names(gallery, studio):
    enrol_photos(gallery, studio.engine, several(studio, ["Ada"]))
    lady = PhotoOf(studio.photo("Ada"), "Lady", source="lady.jpg")
    report = enrol_photos(gallery, studio.engine, [lady])
    (entry,) = [entry for entry in gallery.audit() if entry.action == FLAGGED]
    reference = report.enrolled[0].reference
    assert entry.subjects == (reference,)
    assert entry.details[reference]["kinds"] == ["possible duplicate"]
    assert entry.details[reference]["people"] == [gallery.person("Ada").id]
    assert "lady" not in json.dumps(dict(entry.details)).lower().replace(reference, "")
    assert gallery.verify() == []


def test_a_guard_that_only_flags_lets_everything_in_and_one_that_is_off_says_nothing(gallery, studio):
    enrol_photos(gallery, studio.engine, several(studio, ["Ada", "Ben"]))
    items = [
        PhotoOf(studio.photo("Ben"), "Ada", source="ben.jpg"),
        PhotoOf(studio.photo("Ada", exposure=0.0), "Ada", source="dark.jpg"),
        PhotoOf(studio.photo(), "Ada", source="wall.jpg"),
    ]
    report = enrol_photos(gallery, studio.engine, items, guard="flag")
    assert kinds(report.flagged) == {"ben.jpg": ["contradiction"], "dark.jpg": ["poor quality"]}
    assert kinds(report.refused) == {"wall.jpg": ["no face"]}
    more = [PhotoOf(studio.photo("Ben"), "Ada", source="ben again.jpg")]
    silent = enrol_photos(gallery, studio.engine, more, guard="off")
    assert kinds(silent.enrolled) == {"ben again.jpg": []}
    assert silent.notes == ("the guard was off: no photo was judged",)


def test_a_dry_run_judges_as_a_real_one_and_writes_nothing(gallery, studio, tmp_path):
    people = crowd(AT_ONCE)
    items = several(studio, people, photos=2)
    items += [PhotoOf(studio.photo(people[0]), "double", source="double.jpg")]
    items += [PhotoOf(items[3].photo, "thief", source="thief.jpg")]
    dry = enrol_photos(None, studio.engine, items, dry_run=True)
    before = gallery.version
    assert told(enrol_photos(gallery, studio.engine, items, dry_run=True)) == told(dry)
    assert (gallery.version, gallery.count()) == (before, (0, 0))
    real = enrol_photos(gallery, studio.engine, items)
    assert told(dry) == told(real)
    assert kinds(dry.outcomes) == kinds(real.outcomes)
    assert kinds(real.flagged)["double.jpg"] == ["possible duplicate"]
    assert kinds(real.refused)["thief.jpg"][0] == "photo of another person"
    assert dry.dry_run


def test_a_dry_run_may_look_at_a_gallery_opened_for_reading(gallery, studio, tmp_path):
    items = several(studio, ["Ada"])
    enrol_photos(gallery, studio.engine, items)
    with open_gallery(tmp_path / "gallery", read_only=True) as store:
        report = enrol_photos(store, studio.engine, [*items, *several(studio, ["Ben"])], dry_run=True)
    assert report.counts()["known"] == 3
    assert report.counts()["enrolled"] == 3


def test_many_photos_of_one_person_are_judged_block_by_block(gallery, studio, monkeypatch):
    monkeypatch.setattr("visavis.gallery.enrolment.batch.MOST_AT_ONCE", 8)
    items = several(studio, ["Ada"], photos=20)
    items.insert(12, PhotoOf(studio.photo("Ben"), "Ada", source="ben.jpg"))
    report = enrol_photos(gallery, studio.engine, items)
    assert kinds(report.refused) == {"ben.jpg": ["outlier"]}
    assert gallery.count() == (1, 20)


def test_memory_holds_one_batch_however_many_photos_come(gallery, studio):
    taken = 0

    def endless():
        nonlocal taken
        for name in crowd(1000):
            taken += 1
            yield PhotoOf(studio.photo(name), name)

    outcomes = Enrolment(gallery, studio.engine, Settings()).outcomes(endless())
    next(outcomes)
    assert taken <= 4 * AT_ONCE


def test_progress_tells_how_many_are_settled(gallery, studio):
    steps = []
    enrol_photos(gallery, studio.engine, several(studio, ["Ada"]), progress=lambda *step: steps.append(step))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    steps.clear()
    enrol_photos(gallery, studio.engine, iter(several(studio, ["Ben"], 1)), progress=lambda *step: steps.append(step))
    assert steps == [(1, 0)]


def test_a_model_without_calibration_is_noted_and_identity_is_not_judged(tmp_path, studio):
    studio.fingerprint = "unknown@1"
    with create_gallery(tmp_path / "other", model="unknown@1", dimension=128, metric="euclidean") as gallery:
        mixed = [PhotoOf(studio.photo(name), "Ada", source=name) for name in ("Ada", "Ben")]
        report = enrol_photos(gallery, studio.engine, mixed)
    assert report.complete
    assert "not calibrated" in report.notes[0]


def test_another_model_is_refused_before_any_photo_is_read(gallery, studio):
    other = Studio("unknown@1")
    with pytest.raises(TemplateMismatch, match=r"unknown@1.*upgrade"):
        enrol_photos(gallery, other.engine, several(other, ["Ada"]))
    assert other.looked_at == []


def test_a_gallery_is_needed_unless_nothing_is_written(studio):
    with pytest.raises(InvalidInput, match="dry run"):
        enrol_photos(None, studio.engine, several(studio, ["Ada"]))


@pytest.mark.parametrize("wrong", [{"guard": "strict"}, {"retain_until": "tomorrow"}, {"retain_until": "2001-01-01"}])
def test_settings_that_cannot_be_are_refused(gallery, studio, wrong):
    with pytest.raises(InvalidInput):
        enrol_photos(gallery, studio.engine, several(studio, ["Ada"]), **wrong)
    assert gallery.count() == (0, 0)


def test_what_is_no_photo_of_a_person_fails_alone(gallery, studio):
    report = enrol_photos(gallery, studio.engine, ["Ada.jpg", *several(studio, ["Ada"])])  # type: ignore[list-item]
    assert report.counts()["failed"] == 1
    assert "PhotoOf" in report.failed[0].why


def test_a_model_that_fails_ends_the_run(gallery, studio):
    item = PhotoOf(studio.photo("Ada"), "Ada")
    studio.shots[next(iter(studio.shots))] = ModelError("no weights")
    with pytest.raises(ModelError):
        enrol_photos(gallery, studio.engine, [item])


def test_a_gallery_that_goes_away_ends_the_run_and_what_was_told_is_there(gallery, studio, monkeypatch):
    items = several(studio, crowd(100), photos=2)
    run_ = Enrolment(gallery, studio.engine, Settings())
    enrol, batches = gallery.enrol, []

    def flaky(references):
        if len(batches) == 2:
            raise GalleryUnavailable("gone")
        batches.append(len(references))
        return enrol(references)

    monkeypatch.setattr(gallery, "enrol", flaky)
    done = []
    with pytest.raises(GalleryUnavailable):
        done.extend(run_.outcomes(items))
    monkeypatch.undo()
    monkeypatch.setattr(run, "looked", studio.looked)
    assert gallery.count()[1] == sum(batches)
    assert enrol_photos(gallery, studio.engine, items).counts()["known"] == sum(batches)


def test_photos_that_another_process_enrols_meanwhile_are_known(gallery, studio, monkeypatch):
    items = several(studio, ["Ada", "Ben"])
    enrol = gallery.enrol

    def late(references):
        monkeypatch.setattr(gallery, "enrol", enrol)
        enrol(references[:2])
        return enrol(references)

    monkeypatch.setattr(gallery, "enrol", late)
    report = enrol_photos(gallery, studio.engine, items)
    assert report.counts() == {"enrolled": 4, "known": 2, "refused": 0, "failed": 0, "flagged": 0}


def test_a_conflict_that_arises_meanwhile_concerns_only_its_photo(gallery, studio, monkeypatch):
    items = several(studio, ["Ada", "Ben"])
    enrol = gallery.enrol

    def late(references):
        monkeypatch.setattr(gallery, "enrol", enrol)
        enrol([replace(references[0], person="Cem")])
        return enrol(references)

    monkeypatch.setattr(gallery, "enrol", late)
    report = enrol_photos(gallery, studio.engine, items)
    assert {outcome.source: outcome.error for outcome in report.failed} == {"Ada/0.jpg": "GalleryConflict"}
    assert report.counts()["enrolled"] == 5


def test_one_photo_is_enrolled_or_says_why_not(gallery, studio, tmp_path):
    path = tmp_path / "ada.jpg"
    path.write_bytes(studio.photo("Ada"))
    assert enrol_photo(gallery, studio.engine, path, "Ada").status == "enrolled"
    assert enrol_photo(gallery, studio.engine, path, "Ada").status == "known"
    with pytest.raises(EnrolmentRefused, match="blurred"):
        enrol_photo(gallery, studio.engine, studio.photo("Ada", sharpness=0.0), "Ada")
    with pytest.raises(InvalidInput, match="control character"):
        enrol_photo(gallery, studio.engine, path, "A\x00")
    with pytest.raises(FaceNotFound, match="face 3"):
        enrol_photo(gallery, studio.engine, path, "Ada", face=3)
    with pytest.raises(ImageUnreadable):
        enrol_photo(gallery, studio.engine, studio.broken(), "Ada")


def test_a_folder_is_enrolled_with_one_person_a_folder(gallery, studio, tmp_path):
    for name in ("Ada", "Jose\u0301"):
        (tmp_path / "people" / name).mkdir(parents=True)
        for i in range(2):
            (tmp_path / "people" / name / f"{i}.jpg").write_bytes(studio.photo(name))
    report = enrol_folder(gallery, studio.engine, tmp_path / "people")
    assert report.complete
    assert [person.name for person in gallery.people()] == ["Ada", "José"]


def test_the_report_is_one_json_document(gallery, studio):
    items = [*several(studio, ["Ada"]), PhotoOf(studio.photo(), "Ada", source="wall.jpg")]
    data = json.loads(json.dumps(enrol_photos(gallery, studio.engine, items).to_dict()))
    assert (data["photos"], data["counts"]["enrolled"], len(data["enrolled"])) == (4, 3, 3)
    (refused,) = data["refused"]
    assert (refused["source"], refused["person"], refused["findings"][0]["kind"]) == ("wall.jpg", "Ada", "no face")
    assert "no face was found" in refused["reason"]
