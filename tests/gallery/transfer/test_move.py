"""Moving galleries: whatever the stores, what arrives is what left, and a crash leaves one gallery, not two halves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from tests.gallery.transfer.galleries import MODEL, NEW, OLD, D, everything, file_bytes, full_gallery, references

from visavis.errors import (
    GalleryBusy,
    GalleryConflict,
    GalleryCorrupt,
    GalleryNotFound,
    InvalidInput,
    StorageError,
    TemplateMismatch,
    WrongKey,
)
from visavis.gallery import schema
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.schema import template
from visavis.gallery.store import audit
from visavis.gallery.store.database import Database
from visavis.gallery.transfer import content, move
from visavis.gallery.transfer.content import write
from visavis.gallery.transfer.move import move_gallery
from visavis.gallery.transfer.place import settings_at
from visavis.gallery.transfer.rekey import rekey_gallery
from visavis.gallery.uri import parse_uri


class Killed(Exception):
    """The process ends here."""


@pytest.fixture
def place(request, tmp_path):
    """A function that makes up the URI of a place: sqlite, postgresql, or one of them beside Qdrant."""
    made = iter(range(100))

    def new(kind):
        folder = tmp_path / str(next(made))
        qdrant, _, database = kind.rpartition("+")
        uri = f"sqlite:{folder / 'g'}?" if database == "sqlite" else request.getfixturevalue("postgres").place() + "&"
        return f"qdrant+{uri}qdrant={folder / 'points'}" if qdrant else uri[:-1]

    return new


def folder_of(uri):
    return parse_uri(uri).folder


def told(gallery):
    """Everything but the audit log, which grows by a move."""
    return {name: value for name, value in everything(gallery).items() if name != "audit"}


@pytest.mark.parametrize(
    ("source", "destination", "key", "new_key", "decrypted", "precision"),
    [
        ("sqlite", "postgresql", None, None, False, "float32"),
        ("postgresql", "sqlite", None, None, False, "float32"),
        ("sqlite", "sqlite", None, NEW, False, "int8"),
        ("sqlite", "postgresql", OLD, NEW, False, "float32"),
        ("postgresql", "sqlite", OLD, None, False, "int8"),
        ("sqlite", "postgresql", OLD, None, True, "float32"),
        ("sqlite", "qdrant+sqlite", None, None, False, "float32"),
        ("qdrant+sqlite", "qdrant+postgresql", None, None, False, "int8"),
        ("qdrant+sqlite", "sqlite", None, NEW, False, "float32"),
    ],
)
def test_nothing_is_lost_between_any_two_stores(place, source, destination, key, new_key, decrypted, precision):
    here, there = place(source), place(destination)
    with full_gallery(here, key=key, precision=precision) as gallery:
        before, version = everything(gallery), gallery.version
        log = before.pop("audit")
    steps = []
    report = move_gallery(
        here, there, key=key, new_key=new_key, decrypted=decrypted, actor="mover", progress=lambda *at: steps.append(at)
    )
    opens = None if decrypted else new_key or key
    assert (report.gallery, report.people, report.references) == (before["id"], 5, 22)
    assert (report.encrypted, report.copied, report.forgotten) == (opens is not None, True, False)
    assert report.rows[f"template of {MODEL}"] == report.rows["reference"] == 22
    assert steps == sorted(steps)
    assert abs(steps[-1][0] - steps[-1][1]) <= 8  # the few settings are not counted
    with open_gallery(there, key=opens) as gallery:
        assert told(gallery) == before
        assert gallery.encrypted == (opens is not None)
        assert gallery.version == version + 1
        *old, last = gallery.audit()
        assert old == log
        assert (last.action, last.actor, last.details["from"], last.details["to"]) == (
            "move", "mover", source, destination
        )  # fmt: skip
        assert gallery.verify() == []
        probe = before["references"][3]
        found = gallery.search(gallery.templates([probe.key]), 1)
        assert found.keys[0, 0] == probe.key
    with open_gallery(here, key=key) as gallery:
        assert everything(gallery) == {**before, "audit": log}


@pytest.mark.parametrize("destination", ["sqlite", "postgresql"])
def test_life_goes_on_where_it_arrived(place, destination):
    """Undo reaches back over the move, numbers go on, and search tiers keep up."""
    here, there = place("sqlite"), place(destination)
    full_gallery(here).close()
    move_gallery(here, there)
    with open_gallery(there) as gallery, open_gallery(here) as original:
        for held in (gallery, original):
            held.undo()  # the renaming
            held.undo(1)  # the merge before it
            held.enrol(references(30)[24:])
            held.split("Ben", ["r17"], "Dora")
            held.forget('O\'Brien / ½ "x"')
        assert [p.name for p in gallery.people()] == [p.name for p in original.people()]
        assert [(r.key, r.id, r.person) for r in gallery.references()] == [
            (r.key, r.id, r.person) for r in original.references()
        ]
        assert [(o.id, o.kind, o.undone_by) for o in gallery.history()] == [
            (o.id, o.kind, o.undone_by) for o in original.history()
        ]
        assert gallery.verify() == []
        assert gallery.search(references(30)[26].template.vector, 1).keys[0, 0] == 27


def test_there_and_back_again_gives_the_same_gallery(place):
    here, there, back = place("sqlite"), place("postgresql"), place("sqlite")
    with full_gallery(here) as gallery:
        before = told(gallery)
    move_gallery(here, there, new_key=NEW)
    move_gallery(there, back, key=NEW, decrypted=True)
    with open_gallery(back) as gallery:
        assert told(gallery) == before
        assert gallery.verify() == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "qdrant+sqlite", "qdrant+postgresql"])
def test_a_forgotten_source_is_gone_from_its_files(place, tmp_path, kind):
    here, there = place(kind), place("sqlite")
    with full_gallery(here) as gallery:
        before = told(gallery)
    linked = []
    if kind == "sqlite":  # the bytes of a file that is removed are looked at through another name
        linked = [tmp_path / "linked"]
        os.link(folder_of(here) / "gallery.sqlite", linked[0])
        assert before["templates"][MODEL][:96] in linked[0].read_bytes()
    report = move_gallery(here, there, forget_source=True)
    assert (report.copied, report.forgotten) == (True, True)
    with open_gallery(there) as gallery:
        assert told(gallery) == before
        assert gallery.verify() == []
    with pytest.raises(GalleryNotFound):
        open_gallery(here)
    for link in linked:
        left = link.read_bytes()
        for secret in ("O'Brien", "fotos", "photo0001", "somebody", "form 1"):
            assert secret.encode() not in left
        for start in range(0, len(before["templates"][MODEL]), 4 * D):
            assert before["templates"][MODEL][start : start + 32] not in left
    if kind.startswith("qdrant"):
        assert before["templates"][MODEL][:96] not in file_bytes(Path(here.partition("qdrant=")[2]).parent)
    create_gallery(here, model=MODEL, dimension=D, metric="cosine").close()  # the place is free again


def test_an_encrypted_source_leaves_no_sealed_value_behind(place, tmp_path):
    here, there = place("sqlite"), place("sqlite")
    with full_gallery(here, key=OLD) as gallery, gallery.store.reading() as connection:
        sealed = connection.execute(template.select()).first().data[:5]
    os.link(folder_of(here) / "gallery.sqlite", tmp_path / "linked")
    move_gallery(here, there, key=OLD, new_key=NEW, forget_source=True)
    assert sealed not in file_bytes(tmp_path)
    assert not folder_of(here).exists()
    with pytest.raises(WrongKey):
        open_gallery(there, key=OLD)


def test_whoever_has_a_forgotten_source_open_is_told_and_writes_nothing(place, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.sqlite._SCRUB_PATIENCE_MS", 10)
    for kind in ("sqlite", "postgresql"):
        here, there = place(kind), place("sqlite")
        full_gallery(here).close()
        with open_gallery(here) as other:
            other.search(references(1)[0].template.vector, 1)
            assert move_gallery(here, there, forget_source=True).forgotten
            for ask in (other.count, other.people, lambda: other.enrol(references(25)[24:]), other.undo):
                with pytest.raises(GalleryNotFound):
                    ask()
            with pytest.raises(GalleryNotFound):
                other.search(references(1)[0].template.vector, 1)


def test_a_reader_of_the_source_delays_its_end_and_the_same_call_goes_on(place, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.sqlite._SCRUB_PATIENCE_MS", 10)
    here, there = place("sqlite"), place("sqlite")
    with full_gallery(here) as reader, reader.store.reading() as connection:
        connection.execute(text("SELECT * FROM person")).first()
        first = move_gallery(here, there, forget_source=True)
        assert (first.copied, first.forgotten) == (True, False)
        assert "repeat the move" in first.note
        with pytest.raises(GalleryNotFound, match="was moved to"):
            open_gallery(here)
    with pytest.raises(GalleryNotFound, match="was moved to"):
        move_gallery(here, place("sqlite"), forget_source=True)
    second = move_gallery(here, there, forget_source=True)
    assert (second.copied, second.forgotten, second.references) == (False, True, 22)
    assert not folder_of(here).exists()


def test_a_transaction_on_the_server_that_keeps_the_source_is_named_and_the_same_call_goes_on(place, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.postgres.PATIENCE_MS", 200)
    here, there = place("postgresql"), place("sqlite")
    with full_gallery(here) as reader, reader.store.reading() as connection:
        connection.execute(text("SELECT * FROM person")).first()
        with pytest.raises(GalleryBusy, match=r"complete at .*, but .* not be forgotten.*repeat the move"):
            move_gallery(here, there, forget_source=True)
        assert reader.count() == (5, 22)
    report = move_gallery(here, there, forget_source=True)
    assert (report.copied, report.forgotten) == (False, True)


def test_no_table_is_forgotten_when_one_is_added():
    """Every table is copied, or known to belong to a place."""
    copied = {table.name for table in (*content._PLAIN, template, schema.crop, schema.job, schema.setting)}
    assert copied | {"change", "erasure"} == set(schema.metadata.tables)


def test_repeating_a_move_compares_and_only_then_forgets(place):
    here, there = place("sqlite"), place("postgresql")
    full_gallery(here).close()
    assert move_gallery(here, there).copied
    again = move_gallery(here, there)
    assert (again.copied, again.forgotten) == (False, False)
    with open_gallery(here) as gallery:
        gallery.enrol(references(25)[24:])
    with pytest.raises(GalleryConflict, match="changed since"):
        move_gallery(here, there, forget_source=True)
    with open_gallery(here) as gallery:
        assert gallery.count() == (5, 23)
        gallery.forget("Ada Lovelace", references=["r24"])
    with pytest.raises(GalleryConflict, match="audit"):
        move_gallery(here, there, forget_source=True)
    with open_gallery(there) as gallery:
        gallery.rename("Benjamin", "Ben")
    with pytest.raises(GalleryConflict, match="changed since"):
        move_gallery(here, there)


def test_writers_wait_for_a_move_and_none_of_their_writes_is_lost(place):
    here, there = place("sqlite"), place("sqlite")
    full_gallery(here).close()
    waited = threading.Event()

    def write():
        with open_gallery(here) as writer:
            waited.set()
            writer.enrol(references(25)[24:])

    def progress(done, total):
        if done and not waited.is_set():
            thread.start()
            waited.wait(10)

    thread = threading.Thread(target=write)
    move_gallery(here, there, progress=progress)
    thread.join()
    with open_gallery(there) as gallery, open_gallery(here) as original:
        assert gallery.count() == (5, 22)
        assert original.count() == (5, 23)


def test_a_writer_who_waits_while_the_source_is_forgotten_is_turned_away(place):
    for kind in ("sqlite", "postgresql"):
        here, there = place(kind), place("sqlite")
        full_gallery(here).close()
        writer, met = open_gallery(here), []

        def write(writer=writer, met=met):
            try:
                writer.enrol(references(25)[24:])
            except GalleryNotFound as error:
                met.append(error)

        thread = threading.Thread(target=write)

        def progress(done, total, thread=thread):
            if thread.ident is None:
                thread.start()

        move_gallery(here, there, forget_source=True, progress=progress)
        thread.join()
        writer.close()
        assert len(met) == 1


def test_a_source_that_cannot_be_written_is_copied_and_watched(place, monkeypatch):
    here, there = place("sqlite"), place("sqlite")
    full_gallery(here).close()
    monkeypatch.setattr(move, "_source", lambda uri, key, actor, must_write: open_gallery(uri, key=key, read_only=True))
    changed = []

    def progress(done, total):
        if not changed:
            changed.append(done)
            with open_gallery(here) as other:
                other.enrol(references(25)[24:])

    with pytest.raises(GalleryBusy, match="was changed while it was copied"):
        move_gallery(here, there, progress=progress)
    with pytest.raises(GalleryNotFound):
        open_gallery(there)
    assert move_gallery(here, there).references == 23


@pytest.mark.parametrize(
    ("destination", "share"),
    [("sqlite", 0.05), ("sqlite", 0.95), ("postgresql", 0.45), ("qdrant+sqlite", 0.4), ("qdrant+sqlite", 0.95)],
)
def test_a_move_that_fails_leaves_nothing_that_opens_and_can_be_repeated(place, destination, share):
    here, there = place("sqlite"), place(destination)
    with full_gallery(here) as gallery:
        before = told(gallery)

    def fail(done, total):
        if done >= share * total:
            raise Killed

    with pytest.raises(Killed):
        move_gallery(here, there, progress=fail)
    with pytest.raises(GalleryNotFound, match="no gallery here"):
        open_gallery(there)
    if destination.startswith("qdrant"):
        assert before["templates"][MODEL][:96] not in file_bytes(there.partition("qdrant=")[2])
    assert move_gallery(here, there, forget_source=True).forgotten
    with open_gallery(there) as gallery:
        assert told(gallery) == before
        assert gallery.verify() == []


KILLED = """
import os, sys
from visavis.gallery.transfer.move import move_gallery
def end(done, total):
    if done >= float(sys.argv[3]) * total:
        os._exit(9)
