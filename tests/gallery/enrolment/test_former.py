"""Whoever was renamed or merged is not enrolled again under the old name, unless somebody says that this is right."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="galleries need visavis[gallery]")

from visavis.gallery.enrolment import PhotoOf, enrol_photos
from visavis.gallery.enrolment.former import Present, former_names


@pytest.fixture
def enrolled(gallery, studio):
    """Ada and Ben."""
    items = [PhotoOf(studio.photo(name), name) for name in ("Ada", "Ben") for _ in range(2)]
    assert enrol_photos(gallery, studio.engine, items).complete
    return gallery


def given(gallery, studio, shown, name, **settings):
    (outcome,) = enrol_photos(
        gallery, studio.engine, [PhotoOf(studio.photo(shown), name, source="new.jpg")], **settings
    ).outcomes
    return outcome


def names(gallery):
    return [one.name for one in gallery.people()]


def test_a_new_photo_under_a_name_from_before_is_refused_with_the_name_of_today(enrolled, studio):
    enrolled.rename("Ada", "Augusta")
    enrolled.rename("Augusta", "Countess")
    for name in ("Ada", "Augusta"):
        outcome = given(enrolled, studio, "Ada", name)
        assert (str(outcome.status), str(outcome.findings[0].kind)) == ("refused", "former name")
        assert "is Countess now" in outcome.why
        assert outcome.findings[0].ids == (enrolled.person("Countess").id,)
    assert names(enrolled) == ["Ben", "Countess"]
    assert str(given(enrolled, studio, "Ada", "Countess").status) == "enrolled"


def test_whoever_was_merged_is_looked_for_where_the_references_are(enrolled, studio):
    merged = enrolled.merge("Ben", "Ada")
    renamed = enrolled.rename("Ben", "Both")
    assert "is Both now" in given(enrolled, studio, "Ada", "Ada").why
    enrolled.undo(renamed.id)
    enrolled.undo(merged.id)  # nothing stands in the way
    assert former_names(enrolled) == {}
    assert str(given(enrolled, studio, "Ada", "Ada").status) == "enrolled"


def test_somebody_else_of_that_name_is_enrolled_when_that_is_said(enrolled, studio):
    enrolled.rename("Ada", "Augusta")
    outcome = given(enrolled, studio, "Cem", "Ada", guard="flag")
    assert [str(one.kind) for one in outcome.findings] == ["former name"]
    assert names(enrolled) == ["Ada", "Augusta", "Ben"]
    again = given(enrolled, studio, "Cem", "Ada")
    assert (str(again.status), again.findings) == ("enrolled", ())


def test_a_dry_run_says_the_same(enrolled, studio):
    enrolled.rename("Ada", "Augusta")
    assert str(given(enrolled, studio, "Ada", "Ada", dry_run=True).status) == "refused"


def test_the_last_to_have_a_name_had_it_and_who_is_forgotten_had_none(enrolled):
    enrolled.rename("Ada", "Augusta")
    enrolled.rename("Ben", "Ada")
    assert former_names(enrolled).keys() == {"Ben"}
    enrolled.rename("Ada", "Benjamin")
    ben, augusta = enrolled.person("Benjamin"), enrolled.person("Augusta")
    assert former_names(enrolled) == {"Ada": Present(ben.id, "Benjamin"), "Ben": Present(ben.id, "Benjamin")}
    enrolled.forget("Benjamin")
    assert former_names(enrolled) == {"Ada": Present(augusta.id, "Augusta")}
