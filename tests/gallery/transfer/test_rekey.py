"""Rekeying: the new key opens at once and the old one never again, wherever the work is interrupted."""

from __future__ import annotations

import shutil
import threading
from collections import Counter

import numpy as np
import pytest
from tests.gallery.transfer.galleries import (
    MODEL,
    NEW,
    OLD,
    THIRD,
    D,
    everything,
    file_bytes,
    full_gallery,
    references,
)  # fmt: skip

from visavis.errors import InvalidInput, WrongKey
from visavis.gallery.gallery import create_gallery, open_gallery
from visavis.gallery.keys import Passphrase
from visavis.gallery.schema import crop, template
from visavis.gallery.store.settings import read_setting
from visavis.gallery.transfer import rekey
from visavis.gallery.transfer.rekey import rekey_gallery
from visavis.gallery.vault import sealed_with


class Killed(Exception):
    """The process ends here."""


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(rekey, "_TEMPLATES", 4)
    monkeypatch.setattr(rekey, "_CROPS", 3)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """The URI of a new place."""
    return str(tmp_path / "g") if request.param == "sqlite" else request.getfixturevalue("postgres").place()


def kill_after(steps):
    left = iter(range(steps))

    def progress(done, total):
        if next(left, None) is None:
            raise Killed

    return progress


def vault_of(gallery):
    with gallery.store.reading() as connection:
        return read_setting(connection, "vault")


def data_keys_in_use(gallery):
    """How many values are sealed under which data key, as the values say."""
    with gallery.store.reading() as connection:
        rows = [*connection.execute(template.select()), *connection.execute(crop.select())]
    return Counter(sealed_with(row.data) for row in rows)


def answers(gallery):
    return {name: value for name, value in everything(gallery).items() if name != "audit"}


def test_everything_is_sealed_under_a_new_data_key_and_only_the_new_key_opens(place, small_batches):
    with full_gallery(place, key=OLD) as gallery:
        before, old_vault = answers(gallery), vault_of(gallery)
    said = []
    report = rekey_gallery(place, key=OLD, new_key=NEW, actor="keeper", progress=lambda *now: said.append(now))
    assert (report.templates, report.crops, report.resumed, report.erased) == (33, 11, False, True)
    assert said[0] == (0, 44)
    assert said[-1] == (44, 44)
    with pytest.raises(WrongKey):
        open_gallery(place, key=OLD)
    with open_gallery(place, key=NEW) as gallery:
        assert answers(gallery) == before
        stored = vault_of(gallery)
        assert set(data_keys_in_use(gallery)) == {stored["active"]} == set(stored["data_keys"])
        assert stored["active"] != old_vault["active"]
        assert gallery.job("rekey") is None
        assert gallery.verify() == []
        entries = list(gallery.audit())[-2:]
        assert [(one.action, one.actor) for one in entries] == [("change key", "keeper"), ("changed key", "keeper")]


def test_the_old_data_key_and_what_it_sealed_are_in_no_file(tmp_path):
    place = tmp_path / "g"
    with full_gallery(place, key=OLD) as gallery:
        gallery.forget("Benjamin")
        old_vault = vault_of(gallery)
        sealed_before = bytes([1]) + bytes.fromhex(old_vault["active"])
        assert sealed_before in file_bytes(place)
        assert old_vault["data_keys"][old_vault["active"]].encode() in file_bytes(place)
    for key, new_key in ((OLD, NEW), (NEW, THIRD)):
        rekey_gallery(place, key=key, new_key=new_key)
    kept = file_bytes(place)
    assert sealed_before not in kept
    assert old_vault["data_keys"][old_vault["active"]].encode() not in kept
    assert old_vault["salt"].encode() not in kept
    with open_gallery(place, key=THIRD) as gallery:
        ((name, count),) = data_keys_in_use(gallery).items()
        assert kept.count(bytes([1]) + bytes.fromhex(name)) == count  # and no value lies about twice


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """A gallery under the key OLD, to be copied."""
    place = tmp_path_factory.mktemp("sealed") / "g"
    with full_gallery(place, key=OLD) as gallery:
        return place, answers(gallery)


@pytest.mark.parametrize("steps", range(1, 15))
def test_killed_at_any_batch_it_goes_on_where_it_was(tmp_path, sealed, small_batches, steps):
    original, before = sealed
    place = shutil.copytree(original, tmp_path / "g")
    with pytest.raises(Killed):
        rekey_gallery(place, key=OLD, new_key=NEW, progress=kill_after(steps - 1))
    with pytest.raises(WrongKey):
        open_gallery(place, key=OLD)
    with open_gallery(place, key=NEW) as gallery:
        assert answers(gallery) == before
        gallery.enrol([references(25)[-1]])  # enrolling goes on meanwhile
        assert gallery.job("rekey") is not None
        enrolled = gallery.templates([gallery.references(ids=["r24"])[0].key])
    report = rekey_gallery(place, key=OLD, new_key=NEW)
    assert report.resumed
    assert report.erased
    with open_gallery(place, key=NEW) as gallery:
        assert set(data_keys_in_use(gallery)) == {vault_of(gallery)["active"]} == set(vault_of(gallery)["data_keys"])
        assert np.array_equal(gallery.templates([gallery.references(ids=["r24"])[0].key]), enrolled)
        assert gallery.verify() == []
        actions = [one.action for one in gallery.audit()]
        assert (actions.count("change key"), actions.count("changed key")) == (1, 1)


