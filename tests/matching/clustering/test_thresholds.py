from __future__ import annotations

import math

import pytest

from visavis.errors import InvalidInput, NotCalibrated
from visavis.matching import threshold_at_fmr
from visavis.matching.clustering import METHODS, calibrated_threshold, default_fmr, given_threshold
from visavis.matching.clustering.thresholds import HIGHEST_FMR
from visavis.models import find_card

CARD = find_card("dlib-resnet")
CALIBRATION = CARD.calibration["plain"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("faces", [0, 1, 2, 50, 1000, 10**6])
def test_the_default_rate_is_the_cards_threshold_and_says_where_it_comes_from(method, faces):
    found = calibrated_threshold(CALIBRATION, faces, method, model=CARD.fingerprint)
    assert found.similarity == threshold_at_fmr(CALIBRATION, found.fmr)
    assert found.fmr == default_fmr(faces, method)
    assert found.look_alikes == pytest.approx(max(faces - 1, 0) * found.fmr)
    assert CARD.fingerprint in found.source
    assert CALIBRATION.source in found.source


@pytest.mark.parametrize("method", METHODS)
def test_the_default_rate_falls_with_the_square_root_of_the_faces_and_starts_at_its_highest(method):
    assert default_fmr(40_000, method) == pytest.approx(default_fmr(10_000, method) / 2)
    assert default_fmr(1, method) == HIGHEST_FMR
    rates = [default_fmr(faces, method) for faces in range(1, 3000, 7)]
    assert rates == sorted(rates, reverse=True)


def test_more_faces_are_joined_more_strictly():
    similarities = [calibrated_threshold(CALIBRATION, 10**power, "average").similarity for power in range(1, 8)]
    assert similarities == sorted(similarities)


def test_a_rate_asked_for_is_used_whatever_the_number_of_faces():
    found = calibrated_threshold(CALIBRATION, 12345, "average", fmr=1e-3)
    assert (found.fmr, found.similarity) == (1e-3, threshold_at_fmr(CALIBRATION, 1e-3))
    assert found.look_alikes == pytest.approx(12.344)
    assert "as asked for" in found.source


def test_beyond_the_card_the_nearest_rate_is_taken_by_default_and_said():
    found = calibrated_threshold(CALIBRATION, 10**12, "hdbscan")
    assert found.fmr == CALIBRATION.fmr[0][0]
    assert "the nearest to the default of" in found.source
    with pytest.raises(NotCalibrated, match="support"):
        calibrated_threshold(CALIBRATION, 100, "average", fmr=1e-9)


def test_without_a_calibration_the_way_out_is_told():
    with pytest.raises(NotCalibrated, match=r"m@1: has no calibration.*give the similarity itself"):
        calibrated_threshold(None, 100, "average", model="m@1")
    found = given_threshold(0.42, 100, "m@1")
    assert (found.similarity, found.fmr, found.look_alikes, found.source) == (0.42, None, None, "as given")


@pytest.mark.parametrize("wrong", [0, 1, -0.1, math.nan])
def test_rates_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInput):
        calibrated_threshold(CALIBRATION, 100, "average", fmr=wrong)


def test_a_threshold_that_is_no_number_and_an_unknown_method_are_refused():
    with pytest.raises(InvalidInput, match="threshold"):
        given_threshold(math.nan, 3)
    with pytest.raises(InvalidInput, match="method"):
        default_fmr(10, "kmeans")
