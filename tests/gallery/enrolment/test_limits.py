"""From which similarity on somebody would be named: stored, from the card, from own scores, or the strictest known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.gallery.enrolment.studio import CALIBRATION
from tests.gallery.small_gallery import SmallGallery, crowd, space

from visavis.gallery.enrolment.limits import naming_threshold
from visavis.gallery.thresholds import gallery_threshold
from visavis.matching.calibration import fmr_at_threshold
from visavis.models import find_card

FINGERPRINT = find_card("dlib-resnet").fingerprint


class Counted(SmallGallery):
    """A gallery whose tier has a length."""

    def tier(self, model=None):
        tier = super().tier(model)
        return type("Tier", (type(tier),), {"__len__": lambda self: len(self.keys)})(*vars(tier).values())


def named(gallery, size, **more):
    return naming_threshold(gallery, CALIBRATION, FINGERPRINT, size, **more)


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_the_card_gives_one_error_in_a_hundred_searches_of_so_many(size):
    threshold = named(None, size)
    chance = 1 - (1 - fmr_at_threshold(CALIBRATION, threshold)) ** size
    assert chance == pytest.approx(0.01, rel=0.05)


def test_the_stored_threshold_counts_while_it_fits():
    small, _ = crowd(fingerprint=FINGERPRINT)
    gallery = Counted(small.owners, small.vectors, small.model)
    stored = gallery_threshold(gallery, model=FINGERPRINT)
    assert named(gallery, 125) == stored.threshold
    assert named(None, 125) != stored.threshold


def test_beyond_the_card_the_gallery_s_own_scores_count_unless_nothing_may_be_stored():
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(600), 10)
    gallery = Counted(owners, rng.normal(size=(6000, 6)).astype(np.float32), space(FINGERPRINT))
    strictest = CALIBRATION.fmr[0][1]
    assert named(gallery, 6000, may_set=False) == strictest
    assert gallery.stored == {}
    own = named(gallery, 6000)
    assert own == gallery_threshold(gallery, model=FINGERPRINT).threshold != strictest
    assert gallery.stored


def test_without_enough_of_either_the_strictest_threshold_of_the_card_is_taken():
    assert named(None, 10**6) == CALIBRATION.fmr[0][1]
    nobody = Counted(np.zeros(0, int), np.zeros((0, 6), np.float32), space(FINGERPRINT))
    assert named(nobody, 10**6) == CALIBRATION.fmr[0][1]
