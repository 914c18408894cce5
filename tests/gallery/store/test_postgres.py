"""PostgreSQL in trouble: one clear error each, nothing acknowledged is lost, and the same object works again."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text
from tests.gallery.contract.galleries import DIMENSION, MODEL, Place, found, names, place_in, reference, references

from visavis.errors import (
    GalleryBusy,
    GalleryCorrupt,
    GalleryError,
    GalleryNotFound,
    GalleryReadOnly,
    GalleryUnavailable,
    InvalidInput,
    SchemaMismatch,
)
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.store import postgres as store
from visavis.gallery.store.checks import BACKLOG


@pytest.fixture
def place(postgres):
    return Place(postgres.place(), "postgresql")


def test_a_server_that_was_killed_is_unavailable_and_works_again_when_it_is_back(own_postgres):
    place = Place(own_postgres.place(), "postgresql")
    with place.create() as gallery, place.open(read_only=True) as reader:
        gallery.enrol(references(Ada=2))
        assert found(reader, "ada-1") == ["ada-1"]
        own_postgres.crash()
        for ask in (
            lambda: gallery.enrol(references(Ben=1)),
            gallery.people,
            gallery.verify,
            lambda: found(reader, "ada-1"),
        ):
            with pytest.raises(GalleryUnavailable, match=r"does not answer|stopped the work") as down:
                ask()
            assert place.uri.rpartition("schema=")[2] in str(down.value)
        with pytest.raises(GalleryUnavailable):
            place.open()
        own_postgres.start()
        assert names(gallery) == ["Ada"]
        assert gallery.enrol(references(Ben=1)).enrolled == ("ben-1",)
        assert found(reader, "ben-1") == ["ben-1"]
        assert gallery.verify() == []


def test_a_server_killed_while_it_is_written_to_loses_nothing_acknowledged(own_postgres):
    place = Place(own_postgres.place(), "postgresql")
    acknowledged: list[str] = []
    errors: list[Exception] = []
    with place.create() as gallery:
        gallery.enrol([reference("first", "Ada")])

        def write():
            for number in range(5000):
                batch = [reference(f"b{number}-{n}", f"Person {number % 5}") for n in range(3)]
                try:
                    gallery.enrol(batch)
                except GalleryError as error:
                    errors.append(error)
                    return
                acknowledged.extend(one.id for one in batch)

        writer = threading.Thread(target=write)
        writer.start()
        while len(acknowledged) < 15:
            time.sleep(0.001)
        own_postgres.crash()
        writer.join()
        own_postgres.start()
        assert [type(error) for error in errors] == [GalleryUnavailable]
        there = {one.id for one in gallery.references()}
        assert there >= set(acknowledged)
        assert len(there) % 3 == 1  # batches are there or not
        assert gallery.verify() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda uri: uri.replace("/postgres?", "/no_such_database?"), "does not exist"),
        (lambda uri: uri.replace("postgres:@", "nobody:s3cret@").replace("postgres@", "nobody:s3cret@"), "nobody"),
        (lambda uri: "postgresql://me:s3cret@127.0.0.1:1/db", "refused"),
        (lambda uri: "postgresql://me:s3cret@no-such-host.invalid/db", "no-such-host"),
        (lambda uri: uri + "&no_such_option=1", "no_such_option"),
    ],
)
def test_a_server_that_cannot_be_reached_is_named_without_the_password(place, change, words):
    uri = change(place.uri)
    for attempt in (open_gallery, lambda uri: create_gallery(uri, model=MODEL, dimension=DIMENSION, metric="cosine")):
        with pytest.raises(GalleryUnavailable, match=words) as failed:
            attempt(uri)
        assert "s3cret" not in str(failed.value)
        assert str(failed.value).startswith("postgresql://")


def test_a_database_and_a_user_may_be_called_otherwise(postgres):
    name = "g\u00e4llery 100% ?#&/"
    quoted = "g%C3%A4llery%20100%25%20%3F%23%26%2F"
    postgres.run(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    place = Place(postgres.place().replace("/postgres?", f"/{quoted}?"), "postgresql")
    with place.create() as gallery:
        gallery.enrol(references(Ada=1))
    with place.open() as gallery:
        assert names(gallery) == ["Ada"]
    postgres.run(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_writer_waits_a_bounded_time_for_a_lock(place, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE_MS", 100)
    with place.create() as gallery:
        with gallery.store.database._engine.connect() as other:
            other.execute(text("SELECT 1 FROM setting WHERE name = 'version' FOR UPDATE"))
            with pytest.raises(GalleryBusy, match="another writer holds it; try again"):
                gallery.enrol(references(Ada=1))
        gallery.enrol(references(Ada=1))


def test_a_change_that_the_server_gives_up_is_not_half_there(place):
    with place.create() as gallery:
        gallery.enrol(references(Ada=1))
        for statement, error in (
            ("SELECT pg_terminate_backend(pg_backend_pid())", GalleryUnavailable),
            ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)", GalleryBusy),
            ("SELECT 1/0", InvalidInput),
            ("SET TRANSACTION READ ONLY; DELETE FROM person", GalleryReadOnly),
        ):
            with pytest.raises(error):
                _change(gallery, statement)
            assert names(gallery) == ["Ada"]


def _change(gallery, statements):
    with gallery.store.changing() as change:
        change.connection.execute(text("UPDATE person SET name = 'Mallory'"))
        for statement in statements.split(";"):
            change.connection.execute(text(statement))


def test_tables_that_are_gone_or_others_are_told_apart(place, postgres):
    schema = place.uri.rpartition("=")[2]
    with place.create() as gallery:
        postgres.run(f'ALTER TABLE "{schema}".person RENAME COLUMN consent TO agreed')
        with pytest.raises(SchemaMismatch, match="not those of this visavis"):
            gallery.people()
        postgres.run(f'DROP SCHEMA "{schema}" CASCADE')
        with pytest.raises(GalleryNotFound, match="tables are gone"):
            gallery.people()
    with pytest.raises(GalleryNotFound):
        place.open()


def test_a_clerk_needs_no_right_to_make_schemas(place, postgres):
    schema = place.uri.rpartition("=")[2]
    user = f"clerk_{schema}"
    mine = Place(place.uri.replace("postgres:@", f"{user}@").replace("postgres@", f"{user}@"), "postgresql")
    postgres.run(f"CREATE ROLE {user} LOGIN", "CREATE EXTENSION IF NOT EXISTS vector")
    with pytest.raises(GalleryReadOnly, match="the user may not do this"):
        mine.create()
    postgres.run(f'CREATE SCHEMA "{schema}" AUTHORIZATION {user}')
    with mine.create() as gallery:
        gallery.enrol(references(Ada=1, Ben=1))
        assert gallery.forget("Ada").erased
    other = f"reader_{schema}"
    postgres.run(
        f"CREATE ROLE {other} LOGIN", f'GRANT USAGE ON SCHEMA "{schema}" TO {other}',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO {other}',
    )  # fmt: skip
    with Place(mine.uri.replace(user, other), "postgresql").open() as gallery:
        assert names(gallery) == ["Ben"]
        with pytest.raises(GalleryReadOnly, match="may not do this"):
            gallery.rename("Ben", "Bob")


def test_pgvector_may_be_in_any_schema(postgres):
    database = f"elsewhere_{time.time_ns()}"
    postgres.run(f"CREATE DATABASE {database}")
    with postgres.connection(database) as connection:
        connection.execute(text('CREATE SCHEMA "ext ensions"'))
        connection.execute(text('CREATE EXTENSION vector SCHEMA "ext ensions"'))
    place = Place(postgres.place().replace("/postgres?", f"/{database}?"), "postgresql")
    with place.create() as gallery:
        gallery.enrol(references(Ada=2))
        assert found(gallery, "ada-2") == ["ada-2"]
    with place.open() as gallery:
        assert found(gallery, "ada-1") == ["ada-1"]
    postgres.run(f"DROP DATABASE {database} WITH (FORCE)")


def test_two_galleries_share_a_database_and_nothing_else(postgres):
    one, other = (Place(postgres.place(), "postgresql") for _ in range(2))
    with one.create() as first, other.create() as second:
        first.enrol(references(Ada=1))
        second.enrol(references(Ben=1))
        assert (names(first), names(second)) == (["Ada"], ["Ben"])
        assert first.forget("Ada").erased
        assert names(second) == ["Ben"]
        assert first.id != second.id


def test_deleted_rows_that_the_server_keeps_for_others_are_not_called_erased(place, monkeypatch):
    monkeypatch.setattr(store, "_nobody_looks_back", lambda _: True)  # as for somebody who came in between
    with place.create() as gallery, place.open() as other:
        gallery.enrol(references(Ada=1, Ben=1))
        with other.store.database._engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
            snapshot.execute(text("SELECT 1"))  # of no table, so that it is in nobody's way
            forgotten = gallery.forget("Ada")
            assert not forgotten.erased
            assert "may still see" in forgotten.note
        assert gallery.forget("Ben").erased


def test_damaged_rows_of_the_server_are_found(place, postgres):
    schema = place.uri.rpartition("=")[2]
    with place.create() as gallery:
        gallery.enrol(references(Ada=2))
        postgres.run(f"UPDATE \"{schema}\".reference SET box = '[1, 2]' WHERE key = 1")
        with pytest.raises(GalleryCorrupt, match="rows are not what they should be"):
            gallery.references()
        postgres.run(f'UPDATE "{schema}".reference SET box = NULL WHERE key = 1')
        postgres.run(f"UPDATE \"{schema}\".template SET vector = '[1, 2]' WHERE reference = 1")
        assert [problem.kind for problem in gallery.verify()] == ["damaged template"]


def test_odd_text_goes_through_the_driver_unchanged(postgres, tmp_path):
    texts = ["%s %(x)s %%", "'; DROP TABLE person; --", "{}[]\\x00\\", "\N{GRINNING FACE}\u200d", "$1 :name @x"]
    for place in (place_in("sqlite", tmp_path, None), Place(postgres.place(), "postgresql")):
        with place.create() as gallery:
            gallery.enrol([reference(f"r{n}", one.replace("\n", ""), source=one) for n, one in enumerate(texts)])
            assert [one.source for one in gallery.references()] == texts
            assert {person.name for person in gallery.people()} == {" ".join(one.split()) for one in texts}
            assert all(gallery.person(one).references == 1 for one in texts)


def test_a_server_that_dies_while_it_erases_leaves_what_was_forgotten_forgotten(own_postgres, monkeypatch):
    place = Place(own_postgres.place(), "postgresql")
    with place.create() as gallery:
        gallery.enrol(references(Ada=1, Ben=1))
        told = store._nobody_looks_back

        def dies(connection):
            connection.execute(text("SELECT 1"))
            own_postgres.crash()
            own_postgres.start()
            return told(connection)

        monkeypatch.setattr(store, "_nobody_looks_back", dies)
        forgotten = gallery.forget("Ada")
        assert (forgotten.references, forgotten.erased) == (1, False)
        assert "verify --repair` tries again" in forgotten.note
        monkeypatch.undo()
        rewritten = store._rewritten

        def dies_later(connection):
            own_postgres.crash()
            own_postgres.start()
            return rewritten(connection)

        monkeypatch.setattr(store, "_rewritten", dies_later)
        assert not gallery.forget("Ben").erased
        monkeypatch.undo()
        assert [problem.kind for problem in gallery.verify(repair=True)] == [BACKLOG]
        assert gallery.verify() == []
        assert gallery.count() == (0, 0)


def test_a_wrong_password_is_refused_and_never_shown(own_postgres):
    rules = own_postgres.folder / "pg_hba.conf"
    before = rules.read_text()
    own_postgres.run("CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'right%@/word'")
    rules.write_text(f"local all locked scram-sha-256\n{before}")
    own_postgres.run("SELECT pg_reload_conf()")
    place = own_postgres.place()
    try:
        for given, words in (("wr0ng", "password authentication failed"), ("", "no password supplied")):
            uri = place.replace("postgres:@", f"locked:{given}@").replace("postgres@", f"locked:{given}@")
            with pytest.raises(GalleryUnavailable, match=words) as refused:
                create_gallery(uri, model=MODEL, dimension=DIMENSION, metric="cosine")
            assert "wr0ng" not in str(refused.value)
        uri = place.replace("postgres:@", "locked:right%25%40%2Fword@").replace(
            "postgres@", "locked:right%25%40%2Fword@"
        )
        with create_gallery(uri, model=MODEL, dimension=DIMENSION, metric="cosine") as gallery:
            assert "word" not in repr(gallery) + repr(gallery.location) + gallery.location.shown
    finally:
        rules.write_text(before)
        own_postgres.run("SELECT pg_reload_conf()")
