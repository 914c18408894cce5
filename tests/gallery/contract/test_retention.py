"""What is past its date is counted exactly as `forget_expired` erases it."""

from __future__ import annotations

import pytest
from tests.gallery.contract.galleries import reference

from visavis.errors import InvalidInput
from visavis.gallery.retention import Expired, expired

TODAY = "2026-06-15"


def test_what_would_be_forgotten_is_counted(plain_gallery):
    plain_gallery.enrol([reference("a", "Ada", retain_until="2026-06-14"), reference("b", "Ben")])
    plain_gallery.enrol([reference("c", "Cem", retain_until="2026-06-15")])
    plain_gallery.enrol([reference("d", "Dee", retain_until="2020-01-01"), reference("e", "Dee")])
    told = expired(plain_gallery, TODAY)
    assert expired(plain_gallery, "2020-01-01") == Expired(0, 0)
    gone = plain_gallery.forget_expired(TODAY)
    assert (told.people, told.references) == (gone.people, gone.references)
    assert told.people >= 1
    assert expired(plain_gallery, TODAY) == Expired(0, 0)


def test_a_person_s_date_counts_for_all_references(plain_gallery):
    plain_gallery.enrol(
        [reference("a", "Ada", retain_until="2026-01-01"), reference("b", "Ada", retain_until="2026-02-01")]
    )
    assert expired(plain_gallery, TODAY) == Expired(1, 2)
    assert expired(plain_gallery, "2026-01-15") == Expired(0, 1)


def test_today_is_a_date(plain_gallery):
    with pytest.raises(InvalidInput, match="today"):
        expired(plain_gallery, "tomorrow")
