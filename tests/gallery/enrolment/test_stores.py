"""Enrolment is the same in every store, precision and encryption."""

from __future__ import annotations

import pytest
from tests.gallery.contract.galleries import STORES, place_in
from tests.gallery.enrolment.studio import CROP

from visavis.gallery.enrolment import PhotoOf, enrol_photos

pytest.importorskip("sqlalchemy", reason="galleries need visavis[gallery]")


@pytest.mark.parametrize("store", STORES)
def test_good_photos_come_in_strays_stay_out_and_everything_is_known_again(store, request, tmp_path, studio):
    place = place_in(store, tmp_path, lambda: request.getfixturevalue("postgres"))
    people = [f"person {i}" for i in range(40)]
    items = [PhotoOf(studio.photo(name), name, source=f"{name} {i}") for name in people for i in range(3)]
    strays = [PhotoOf(studio.photo(people[i]), people[i + 1], source=f"stray {i}") for i in range(5)]
    with place.create(model=studio.fingerprint, dimension=128) as gallery:
        first = enrol_photos(gallery, studio.engine, items)
        assert first.counts() == {"enrolled": 120, "known": 0, "refused": 0, "failed": 0, "flagged": 0}
        then = enrol_photos(gallery, studio.engine, strays)
        assert {str(finding.kind) for one in then.refused for finding in one.findings} == {"contradiction"}
        assert len(then.refused) == 5
        assert enrol_photos(gallery, studio.engine, items).counts()["known"] == 120
        assert gallery.crops([str(first.enrolled[0].reference)]) == [CROP]
        assert gallery.verify() == []
