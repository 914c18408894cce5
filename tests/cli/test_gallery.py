"""`visavis gallery`: on a stand-in for the store, and with the real one."""

from __future__ import annotations

import json

import pytest
from tests.cli.stand_in_gallery import put_in_place, three_people

import visavis.gallery as gallery_room
from visavis.gallery.retention import Expired
from visavis.gallery.types import Problem
from visavis.models import find_card

ON = ("--gallery", "some.gallery")
FINGERPRINT = find_card("dlib-resnet").fingerprint
MENDABLE = Problem("missing template", "r1 has none", repairable=True)
BROKEN = Problem("broken audit chain", "entry 7 was changed")


@pytest.fixture
def store():
    return three_people(FINGERPRINT)


@pytest.fixture
def opened(monkeypatch, store):
    return put_in_place(monkeypatch, store)


def test_info_counts_and_names_the_model(visavis, opened):
    facts = visavis("gallery", "info", *ON, "--json").json
    assert (facts["people"], facts["references"], facts["encrypted"]) == (3, 6, False)
    assert facts["models"][0]["fingerprint"] == FINGERPRINT
    said = visavis("gallery", "info", *ON).out
    assert "references  6" in said
    assert "9 entries, head 00" in said


def test_info_tells_what_should_have_been_forgotten_by_now(visavis, store, opened):
    assert visavis("gallery", "info", *ON, "--json").json["expired"] == {"people": 0, "references": 0}
    assert "expired" not in visavis("gallery", "info", *ON).out
    store.expired = Expired(1, 3)
    assert visavis("gallery", "info", *ON, "--json").json["expired"] == {"people": 1, "references": 3}
    said = visavis("gallery", "info", *ON).out
    assert "expired     1 person, 3 references past the date" in said
    assert "people forget --expired" in said


@pytest.mark.parametrize(
    ("problems", "repair", "code"),
    [
        ([], False, 0),
        ([MENDABLE], False, 2),
        ([MENDABLE], True, 0),
        ([MENDABLE, BROKEN], True, 2),
    ],
)
def test_verify_succeeds_only_when_nothing_is_left_wrong(visavis, store, opened, problems, repair, code):
    store.problems = problems
    ran = visavis("gallery", "verify", *ON, *["--repair"] * repair, "--json")
    assert (ran.code, [row["kind"] for row in ran.json]) == (code, [problem.kind for problem in problems])
    assert ("verify", repair) in store.calls
    assert opened == [("some.gallery", None, not repair)]


def test_the_threshold_is_stored_and_its_words_claim_no_more_than_was_measured(visavis, store, opened):
    found = visavis("gallery", "threshold", *ON, "--json").json
    assert (found["fpir"], found["method"], found["enrolled_people"]) == (0.01, "calibration", 3)
    assert list(store.stored) == [(FINGERPRINT, 0.01)]
    said = visavis("gallery", "threshold", *ON).out
    assert f"threshold {found['threshold']:.4f} for FPIR 0.01" in said
    assert f"from {found['probes']} searches" in said


def test_a_rate_that_is_none_is_one_error(visavis, opened):
    assert visavis("gallery", "threshold", *ON, "--fpir", "2", "--json").json["error"]["type"] == "InvalidInput"


def test_history_and_audit_are_read_without_writing(visavis, opened):
    assert visavis("gallery", "history", *ON, "--json").json[0]["undone_by"] == 5
    assert "undone by 5" in visavis("gallery", "history", *ON).out
    rows = visavis("gallery", "audit", *ON, "--since", "3", "--limit", "2", "--json").json
    assert [row["sequence"] for row in rows] == [4, 5]
    assert {read_only for _, _, read_only in opened} == {True}


def test_a_new_gallery_is_made_for_the_engine_s_templates(visavis, store, opened, monkeypatch):
    made = []

    def create_gallery(uri, **settings):
        made.append((uri, settings))
        return store

    monkeypatch.setitem(vars(gallery_room), "create_gallery", create_gallery)
    assert visavis("gallery", "create", *ON, "--flip", "--precision", "int8", "--key", "a.key").code == 0
    ((uri, settings),) = made
    assert (uri, settings["dimension"], settings["metric"]) == ("some.gallery", 128, "euclidean")
    assert (settings["model"], settings["precision"], settings["key"]) == (f"{FINGERPRINT}+flip", "int8", "a.key")
    wrong = visavis("gallery", "create", *ON, "--precision", "int4", "--json").json
    assert wrong["error"]["type"] == "InvalidInput"


@pytest.mark.parametrize("command", ["people list", "people forget", "gallery create", "gallery verify", "identify"])
def test_help_names_the_environment_s_defaults_and_json(visavis, command):
    said = visavis(*command.split(), "--help").out
    assert all(word in said for word in ("--json", "VISAVIS_GALLERY", "VISAVIS_GALLERY_KEY"))


def test_the_real_store_answers_the_same_commands(visavis, tmp_path):
    on = ("--gallery", tmp_path / "people.gallery")
    assert visavis("gallery", "create", *on).code == 0
    assert visavis("gallery", "info", *on, "--json").json["people"] == 0
    assert visavis("gallery", "verify", *on, "--json").json == []
    assert json.loads(visavis("people", "list", *on, "--json").out) == []
    again = visavis("gallery", "create", *on, "--json")
    assert (again.code, again.json["error"]["type"]) == (2, "GalleryConflict")
