"""Enrolling: whole batches, once each, exactly as given."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from tests.gallery.contract.galleries import MODEL, POINTS, ids_of, names, reference, references, vector

from visavis.errors import GalleryConflict, InvalidInput, TemplateMismatch, VisavisError
from visavis.gallery.types import Crop
from visavis.types import Box, Template


def state(gallery):
    """Everything that a failed change must leave as it was."""
    return gallery.version, gallery.people(), gallery.references(), gallery.history(), gallery.audit_head()


def test_what_was_enrolled_is_read_back_as_it_was_given(place, gallery):
    given = [
        reference("a", "Ada", consent="signed", retain_until="2099-12-31"),
        reference("b", "Ada", box=None, quality=None, crop=None, photo="", source=""),
        reference("c", "Zoë / Søn \N{GRINNING FACE}", source="odd \udcff.jpg"),
    ]
    added = gallery.enrol(given)
    assert (added.enrolled, added.known, added.version) == (("a", "b", "c"), (), 1)
    assert gallery.version == 1
    assert gallery.count() == (2, 3)
    read = gallery.references()
    assert [one.id for one in read] == ["a", "b", "c"]
    assert [one.key for one in read] == sorted({one.key for one in read})
    for one, was in zip(read, given, strict=True):
        assert (one.person, one.photo, one.box, one.quality) == (was.person, was.photo, was.box, was.quality)
        assert (one.consent, one.retain_until, one.has_crop) == (was.consent, was.retain_until, was.crop is not None)
        assert one.models == (MODEL,)
        assert one.person_id == gallery.person(was.person).id
    assert [one.source for one in read] == ["photos/a.jpg", "", "odd \\udcff.jpg"]
    assert gallery.crops(["c", "a", "b", "nobody", "a"]) == [given[2].crop, given[0].crop, None, None, given[0].crop]
    ada = gallery.person("Ada")
    assert (ada.references, ada.consent, ada.retain_until) == (2, "signed", "2099-12-31")
    assert gallery.verify() == []


def test_templates_are_kept_bit_for_bit_or_within_half_a_step(place, gallery):
    special = np.float32([-0.0, 1e-45, -1e-38, 1.1754944e-38, 0.1, -3.25, 1e-8, 2.5])
    vectors = [special, *(vector(seed) for seed in range(40))]
    gallery.enrol([reference(f"r{n}", f"P{n % 7}", template=Template(v, MODEL)) for n, v in enumerate(vectors)])
    keys = [one.key for one in gallery.references()]
    order = np.random.default_rng(0).permutation(len(keys))
    kept = gallery.templates(np.array(keys)[order])
    assert kept.dtype == np.float32
    expected = np.stack(vectors)[order]
    if place.quantised:
        step = gallery.model.scale
        assert step is not None
        inside = np.abs(expected) <= 127 * step
        assert np.abs(kept - expected)[inside].max() <= step * 0.500001
        assert (np.abs(kept[~inside]) == pytest.approx(127 * step, rel=1e-6)) if not inside.all() else True
        assert inside.mean() > 0.95
    else:
        assert kept.tobytes() == expected.tobytes()
    assert gallery.templates([]).shape == (0, 8)
    tier = gallery.tier()
    assert np.array_equal(tier.vectors(np.array(keys)[order]), kept)


def test_directions_are_what_int8_keeps_under_cosine(place):
    with place.create(metric="cosine") as gallery:
        gallery.enrol([reference("a", "Ada", template=Template(1000 * vector("a"), MODEL)), reference("b", "Ben")])
        kept = gallery.templates([one.key for one in gallery.references()])
        given = np.stack([1000 * vector("a"), vector("b")])
        if not place.quantised:
            assert kept.tobytes() == given.tobytes()
        else:
            units = given / np.linalg.norm(given, axis=1, keepdims=True)
            assert np.abs(kept - units).max() <= gallery.model.scale * 0.500001
        with pytest.raises(InvalidInput, match="zero vector"):
            gallery.enrol([reference("z", "Zed", template=Template(np.zeros(8, np.float32), MODEL))])


def test_enrolling_the_same_again_changes_nothing(gallery):
    batch = references(Ada=3, Ben=2)
    gallery.enrol(batch)
    before = state(gallery)
    added = gallery.enrol(batch)
    assert (added.enrolled, added.known, added.version) == ((), tuple(one.id for one in batch), before[0])
    assert state(gallery) == before
    more = gallery.enrol([batch[0], reference("new", "Ada"), batch[4]])
    assert (more.enrolled, more.known, more.version) == (("new",), ("ada-1", "ben-2"), before[0] + 1)
    assert gallery.enrol([]).version == gallery.version == before[0] + 1


def test_a_known_id_stays_known_under_another_name_of_its_person(plain_gallery):
    gallery = plain_gallery
    batch = references(Ada=1, Ben=1)
    gallery.enrol(batch)
    gallery.rename("Ada", "Eve")
    gallery.merge("Eve", "Ben")
    before = state(gallery)
    assert gallery.enrol(batch).known == ("ada-1", "ben-1")
    assert state(gallery) == before
    assert names(gallery) == ["Eve"]


FAILURES = {
    "id with other photo": (lambda: reference("ada-1", "Ada", photo="another"), GalleryConflict, "ada-1"),
    "id of another person": (lambda: reference("ada-1", "Ben"), GalleryConflict, "ada-1"),
    "photo twice for one person": (lambda: reference("x", "Ada", photo="digest of ada-1"), GalleryConflict, "ada-1"),
    "id twice in the batch": (lambda: reference("new", "Ada"), GalleryConflict, "new"),
    "other model": (
        lambda: reference("x", "Ada", template=Template(vector(1), "other@2")),
        TemplateMismatch,
        "other@2",
    ),
    "other dimension": (lambda: reference("x", "Ada", template=Template(vector(1, 9), MODEL)), InvalidInput, "8"),
    "name of nothing": (lambda: reference("x", "  "), InvalidInput, "empty"),
    "name of 10,000 characters": (lambda: reference("x", "n" * 10_000), InvalidInput, "10,000"),
    "name with a zero": (lambda: reference("x", "Ada\0"), InvalidInput, "control character"),
    "name with half a pair": (lambda: reference("x", "Ada\ud800"), InvalidInput, "surrogate"),
    "id of nothing": (lambda: reference("", "Ada", template=Template(vector(1), MODEL)), InvalidInput, "1 to 64"),
    "long id": (lambda: reference("i" * 65, "Ada"), InvalidInput, "1 to 64"),
    "id with a zero": (lambda: reference("i\0", "Ada"), InvalidInput, "1 to 64"),
    "id with half a pair": (lambda: replace(reference("x", "Ada"), id="\ud800"), InvalidInput, "1 to 64"),
    "id that is a number": (lambda: replace(reference("x", "Ada"), id=7), InvalidInput, "1 to 64"),
    "long photo": (lambda: reference("x", "Ada", photo="p" * 65), InvalidInput, "photo"),
    "photo with a zero": (lambda: reference("x", "Ada", photo="p\0"), InvalidInput, "photo"),
    "no date": (lambda: reference("x", "Ada", retain_until="soon"), InvalidInput, "2027-12-31"),
    "date of another form": (lambda: reference("x", "Ada", retain_until="20271231"), InvalidInput, "2027-12-31"),
    "quality NaN": (lambda: reference("x", "Ada", quality={"summary": np.nan}), InvalidInput, "finite"),
    "quality in words": (lambda: reference("x", "Ada", quality={"summary": "good"}), InvalidInput, "finite"),
    "crop in words": (lambda: reference("x", "Ada", crop=Crop("jpeg", POINTS)), InvalidInput, "crop"),
    "points NaN": (lambda: reference("x", "Ada", crop=Crop(b"\xff\xd8", ((np.nan, 0.0),))), InvalidInput, "crop"),
    "points of three": (lambda: reference("x", "Ada", crop=Crop(b"\xff\xd8", ((1, 2, 3),))), InvalidInput, "crop"),
    "box of four": (lambda: reference("x", "Ada", box=[0, 0, 1, 1]), InvalidInput, "Box"),
    "source of nothing": (lambda: reference("x", "Ada", source=None), InvalidInput, "source"),
    "consent in numbers": (lambda: reference("x", "Ada", consent=5), InvalidInput, "text is expected"),
}


@pytest.mark.parametrize("place_of_the_bad_one", [0, 1])
def test_a_batch_with_one_bad_reference_leaves_nothing(plain_gallery, place_of_the_bad_one):
    gallery = plain_gallery
    gallery.enrol(references(Ada=1, Ben=1))
    before = state(gallery)
    for make, error, words in FAILURES.values():
        batch = [reference("new", "Eve")]
        batch.insert(place_of_the_bad_one, make())
        with pytest.raises(error, match=words):
            gallery.enrol(batch)
        assert state(gallery) == before
    assert gallery.search(vector("new"), 5).keys[0].tolist()[2:] == [-1, -1, -1]
    assert gallery.verify() == []


def test_a_failure_of_the_store_in_mid_batch_leaves_nothing(place, gallery, monkeypatch):
    gallery.enrol(references(Ada=1))
    before = state(gallery)

    def fails(*_):
        raise OSError("out of luck")

    monkeypatch.setattr("visavis.gallery.store.audit.append", fails)  # the last step but one
    with pytest.raises((OSError, VisavisError)):
        gallery.enrol(references(Ben=3))
    monkeypatch.undo()
    assert state(gallery) == before
    gallery.verify(repair=True)  # what lies outside the tables
    assert gallery.verify() == []
    assert gallery.enrol(references(Ben=3)).enrolled == ("ben-1", "ben-2", "ben-3")


def test_two_faces_of_one_photo_are_two_people(plain_gallery):
    gallery = plain_gallery
    gallery.enrol([reference("a", "Ada", photo="p"), reference("b", "Ben", photo="p")])
    with pytest.raises(GalleryConflict, match=r"Ada already \(reference a\)"):
        gallery.enrol([reference("c", "Ada", photo="p")])
    with pytest.raises(GalleryConflict, match="two faces in one photo"):
        gallery.enrol([reference("c", "Cem", photo="q"), reference("d", "Cem", photo="q")])
    gallery.enrol([reference("c", "Cem", photo="p"), reference("d", "Ada", photo=""), reference("e", "Ada", photo="")])
    assert gallery.count() == (3, 5)


def test_one_look_of_a_name_is_one_person(plain_gallery):
    gallery = plain_gallery
    gallery.enrol([reference("a", "Zoe\u0308  Smith"), reference("b", " Zo\u00eb Smith ")])
    (person,) = gallery.people()
    assert (person.name, person.references) == ("Zo\u00eb Smith", 2)
    for look in ("Zoe\u0308 Smith", "Zo\u00eb\tSmith", person.id):
        if "\t" not in look:
            assert gallery.person(look) == person
    gallery.enrol([reference("c", "zo\u00eb smith")])  # capitals tell people apart
    assert len(gallery.people()) == 2
    assert {one.name for one in gallery.people(name_contains="ZO\u00cb")} == {"Zo\u00eb Smith", "zo\u00eb smith"}


@pytest.mark.parametrize("together", [True, False])
def test_consent_and_dates_are_renewed_alike_in_one_batch_and_in_several(plain_gallery, together):
    gallery = plain_gallery
    batches = [
        [reference("a", "Ada", consent="first", retain_until="2030-01-01")],
        [reference("b", "Ada")],
        [reference("c", "Ada", consent="second", retain_until="2029-01-01")],
        [reference("d", "Ada", retain_until="2031-01-01")],
        [reference("e", "Ben", consent="his own"), reference("f", "Ben", retain_until="2030-01-01")],
    ]
    for batch in [[*itertools.chain(*batches)]] if together else batches:
        gallery.enrol(batch)
    ada, ben = gallery.people()
    assert (ada.consent, ada.retain_until) == ("second", "2031-01-01")
    assert (ben.consent, ben.retain_until) == ("his own", None)
    actions = [entry.action for entry in gallery.audit()]
    assert actions.count("renew consent") == (0 if together else 2)
    assert [one.retain_until for one in gallery.references(person="Ada")] == [
        "2030-01-01", None, "2029-01-01", "2031-01-01",
    ]  # fmt: skip


def test_references_are_found_by_every_condition_and_by_all_together(plain_gallery):
    gallery = plain_gallery
    gallery.enrol([reference("a", "Ada", photo="p"), reference("b", "Ben", photo="p"), *references(Ada=2)])
    key = {one.id: one.key for one in gallery.references()}

    def ids(**conditions):
        return [one.id for one in gallery.references(**conditions)]

    assert ids(person="Ada") == ids(person=gallery.person("Ada").id) == ["a", "ada-1", "ada-2"]
    assert ids(keys=[key["b"], key["a"], key["b"], 999, -1, 2**63, 2**80]) == ["a", "b"]
    assert ids(keys=np.array([key["ada-2"]])) == ["ada-2"]
    assert ids(ids=["ada-2", "a", "nobody", "a\0", "\ud800", "x" * 10_000]) == ["a", "ada-2"]
    assert ids(photos=["p", "no such"]) == ["a", "b"]
    assert ids(photos=["p"], person="Ben") == ["b"]
    assert ids(photos=["p"], ids=["a", "ada-1"], keys=list(key.values())) == ["a"]
    assert ids(photos=["p"], keys=[key["b"]], person="Ada") == []
    assert ids(keys=[]) == ids(ids=[]) == ids(photos=[]) == []
    for wrong in ({"keys": ["a"]}, {"ids": [5]}, {"photos": [None, 5]}):
        with pytest.raises(InvalidInput):
            gallery.references(**wrong)


def test_any_number_of_things_may_be_asked_for_at_once(plain_gallery, monkeypatch):
    monkeypatch.setattr("visavis.gallery.store.values.ASKED", 7)
    gallery = plain_gallery
    everybody = [reference(f"r{n}", f"P{n}", photo=f"p{n}") for n in range(40)]
    gallery.enrol(everybody)
    ids, photos = [one.id for one in everybody], [one.photo for one in everybody]
    keys = [one.key for one in gallery.references(ids=ids)]
    assert len(keys) == 40
    assert [one.key for one in gallery.references(keys=keys, photos=photos, ids=ids)] == keys
    assert all(one.models for one in gallery.references(photos=photos))
    assert None not in gallery.crops(ids)
    assert len(gallery.templates(keys)) == 40


def test_boxes_and_qualities_may_come_as_numpy_numbers(plain_gallery):
    gallery = plain_gallery
    points = np.float32(POINTS)
    one = reference(
        "a",
        "Ada",
        quality={"summary": np.float32(0.5)},
        crop=Crop(b"\x89PNG", points),
        box=Box(*(np.float32(v) for v in (0, 0, 2, 2))),
    )
    gallery.enrol([one])
    assert gallery.crops(["a"]) == [Crop(b"\x89PNG", POINTS)]
    (read,) = gallery.references()
    assert read.quality == {"summary": 0.5}
    assert read.box == Box(0, 0, 2, 2)
    assert ids_of(gallery, "Ada") == ["a"]
