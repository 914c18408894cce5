"""Setting a threshold: the rate is kept, ties included; what cannot be seen is not claimed; new people stay within."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from visavis.errors import DataError, InvalidInput, NotCalibrated
from visavis.matching.calibration import fit_calibration, threshold_at_fmr
from visavis.matching.identification import (
    FpirThreshold,
    NonmatedSearches,
    calibrated_threshold,
    fpir_threshold,
    set_threshold,
)
from visavis.matching.scores import similarity_matrix


def of(scores, fpir=0.1, people=None, **options):
    people = np.arange(len(scores)) if people is None else people
    return fpir_threshold(scores, people, fpir, enrolled=(len(scores), len(scores)), model="m@1", **options)


@pytest.fixture(scope="module")
def calibration():
    rng = np.random.default_rng(2)
    mated, nonmated = rng.normal(3, 1, 2000), rng.normal(0, 1, 20000)
    return fit_calibration(mated, nonmated, identities=500, source="made up", command="pytest")


@pytest.mark.parametrize("fpir", [0.1, 0.15, 0.3333, 0.5])
@pytest.mark.parametrize("ties", [1, 7])
def test_the_threshold_keeps_the_rate_and_a_lower_one_would_not(fpir, ties):
    scores = np.random.default_rng(1).permutation(np.arange(210) // ties / 100)
    threshold = of(scores, fpir)
    assert (scores >= threshold.threshold).mean() <= fpir
    assert (scores >= np.nextafter(threshold.threshold, -np.inf)).mean() > fpir
    assert threshold.errors == (scores >= threshold.threshold).sum()
    assert threshold.low < threshold.errors / 210 < threshold.high


def test_a_rate_that_allows_fewer_than_ten_errors_is_refused():
    assert of(np.arange(100.0), 0.1).errors == 10
    with pytest.raises(NotCalibrated, match="99 non-mated searches cannot show it, 100 could"):
        of(np.arange(99.0), 0.1)


def test_several_references_of_one_person_widen_the_interval():
    scores = np.sort(np.random.default_rng(0).normal(size=300))
    alone, together = of(scores), of(scores, people=np.arange(300) // 3)
    assert together.threshold == alone.threshold
    assert (together.people, alone.people) == (100, 300)
    assert together.low < alone.low < alone.high < together.high


def test_mutual_nearest_pairs_widen_the_interval():
    scores = np.repeat(np.random.default_rng(0).normal(size=150), 2)
    partner = np.arange(300) ^ 1
    alone, mutual = of(scores), of(scores, nearest=partner)
    assert mutual.low < alone.low < alone.high < mutual.high


def test_a_search_that_found_its_own_person_is_refused():
    with pytest.raises(InvalidInput, match="found their own person"):
        of(np.arange(100.0), nearest=np.arange(100))


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInput, match="one label for each of 100"):
        of(np.arange(100.0), people=np.arange(99))


def test_the_rate_of_a_score_is_never_estimated_below_what_was_seen():
    scores = np.random.default_rng(4).normal(size=500)
    threshold = of(scores)
    for score in np.linspace(-3, 3, 50):
        assert threshold.fpir_at(score) >= (scores >= score).mean() - 1e-12
    assert threshold.fpir_at(threshold.threshold) <= 0.1
    assert threshold.fpir_at(-99) == 1
    assert threshold.fpir_at(99) == pytest.approx(1 / 500)


def test_a_threshold_survives_json_unchanged():
    threshold = of(np.random.default_rng(4).normal(size=200))
    assert FpirThreshold.from_dict(json.loads(json.dumps(threshold.to_dict()))) == threshold


@pytest.mark.parametrize("spoil", [{"fpir": None}, {"table": 3}, {"table": [[1, 2, 3]]}])
def test_a_stored_threshold_that_is_damaged_is_named(spoil):
    data = {**of(np.arange(200.0)).to_dict(), **spoil}
    if data["fpir"] is None:
        del data["fpir"]
    with pytest.raises(DataError, match="set it again"):
        FpirThreshold.from_dict(data)


def test_the_card_gives_the_false_match_rate_that_as_many_comparisons_may_have(calibration):
    threshold = calibrated_threshold(calibration, 0.05, enrolled=(5, 20), model="m@1")
    assert threshold.threshold == pytest.approx(threshold_at_fmr(calibration, 1 - 0.95 ** (1 / 20)))
    mean = calibrated_threshold(calibration, 0.05, enrolled=(5, 20), model="m@1", fusion="mean")
    assert mean.threshold == pytest.approx(threshold_at_fmr(calibration, 1 - 0.95 ** (1 / 5)))
    assert (threshold.method, threshold.probes, threshold.low, threshold.high) == ("calibration", 0, 0, 1)


def test_the_cards_threshold_keeps_the_rate_of_independent_comparisons(calibration):
    threshold = calibrated_threshold(calibration, 0.05, enrolled=(20, 20), model="m@1")
    best = np.random.default_rng(9).normal(size=(40000, 20)).max(axis=1)
    assert (best >= threshold.threshold).mean() == pytest.approx(0.05, rel=0.25)
    assert threshold.fpir_at(threshold.threshold) == 0.05


def test_nothing_is_extrapolated_beyond_the_card(calibration):
    lowest = calibration.fmr[0][0]
    reach = -math.expm1(100 * math.log1p(-lowest))
    assert calibrated_threshold(calibration, reach * 1.001, enrolled=(100, 100), model="m@1")
    with pytest.raises(NotCalibrated, match="calibrated down to"):
        calibrated_threshold(calibration, reach * 0.99, enrolled=(100, 100), model="m@1")


def test_the_interval_of_the_cards_threshold_is_what_the_gallery_shows_at_it(calibration):
    searches = NonmatedSearches(np.zeros(12), np.arange(12) // 2, (np.arange(12) // 2 + 1) % 6)
    threshold = calibrated_threshold(calibration, 0.1, enrolled=(6, 12), model="m@1", searches=searches)
    assert (threshold.probes, threshold.people, threshold.errors) == (12, 6, 0)
    assert threshold.low == 0
    assert 0.5 < threshold.high < 1


def test_own_scores_are_used_as_soon_as_they_suffice(calibration):
    def method(count):
        searches = NonmatedSearches(np.random.default_rng(0).normal(size=count), np.arange(count))
        return set_threshold(searches, calibration, 0.1, enrolled=(count, count), model="m@1").method

    assert (method(99), method(100)) == ("calibration", "non-mated scores")
    assert set_threshold(None, calibration, 0.1, enrolled=(3, 3), model="m@1").method == "calibration"


def test_without_scores_and_card_there_is_no_threshold():
    with pytest.raises(NotCalibrated, match="m@1 has no calibration"):
        set_threshold(None, None, 0.1, enrolled=(3, 3), model="m@1")


@pytest.mark.parametrize("enrolled", [(0, 0), (5, 4), (1.5, 2)])
def test_an_impossible_gallery_size_is_refused(calibration, enrolled):
    with pytest.raises(InvalidInput, match="enrolled"):
        calibrated_threshold(calibration, 0.1, enrolled=enrolled, model="m@1")


@pytest.mark.parametrize("fpir", [0, 1, -0.1, math.nan])
def test_an_impossible_rate_is_refused(calibration, fpir):
    with pytest.raises(InvalidInput, match="strictly between 0 and 1"):
        set_threshold(None, calibration, fpir, enrolled=(3, 3), model="m@1")


@pytest.mark.slow
@pytest.mark.parametrize(("people", "photos", "fpir"), [(400, 1, 0.05), (150, 3, 0.05)])
def test_the_interval_covers_the_rate_of_new_people(people, photos, fpir):
    """Galleries in a world with groups of people who look alike; probes are of other people of the same world."""
    rng, covered = np.random.default_rng(7), 0
    groups = 0.8 * rng.normal(size=(5, 16))

    def photograph(count, each):
        centres = groups[rng.choice(5, count, p=(0.6, 0.2, 0.1, 0.07, 0.03))] + rng.normal(size=(count, 16))
        return np.repeat(np.arange(count), each), np.repeat(centres, each, 0) + 0.5 * rng.normal(
            size=(count * each, 16)
        )

    for _ in range(40):
        owner, gallery = photograph(people, photos)
        scores = similarity_matrix(gallery, gallery, "euclidean")
        scores[owner[:, None] == owner] = -np.inf
        threshold = of(scores.max(1), fpir, people=owner, nearest=owner[scores.argmax(1)])
        probes = photograph(3000, 1)[1]
        achieved = (similarity_matrix(probes, gallery, "euclidean").max(1) >= threshold.threshold).mean()
        covered += threshold.low <= achieved <= threshold.high
    assert covered >= 37
