"""Another model for a gallery: everybody stays, old and new are apart, and nothing of the old stays that should go."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from tests.gallery.upgrade.noise_faces import (
    Meddling,
    engine_of,
    found,
    new_gallery,
    reference,
    under_way,
    vector_of,
)

from visavis.errors import (
    GalleryConflict,
    GalleryReadOnly,
    InvalidInput,
    ModelError,
    TemplateMismatch,
)
from visavis.gallery import open_gallery
from visavis.gallery.identify import Identifier
from visavis.gallery.thresholds import gallery_threshold, stored_threshold
from visavis.gallery.upgrade import upgrade, upgrade_under_way
from visavis.types import Faces


def faces_of(engine, person, photo=7):
    box, points = np.array([[0, 0, 9, 9.0]]), np.zeros((1, 5, 2))
    vectors = vector_of(engine, person, photo)[None]
    return Faces(box, points, np.ones(1), "probe.jpg", (9, 9), templates=vectors, model=engine.fingerprint)


def actions(gallery):
    return [entry.action for entry in gallery.audit()]


def test_everybody_is_found_by_the_new_model_wherever_the_gallery_is(place, engines):
    uri, settings = place
    old, wide = engines["old"], engines["wide"]
    with new_gallery(uri, old, **settings) as gallery:
        report = upgrade(gallery, wide)
        assert (report.before, report.model, report.active) == (old.fingerprint, wide.fingerprint, True)
        assert (report.references, report.from_crops, report.from_originals, report.missing) == (12, 12, 0, ())
        assert gallery.model.fingerprint == wide.fingerprint
        assert (gallery.model.dimension, gallery.model.metric) == (48, "euclidean")
        assert gallery.model.precision == settings.get("precision", "float32")
        for engine in (old, wide):  # the old templates were kept
            assert [found(gallery, engine, person) for person in range(6)] == [f"Person {n:03d}" for n in range(6)]
        assert gallery.verify() == []
    with open_gallery(uri, key=settings.get("key")) as again:
        keys = [one.key for one in again.references()]
        expected = [vector_of(wide, person, photo) for person in range(6) for photo in range(2)]
        tolerance = 0.02 if settings.get("precision") else 1e-6
        assert np.allclose(again.templates(keys), expected, atol=tolerance * np.abs(expected).max())


def test_the_old_model_s_templates_leave_the_tables_the_disk_and_every_search(place, engines, tmp_path):
    uri, settings = place
    old, new = engines["old"], engines["new"]
    with new_gallery(uri, old, **settings) as gallery:
        gone = gallery.templates([1])[0]
        report = upgrade(gallery, new, drop_old=True)
        assert report.complete
        assert report.dropped.models == (old.fingerprint,)
        assert [space.fingerprint for space in gallery.models()] == [new.fingerprint]
        assert gallery.verify() == []
        with pytest.raises(TemplateMismatch, match="not of old@"):
            gallery.search(gone, model=old.fingerprint)
        assert found(gallery, new, 3) == "Person 003"
    if gallery.location.folder:
        held = b"".join(file.read_bytes() for file in Path(tmp_path).glob("[gq]/**/*") if file.is_file())
        template = gone.astype("<f4").tobytes()
        assert gallery.id.encode() in held
        assert template not in held
        assert base64.b64encode(template) not in held  # as Qdrant keeps it


def test_an_upgrade_that_is_done_says_so_and_changes_nothing(gallery, engines):
    upgrade(gallery, engines["new"])
    before = gallery.version, actions(gallery)
    report = upgrade(gallery, engines["new"])
    assert report.before == report.model == engines["new"].fingerprint
    assert (report.from_crops, report.active, report.complete) == (0, True, True)
    assert (gallery.version, actions(gallery)) == before


def test_start_and_finish_are_in_the_audit_log_with_both_fingerprints(gallery, engines):
    upgrade(gallery, engines["new"], drop_old=True)
    log = {entry.action: entry for entry in gallery.audit()}
    both = {"from": engines["old"].fingerprint, "to": engines["new"].fingerprint}
    assert log["start upgrade"].details == {**both, "references": 12}
    assert log["finish upgrade"].details == {**both, "crops": 12, "originals": 0, "missing": 0}
    assert (log["drop model"].model, log["drop model"].details) == (engines["old"].fingerprint, {"templates": 12})
    assert log["finish upgrade"].model == engines["new"].fingerprint


def test_a_run_that_stops_loses_its_last_batch_only(gallery, engines, small_batches):
    def stop(batch):
        if batch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade(gallery, Meddling(engines["new"], stop))
    state = under_way(gallery)
    assert (state.to, state.crops) == (engines["new"].fingerprint, 6)
    assert gallery.model.fingerprint == engines["old"].fingerprint
    assert gallery.verify() == []
    rest = Meddling(engines["new"], lambda batch: None)
    steps = []
    report = upgrade(gallery, rest, progress=lambda *step: steps.append(step))
    assert (rest.embedded, report.from_crops, report.active) == (6, 12, True)
    assert steps == [(9, 12), (12, 12)]
    assert upgrade_under_way(gallery) is None


def test_both_models_find_people_meanwhile_and_newcomers_are_taken_along(gallery, engines, small_batches):
    old, new, seen = engines["old"], engines["new"], []

    def meanwhile(batch):
        if batch == 3:
            gallery.enrol([reference(old, 20), reference(old, 20, 1)])
        (answer,) = Identifier(gallery, fpir=0.5).faces(faces_of(new, 20))
        seen.append((len(gallery.tier(new.fingerprint)), any("only" in note for note in answer.notes)))
        assert found(gallery, old, 2, model=None) == found(gallery, old, 2) == "Person 002"
        with pytest.raises(TemplateMismatch):
            gallery.enrol([reference(new, 21)])

    report = upgrade(gallery, Meddling(new, meanwhile))
    assert [count for count, _ in seen] == [0, 3, 6, 9, 12]
    assert all(partial for _, partial in seen)
    assert (report.references, report.from_crops) == (14, 14)
    assert found(gallery, new, 20, model=None) == "Person 020"
    with pytest.raises(TemplateMismatch):
        gallery.enrol([reference(old, 22)])


def test_whoever_is_forgotten_meanwhile_does_not_come_back(place, engines, small_batches):
    uri, settings = place

    def forget(batch):
        if batch == 2:
            for person in range(5):
                gallery.forget(f"Person {person:03d}")

    with new_gallery(uri, engines["old"], **settings) as gallery:
        report = upgrade(gallery, Meddling(engines["new"], forget))
        assert (report.active, report.references, report.missing) == (True, 2, ())
        assert [person.name for person in gallery.people()] == ["Person 005"]
        assert len(gallery.tier()) == len(gallery.tier(engines["old"].fingerprint)) == 2
        assert gallery.verify() == []


def test_thresholds_are_set_again_for_the_same_rates(tmp_path, engines):
    old, new = engines["old"], engines["new"]
    with new_gallery(tmp_path / "g", old, people=40, photos=3) as gallery:
        before = {rate: gallery_threshold(gallery, rate).threshold for rate in (0.1, 0.2)}
        gallery.store_threshold(0.001, {"threshold": 0.9})
        report = upgrade(gallery, new)
        assert {one.fpir: one.old for one in report.thresholds} == {0.001: 0.9, **before}
        for one in report.thresholds[1:]:
            keys, groups = gallery.tier(new.fingerprint).members()
            kept = stored_threshold(gallery, one.fpir, new.fingerprint, keys, len(set(groups.tolist())))
            assert kept is not None
            assert (kept.threshold, kept.model) == (one.new, new.fingerprint)
            assert one.new == gallery_threshold(gallery, one.fpir, refresh=True).threshold != one.old
        assert report.thresholds[0].new is None
        assert "has no calibration" in report.thresholds[0].reason


def test_templates_of_two_models_of_one_dimension_never_meet(gallery, engines):
    old, new = engines["old"], engines["new"]
    upgrade(gallery, new)
    strange = vector_of(old, 3, 7)
    assert found(gallery, old, 3) == "Person 003"
    scores = {
        space.fingerprint: gallery.search(strange, 1, model=space.fingerprint).scores for space in gallery.models()
    }
    assert scores[old.fingerprint] > scores[new.fingerprint]
    assert not np.shares_memory(gallery.tier(old.fingerprint).keys, gallery.tier(new.fingerprint).keys)
    with pytest.raises(TemplateMismatch, match=r"not of wide@"):
        Identifier(gallery, fpir=0.5).faces(faces_of(engines["wide"], 3))
    assert gallery_threshold(gallery, 0.9, model=old.fingerprint).model == old.fingerprint
    assert gallery.threshold(0.9) is None
    assert gallery_threshold(gallery, 0.9).model == new.fingerprint


def test_a_gallery_may_go_back_to_a_model_that_was_kept(gallery, engines):
    upgrade(gallery, engines["new"])
    gallery.enrol([reference(engines["new"], 30)])
    again = Meddling(engines["old"], lambda batch: None)
    report = upgrade(gallery, again)
    assert (report.from_crops, again.embedded, report.active) == (1, 1, True)
    assert found(gallery, engines["old"], 30, model=None) == "Person 030"


def test_the_mirrored_variant_is_another_model(tmp_path, engines):
    with new_gallery(tmp_path / "g", engines["old"]) as gallery:
        report = upgrade(gallery, engine_of("old", flip=True))
        assert report.model == f"{engines['old'].fingerprint}+flip" == gallery.model.fingerprint
        assert len(gallery.models()) == 2


def test_new_templates_may_be_kept_smaller_but_not_in_two_forms(gallery, engines):
    report = upgrade(gallery, engines["new"], precision="int8")
    assert (gallery.model.precision, report.active) == ("int8", True)
    assert [found(gallery, engines["new"], n) for n in range(6)] == [f"Person {n:03d}" for n in range(6)]
    with pytest.raises(GalleryConflict, match="leave --precision out"):
        upgrade(gallery, engines["new"], precision="float32")
    with pytest.raises(InvalidInput, match="precision"):
        upgrade(gallery, engines["wide"], precision="int4")
    assert upgrade_under_way(gallery) is None


def test_what_cannot_work_leaves_no_trace(tmp_path, gallery, engines):
    class Broken(Meddling):
        def embed(self, chips):
            raise ModelError("new: its file is damaged")

    before = gallery.version
    with pytest.raises(ModelError):
        upgrade(gallery, Broken(engines["new"], None))
    with open_gallery(tmp_path / "g", read_only=True) as read_only, pytest.raises(GalleryReadOnly):
        upgrade(read_only, engines["new"])
    assert (gallery.version, len(gallery.models())) == (before, 1)


def test_an_empty_gallery_changes_its_model_at_once(tmp_path, engines):
    with new_gallery(tmp_path / "g", engines["old"], people=0) as gallery:
        assert upgrade(gallery, engines["wide"], drop_old=True).complete
        assert [space.fingerprint for space in gallery.models()] == [engines["wide"].fingerprint]
