"""References that cannot be embedded again: nobody is left behind unasked, and nothing is thrown away with them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update
from tests.gallery.upgrade.noise_faces import KEY, found, new_gallery, reference, under_way

from visavis.gallery import Crop
from visavis.gallery.schema import crop as crop_table
from visavis.gallery.upgrade import upgrade


@pytest.fixture
def gappy(gallery, engines):
    """Person 010 has no crop, 011 a broken one and a good one."""
    old = engines["old"]
    broken = Crop(b"\xff\xd8 no picture", reference(old, 11).crop.points)
    gallery.enrol([reference(old, 10, crop=None), reference(old, 11, crop=broken), reference(old, 11, 1)])
    return gallery


def test_the_old_model_stays_until_somebody_allows_what_is_missing(gappy, engines):
    report = upgrade(gappy, engines["new"], drop_old=True)
    assert (report.active, report.complete, report.dropped.models, report.from_crops) == (False, False, (), 13)
    assert gappy.model.fingerprint == engines["old"].fingerprint
    assert {(one.reference, one.person, one.source) for one in report.missing} == {
        ("r10-0", "Person 010", "/nowhere/10-0.jpg"),
        ("r11-0", "Person 011", "/nowhere/11-0.jpg"),
    }
    reasons = {one.reference: one.reason for one in report.missing}
    assert reasons["r10-0"].startswith("no crop of it was kept; its photo cannot be read (/nowhere/10-0.jpg: ")
    assert reasons["r11-0"].startswith("its crop cannot be used (")
    assert report.unfindable == ("Person 010",)
    assert under_way(gappy).to == engines["new"].fingerprint


def test_who_is_missing_is_listed_and_the_old_templates_are_kept_for_them(gappy, engines):
    report = upgrade(gappy, engines["new"], allow_missing=True, drop_old=True)
    assert (report.active, report.complete, len(report.missing)) == (True, False, 2)
    ((kept, why),) = report.dropped.kept
    assert (kept, report.dropped.models) == (engines["old"].fingerprint, ())
    assert why.startswith("2 references have no other template")
    entry = next(entry for entry in gappy.audit() if entry.action == "finish upgrade")
    assert (entry.details["missing"], set(entry.subjects)) == (2, {"r10-0", "r11-0"})
    assert found(gappy, engines["new"], 10) != "Person 010" == found(gappy, engines["old"], 10)
    assert gappy.verify() == []


def test_the_old_templates_go_once_those_who_are_missing_are_forgotten(gappy, engines):
    upgrade(gappy, engines["new"], allow_missing=True)
    gappy.forget("Person 010")
    gappy.forget("Person 011", references=["r11-0"])
    report = upgrade(gappy, engines["new"], drop_old=True)
    assert (report.complete, report.dropped.models) == (True, (engines["old"].fingerprint,))
    assert gappy.verify() == []


def test_a_damaged_crop_takes_no_other_along(tmp_path, engines):
    with new_gallery(tmp_path / "sealed", engines["old"], key=KEY) as gallery:
        with gallery.store.changing() as change:
            change.connection.execute(update(crop_table).where(crop_table.c.reference == 3).values(data=b"altered"))
        report = upgrade(gallery, engines["new"])
    assert (report.from_crops, [one.reference for one in report.missing]) == (11, ["r1-0"])
    assert report.missing[0].reason.startswith("its crop is damaged (")


def test_points_that_lie_in_one_place_are_no_face(gallery, engines):
    made = reference(engines["old"], 12)
    gallery.enrol([replace(made, crop=Crop(made.crop.data, ((5.0, 5.0),) * 5))])
    (missing,) = upgrade(gallery, engines["new"]).missing
    assert "no direction" in missing.reason


def test_a_gap_is_filled_when_its_photo_is_back(gappy, engines, monkeypatch):
    new = engines["new"]
    upgrade(gappy, new, allow_missing=True)

    def back(engine, references):
        return {one.key: reference(new, 10).template.vector for one in references if one.id == "r10-0"}, {}

    monkeypatch.setattr("visavis.gallery.upgrade.again.from_originals", back)
    report = upgrade(gappy, new)
    assert (report.from_originals, [one.reference for one in report.missing]) == (1, ["r11-0"])
    assert found(gappy, new, 10) == "Person 010"
    last = list(gappy.audit())[-1]
    assert (last.action, last.subjects, last.model) == ("embed again", ("r10-0",), new.fingerprint)
