"""Forgetting: whoever is forgotten is found by nobody, at once and everywhere, and their bytes are in no file."""

from __future__ import annotations

import random
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from tests.gallery.contract.files import Looker
from tests.gallery.contract.galleries import MODEL, POINTS, Place, found, ids_of, names, place_in, reference, references
from tests.gallery.contract.processes import let_go, search_there

from visavis.errors import GalleryUnavailable, InvalidInput, PersonNotFound
from visavis.gallery.store.checks import BACKLOG
from visavis.gallery.store.erasure import erase_outside
from visavis.gallery.templates.codec import encode
from visavis.gallery.templates.outside import OutsideTemplates
from visavis.gallery.types import Crop
from visavis.types import Template


@pytest.fixture(scope="session")
def looker():
    opened = Looker()
    yield opened
    opened.close()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.sqlite._SCRUB_PATIENCE_MS", 50)
    monkeypatch.setattr("visavis.gallery.store.postgres._SCRUB_PATIENCE", 0.05)


def test_whoever_is_forgotten_is_nowhere_in_the_answers(place, gallery):
    gallery.enrol(references(Ada=3, Ben=1))
    gallery.set_apart("Ada", "Ben", "twins")
    keys = [one.key for one in gallery.references(person="Ada")]
    forgotten = gallery.forget("Ada")
    assert (forgotten.people, forgotten.references) == (1, 3)
    assert forgotten.erased == (not place.outside)
    if place.database == "postgresql":
        assert "write-ahead log" in forgotten.note
    elif place.outside:
        assert "Qdrant" in forgotten.note
    else:
        assert forgotten.note == ""
    assert names(gallery) == ["Ben"]
    assert gallery.references(keys=keys) == gallery.apart() == []
    assert gallery.crops(["ada-1"]) == [None]
    assert found(gallery, "ada-1", 9) == ["ben-1"]
    assert gallery.verify() == []
    for again in (lambda: gallery.forget("Ada"), lambda: gallery.forget("Ben", references=["ada-1"])):
        with pytest.raises(PersonNotFound):
            again()
    assert gallery.enrol(references(Ada=1)).enrolled == ("ada-1",)  # who comes again is new
    assert gallery.references(person="Ada")[0].key > max(keys)


def test_some_references_are_forgotten_and_the_last_takes_the_person_along(place, gallery):
    gallery.enrol(references(Ada=3))
    assert gallery.forget("Ada", references=["ada-2", "ada-2"]).references == 1
    assert ids_of(gallery, "Ada") == ["ada-1", "ada-3"]
    with pytest.raises(PersonNotFound, match="ada-2"):
        gallery.forget("Ada", references=["ada-1", "ada-2"])
    assert ids_of(gallery, "Ada") == ["ada-1", "ada-3"]
    assert (gallery.forget("Ada", references=[]).people, names(gallery)) == (0, ["Ada"])
    both = gallery.forget("Ada", references=["ada-1", "ada-3"])
    assert (both.people, both.references, gallery.count()) == (1, 2, (0, 0))
    assert gallery.verify() == []


def test_no_other_process_finds_them_either(place, gallery, other_process):
    gallery.enrol(references(Ada=2, Ben=1))

    def there(id_):
        return other_process.submit(search_there, place.uri, place.key, id_, 9).result()

    try:
        assert there("ada-1")[0] == "ada-1"
        with place.open() as second:
            assert found(second, "ada-1") == ["ada-1"]
            gallery.forget("Ada", references=["ada-1"])
            assert "ada-1" not in there("ada-1")
            assert "ada-1" not in found(second, "ada-1", 9)
            second.forget("Ada")
        assert there("ada-2") == ["ben-1"] == found(gallery, "ada-2", 9)
    finally:
        other_process.submit(let_go, place.uri).result()


# --- bytes ---------------------------------------------------------------------------------------------------------