def test_a_finished_change_repeated_changes_nothing(tmp_path):
    place = tmp_path / "g"
    full_gallery(place, key=OLD).close()
    rekey_gallery(place, key=OLD, new_key=NEW)
    with open_gallery(place, key=NEW) as gallery:
        stored = vault_of(gallery)
        report = rekey_gallery(place, key=OLD, new_key=NEW)
        assert (report.templates, report.crops, report.resumed) == (0, 0, True)
        assert vault_of(gallery) == stored


def test_an_interrupted_change_can_be_overtaken_by_another(tmp_path, small_batches):
    place = tmp_path / "g"
    full_gallery(place, key=OLD).close()
    with pytest.raises(Killed):
        rekey_gallery(place, key=OLD, new_key=NEW, progress=kill_after(4))
    report = rekey_gallery(place, key=NEW, new_key=THIRD)
    assert (report.templates, report.crops, report.resumed) == (33, 11, False)
    with open_gallery(place, key=THIRD) as gallery:
        assert len(vault_of(gallery)["data_keys"]) == 1
        assert gallery.verify() == []


def test_the_same_key_renews_the_data_key(tmp_path):
    place = tmp_path / "g"
    with full_gallery(place, key=OLD) as gallery:
        before = vault_of(gallery)["active"]
    assert rekey_gallery(place, key=OLD, new_key=OLD).templates == 33
    with open_gallery(place, key=OLD) as gallery:
        assert vault_of(gallery)["active"] != before


def test_a_passphrase_takes_over_from_a_key_file(tmp_path):
    place = tmp_path / "g"
    full_gallery(place, key=OLD).close()
    phrase = Passphrase("correct horse battery staple")
    assert rekey_gallery(place, key=OLD, new_key=phrase).erased
    with open_gallery(place, key=phrase) as gallery:
        assert gallery.count() == (5, 22)


def test_other_processes_with_the_old_key_are_turned_away_and_those_with_the_new_one_go_on(place, small_batches):
    full_gallery(place, key=OLD).close()
    late = references(25)[-1]

    def look(done, total):
        if done == 8:
            with pytest.raises(WrongKey):
                old.enrol([late])
            with pytest.raises(WrongKey):
                old.templates([1])
            with open_gallery(place, key=NEW) as new:
                assert np.array_equal(new.templates([1]), first)
                assert new.enrol([late]).enrolled == ("r24",)
                assert new.search(late.template.vector, 1).keys[0, 0] == new.references(ids=["r24"])[0].key

    with open_gallery(place, key=OLD) as old:
        first = old.templates([1])
        rekey_gallery(place, key=OLD, new_key=NEW, progress=look)
        with pytest.raises(WrongKey):
            old.crops(["r1"])
    with open_gallery(place, key=NEW) as gallery:
        assert gallery.verify() == []


def test_threads_of_the_process_that_changes_the_key_notice_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.sqlite._SCRUB_PATIENCE_MS", 10)
    place = tmp_path / "g"
    gallery = full_gallery(place, key=OLD)
    first = gallery.templates([1])
    entered, stored = threading.Event(), threading.Event()
    seen = []

    def read():
        with gallery.store.reading() as connection:  # a transaction from before the change
            connection.execute(template.select()).first()
            entered.set()
            stored.wait(10)
            space = gallery.models()[0]
            vault = gallery.store.vault(connection)
            seen.append(gallery.store.templates.get(connection, space, np.array([1]), vault))

    reader = threading.Thread(target=read)
    reader.start()
    entered.wait(10)
    rekey._begin(gallery.store, NEW)
    stored.set()
    reader.join()
    assert np.array_equal(seen[0], first)
    assert np.array_equal(gallery.templates([1]), first)
    gallery.close()


def test_values_that_are_forgotten_meanwhile_stay_forgotten(tmp_path, small_batches):
    place = tmp_path / "g"
    full_gallery(place, key=OLD).close()

    def forget(done, total):
        if done == 4:
            with open_gallery(place, key=NEW) as gallery:
                gallery.forget("李小龍")

    rekey_gallery(place, key=OLD, new_key=NEW, progress=forget)
    with open_gallery(place, key=NEW) as gallery:
        assert gallery.count() == (4, 18)
        assert gallery.verify() == []


def test_wrong_keys_and_plain_galleries_change_nothing(tmp_path):
    sealed, plain = tmp_path / "sealed", tmp_path / "plain"
    full_gallery(sealed, key=OLD).close()
    with open_gallery(sealed, key=OLD) as gallery:
        before = vault_of(gallery)
        with pytest.raises(WrongKey, match="another key"):
            rekey_gallery(sealed, key=THIRD, new_key=NEW)
        with pytest.raises(WrongKey, match="--key"):
            rekey_gallery(sealed, key=None, new_key=NEW)
        with pytest.raises(InvalidInput, match="key"):
            rekey_gallery(sealed, key=OLD, new_key=b"short")
        assert vault_of(gallery) == before
    full_gallery(plain).close()
    for key in (None, OLD):
        with pytest.raises(InvalidInput, match="move FROM TO --new-key"):
            rekey_gallery(plain, key=key, new_key=NEW)


def test_an_empty_gallery_takes_a_new_key(tmp_path):
    place = tmp_path / "g"
    create_gallery(place, model=MODEL, dimension=D, metric="cosine", key=OLD).close()
    assert rekey_gallery(place, key=OLD, new_key=NEW).templates == 0
    with open_gallery(place, key=NEW) as gallery:
        assert gallery.enrol(references(5)).enrolled == ("r0", "r1", "r2", "r3", "r4")
        assert gallery.verify() == []
