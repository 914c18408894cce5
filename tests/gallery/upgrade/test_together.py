"""Others at work on the same gallery: a second upgrade, an abort, a new key, a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from tests.gallery.upgrade.noise_faces import (
    KEY,
    Meddling,
    engine_of,
    found,
    new_gallery,
    reference,
    register_model,
    under_way,
    vector_of,
)

from visavis.errors import GalleryConflict, GalleryUnavailable, WrongKey
from visavis.gallery import open_gallery
from visavis.gallery.templates.qdrant import QdrantTemplates
from visavis.gallery.transfer.rekey import rekey_gallery
from visavis.gallery.upgrade import Dropped, abort_upgrade, upgrade, upgrade_under_way


class Stopped(Exception):
    """What ends a run in a test."""


def half_done(gallery, engine, batches=2):
    """An upgrade that stops after so many batches."""

    def stop(batch):
        if batch > batches:
            raise Stopped

    with pytest.raises(Stopped):
        upgrade(gallery, Meddling(engine, stop))


def test_two_runs_to_one_model_share_the_work(place, engines, small_batches):
    uri, settings = place
    if uri.startswith("qdrant"):
        pytest.skip("Qdrant's local mode is for one process and one gallery object")
    gate = threading.Barrier(2, timeout=20)
    workers = [Meddling(engines["new"], lambda batch: gate.wait() if batch == 1 else None) for _ in range(2)]
    reports = []
    with new_gallery(uri, engines["old"], people=20, **settings) as gallery:

        def run(worker):
            with open_gallery(uri, key=settings.get("key")) as own:
                reports.append(upgrade(own, worker))

        threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [report.active for report in reports] == [True, True]
        assert len(gallery.tier()) == 40
        assert gallery.model.fingerprint == engines["new"].fingerprint
        assert gallery.verify() == []
        finished = [entry for entry in gallery.audit() if entry.action == "finish upgrade"]
        assert [entry.details["crops"] for entry in finished] == [40]
        assert sum(worker.embedded for worker in workers) < 2 * 40


def test_a_second_upgrade_to_another_model_waits_for_the_first(gallery, engines, small_batches):
    half_done(gallery, engines["new"])
    with pytest.raises(GalleryConflict, match=r"an upgrade to new@.* is under way since 20.*--abort"):
        upgrade(gallery, engines["wide"])
    with pytest.raises(GalleryConflict):  # nor is the active model the end of it
        upgrade(gallery, engines["old"])
    assert upgrade(gallery, engines["new"]).active


def test_an_aborted_upgrade_leaves_the_gallery_as_it_was(place, engines, small_batches):
    uri, settings = place
    with new_gallery(uri, engines["old"], **settings) as gallery:
        half_done(gallery, engines["new"])
        dropped = abort_upgrade(gallery) or Dropped()
        assert (dropped.models, dropped.erased) == ((engines["new"].fingerprint,), True)
        assert abort_upgrade(gallery) is None
        assert [space.fingerprint for space in gallery.models()] == [engines["old"].fingerprint]
        assert upgrade_under_way(gallery) is None
        assert gallery.verify() == []
        assert upgrade(gallery, engines["wide"]).active


def test_a_run_whose_upgrade_was_aborted_stops(gallery, engines, small_batches):
    def abort(batch):
        if batch == 2:
            abort_upgrade(gallery)

    with pytest.raises(GalleryConflict, match="was aborted meanwhile, the active model is old@"):
        upgrade(gallery, Meddling(engines["new"], abort))
    assert [space.fingerprint for space in gallery.models()] == [engines["old"].fingerprint]


def test_aborting_the_way_back_keeps_what_was_kept(gallery, engines):
    upgrade(gallery, engines["new"])
    gallery.enrol([reference(engines["new"], 30)])
    half_done(gallery, engines["old"], batches=0)
    dropped = abort_upgrade(gallery) or Dropped()
    assert (dropped.models, dropped.kept[0][0]) == ((), engines["old"].fingerprint)
    assert found(gallery, engines["old"], 3) == "Person 003"


def test_a_search_tier_of_a_dropped_model_is_not_taken_for_the_new_one(tmp_path, gallery, engines, small_batches):
    """Templates that came back under the same fingerprint and keys may be others: made of other sources."""
    new = engines["new"]
    with open_gallery(tmp_path / "g") as server:
        half_done(gallery, new, batches=3)
        before = dict(zip(server.tier(new.fingerprint).keys.tolist(), [None] * 9, strict=True))
        abort_upgrade(gallery)

        class Other(Meddling):
            def embed(self, chips):
                return -super().embed(chips)

        upgrade(gallery, Other(new, lambda batch: None))
        tier = server.tier(new.fingerprint)
        assert set(before) < set(tier.keys.tolist())
        assert np.allclose(tier.vectors([1])[0], -vector_of(new, 0))


def test_a_new_key_in_between_is_asked_for_and_all_is_sealed_under_it(tmp_path, engines, small_batches):
    new, uri, later = engines["new"], tmp_path / "g", bytes(range(200, 232))

    def rekey(batch):
        if batch == 2:
            rekey_gallery(uri, key=KEY, new_key=later)

    with new_gallery(uri, engines["old"], key=KEY) as gallery, pytest.raises(WrongKey, match="another key meanwhile"):
        upgrade(gallery, Meddling(new, rekey))
    with open_gallery(uri, key=later) as gallery:
        assert upgrade(gallery, new).active
        assert gallery.verify() == []
        assert found(gallery, new, 3) == "Person 003"


def test_a_new_data_key_in_between_disturbs_nothing(tmp_path, engines, small_batches):
    def renew(batch):
        if batch == 2:
            rekey_gallery(tmp_path / "g", key=KEY, new_key=KEY)

    with new_gallery(tmp_path / "g", engines["old"], key=KEY) as gallery:
        try:
            upgrade(gallery, Meddling(engines["new"], renew))
        except WrongKey:  # the same key, but locked anew: opened again, it fits
            with open_gallery(tmp_path / "g", key=KEY) as again:
                assert upgrade(again, engines["new"]).active
        with open_gallery(tmp_path / "g", key=KEY) as again:
            assert again.verify() == []
            assert len(again.tier(engines["new"].fingerprint)) == 12


def test_an_outside_store_that_is_away_is_told_later(tmp_path, engines, monkeypatch):
    uri = f"qdrant+{tmp_path / 'g'}?qdrant={tmp_path / 'q'}"
    with new_gallery(uri, engines["old"]) as gallery:

        def away(self, space):
            raise GalleryUnavailable("Qdrant does not answer")

        with monkeypatch.context() as patched:
            patched.setattr(QdrantTemplates, "drop_all", away)
            report = upgrade(gallery, engines["new"], drop_old=True)
        assert (report.active, report.complete, report.dropped.erased) == (True, False, False)
        assert "Qdrant does not answer; the dropped templates are still in it" in report.dropped.note
        (problem,) = gallery.verify()
        assert (problem.kind, problem.repairable) == ("unfinished erasure", True)
        gallery.verify(repair=True)
        assert gallery.verify() == []
        assert engines["old"].fingerprint not in [space.fingerprint for space in gallery.models()]
        assert upgrade(gallery, engines["old"]).active  # and it may come back
        assert gallery.verify() == []


def test_what_a_crash_left_outside_is_erased_when_the_run_goes_on(tmp_path, engines, monkeypatch):
    uri = f"qdrant+{tmp_path / 'g'}?qdrant={tmp_path / 'q'}"
    with new_gallery(uri, engines["old"]) as gallery:

        def crash(*_):
            raise Stopped

        with monkeypatch.context() as patched:
            patched.setattr("visavis.gallery.upgrade.writing.count_made", crash)  # after Qdrant was written to
            with pytest.raises(Stopped):
                upgrade(gallery, engines["new"])
        gallery.forget("Person 002")
        assert [problem.kind for problem in gallery.verify()] == ["stray template"]
        report = upgrade(gallery, engines["new"])
        assert (report.active, report.references) == (True, 10)
        assert gallery.verify() == []


_KILLED = """
import sys
from tests.gallery.upgrade.noise_faces import engine_of
import visavis.gallery.upgrade.run as run
from visavis.gallery import open_gallery
run.BATCH = 1
with open_gallery(sys.argv[1]) as gallery:
    run.upgrade(gallery, engine_of("new"), progress=lambda *step: print(*step, flush=True))
"""


def test_a_killed_run_leaves_nothing_half_done(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    for name, kind in {"old": (1, 32), "new": (2, 32)}.items():
        register_model(tmp_path, name, *kind)
    with new_gallery(tmp_path / "g", engine_of("old"), people=100) as gallery:
        for _ in range(2):
            path = os.pathsep.join([*sys.path, os.getcwd()])  # noqa: PTH109
            process = subprocess.Popen(
                [sys.executable, "-c", _KILLED, tmp_path / "g"],
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
            )
            for _ in range(20):
                process.stdout.readline()  # type: ignore[union-attr]  # a pipe, as asked
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert gallery.verify() == []
            assert gallery.model.fingerprint == engine_of("old").fingerprint
        made = under_way(gallery).crops
        assert 40 <= made == len(gallery.tier(engine_of("new").fingerprint)) < 200
        rest = Meddling(engine_of("new"), lambda batch: None)
        assert upgrade(gallery, rest).from_crops == 200
        assert rest.embedded == 200 - made
