"""`visavis people` on a stand-in for the store: what is asked of a gallery, and what is told of the answer."""

from __future__ import annotations

import pytest
from tests.cli.stand_in_gallery import put_in_place, three_people

ON = ("--gallery", "some.gallery")


@pytest.fixture
def store():
    return three_people()


@pytest.fixture
def opened(monkeypatch, store):
    return put_in_place(monkeypatch, store)


def test_everybody_is_listed_and_names_can_be_narrowed(visavis, opened):
    assert [row["name"] for row in visavis("people", "list", *ON, "--json").json] == ["Ada", "Ben", "Cem"]
    assert [row["name"] for row in visavis("people", "list", *ON, "--contains", "e", "--json").json] == ["Ben", "Cem"]
    assert visavis("people", "list", *ON).out.splitlines() == [
        *("Ada: 2 references", "Ben: 2 references", "Cem: 2 references"),
        "3 people",
    ]
    assert {read_only for _, _, read_only in opened} == {True}


def test_a_person_is_shown_with_the_ids_that_split_and_forget_take(visavis, opened):
    row = visavis("people", "show", "Ben", *ON, "--json").json
    assert (row["id"], [one["id"] for one in row["enrolled"]]) == ("id 1", ["r3", "r4"])
    said = visavis("people", "show", "Ben", *ON).out
    assert "consent: not stated; keep until: no limit set" in said
    assert "r3  3.jpg, quality 0.90, no crop" in said


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (("merge", "Ada", "Ben"), ("merge", "Ada", "Ben", False)),
        (("merge", "Ada", "Ben", "--force"), ("merge", "Ada", "Ben", True)),
        (("split", "Ada", "Eve", "--reference", "r1"), ("split", "Ada", ["r1"], "Eve")),
        (("rename", "Ada", "Ada L."), ("rename", "Ada", "Ada L.")),
        (("undo",), ("undo", None)),
        (("undo", "4"), ("undo", 4)),
    ],
)
def test_a_change_is_made_once_and_its_number_told(visavis, store, opened, arguments, call):
    assert visavis("people", *arguments, *ON, "--json").json["id"] == 5
    assert store.calls == [call, ("close",)]
    assert "operation 5" in visavis("people", *arguments, *ON).out
    assert {read_only for _, _, read_only in opened} == {False}


def test_undo_is_offered_for_what_can_be_undone_only(visavis, opened):
    assert "`visavis people undo 5`" in visavis("people", "rename", "Ada", "Eve", *ON).out
    assert visavis("people", "undo", *ON).out == "undo done, operation 5\n"


def test_two_people_are_set_apart_with_a_reason(visavis, store, opened):
    row = visavis("people", "apart", "Ada", "Ben", "--reason", "twins", *ON, "--json").json
    assert row == [{"first": "id 0", "second": "id 1", "reason": "twins"}]
    assert store.calls[0] == ("apart", "Ada", "Ben", "twins")


def test_split_without_references_is_refused_before_the_gallery_is_opened(visavis, opened):
    ran = visavis("people", "split", "Ada", "Eve", *ON, "--json")
    assert (ran.code, ran.json["error"]["type"], opened) == (2, "InvalidInput", [])


def test_forget_without_somebody_to_ask_needs_yes(visavis, store, opened):
    ran = visavis("people", "forget", "Ada", *ON, "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "InvalidInput")
    assert "2 references of Ada" in ran.json["error"]["message"]
    assert "--yes" in ran.json["error"]["message"]
    assert store.calls == [("close",)]


def test_forget_asks_and_does_as_it_is_told(visavis, store, opened, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("visavis.cli.gallery_options.typer.confirm", _answer(yes=False))
    assert visavis("people", "forget", "Ada", *ON).code == 130
    assert store.calls == [("close",)]
    monkeypatch.setattr("visavis.cli.gallery_options.typer.confirm", _answer(yes=True))
    assert visavis("people", "forget", "Ada", *ON).code == 0
    assert store.calls[1:] == [("forget", "Ada", None), ("close",)]


def _answer(*, yes):
    import typer

    def confirm(_question, *, abort, err):
        assert abort
        assert err  # the question must not stand in the answer
        if not yes:
            raise typer.Abort

    return confirm


def test_what_is_not_erased_yet_is_no_success(visavis, store, opened):
    store.erased = False
    ran = visavis("people", "forget", "Ada", "--reference", "r1", *ON, "--yes", "--json")
    assert (ran.code, ran.json["erased"], ran.json["note"]) == (2, False, "a reader holds the log")
    assert ("forget", "Ada", ["r1"]) in store.calls
    assert "not erased from the disk yet" in visavis("people", "forget", "Ada", *ON, "--yes").out


def test_what_has_expired_is_forgotten_by_today_s_date(visavis, store, opened):
    assert visavis("people", "forget", "--expired", *ON, "--yes").code == 0
    ((_, today), _) = store.calls
    assert len(today) == len("2026-01-01")


@pytest.mark.parametrize("arguments", [(), ("Ada", "--expired"), ("--expired", "--reference", "r1")])
def test_forget_takes_a_person_or_what_has_expired(visavis, opened, arguments):
    ran = visavis("people", "forget", *arguments, *ON, "--yes", "--json")
    assert (ran.code, ran.json["error"]["type"], opened) == (2, "InvalidInput", [])


def test_an_unknown_person_and_a_missing_gallery_are_one_typed_error(visavis, opened):
    assert visavis("people", "show", "Zoe", *ON, "--json").json["error"]["type"] == "PersonNotFound"
    assert visavis("people", "list", "--gallery", "none", "--json").json["error"]["type"] == "GalleryNotFound"
    assert visavis("people", "list", "--json").json["error"]["type"] == "UsageError"


def test_gallery_and_key_may_come_from_the_environment(visavis, opened, monkeypatch):
    monkeypatch.setenv("VISAVIS_GALLERY", "some.gallery")
    monkeypatch.setenv("VISAVIS_GALLERY_KEY", "a.key")
    assert visavis("people", "list").code == 0
    assert opened == [("some.gallery", "a.key", True)]
