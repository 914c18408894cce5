"""Making and opening galleries: one per place, found again as it was made, and clear words where there is none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from tests.gallery.contract.galleries import KEY, MODEL, names, reference, references
from tests.gallery.contract.processes import outcome_of_creating

from visavis.errors import (
    GalleryConflict,
    GalleryCorrupt,
    GalleryNotFound,
    GalleryReadOnly,
    InvalidInput,
    TemplateMismatch,
    WrongKey,
)
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.store.database import Database
from visavis.gallery.store.founding import ACTOR
from visavis.gallery.uri import parse_uri


def test_a_new_gallery_is_empty_and_is_what_was_asked_for(place):
    with place.create(metric="cosine", actor="Grace") as gallery:
        space = gallery.model
        assert (space.fingerprint, space.dimension, space.metric, space.active) == (MODEL, 8, "cosine", True)
        assert space.precision == ("int8" if place.quantised else "float32")
        assert gallery.models() == (space,)
        assert gallery.space(MODEL) == space
        assert (gallery.count(), gallery.version, gallery.people(), gallery.history()) == ((0, 0), 0, [], [])
        assert gallery.encrypted == (place.key is not None)
        assert gallery.verify() == []
        (made,) = gallery.audit()
        assert (made.sequence, made.action, made.actor, made.model) == (1, "create", "Grace", MODEL)
        assert gallery.search([1.0] * 8, 3).keys.tolist() == [[-1, -1, -1]]
        with pytest.raises(TemplateMismatch, match=r"tiny@1, not of other@2"):
            gallery.space("other@2")


def test_what_was_written_is_there_when_it_is_opened_again(place):
    with place.create() as made:
        made.enrol(references(Ada=2, Ben=1))
        expected = made.id, made.version, made.people(), made.references(), made.model, made.audit_head()
    with place.open() as again:
        assert (again.id, again.version, again.people(), again.references(), again.model) == expected[:5]
        assert again.audit_head() == expected[5]
        assert again.verify() == []


def test_a_place_takes_one_gallery(plain_place):
    with plain_place.create() as first:
        first.enrol(references(Ada=1))
        with pytest.raises(GalleryConflict, match="there is a gallery already"):
            plain_place.create()
        assert names(first) == ["Ada"]
        first.enrol(references(Ben=1))
    with plain_place.open() as again:
        assert names(again) == ["Ada", "Ben"]


def test_there_is_none_until_one_is_made(plain_place):
    with pytest.raises(GalleryNotFound, match="visavis gallery create"):
        plain_place.open()
    with pytest.raises(GalleryNotFound):
        plain_place.open(read_only=True)
    plain_place.create().close()
    plain_place.open().close()


def test_what_cannot_be_a_gallery_leaves_none_behind(plain_place):
    for wrong in (
        {"dimension": 0},
        {"dimension": 16_001},
        {"dimension": "8"},
        {"metric": "manhattan"},
        {"precision": "float16"},
        {"model": " "},
        {"model": "half\ud800"},
        {"key": b"too short"},
    ):
        with pytest.raises(InvalidInput):
            plain_place.create(**wrong)
        with pytest.raises(GalleryNotFound):
            plain_place.open()
    plain_place.create().close()


def test_a_gallery_that_was_half_made_is_not_found_and_can_be_made(plain_place):
    database = Database(parse_uri(plain_place.uri), read_only=False)
    database.create()
    database.close()
    with pytest.raises(GalleryNotFound):
        plain_place.open()
    with plain_place.create() as gallery:
        gallery.enrol(references(Ada=1))


def test_tables_that_were_half_made_are_not_found_and_can_be_made(plain_place):
    with plain_place.create() as gallery, gallery.store.database.writing() as connection:
        tables = "setting threshold apart crop template reference person model change operation audit erasure job"
        for table in [*tables.split(), "alembic_version"]:
            connection.execute(text(f"DROP TABLE {table}"))
        if plain_place.database == "postgresql":
            connection.execute(text("DROP FUNCTION audit_is_append_only"))
    with pytest.raises(GalleryNotFound):
        plain_place.open()
    with plain_place.create() as gallery:
        gallery.enrol(references(Ada=1))
        assert gallery.verify() == []


def test_a_gallery_without_its_first_facts_is_damaged_and_not_made_anew(plain_place):
    with plain_place.create() as gallery:
        gallery.enrol(references(Ada=1))
        with gallery.store.database.writing() as connection:
            connection.execute(text("DELETE FROM setting WHERE name = 'gallery'"))
    with pytest.raises(GalleryCorrupt, match="restore it from a copy"):
        plain_place.open()


def test_a_gallery_opened_for_reading_is_read_and_not_changed(place):
    with place.create() as made:
        made.enrol(references(Ada=2))
    with place.open(read_only=True) as gallery:
        assert gallery.read_only
        assert names(gallery) == ["Ada"]
        assert gallery.search([1.0] * 8).keys[0, 0] > 0
        assert gallery.verify() == []
        assert len(list(gallery.audit())) > 1
        for change in (
            lambda: gallery.enrol(references(Ben=1)),
            lambda: gallery.rename("Ada", "Eve"),
            lambda: gallery.forget("Ada"),
            lambda: gallery.note("seen", []),
            lambda: gallery.store_threshold(0.01, {"threshold": 0.5}),
            lambda: gallery.verify(repair=True),
        ):
            with pytest.raises(GalleryReadOnly, match="read_only=False"):
                change()


def test_progress_is_told_while_a_gallery_is_opened(plain_place):
    with plain_place.create() as made:
        made.enrol(references(Ada=3))
    steps: list[tuple[int, int]] = []
    with plain_place.open(progress=lambda done, total: steps.append((done, total))) as gallery:
        assert steps[-1] == (3, 3)
        assert len(gallery.tier()) == 3


def test_keys_are_asked_for_and_compared(place):
    with place.create() as made:
        made.enrol(references(Ada=1))
    if place.key is None:
        with pytest.raises(InvalidInput, match="is not encrypted"):
            place.open(key=KEY)
        return
    with pytest.raises(WrongKey, match=r"give its key") as missing:
        place.open(key=None)
    with pytest.raises(WrongKey, match="another key") as wrong:
        place.open(key=KEY[::-1])
    shown = parse_uri(place.uri).shown
    assert shown in str(missing.value)
    assert shown in str(wrong.value)


def test_an_encrypted_gallery_cannot_be_kept_in_qdrant(tmp_path):
    with pytest.raises(InvalidInput, match="Qdrant must read vectors"):
        create_gallery(
            f"qdrant+{tmp_path / 'g'}?qdrant={tmp_path / 'q'}", model="m@1", dimension=8, metric="cosine", key=KEY
        )
    assert not (tmp_path / "g").exists()


def test_who_makes_changes_is_noted(plain_place, monkeypatch):
    with plain_place.create(actor="Grace"):
        pass
    monkeypatch.setenv(ACTOR, "Ada")
    with plain_place.open() as gallery:
        gallery.enrol(references(Ben=1))
    with plain_place.open(actor="odd \ud800 name \0") as gallery:
        gallery.enrol(references(Cem=1))
        assert [entry.actor for entry in gallery.audit()][::2] == ["Grace", "Ada", "odd \\ud800 name \\x00"]
        assert gallery.verify() == []


def test_one_of_many_threads_makes_a_gallery(plain_place):
    with ThreadPoolExecutor(6) as pool:
        outcomes = [pool.submit(_made, plain_place.uri) for _ in range(6)]
    assert sorted(outcome.result() for outcome in outcomes) == ["GalleryConflict"] * 5 + ["made"]
    with plain_place.open() as gallery:
        assert gallery.verify() == []


def test_threads_make_galleries_in_different_places_at_once(tmp_path, postgres):
    places = [*(str(tmp_path / str(n)) for n in range(5)), *(postgres.place() for _ in range(3))]
    together = threading.Barrier(len(places))
    with ThreadPoolExecutor(len(places)) as pool:
        assert set(pool.map(lambda uri: together.wait() >= 0 and _made(uri), places)) == {"made"}
    for number, uri in enumerate(places):
        with open_gallery(uri) as gallery:
            gallery.enrol([reference(f"r{number}", f"Person {number}")])
    for number, uri in enumerate(places):
        with open_gallery(uri) as gallery:
            assert names(gallery) == [f"Person {number}"]


def test_one_of_many_processes_makes_a_gallery(plain_place, four_processes):
    outcomes = list(four_processes.map(outcome_of_creating, [plain_place.uri] * 4))
    assert sorted(outcomes) == ["GalleryConflict"] * 3 + ["made"]
    with plain_place.open() as gallery:
        assert gallery.verify() == []


def test_a_gallery_is_made_beside_the_tables_of_other_programs(postgres):
    postgres.run(
        "CREATE TABLE IF NOT EXISTS public.alembic_version (version_num varchar(32))",
        "INSERT INTO public.alembic_version VALUES ('abcdef')",
        "CREATE TABLE IF NOT EXISTS public.person (name text)",
    )
    uri = postgres.place()
    try:
        with pytest.raises(GalleryNotFound):
            open_gallery(uri)
        create_gallery(uri, model=MODEL, dimension=8, metric="cosine").close()
        with open_gallery(uri) as gallery:
            gallery.enrol(references(Ada=1))
    finally:
        postgres.run("DROP TABLE public.alembic_version", "DROP TABLE public.person")


def _made(uri: str) -> str:
    return outcome_of_creating(uri)
