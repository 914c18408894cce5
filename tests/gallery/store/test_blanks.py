"""Unused parts of SQLite pages: emptied, with nothing that SQLite reads changed, and only through SQLite's own file."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.gallery.contract.galleries import place_in, reference, references

from visavis.gallery.store import sqlite as store
from visavis.gallery.store.blanks import empty_blanks, own_descriptor


def churned(path: Path, seed: int, page: int = 4096):
    """A database in which rows came and went: (connection, texts that are deleted, texts that are there)."""
    chance = random.Random(seed)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {page}")
    for setting in ("journal_mode = WAL", "synchronous = OFF", "secure_delete = ON"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT UNIQUE, more BLOB)")
    there: dict[int, str] = {}
    gone = []
    for number in range(600):
        text = f"{chance.getrandbits(96):024x}"
        there[number] = text
        connection.execute(
            "INSERT INTO word VALUES (?, ?, ?)", (number, text, chance.randbytes(chance.choice((9, 90))))
        )
        while there and chance.random() < 0.45:
            key = chance.choice(list(there))
            gone.append(there.pop(key))
            connection.execute("DELETE FROM word WHERE id = ?", (key,))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return connection, gone, list(there.values())


def seen(path, texts):
    """How many of the texts are in the file: read through SQLite's descriptor, which must not be closed."""
    descriptor = own_descriptor(path)
    assert descriptor is not None
    content = os.pread(descriptor, 1 << 30, 0)
    return sum(text.encode() in content for text in texts)


@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_what_is_deleted_leaves_the_file_and_the_rest_stays(tmp_path, page):
    left_by_sqlite = 0
    for seed in range(3):
        path = tmp_path / f"{seed}.sqlite"
        connection, gone, there = churned(path, seed, page)
        dump = list(connection.iterdump())
        left_by_sqlite += seen(path, gone)
        connection.execute("BEGIN IMMEDIATE")
        assert empty_blanks(own_descriptor(path))
        connection.execute("COMMIT")
        assert seen(path, gone) == 0
        assert seen(path, there) == len(there)
        connection.close()
        connection = sqlite3.connect(path)
        assert list(connection.iterdump()) == dump
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    if page == 512:
        assert left_by_sqlite > 0  # else these tests show nothing


def test_a_file_of_another_form_is_not_touched(tmp_path):
    path = tmp_path / "file"
    for content in (b"", b"no database" * 100, b"SQLite format 3\0" + bytes([16, 0, 1, 1, 8]) + bytes(5000)):
        path.write_bytes(content)
        with path.open("r+b") as file:
            try:
                assert not empty_blanks(file.fileno())
            except IndexError:
                assert len(content) < 21
        assert path.read_bytes() == content


def test_only_a_descriptor_for_writing_to_this_file_is_taken(tmp_path):
    path, other = tmp_path / "a", tmp_path / "b"
    path.touch()
    other.touch()
    with other.open("r+b"), path.open("rb"):
        assert own_descriptor(path) is None
        with path.open("r+b") as file:
            assert own_descriptor(path) == file.fileno()
    assert own_descriptor(tmp_path / "absent") is None


@pytest.mark.parametrize("known", [True, False])
def test_where_no_descriptor_is_found_or_the_form_is_unknown_the_file_is_rewritten(tmp_path, monkeypatch, known):
    if known:
        monkeypatch.setattr(store, "own_descriptor", lambda _: None)
    else:
        monkeypatch.setattr(store, "empty_blanks", lambda _: False)
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol([reference(f"r{n}", f"Person {n}") for n in range(200)])
        gallery.forget("Person 199")
        size = (tmp_path / "g" / "gallery.sqlite").stat().st_size
        for number in range(0, 195, 5):
            gallery.merge(f"Person {number}", f"Person {number + 1}")
            assert gallery.forget(f"Person {number}").erased
        assert (tmp_path / "g" / "gallery.sqlite").stat().st_size < size
        assert gallery.verify() == []


def test_other_connections_do_not_write_old_pages_back(tmp_path):
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery, place.open() as other:
        gallery.enrol([reference(f"r{n}", f"Person {n:020}") for n in range(80)])
        for number in range(0, 80, 2):
            other.people()  # its pages are in its cache
            assert gallery.forget(f"Person {number:020}").erased
            other.rename(f"Person {number + 1:020}", f"Other {number + 1:020}")
        assert other.forget("Other 00000000000000000001").erased
        gone = [f"Person {number:020}" for number in range(0, 80, 2)]  # the history has what others were called
        assert seen(tmp_path / "g" / "gallery.sqlite", gone) == 0
        assert gallery.verify() == []


def test_locks_survive_the_cleaning(tmp_path):
    """Had a descriptor been opened and closed, another process could take the log away."""
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol(references(Ada=1, Ben=1))
        gallery.forget("Ada")
        program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM person'); c.close()"
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "g" / "gallery.sqlite")], check=True)
        assert (tmp_path / "g" / "gallery.sqlite-wal").exists()
        gallery.enrol(references(Cem=1))
    with place.open() as again:
        assert [person.name for person in again.people()] == ["Ben", "Cem"]
