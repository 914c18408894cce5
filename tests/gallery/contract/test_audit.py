"""The audit log: everything is in it, nothing leaves it, and nothing in it is changed unnoticed."""

from __future__ import annotations

import contextlib
import hashlib
import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from tests.gallery.contract.galleries import MODEL, reference, references

from visavis.errors import InvalidInput
from visavis.gallery.schema import setting
from visavis.gallery.store.audit import check
from visavis.gallery.store.settings import read_setting, write_setting
from visavis.gallery.types import Problem

TRIGGERS = ("audit_append_only_update", "audit_append_only_delete", "audit_append_only_insert")


@pytest.fixture
def gallery(plain_gallery):
    """A gallery with a history of some lines."""
    plain_gallery.enrol(references(Ada=2, Ben=1))
    plain_gallery.rename("Ada", "Eve")
    plain_gallery.note("seen", ["x"], {"count": 3, "share": 0.1, "tiny": 5e-324, "large": 10**30})
    plain_gallery.forget("Ben")
    return plain_gallery


def unguard(connection):
    """Take the triggers away, as whoever may write to the tables can."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        return
    for name in TRIGGERS:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))


def broken(gallery):
    return [problem for problem in gallery.verify() if problem.kind == "broken audit chain"]


def test_every_change_is_a_line_with_opaque_ids(gallery):
    entries = list(gallery.audit())
    assert [entry.action for entry in entries] == ["create", "add people", "enrol", "rename", "seen", "forget"]
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert {entry.actor for entry in entries} == {"Grace"}
    assert entries[2].model == MODEL
    assert entries[2].subjects == ("ada-1", "ada-2", "ben-1")
    assert entries[3].subjects == (gallery.person("Eve").id,)
    assert entries[4].details == {"count": 3, "share": 0.1, "tiny": 5e-324, "large": 10**30}
    assert entries[5].subjects[1:] == ("ben-1",)
    told = repr(entries)
    assert "Ada" not in told
    assert "photos/" not in told
    assert list(gallery.audit(since=4)) == entries[4:]
    assert list(gallery.audit(since=99)) == []


def test_the_chain_is_what_its_description_says(gallery):
    before = "0" * 64
    for entry in gallery.audit():
        who, what = (entry.at, entry.actor, entry.action), (list(entry.subjects), entry.model, entry.details)
        content = [before, entry.sequence, *who, *what]
        line = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        before = hashlib.sha256(line.encode()).hexdigest()
        assert entry.hash == before
    assert gallery.audit_head() == {"sequence": 6, "hash": before}
    assert gallery.verify() == []


def test_notes_of_any_form_keep_the_chain(gallery):
    for details in (
        {10: "x", 9: "y", "8": "z"},
        {"pair": (1, 2), "nested": {"b": [True, None], "a": {}}},
        {"text": "Zo\u00eb \N{GRINNING FACE} \ud800 \0 \u2028"},
        {"number": -0.0, "big": 2**80},
        {},
    ):
        gallery.note("seen", ["a", "Zo\u00eb", "\ud800"], details)
        assert gallery.verify() == []
        *_, last = gallery.audit()
        assert last.details == json.loads(json.dumps(details))


def test_a_note_that_cannot_be_kept_is_refused(gallery):
    head = gallery.audit_head()
    for action, subjects, details in (
        ("x" * 33, [], {}),
        ("", [], {}),
        (None, [], {}),
        ("seen", [5], {}),
        ("seen", [], {"a": float("nan")}),
        ("seen", [], {"a": object()}),
        ("seen", [], {"a": {1, 2}}),
        ("seen", [], {(1, 2): "a"}),
    ):
        with pytest.raises(InvalidInput):
            gallery.note(action, subjects, details)
        assert gallery.audit_head() == head


def test_the_database_refuses_to_change_or_remove_lines(gallery):
    statements = [
        "UPDATE audit SET actor = 'Mallory' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 2",
        "DELETE FROM audit",
    ]
    row = "(2, '', 'Mallory', 'x', '[]', '{}', '')"
    columns = "(sequence, at, actor, action, subjects, details, hash)"
    if gallery.store.database.backend.name == "sqlite":
        statements.append(f"INSERT OR REPLACE INTO audit {columns} VALUES {row}")
    else:
        statements += [
            "TRUNCATE audit",
            f"INSERT INTO audit {columns} VALUES {row} ON CONFLICT (sequence) DO UPDATE SET actor = 'Mallory'",
        ]
    engine = gallery.store.database._engine
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    assert gallery.verify() == []


COLUMNS = {
    "at": "2026-01-01T00:00:00.000Z",
    "actor": "Mallory",
    "action": "merge",
    "subjects": '["somebody else"]',
    "model": "other@2",
    "details": '{"forged": true}',
    "hash": "f" * 64,
}


def found_when(gallery, *statements, **values):
    """What a check of the log finds when it is tampered with; nothing of it stays."""
    problems: list[list[Problem]] = []
    with contextlib.suppress(KeyboardInterrupt), gallery.store.database.writing() as connection:
        unguard(connection)
        for statement in statements:
            connection.execute(text(statement), values)
        problems.append(check(connection))
        raise KeyboardInterrupt  # so that it is rolled back
    return problems[0]


def test_any_changed_line_is_found(gallery):
    for sequence in (1, 3, 6):
        for column, value in COLUMNS.items():
            change = f"UPDATE audit SET {column} = :value WHERE sequence = {sequence}"
            assert len(found_when(gallery, change, value=value)) == 1, (sequence, column)
    assert found_when(gallery) == broken(gallery) == []


COPY = "INSERT INTO audit SELECT {}, at, actor, action, subjects, model, details, hash FROM audit WHERE sequence = {}"


def test_any_removed_moved_or_inserted_line_and_any_forged_head_is_found(gallery):
    for statements in (
        ["DELETE FROM audit WHERE sequence = 1"],
        ["DELETE FROM audit WHERE sequence = 4"],
        ["DELETE FROM audit WHERE sequence = 6"],
        ["DELETE FROM audit"],
        ["UPDATE audit SET sequence = 7 WHERE sequence = 6"],
        ["UPDATE audit SET sequence = -sequence"],
        [COPY.format(7, 6)],
        [COPY.format(0, 1)],
        [COPY.format(-5, 1)],
        ['UPDATE setting SET value = \'{"sequence": 5, "hash": "x"}\' WHERE name = \'audit\''],
        ["DELETE FROM setting WHERE name = 'audit'"],
        [f"UPDATE audit SET sequence = {new} WHERE sequence = {old}" for old, new in ((3, 100), (4, 3), (100, 4))],
    ):
        assert len(found_when(gallery, *statements)) == 1, statements
    assert broken(gallery) == []


def test_a_log_cut_at_its_end_with_a_forged_head_differs_from_the_head_that_was_noted(gallery):
    noted = gallery.audit_head()
    (fifth,) = [entry for entry in gallery.audit() if entry.sequence == 5]
    with gallery.store.database.writing() as connection:
        unguard(connection)
        connection.execute(text("DELETE FROM audit WHERE sequence = 6"))
        write_setting(connection, "audit", {"sequence": 5, "hash": fifth.hash})
    assert broken(gallery) == []  # whoever may write everything can forge everything
    assert gallery.audit_head() != noted


def test_the_log_goes_on_after_it_was_broken(gallery):
    with gallery.store.database.writing() as connection:
        unguard(connection)
        connection.execute(text("UPDATE audit SET actor = 'Mallory' WHERE sequence = 2"))
    gallery.enrol([reference("new", "Ada")])
    assert len(broken(gallery)) == 1
    assert not broken(gallery)[0].repairable
    gallery.verify(repair=True)
    assert len(broken(gallery)) == 1


def test_a_log_can_be_read_while_it_is_written(gallery):
    read = []
    for entry in gallery.audit():
        if entry.sequence < 4:
            gallery.note("seen", [])
        read.append(entry.sequence)
    assert read[:6] == [1, 2, 3, 4, 5, 6]
    with gallery.store.reading() as connection:
        assert read_setting(connection, "audit")["sequence"] == 9
        assert connection.execute(select(setting.c.name)).scalars().all().count("audit") == 1
