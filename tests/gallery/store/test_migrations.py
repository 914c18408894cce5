"""The tables: what Alembic makes is what `schema.py` says, on both databases; newer ones are left alone."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from tests.gallery.contract.galleries import place_in, references

from visavis.errors import GalleryCorrupt, GalleryNotFound, GalleryReadOnly, SchemaMismatch
from visavis.gallery.schema import metadata
from visavis.gallery.store import migrations
from visavis.gallery.store.database import Database
from visavis.gallery.uri import parse_uri


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    return place_in(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))


def test_the_revisions_are_those_that_alembic_finds():
    script = ScriptDirectory.from_config(migrations.configuration())
    assert script.get_heads() == [migrations.REVISIONS[-1]]
    assert tuple(one.revision for one in reversed(list(script.walk_revisions()))) == migrations.REVISIONS


def _ours(_object, name, kind, _reflected, _compared):
    return not (kind == "column" and name == "vector")  # pgvector's, on PostgreSQL only


@pytest.mark.filterwarnings("ignore:Did not recognize type 'vector'")
def test_the_migrated_tables_are_those_of_the_schema(place):
    with place.create() as gallery, gallery.store.database.writing() as connection:
        settings = {"compare_type": True, "compare_server_default": True, "include_object": _ours}
        context = MigrationContext.configure(connection, opts=settings)
        assert compare_metadata(context, metadata) == []
        tables = set(inspect(connection).get_table_names())
        assert tables == {*metadata.tables, "alembic_version"}
        if place.database == "postgresql":
            columns = {column["name"] for column in inspect(connection).get_columns("template")}
            assert columns == {"model", "reference", "data", "vector"}


def test_indexes_and_keys_are_named_alike_on_both(tmp_path, postgres):
    seen = []
    for store in ("sqlite", "postgresql"):
        with place_in(store, tmp_path, lambda: postgres).create() as gallery, gallery.store.reading() as connection:
            look = inspect(connection)
            seen.append(
                {
                    table: (
                        {one["name"] for one in look.get_indexes(table) if not one.get("duplicates_constraint")},
                        {one["name"] for one in look.get_unique_constraints(table)},
                        {one["name"] for one in look.get_foreign_keys(table)},
                        look.get_pk_constraint(table)["name"] or "pk_operation",  # AUTOINCREMENT has no name
                    )
                    for table in metadata.tables
                }
            )
    assert seen[0] == seen[1]


def test_tables_of_a_newer_visavis_are_left_alone(place):
    with place.create() as gallery:
        gallery.enrol(references(Ada=1))
        with gallery.store.database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (place.open, lambda: place.open(read_only=True), place.create):
        with pytest.raises(SchemaMismatch, match=r"newer visavis .*9999.*pip install --upgrade"):
            attempt()
    database = Database(parse_uri(place.uri), read_only=False)
    with database.writing() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        assert connection.execute(text("SELECT count(*) FROM person")).scalar() == 1
    database.close()


@pytest.mark.parametrize("lost", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
def test_tables_without_a_revision_are_damaged_and_not_made_anew(place, lost):
    with place.create() as gallery:
        gallery.enrol(references(Ada=1))
    database = Database(parse_uri(place.uri), read_only=False)
    with database.writing() as connection:
        connection.execute(text(lost))
    for attempt in (place.open, lambda: place.open(read_only=True), place.create):
        with pytest.raises(GalleryCorrupt, match=r"holds tables .*restore it from a copy"):
            attempt()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM person")).scalar() == 1
    database.close()


def test_older_tables_are_brought_up_to_date_when_opened_for_writing(place, monkeypatch):
    place.create().close()
    monkeypatch.setattr(migrations, "REVISIONS", ("0001", "0002"))
    with pytest.raises(GalleryReadOnly, match="open it for writing once"):
        place.open(read_only=True)
    asked = []
    monkeypatch.setattr("visavis.gallery.store.database.migrate", lambda *_: asked.append("migrate"))
    place.open().close()
    assert asked == ["migrate"]


def test_a_migration_is_whole_or_not_at_all(place, monkeypatch):
    def fails(*_):
        raise OSError("the lights went out")

    for step in ("alembic.op.create_index", "visavis.gallery.store.founding.audit.append"):
        monkeypatch.setattr(step, fails)
        with pytest.raises(OSError, match="lights"):
            place.create()
        monkeypatch.undo()
        with pytest.raises(GalleryNotFound):
            place.open()
    with place.create() as gallery:
        assert gallery.verify() == []


def test_the_private_columns_are_not_sampled_by_postgresql(postgres):
    place = place_in("postgresql", None, lambda: postgres)
    with place.create() as gallery, gallery.store.reading() as connection:
        query = (
            "SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
            "WHERE relnamespace = current_schema()::regnamespace AND attstattarget = 0 AND relkind = 'r'"
        )
        unsampled = set(connection.execute(text(query)).scalars())
        kept = {"person.name", "person.consent", "reference.source", "reference.photo", "reference.digest", "crop.data"}
        assert unsampled >= {*kept, "template.data", "template.vector", "operation.details", "apart.reason"}
