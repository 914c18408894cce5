"""What was changed behind the store's back is found by verify, record by record."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from tests.gallery.contract.galleries import place_in, references


@pytest.fixture
def gallery(tmp_path):
    with place_in("sqlite", tmp_path, None).create() as made:
        made.enrol(references(Ada=2, Ben=1))
        made.rename("Ben", "Cem")
        made.merge("Ada", "Cem")
        made.undo()
        yield made


def spoil(gallery, statement):
    with gallery.store.database.writing() as connection:
        connection.execute(text(statement))


def test_a_whole_gallery_has_no_damaged_record(gallery):
    assert gallery.verify() == []


@pytest.mark.parametrize(
    ("statement", "kind", "said"),
    [
        ("UPDATE reference SET box = '[1, 2]' WHERE key = 1", "damaged record", "reference 1"),
        ("UPDATE reference SET quality = '3' WHERE key = 2", "damaged record", "reference 2"),
        ("UPDATE reference SET retain_until = 'zzz' WHERE key = 2", "damaged record", "zzz"),
        ("UPDATE reference SET source = x'00ff' WHERE key = 3", "damaged record", "reference 3"),
        ("UPDATE person SET name = 'A' || char(10) || 'B' WHERE name = 'Ada'", "damaged record", "person"),
        ("UPDATE operation SET details = '{}' WHERE kind = 'merge'", "damaged record", "take it back"),
        ("UPDATE operation SET details = '[]' WHERE kind = 'rename'", "damaged record", "operation 1"),
        ("UPDATE operation SET people = '[]' WHERE kind = 'rename'", "damaged record", "names no people"),
        ("UPDATE model SET metric = 'foo'", "damaged record", "foo"),
        ("DROP TRIGGER audit_append_only_update", "audit log unguarded", "triggers"),
        ("INSERT INTO alembic_version VALUES ('0000')", "revision", "2 revisions"),
    ],
)
def test_what_no_one_could_use_is_named(gallery, statement, kind, said):
    spoil(gallery, statement)
    problems = gallery.verify()
    assert [problem.kind for problem in problems][:1] == [kind] or kind in {problem.kind for problem in problems}
    assert any(said in problem.message for problem in problems)
