"""A gallery's threshold: set from all or a fair sample of its own references, kept while it fits, renewed when not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.gallery.small_gallery import SmallGallery, crowd, space

from visavis.errors import GalleryBusy, GalleryReadOnly, InvalidInput, NotCalibrated, StorageError, TemplateMismatch
from visavis.gallery import thresholds
from visavis.gallery.thresholds import drawn_references, gallery_threshold, own_searches, searches_wanted
from visavis.matching.scores import similarity_matrix
from visavis.models import find_card


def test_it_is_set_from_the_best_score_of_every_reference_among_other_people():
    gallery, _ = crowd()
    scores = similarity_matrix(gallery.vectors, gallery.vectors, "euclidean")
    best = np.array([scores[i][gallery.owners != gallery.owners[i]].max() for i in range(120)])
    threshold = gallery_threshold(gallery, 0.1)
    assert threshold.errors == (best >= threshold.threshold).sum() == 12
    assert (threshold.probes, threshold.people, threshold.enrolled_people) == (120, 60, 60)
    assert (threshold.method, threshold.model, threshold.fusion) == ("non-mated scores", "m@1", "max")


def test_progress_reaches_the_end(monkeypatch):
    monkeypatch.setattr(thresholds, "_BATCH", 50)
    seen = []
    gallery_threshold(crowd()[0], 0.1, progress=lambda done, all_: seen.append((done, all_)))
    assert seen == [(50, 120), (100, 120), (120, 120)]


def test_it_is_stored_and_read_back_without_searching(monkeypatch):
    gallery, _ = crowd()
    first = gallery_threshold(gallery, 0.1)
    monkeypatch.setattr(thresholds, "own_searches", None)
    assert gallery_threshold(gallery, 0.1) == first


@pytest.mark.parametrize(("people", "kept"), [(60, True), (72, True), (73, False), (48, True), (47, False)])
def test_it_is_renewed_when_the_gallery_grew_or_shrank_by_more_than_a_fifth(people, kept):
    gallery, _ = crowd(photos=3)
    first = gallery_threshold(gallery, 0.1)
    other = replace(crowd(people, photos=3)[0], stored=gallery.stored)
    assert (gallery_threshold(other, 0.1) == first) is kept


def test_it_is_renewed_when_people_were_exchanged_though_their_number_stayed():
    gallery, _ = crowd()
    first = gallery_threshold(gallery, 0.1)
    kept = gallery.stored["m@1", 0.1]
    gallery.stored["m@1", 0.1] = {**kept, "newest_reference": 96}  # 24 of 120 came later: a fifth
    assert gallery_threshold(gallery, 0.1) == first
    gallery.stored["m@1", 0.1] = {**kept, "newest_reference": 95, "threshold": 0.5}
    assert gallery_threshold(gallery, 0.1) == first
    assert gallery.stored["m@1", 0.1] == kept


@pytest.mark.parametrize("error", [GalleryBusy, GalleryReadOnly, StorageError])
def test_a_search_gets_its_threshold_also_where_none_can_be_stored(error):
    class Full(SmallGallery):
        def store_threshold(self, fpir, value, *, model=None):
            raise error("no room")

    made = crowd()[0]
    gallery = Full(made.owners, made.vectors, made.model)
    assert gallery_threshold(gallery, 0.1, lenient=True) == gallery_threshold(made, 0.1)
    with pytest.raises(error):
        gallery_threshold(gallery, 0.1)


@pytest.mark.parametrize("spoil", [{"model": "m@2"}, {"table": None}, {"fpir": 0.2}])
def test_a_stored_threshold_of_another_model_or_that_is_damaged_is_renewed(spoil):
    gallery, _ = crowd()
    first = gallery_threshold(gallery, 0.1)
    kept = gallery.stored["m@1", 0.1]
    gallery.stored["m@1", 0.1] = {**kept, **spoil}
    assert gallery_threshold(gallery, 0.1) == first
    assert gallery.stored["m@1", 0.1] == kept


def test_it_is_set_again_when_asked():
    gallery, _ = crowd()
    first = gallery_threshold(gallery, 0.1)
    gallery.stored["m@1", 0.1]["threshold"] = 0.5
    assert gallery_threshold(gallery, 0.1).threshold == 0.5
    assert gallery_threshold(gallery, 0.1, refresh=True) == first


def test_a_gallery_opened_for_reading_is_not_written_to():
    gallery = replace(crowd()[0], read_only=True)
    assert gallery_threshold(gallery, 0.1).errors == 12
    assert not gallery.stored


def test_a_small_gallery_takes_the_threshold_of_its_models_card():
    fingerprint = find_card("dlib-resnet").fingerprint
    threshold = gallery_threshold(crowd(5, fingerprint=fingerprint)[0], 0.01)
    assert (threshold.method, threshold.probes) == ("calibration", 10)


def test_one_person_has_no_strangers_to_compare_with():
    fingerprint = find_card("dlib-resnet").fingerprint
    threshold = gallery_threshold(crowd(1, fingerprint=fingerprint)[0], 0.01)
    assert (threshold.method, threshold.probes, threshold.low, threshold.high) == ("calibration", 0, 0, 1)


def test_a_small_gallery_of_a_model_without_a_card_has_no_threshold():
    with pytest.raises(NotCalibrated, match="m@1 has no calibration"):
        gallery_threshold(crowd(5)[0], 0.01)


def test_an_empty_gallery_has_no_threshold():
    empty = SmallGallery(np.zeros(0, int), np.zeros((0, 6), np.float32), space())
    with pytest.raises(InvalidInput, match="nobody is enrolled"):
        gallery_threshold(empty, 0.1)


def test_another_model_is_refused():
    with pytest.raises(TemplateMismatch):
        gallery_threshold(crowd()[0], 0.1, model="m@2")


@pytest.mark.parametrize("fpir", [0, 1, float("nan")])
def test_an_impossible_rate_is_refused(fpir):
    with pytest.raises(InvalidInput, match="strictly between 0 and 1"):
        gallery_threshold(crowd()[0], fpir)


def test_the_sample_is_fair_to_people_and_always_the_same():
    groups = np.random.default_rng(1).permutation(np.repeat(np.arange(40), np.arange(40) % 9 + 1))
    for count in (10, 40, 90, 1000):
        rows = drawn_references(groups, count)
        taken = np.bincount(groups[rows], minlength=40)
        have = np.minimum(np.bincount(groups), 5)
        assert len(set(rows.tolist())) == len(rows) == min(count, have.sum())
        assert (taken <= have).all()
        assert (taken >= np.minimum(have, taken.max() - 1)).all()  # nobody waits for a second turn of others
        assert rows.tolist() == drawn_references(groups, count).tolist()


@pytest.mark.parametrize(
    ("people", "photos", "fpir", "wanted"),
    [
        (60, 2, 0.1, 120),
        (60, 9, 0.1, 300),  # five of each
        (5000, 1, 0.01, 3000),  # thirty errors
        (900, 1, 0.01, 900),  # too few to show the rate: for the interval only
        (5000, 1, 0.001, 1000),
        (30000, 1, 0.001, 20000),
        (90000, 1, 0.0002, 50001),  # ten errors, whatever it takes
    ],
)
def test_as_many_searches_as_the_rate_needs(people, photos, fpir, wanted):
    assert searches_wanted(np.repeat(np.arange(people), photos), fpir) == wanted


def test_nobody_finds_themselves():
    gallery, _ = crowd(photos=3)
    searches = own_searches(gallery.tier(), 0.1)
    assert searches is not None
    assert searches.nearest is not None
    assert not (searches.nearest == searches.people).any()