move_gallery(sys.argv[1], sys.argv[2], progress=end)
"""


@pytest.mark.parametrize(("destination", "share"), [("sqlite", 0.6), ("postgresql", 0.4), ("qdrant+sqlite", 0.9)])
def test_a_process_that_dies_leaves_nothing_that_opens(place, destination, share):
    here, there = place("sqlite"), place(destination)
    with full_gallery(here) as gallery:
        before = told(gallery)
    done = subprocess.run([sys.executable, "-c", KILLED, here, there, str(share)], check=False, timeout=60)
    assert done.returncode == 9
    with pytest.raises(GalleryNotFound, match="did not finish" if "qdrant" in destination else "no gallery"):
        open_gallery(there)
    with open_gallery(here) as gallery:
        assert told(gallery) == before
        assert gallery.verify() == []
    move_gallery(here, there)
    with open_gallery(there) as gallery:
        assert told(gallery) == before
        assert gallery.verify() == []


def test_a_death_between_copying_and_forgetting_is_mended_by_the_same_call(place, monkeypatch):
    here, there = place("sqlite"), place("sqlite")
    with full_gallery(here) as gallery:
        before = told(gallery)

    def dies(*_):
        raise Killed

    for name in ("leave", "finish"):  # before the source is emptied, and before its file is removed
        with monkeypatch.context() as patch:
            patch.setattr(move, name, dies)
            with pytest.raises(Killed):
                move_gallery(here, there, forget_source=True)
        with open_gallery(there) as gallery:
            assert told(gallery) == before
    assert move_gallery(here, there, forget_source=True).forgotten
    assert not folder_of(here).exists()


def test_a_copy_that_differs_is_never_kept(place, monkeypatch):
    here, there = place("sqlite"), place("postgresql")
    full_gallery(here).close()

    def careless(side, block):
        if block.name == "reference":
            block.rows[3]["source"] = "another.jpg"
        write(side, block)

    monkeypatch.setattr("visavis.gallery.transfer.arrival.write", careless)
    with pytest.raises(StorageError, match="does not hold what was written to it: reference differ"):
        move_gallery(here, there, forget_source=True)
    with pytest.raises(GalleryNotFound):
        open_gallery(there)
    with open_gallery(here) as gallery:
        assert gallery.verify() == []


def test_qdrant_is_not_shared_by_two_copies_of_a_gallery(place):
    here, first = place("sqlite"), place("qdrant+sqlite")
    full_gallery(here).close()
    move_gallery(here, first)
    second = first.replace("/g?", "/h?")
    with pytest.raises(GalleryConflict, match="Qdrant holds templates of this gallery already"):
        move_gallery(here, second)
    with pytest.raises(GalleryConflict, match="Qdrant holds templates of this gallery already"):
        move_gallery(first, second, forget_source=True)
    with open_gallery(first) as gallery:
        assert gallery.verify() == []


def test_a_change_of_key_that_is_under_way_ends_with_the_move(place):
    here, there = place("sqlite"), place("sqlite")
    full_gallery(here, key=OLD).close()
    with pytest.raises(Killed):
        rekey_gallery(here, key=OLD, new_key=NEW, progress=stopped)
    move_gallery(here, there, key=NEW)
    with open_gallery(there, key=NEW) as gallery:
        assert gallery.job("rekey") is None
        assert len(settings_at(Database(parse_uri(there), read_only=True))["vault"]["data_keys"]) == 1
        assert gallery.verify() == []


def stopped(done, total):
    raise Killed


def test_what_cannot_be_is_one_clear_error_and_changes_nothing(place):
    here, there, other = place("sqlite"), place("sqlite"), place("sqlite")
    full_gallery(here, key=OLD).close()
    create_gallery(other, model=MODEL, dimension=D, metric="cosine").close()
    with pytest.raises(InvalidInput, match="is there already"):
        move_gallery(here, f"{here}/", key=OLD)
    with pytest.raises(GalleryConflict, match="there is a gallery already"):
        move_gallery(here, other, key=OLD)
    with pytest.raises(InvalidInput, match="Qdrant must read vectors"):
        move_gallery(here, place("qdrant+sqlite"), key=OLD)
    with pytest.raises(InvalidInput, match="give one of the two"):
        move_gallery(here, there, key=OLD, new_key=NEW, decrypted=True)
    with pytest.raises(InvalidInput, match="is not encrypted"):
        move_gallery(other, there, key=OLD)
    with pytest.raises(InvalidInput, match="32"):
        move_gallery(here, there, key=OLD, new_key=b"short")
    for key in (None, NEW):
        with pytest.raises(WrongKey):
            move_gallery(here, there, key=key)
    with pytest.raises(GalleryNotFound):
        move_gallery(there, place("sqlite"))
    assert not folder_of(there).exists()


def test_a_damaged_source_is_never_forgotten(place):
    here, there = place("sqlite"), place("sqlite")
    with full_gallery(here) as gallery, gallery.store.changing() as change:
        change.connection.execute(text("UPDATE template SET data = x'00' WHERE reference = 3"))
    with pytest.raises(GalleryCorrupt, match=rf"^{re.escape(here)}: templates of 1 references"):
        move_gallery(here, there, forget_source=True)
    with pytest.raises(GalleryNotFound):
        open_gallery(there)
    with open_gallery(here) as gallery:
        assert gallery.count() == (5, 22)


def test_a_broken_audit_chain_arrives_as_it_is(place):
    """Tampering is neither hidden nor made worse by a move."""
    here, there = place("sqlite"), place("postgresql")
    with full_gallery(here) as gallery, gallery.store.changing() as change:
        change.connection.execute(text("DROP TRIGGER audit_append_only_update"))
        change.connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE sequence = 2"))
    move_gallery(here, there)
    with open_gallery(there) as gallery, gallery.store.reading() as connection:
        assert [problem.message[:7] for problem in audit.check(connection)] == ["entry 2"]


def test_an_empty_gallery_moves_too(place):
    here, there = place("sqlite"), place("postgresql")
    create_gallery(here, model=MODEL, dimension=D, metric="cosine", precision="int8").close()
    assert move_gallery(here, there, forget_source=True).references == 0
    with open_gallery(there) as gallery:
        assert gallery.enrol(references(4)).enrolled == ("r0", "r1", "r2", "r3")
        assert gallery.model.scale is not None
        with pytest.raises(TemplateMismatch):
            gallery.space("another@1")
        assert np.isfinite(gallery.templates([1])).all()
