"""Many at once: processes and threads write and read, and nothing is lost, doubled or out of order."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.gallery.contract.galleries import KEY, Place, found, names, place_in, reference, references, vector
from tests.gallery.contract.processes import enrol_many, let_go, search_there, watch

from visavis.errors import GalleryBusy, GalleryConflict, WrongKey
from visavis.gallery.store.database import Database
from visavis.gallery.types import Where


def test_processes_write_and_read_at_once_and_nothing_is_lost(plain_place, four_processes):
    place, count = plain_place, 25
    with place.create() as gallery:
        before = gallery.version
        readers = [four_processes.submit(watch, place.uri, None, 1.5)]
        writers = [four_processes.submit(enrol_many, place.uri, None, worker, count) for worker in range(3)]
        mine = [gallery.enrol([reference(f"w3-{n}", f"Person {n % 10}")]).version for n in range(count)]
        versions = [mine, *(writer.result() for writer in writers)]
        assert all(own == sorted(set(own)) for own in versions)
        assert sorted(itertools.chain(*versions)) == list(range(before + 1, before + 1 + 4 * count))
        ids = {one.id for one in gallery.references()}
        assert ids == {f"w{worker}-{n}" for worker in range(4) for n in range(count)}
        assert gallery.count() == (10, 4 * count)
        keys = [one.key for one in gallery.references()]
        assert len(set(keys)) == len(keys)
        assert found(gallery, "w2-7") == ["w2-7"]
        for reader in readers:
            seen = reader.result()["seen"]
            assert seen == sorted(seen)
            assert all(version == size for version, size in seen)  # one reference with each version
        assert gallery.verify() == []


def test_processes_that_enrol_the_same_enrol_it_once(plain_place, four_processes):
    with plain_place.create() as gallery:
        outcomes = [four_processes.submit(enrol_many, plain_place.uri, None, 0, 8) for _ in range(3)]
        versions = [outcome.result() for outcome in outcomes]
        assert gallery.count()[1] == 8
        assert gallery.version == 8 == max(map(max, versions))
        assert gallery.verify() == []


@pytest.mark.parametrize("store", ["sqlite-encrypted", "postgresql-encrypted"])
def test_an_encrypted_gallery_is_used_by_two_processes(store, tmp_path, request, other_process):
    place = place_in(store, tmp_path, lambda: request.getfixturevalue("postgres"))
    with place.create() as gallery:
        gallery.enrol(references(Ada=1))
        assert other_process.submit(search_there, place.uri, KEY, "ada-1").result() == ["ada-1"]
        assert len(other_process.submit(enrol_many, place.uri, KEY, 5, 3).result()) == 3
        assert found(gallery, "w5-1") == ["w5-1"]
        with pytest.raises(WrongKey):
            other_process.submit(enrol_many, place.uri, KEY[::-1], 6, 1).result()
        other_process.submit(let_go, place.uri).result()
        assert gallery.verify() == []


@pytest.mark.parametrize("store", ["sqlite-encrypted", "postgresql", "qdrant+sqlite"])
def test_threads_share_one_gallery(store, tmp_path, request):
    place = place_in(store, tmp_path, lambda: request.getfixturevalue("postgres"))
    with place.create() as gallery:
        gallery.enrol([reference("target", "Target")])
        _use_from_threads(gallery)
        assert gallery.count() == (4, 1 + 3 * 4)
        assert gallery.version == 1 + 3 * (6 + 2)
        assert gallery.verify() == []


def _use_from_threads(gallery):
    stop = threading.Event()

    def search():
        seen = 0
        while not stop.is_set() or not seen:
            assert found(gallery, "target") == ["target"]
            hits = gallery.search(vector(3), 5, where=Where(people=frozenset({"Target"})))
            assert (hits.keys >= 0).sum() == 1
            seen += 1
        return seen

    def write(worker):
        for number in range(6):
            gallery.enrol([reference(f"t{worker}-{number}", f"Worker {worker}")])
            if number % 3 == 2:
                gallery.forget(f"Worker {worker}", references=[f"t{worker}-{number - 1}"])

    with ThreadPoolExecutor(5) as pool:
        searches = [pool.submit(search) for _ in range(2)]
        writes = [pool.submit(write, worker) for worker in range(3)]
        try:
            for one in writes:
                one.result()
        finally:
            stop.set()
        assert all(one.result() for one in searches)


def test_more_threads_than_connections_wait_for_each_other(plain_gallery):
    with ThreadPoolExecutor(80) as pool:
        results = list(pool.map(lambda n: plain_gallery.enrol([reference(f"r{n}", f"P{n % 5}")]).version, range(80)))
    assert sorted(results) == list(range(1, 81))


def test_a_writer_who_does_not_end_is_reported_and_then_waited_for(plain_place, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.sqlite.PATIENCE", 0.2)
    monkeypatch.setattr("visavis.gallery.store.postgres.PATIENCE_MS", 200)
    with plain_place.create() as gallery, plain_place.open() as other:
        gallery.enrol(references(Ada=1))
        with other.store.changing():
            with pytest.raises(GalleryBusy, match="another writer holds it; try again"):
                gallery.enrol(references(Ben=1))
            assert names(gallery) == ["Ada"]  # whoever reads does not wait
            assert found(gallery, "ada-1") == ["ada-1"]
        assert gallery.enrol(references(Ben=1)).enrolled == ("ben-1",)
        assert gallery.verify() == []


def test_two_who_rename_to_one_name_agree_on_one(plain_gallery):
    plain_gallery.enrol([reference(f"r{n}", f"P{n}") for n in range(6)])

    def rename(number):
        try:
            plain_gallery.rename(f"P{number}", "The One")
        except GalleryConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(rename, range(6))) == 1
    assert names(plain_gallery).count("The One") == 1


FORK = """
import os, sys
from tests.gallery.contract.galleries import found, reference
from visavis.gallery.gallery import open_gallery
gallery = open_gallery(sys.argv[1])
gallery.enrol([reference("parent-1", "Parent")])
assert found(gallery, "parent-1") == ["parent-1"]
child = os.fork()
if child == 0:
    try:
        gallery.enrol([reference("child-1", "Child")])
        assert found(gallery, "child-1") == ["child-1"]
        assert found(gallery, "parent-1") == ["parent-1"]
        gallery.forget("Parent", references=["parent-1"])
        gallery.close()
        os._exit(0)
    finally:
        os._exit(1)
