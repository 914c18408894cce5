"""Damaged files: whatever is wrong with them, only errors of ours come out, and encryption tells every altered byte."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing

import pytest
from tests.gallery.contract.galleries import KEY, place_in, reference, references, vector

from visavis.errors import GalleryCorrupt, GalleryNotFound, GalleryUnavailable, StorageError, VisavisError
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.types import Where


def full_gallery(place):
    with place.create() as gallery:
        gallery.enrol(references(Ada=12, Ben=9, Cem=5))
        gallery.rename("Ada", "Eve")
        gallery.merge("Eve", "Ben")
        gallery.undo()
        gallery.split("Eve", ["ada-1"], "Fay")
        gallery.set_apart("Eve", "Fay", "twins")
        gallery.forget("Cem")
        gallery.store_threshold(0.01, {"threshold": 0.5})
        gallery.store_job("work", {"at": 1})


def everything(gallery):
    """All that can be asked of a gallery, and done to it."""
    return {
        "people": gallery.people,
        "references": gallery.references,
        "version": lambda: gallery.version,
        "model": lambda: gallery.model,
        "crops": lambda: gallery.crops(["ada-1", "ben-1"]),
        "templates": lambda: gallery.templates([1, 2, 3]),
        "search": lambda: gallery.search(vector(1), 3),
        "filter": lambda: gallery.search(vector(1), 3, where=Where(people=frozenset({"Eve"}), min_quality=0.1)),
        "history": gallery.history,
        "apart": gallery.apart,
        "audit": lambda: list(gallery.audit()),
        "head": gallery.audit_head,
        "threshold": lambda: gallery.threshold(0.01),
        "job": lambda: gallery.job("work"),
        "verify": gallery.verify,
        "enrol": lambda: gallery.enrol([reference("new", "Eve")]),
        "rename": lambda: gallery.rename("Eve", "Gil"),
        "undo": gallery.undo,
        "merge": lambda: gallery.merge("Ben", "Fay"),
        "note": lambda: gallery.note("seen", []),
        "forget": lambda: gallery.forget("Ben"),
        "repair": lambda: gallery.verify(repair=True),
    }


def damaged(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    at = chance.randrange(len(data))
    kind = chance.choice(("bit", "bytes", "cut", "zeros", "pages"))
    if kind == "bit":
        data[at] ^= 1 << chance.randrange(8)
    elif kind == "bytes":
        for _ in range(8):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == "cut":
        del data[at:]
    elif kind == "zeros":
        data[at : at + 200] = bytes(len(data[at : at + 200]))
    else:
        one, other = (4096 * chance.randrange(len(data) // 4096) for _ in range(2))
        data[one : one + 4096], data[other : other + 4096] = data[other : other + 4096], data[one : one + 4096]
    return bytes(data)


@pytest.mark.parametrize("store", ["sqlite", "sqlite-encrypted"])
def test_only_errors_of_ours_come_out_of_a_damaged_file(store, tmp_path):
    place = place_in(store, tmp_path, None)
    full_gallery(place)
    file = tmp_path / "g" / "gallery.sqlite"
    content = file.read_bytes()
    outcomes = set()
    for seed in range(22):
        for path in (tmp_path / "g").iterdir():
            path.unlink()
        file.write_bytes(damaged(content, random.Random(seed)))
        try:
            gallery = place.open()
        except VisavisError as error:
            outcomes.add(type(error))
            continue
        for ask in everything(gallery).values():
            try:
                ask()
                outcomes.add("ok")
            except VisavisError as error:  # anything else fails the test
                outcomes.add(type(error))
        gallery.close()
    assert outcomes >= {"ok", GalleryCorrupt}


def test_every_altered_byte_of_sealed_values_is_found(tmp_path):
    place = place_in("sqlite-encrypted", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol(references(Ada=2))
    file = tmp_path / "g" / "gallery.sqlite"
    content = file.read_bytes()
    with sqlite3.connect(file) as connection:
        sealed = [row[0] for row in connection.execute("SELECT data FROM template UNION ALL SELECT data FROM crop")]
    connection.close()
    assert len(sealed) == 4
    for value in sealed:
        start = content.index(value)
        for place_in_value in range(0, len(value), 7):
            data = bytearray(content)
            data[start + place_in_value] ^= 0x10
            file.write_bytes(data)
            with place.open() as gallery:
                problems = gallery.verify()
                assert [one.kind for one in problems] in (["damaged template"], ["damaged crop"])
                assert str(tmp_path / "g") in problems[0].message or "reference ada-" in problems[0].message


def test_a_sealed_value_that_was_moved_to_another_reference_is_found(tmp_path):
    with place_in("sqlite-encrypted", tmp_path, None).create() as gallery:
        gallery.enrol(references(Ada=1, Ben=1))
        with gallery.store.database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE template SET data = (SELECT data FROM template AS t WHERE t.reference = 3 - template.reference)"
            )
            connection.exec_driver_sql("UPDATE crop SET data = (SELECT data FROM crop AS c WHERE c.reference = 1)")
        assert {one.kind for one in gallery.verify()} == {"damaged template", "damaged crop"}
        with pytest.raises(GalleryCorrupt, match=r"altered or exchanged.*restore"):
            gallery.search(vector(1))
        with pytest.raises(GalleryCorrupt, match="altered or exchanged"):
            gallery.crops(["ben-1"])


def test_a_damaged_description_of_the_key_is_damage_and_no_wrong_key(tmp_path):
    place = place_in("sqlite-encrypted", tmp_path, None)
    with place.create() as gallery, gallery.store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE setting SET value = '{\"format\": 1}' WHERE name = 'vault'")
    with pytest.raises(GalleryCorrupt, match=r"/g: .*description is damaged"):
        open_gallery(tmp_path / "g", key=KEY)


@pytest.mark.parametrize(
    "content", [b"this is no database, and never was one" * 300, b"SQLite format 3\0" + bytes(500)]
)
def test_what_is_no_database_is_said_to_be_none(tmp_path, content):
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "gallery.sqlite").write_bytes(content)
    for attempt in (
        lambda: open_gallery(tmp_path / "g"),
        lambda: create_gallery(tmp_path / "g", model="m@1", dimension=2, metric="cosine"),
    ):
        with pytest.raises((GalleryCorrupt, GalleryNotFound), match="g: "):
            attempt()
    assert (tmp_path / "g" / "gallery.sqlite").read_bytes() == content


def test_an_empty_file_is_damage_and_stays(tmp_path):
    (tmp_path / "g").mkdir()
    file = tmp_path / "g" / "gallery.sqlite"
    file.touch()
    place = place_in("sqlite", tmp_path, None)
    for attempt in (place.open, lambda: place.open(read_only=True), place.create):
        with pytest.raises(GalleryCorrupt, match=r"gallery\.sqlite is empty; restore"):
            attempt()
    assert file.read_bytes() == b""
    file.unlink()
    place.create().close()
    assert [path.name for path in file.parent.iterdir()] == ["gallery.sqlite"]


def test_a_database_of_another_program_is_no_place_for_a_gallery(tmp_path):
    (tmp_path / "g").mkdir()
    file = tmp_path / "g" / "gallery.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE album (photo TEXT)")
        connection.commit()
    place = place_in("sqlite", tmp_path, None)
    for attempt in (place.open, place.create):
        with pytest.raises(GalleryCorrupt, match=r"\(album, \.\.\.\).*another program"):
            attempt()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("album",)]


def test_a_gallery_is_made_without_hard_links_too(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError("no hard links here")

    monkeypatch.setattr("os.link", no_links)
    with place_in("sqlite", tmp_path, None).create() as gallery:
        gallery.enrol(references(Ada=1))
        assert not [path for path in (tmp_path / "g").iterdir() if path.name.startswith(".")]


def test_places_that_cannot_be_one_are_named(tmp_path):
    file = tmp_path / "file"
    file.write_text("text")
    (tmp_path / "folder" / "gallery.sqlite").mkdir(parents=True)
    for place, opening, creating in (
        (file, GalleryUnavailable, StorageError),
        (file / "below", GalleryNotFound, StorageError),
        (tmp_path / "folder", GalleryNotFound, GalleryUnavailable),
        (tmp_path / ("x" * 300), GalleryUnavailable, StorageError),
        ("/proc/nowhere", GalleryNotFound, StorageError),
    ):
        with pytest.raises(opening) as opened:
            open_gallery(place)
        with pytest.raises(creating) as created:
            create_gallery(place, model="m@1", dimension=2, metric="cosine")
        assert str(place) in str(opened.value)
        assert str(place) in str(created.value)
    assert file.read_text() == "text"


@pytest.mark.parametrize(
    "name",
    [
        "what? who: 100%",
        "a#b&c=d",
        "%41%2Fx",
        "n\u00e4h \N{GRINNING FACE}",
        "sp ace/deep/er",
        "'quo\"ted'",
        os.fsdecode(b"\xff\xfe"),
    ],
)
def test_folders_may_be_called_as_folders_may_be(tmp_path, name):
    try:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    with create_gallery(tmp_path / name, model="tiny@1", dimension=8, metric="euclidean") as gallery:
        gallery.enrol(references(Ada=1))
    for read_only in (True, False):
        with open_gallery(tmp_path / name, read_only=read_only) as gallery:
            assert gallery.count() == (1, 1)
    assert {path.name for path in (tmp_path / name).iterdir()} >= {"gallery.sqlite"}


def test_only_its_owner_may_read_a_gallery(tmp_path):
    with place_in("sqlite", tmp_path, None).create() as gallery:
        gallery.enrol(references(Ada=1))
        assert (tmp_path / "g").stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "g").iterdir())