class Traces:
    """People whose every trace is a random text that can be searched for, and all who were forgotten."""

    def __init__(self, gallery, seed, dimension=8):
        self.gallery, self.random, self.rng = gallery, random.Random(seed), np.random.default_rng(seed)
        self.dimension, self.count = dimension, 0
        self.alive: dict[str, str] = {}
        self.traces: dict[str, list[bytes]] = {}
        self.gone: list[bytes] = []

    def token(self):
        return f"{self.random.getrandbits(80):020x}"

    def enrol(self, many):
        batch = []
        for _ in range(many):
            self.count += 1
            id_, name, source, consent, photo = f"r{self.count}", *(self.token() for _ in range(4))
            template = self.rng.normal(size=self.dimension).astype(np.float32)
            crop = b"\xff\xd8" + self.rng.bytes(self.random.choice((30, 300, 3000, 9000)))
            texts = {"source": f"/photos/{source}.jpg", "photo": photo, "consent": f"says {consent}"}
            made = Template(template, MODEL)
            batch.append(reference(id_, f"Person {name}", template=made, crop=Crop(crop, POINTS), **texts))
            self.alive[id_] = f"Person {name}"
            self.traces[id_] = [token.encode() for token in (name, source, consent, photo)]
            self.traces[id_] += [crop[at : at + 24] for at in (2, len(crop) // 2, len(crop) - 24)]
            self.traces[id_].append(template.tobytes())
        self.gallery.enrol(batch)
        space = self.gallery.model
        for one in batch:
            vector = one.template.vector
            self.traces[one.id].append(encode(vector[None], space).tobytes())  # int8 codes too
            self.traces[one.id].append(vector.astype(">f4").tobytes())  # as PostgreSQL keeps it, or sends it
        return batch

    def rename_some(self):
        for id_ in self.random.sample(sorted(self.alive), min(2, len(self.alive))):
            new = self.token()
            self.gallery.rename(self.alive[id_], f"Person {new}")
            self.alive[id_] = f"Person {new}"
            self.traces[id_].append(new.encode())

    def forget_some(self, most=8):
        for _ in range(self.random.choice((1, 2, most))):
            if self.alive:
                id_ = self.random.choice(sorted(self.alive))
                forgotten = self.gallery.forget(self.alive.pop(id_))
                assert forgotten.erased, forgotten.note
                self.gone += self.traces.pop(id_)

    def churn(self, steps):
        for _ in range(steps):
            self.enrol(self.random.choice((1, 3, 25)))
            self.rename_some()
            self.forget_some()

    def churn_until(self, count):
        """Without renaming: rows come and go until so many were there."""
        while self.count < count:
            if self.random.random() < 0.5 or len(self.alive) < 20:
                self.enrol(self.random.choice((1, 3, 30)))
            else:
                self.forget_some(10)


def test_their_bytes_are_in_no_file_of_the_folder(tmp_path, looker):
    leaks = {}
    cases = (  # without emptying the unused parts of pages, the first leaves bytes
        ("sqlite", 8, 4, 480),
        ("sqlite", 128, 1, 0),
        ("sqlite-int8", 128, 2, 0),
        ("sqlite-encrypted", 8, 3, 0),
        ("sqlite", 512, 5, 0),
    )
    for number, (store, dimension, seed, count) in enumerate(cases):
        place = place_in(store, tmp_path / str(number), None)
        with place.create(dimension=dimension) as gallery, place.open() as other:
            traces, folder = Traces(gallery, seed, dimension), Path(place.uri)
            traces.churn_until(count)
            leaks.update(looker.find(folder, traces.gone))
            for _ in range(2):
                other.search(np.ones(dimension))
                traces.churn(2)
                leaks.update(looker.find(folder, traces.gone))
            assert (folder / "gallery.sqlite-wal").exists()
            alive = [trace for id_ in traces.alive for trace in traces.traces[id_][:1]]
            assert len(looker.find(folder, alive)) == len(alive)  # it finds what is there
            assert gallery.verify() == []
        leaks.update(looker.find(tmp_path, traces.gone))
    assert leaks == {}


def test_their_bytes_are_in_no_table_of_the_server(own_postgres, looker):
    for seed, kind in enumerate(("postgresql", "postgresql-encrypted"), 1000):  # seeds that nothing else on it has
        place = place_in(kind, None, lambda: own_postgres)
        with place.create() as gallery:
            traces = Traces(gallery, seed)
            traces.churn(1)
            traces.enrol(30)
            own_postgres.run("ANALYZE")  # the server samples columns by itself, too
            for _ in range(2):
                traces.forget_some(2)
            own_postgres.run("CHECKPOINT")
            base = own_postgres.folder / "base"
            assert looker.find(base, traces.gone) == {}
            alive = [trace for id_ in traces.alive for trace in traces.traces[id_][:1]]
            assert len(looker.find(base, alive)) == len(alive)


def test_a_renamed_merged_and_split_person_leaves_no_bytes(plain_place, own_postgres, looker, tmp_path):
    place = Place(own_postgres.place(), "postgresql") if plain_place.database == "postgresql" else plain_place
    tokens = ["first5name", "second6name", "third7name", "other8name", "reason9words"]
    with place.create() as gallery:
        gallery.enrol([reference("a", tokens[0]), reference("b", tokens[0]), *references(Cem=1, Dan=1)])
        gallery.rename(tokens[0], tokens[1])
        gallery.split(tokens[1], ["b"], tokens[2])
        gallery.rename(tokens[2], tokens[3])
        gallery.set_apart(tokens[1], "Dan", tokens[4])
        gallery.undo()
        gallery.undo()
        gallery.merge("Cem", tokens[1])
        assert gallery.forget("Cem").erased
        own_postgres.run("CHECKPOINT")
        folder = own_postgres.folder / "base" if place.database == "postgresql" else Path(place.uri)
        assert looker.find(folder, [token.encode() for token in tokens]) == {}


def test_a_folder_that_others_write_to_keeps_no_bytes_either(tmp_path, looker, four_processes):
    from tests.gallery.contract.processes import enrol_many

    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        traces = Traces(gallery, 3)
        traces.enrol(60)
        writers = [four_processes.submit(enrol_many, place.uri, None, worker, 30) for worker in range(2)]
        while not all(writer.done() for writer in writers):
            traces.enrol(3)
            traces.forget_some()
        for writer in writers:
            writer.result()
        traces.forget_some()
        assert gallery.verify() == []
        assert len(gallery.references(ids=[f"w{w}-{n}" for w in range(2) for n in range(30)])) == 60
        assert looker.find(Path(place.uri), traces.gone) == {}


@contextmanager
def reading(gallery):
    """A transaction that has begun to read."""
    with gallery.store.reading() as connection:
        connection.execute(text("SELECT count(*) FROM person")).scalar()
        yield connection


def test_a_reader_in_between_delays_the_erasure_and_a_later_repair_brings_it(
    plain_place, own_postgres, looker, impatient
):
    place = Place(own_postgres.place(), "postgresql") if plain_place.database == "postgresql" else plain_place
    folder = own_postgres.folder / "base" if place.database == "postgresql" else Path(place.uri)
    with place.create() as gallery, place.open() as other:
        traces = Traces(gallery, 1002)
        traces.enrol(30)
        with reading(other):
            forgotten = gallery.forget(traces.alive.pop("r1"))
            assert forgotten.references == 1
            assert not forgotten.erased
            assert "verify --repair` tries again" in forgotten.note
            assert found(gallery, "r1", 99).count("r1") == 0
            gone = traces.traces.pop("r1")
            own_postgres.run("CHECKPOINT")
            assert looker.find(folder, gone) != {}
        (problem,) = other.verify()
        assert (problem.kind, problem.repairable) == (BACKLOG, True)
        gallery.verify(repair=True)
        own_postgres.run("CHECKPOINT")
        assert looker.find(folder, gone) == {}
        assert other.verify() == []


def test_who_may_not_rewrite_the_tables_is_told_so(own_postgres, looker):
    place = Place(own_postgres.place(), "postgresql")
    schema = place.uri.rpartition("=")[2]
    with place.create() as owner:
        owner.enrol([reference("a", "Ada", photo=f"photo of {schema}"), reference("b", "Ben")])
    own_postgres.run(
        f"CREATE ROLE clerk_{schema} LOGIN",
        f'GRANT USAGE ON SCHEMA "{schema}" TO clerk_{schema}',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO clerk_{schema}',
        f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{schema}" TO clerk_{schema}',
    )
    clerk = Place(
        place.uri.replace("postgres:@", f"clerk_{schema}@").replace("postgres@", f"clerk_{schema}@"), "postgresql"
    )
    with clerk.open() as gallery:
        forgotten = gallery.forget("Ada")
        assert forgotten.references == 1
        assert not forgotten.erased
        assert "only their owner may rewrite" in forgotten.note
    with place.open() as owner:
        owner.verify(repair=True)
    own_postgres.run("CHECKPOINT")
    assert looker.find(own_postgres.folder / "base", [f"photo of {schema}".encode()]) == {}


def test_a_template_store_that_is_away_is_told_later(tmp_path, monkeypatch):
    place = place_in("qdrant+sqlite", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol(references(Ada=2, Ben=1))
        assert isinstance(gallery.store.templates, OutsideTemplates)
        outside = gallery.store.templates._outside

        def away(*_):
            raise GalleryUnavailable("Qdrant at nowhere: does not answer")

        monkeypatch.setattr(type(outside), "drop", away)
        forgotten = gallery.forget("Ada")
        assert not forgotten.erased
        assert "does not answer" in forgotten.note
        assert "verify --repair" in forgotten.note
        assert {problem.kind for problem in gallery.verify()} == {"unfinished erasure", "stray template"}
        assert found(gallery, "ada-1", 9) == ["ben-1"]
        monkeypatch.undo()
        gallery.verify(repair=True)
        assert gallery.verify() == []
        with gallery.store.reading() as connection:
            assert erase_outside(connection, gallery.store.templates) == ([], "")
        (left,) = outside.keys(gallery.model)
        assert left.tolist() == [gallery.references()[0].key]


# --- dates ---------------------------------------------------------------------------------------------------------


def test_what_has_passed_its_date_is_forgotten_and_the_rest_stays(plain_gallery):
    gallery = plain_gallery
    gallery.enrol(
        [
            reference("a", "Ada", retain_until="2026-05-01"),
            reference("b", "Ada", retain_until="2026-05-31"),
            reference("c", "Ben"),
            reference("d", "Ben", retain_until="2026-05-02"),
            reference("e", "Cem", retain_until="2026-04-30"),
            reference("f", "Cem"),
        ]
    )
    assert gallery.forget_expired("2026-04-30").references == 0
    first = gallery.forget_expired("2026-05-02")  # Cem's own date has passed with the first photo
    assert (first.people, first.references) == (1, 3)
    assert {one.id for one in gallery.references()} == {"b", "c", "d"}
    assert gallery.forget_expired("2026-06-01").references == 2
    assert {one.id for one in gallery.references()} == {"c"}
    assert gallery.forget_expired("9999-12-31").references == 0
    for wrong in ("tomorrow", "20260601", None, 5):
        with pytest.raises((InvalidInput, TypeError)):
            gallery.forget_expired(wrong)
    assert gallery.verify() == []


def test_many_may_expire_at_once(plain_gallery, monkeypatch):
    for module in ("values.ASKED", "erasure._ASKED", "enrolling._ASKED"):
        monkeypatch.setattr(f"visavis.gallery.store.{module}", 7, raising=False)
    plain_gallery.enrol([reference(f"r{n}", f"P{n}", retain_until="2026-01-01") for n in range(60)])
    plain_gallery.enrol(references(Ada=1))
    assert plain_gallery.forget_expired("2027-01-01").people == 60
    assert names(plain_gallery) == ["Ada"]