gallery.enrol([reference("parent-2", "Parent")])
assert os.waitpid(child, 0)[1] == 0
assert found(gallery, "child-1") == ["child-1"]
assert "parent-1" not in found(gallery, "parent-1", 9)
gallery.enrol([reference("parent-3", "Parent")])
assert gallery.verify() == []
print(sorted(one.id for one in gallery.references()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_that_was_forked_uses_connections_of_its_own(plain_place):
    plain_place.create().close()
    command = [sys.executable, "-c", FORK, plain_place.uri]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=root)
    assert done.stderr == ""
    assert done.stdout.strip() == str(["child-1", "parent-2", "parent-3"])
    with plain_place.open() as gallery:
        assert gallery.count() == (2, 3)
        assert gallery.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_connections_of_a_parent_are_not_even_closed_in_a_child(tmp_path):
    place = Place(str(tmp_path / "g"), "sqlite")
    program = """
import gc, os, sys
from tests.gallery.contract.galleries import Place, references
from visavis.gallery.store import database
gallery = Place(sys.argv[1], "sqlite").create()
gallery.enrol(references(Ada=1))
before = gallery.store.database._engine.pool.checkedin()
child = os.fork()
if child == 0:
    gallery.close()
    del gallery
    gc.collect()
    os._exit(0 if sum(pool.checkedin() for pool in database._inherited) == before > 0 else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    command = [sys.executable, "-c", program, place.uri]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[3]
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_database_can_be_closed_twice_and_used_again(plain_place):
    gallery = plain_place.create()
    gallery.close()
    gallery.close()
    assert gallery.count() == (0, 0)  # it connects anew
    gallery.close()
    assert isinstance(gallery.store.database, Database)
