"""Who is who: renaming, merging, splitting and undoing, with everything that was so before."""

from __future__ import annotations

import pytest
from tests.gallery.contract.galleries import found, ids_of, names, reference, references, vector

from visavis.errors import GalleryConflict, InvalidInput, PersonNotFound


@pytest.fixture
def gallery(plain_gallery):
    """Ada with three references, Ben with two, Cem with one."""
    plain_gallery.enrol(references(Ada=3, Ben=2, Cem=1))
    return plain_gallery


def picture(gallery):
    """Who has what, and who is apart: what undoing restores."""
    people = {one.id: one for one in gallery.people()}
    apart = {(frozenset((people[a].name, people[b].name)), reason) for a, b, reason in gallery.apart()}
    return {(one.id, one.name, one.created, one.consent): ids_of(gallery, one.id) for one in people.values()}, apart


def test_a_person_is_called_otherwise_and_stays_the_same(gallery):
    before, ada = picture(gallery), gallery.person("Ada")
    operation = gallery.rename("Ada", "Eve  Smith")
    assert (operation.kind, operation.people) == ("rename", (ada.id,))
    assert gallery.person("Eve Smith").id == ada.id
    assert gallery.references(ids=["ada-1"])[0].person == "Eve Smith"
    with pytest.raises(PersonNotFound, match="Ada"):
        gallery.person("Ada")
    gallery.undo()
    assert picture(gallery) == before
    assert gallery.verify() == []


@pytest.mark.parametrize("new", ["Ben", " Ben ", "Ada"])
def test_a_name_that_is_taken_is_not_given(gallery, new):
    with pytest.raises(GalleryConflict, match="somebody of that name"):
        gallery.rename("Ada", new)
    with pytest.raises(GalleryConflict, match="somebody of that name"):
        gallery.split("Ada", ["ada-1"], new)
    assert names(gallery) == ["Ada", "Ben", "Cem"]
    assert gallery.history() == []


def test_merging_moves_references_and_undoing_moves_them_back(gallery):
    before = picture(gallery)
    keep, absorbed = gallery.person("Ada"), gallery.person("Ben")
    operation = gallery.merge("Ada", absorbed.id)
    assert operation.people == (keep.id, absorbed.id)
    assert names(gallery) == ["Ada", "Cem"]
    assert ids_of(gallery, "Ada") == ["ada-1", "ada-2", "ada-3", "ben-1", "ben-2"]
    gallery.enrol([reference("ada-4", "Ada"), reference("ben-1", "Ben")])  # the second is known, whoever it is now
    assert names(gallery) == ["Ada", "Cem"]
    gallery.undo(operation.id)
    assert gallery.person("Ben").id == absorbed.id
    gallery.forget("Ada", references=["ada-4"])
    assert picture(gallery) == before
    assert gallery.verify() == []


def test_splitting_makes_a_person_and_undoing_unmakes_it(gallery):
    before = picture(gallery)
    operation = gallery.split("Ada", ["ada-3", "ada-1", "ada-3"], "Eve")
    assert (ids_of(gallery, "Ada"), ids_of(gallery, "Eve")) == (["ada-2"], ["ada-1", "ada-3"])
    assert operation.people == (gallery.person("Ada").id, gallery.person("Eve").id)
    gallery.undo()
    assert picture(gallery) == before
    again = gallery.split("Ada", ["ada-1"], "Eve")
    gallery.enrol([reference("eve-1", "Eve")])
    with pytest.raises(GalleryConflict, match="further photos since"):
        gallery.undo(again.id)


def test_a_split_takes_consent_and_dates_along(plain_gallery):
    plain_gallery.enrol(
        [
            reference("a", "Ada", consent="signed", retain_until="2030-01-01"),
            reference("b", "Ada"),
            reference("c", "Ada"),
        ]
    )
    plain_gallery.split("Ada", ["b"], "Eve")
    eve = plain_gallery.person("Eve")
    assert (eve.consent, eve.retain_until) == ("signed", "2030-01-01")


def test_what_cannot_be_merged_or_split_stays(gallery):
    for change, error, words in (
        (lambda: gallery.merge("Ada", "Ada"), GalleryConflict, "itself"),
        (lambda: gallery.merge("Ada", "Nobody"), PersonNotFound, "Nobody"),
        (lambda: gallery.merge("Nobody", "Ada"), PersonNotFound, "Nobody"),
        (lambda: gallery.rename("Nobody", "X"), PersonNotFound, "Nobody"),
        (lambda: gallery.rename("Ada", "x\0"), InvalidInput, "control"),
        (lambda: gallery.split("Ada", [], "Eve"), InvalidInput, "name the references"),
        (lambda: gallery.split("Ada", ["ben-1"], "Eve"), PersonNotFound, "ben-1"),
        (lambda: gallery.split("Ada", ["ada-1", "\ud800"], "Eve"), PersonNotFound, "no reference"),
        (lambda: gallery.split("Cem", ["cem-1"], "Eve"), GalleryConflict, "rename"),
        (lambda: gallery.split("Ada", ["ada-1"], ""), InvalidInput, "empty"),
        (lambda: gallery.set_apart("Ada", "Ada"), InvalidInput, "itself"),
        (lambda: gallery.set_apart("Ada", "Nobody"), PersonNotFound, "Nobody"),
        (gallery.undo, PersonNotFound, "nothing to undo"),
        (lambda: gallery.undo(99), PersonNotFound, "99"),
        (lambda: gallery.undo(2**80), PersonNotFound, "none"),
        (lambda: gallery.undo("latest"), InvalidInput, "whole numbers"),
        (lambda: gallery.person(None), PersonNotFound, "nobody"),
        (lambda: gallery.person("n" * 10_000), PersonNotFound, "nobody"),
        (lambda: gallery.person("\0\ud800"), PersonNotFound, "nobody"),
        (lambda: gallery.person(5), InvalidInput, "text"),
        (lambda: gallery.history(person="Nobody"), PersonNotFound, "Nobody"),
    ):
        before = gallery.version, picture(gallery)
        with pytest.raises(error, match=words):
            change()
        assert (gallery.version, picture(gallery)) == before


def test_people_who_share_a_photo_are_merged_by_force_only(plain_gallery):
    gallery = plain_gallery
    gallery.enrol([reference("a", "Ada", photo="p"), reference("b", "Ben", photo="p"), reference("c", "Ben")])
    before = picture(gallery)
    with pytest.raises(GalleryConflict, match="both in 1 photo, and"):
        gallery.merge("Ada", "Ben")
    assert picture(gallery) == before
    gallery.merge("Ada", "Ben", force=True)
    assert ids_of(gallery, "Ada") == ["a", "b", "c"]
    gallery.undo()
    assert picture(gallery) == before


def test_people_who_were_set_apart_are_merged_by_force_only(gallery):
    gallery.set_apart("Ben", "Ada", "twins")
    before = picture(gallery)
    assert before[1] == {(frozenset({"Ada", "Ben"}), "twins")}
    for keep, absorb in (("Ada", "Ben"), ("Ben", "Ada")):
        with pytest.raises(GalleryConflict, match="twins"):
            gallery.merge(keep, absorb)
        gallery.merge(keep, absorb, force=True)
        assert gallery.apart() == []
        gallery.undo()
        assert picture(gallery) == before


def test_whoever_is_merged_brings_those_they_are_apart_from(gallery):
    gallery.set_apart("Ben", "Cem", "cousins")
    before = picture(gallery)
    gallery.merge("Ada", "Ben")
    assert picture(gallery)[1] == {(frozenset({"Ada", "Cem"}), "cousins")}
    with pytest.raises(GalleryConflict, match="cousins"):
        gallery.merge("Cem", "Ada")
    gallery.undo()
    assert picture(gallery) == before
    gallery.set_apart("Ada", "Cem", "before")
    before = picture(gallery)
    gallery.merge("Ada", "Ben")
    assert picture(gallery)[1] == {(frozenset({"Ada", "Cem"}), "before")}
    gallery.undo()
    assert picture(gallery) == before


def test_a_pair_that_is_declared_after_a_merge_outlives_its_undoing(gallery):
    gallery.set_apart("Ben", "Cem", "cousins")
    gallery.merge("Ada", "Ben")
    gallery.set_apart("Ada", "Cem", "seen together")
    gallery.undo()
    assert picture(gallery)[1] == {
        (frozenset({"Ada", "Cem"}), "seen together"),
        (frozenset({"Ben", "Cem"}), "cousins"),
    }


def test_pairs_come_back_after_merges_on_both_sides(gallery):
    gallery.enrol(references(Dan=1))
    gallery.set_apart("Ben", "Cem", "cousins")
    before = picture(gallery)
    first = gallery.merge("Dan", "Cem")
    second = gallery.merge("Ada", "Ben")
    assert picture(gallery)[1] == {(frozenset({"Ada", "Dan"}), "cousins")}
    with pytest.raises(GalleryConflict, match=f"operation {second.id}"):
        gallery.undo(first.id)
    gallery.undo()
    gallery.undo()
    assert picture(gallery) == before


def test_operations_on_the_same_people_are_undone_the_latest_first(gallery):
    pictures = [picture(gallery)]
    operations = []
    for change in (
        lambda: gallery.rename("Ada", "Eve"),
        lambda: gallery.split("Eve", ["ada-1"], "Fay"),
        lambda: gallery.merge("Eve", "Ben"),
        lambda: gallery.rename("Eve", "Gil"),
        lambda: gallery.merge("Fay", "Gil"),
    ):
        operations.append(change())
        pictures.append(picture(gallery))
    aside = gallery.rename("Cem", "Cemal")
    for early in operations[:-1]:
        with pytest.raises(GalleryConflict, match="undo that first"):
            gallery.undo(early.id)
    gallery.undo(operations[-1].id)  # others' operations may come later
    gallery.undo(aside.id)
    for operation, before in zip(operations[3::-1], pictures[3::-1], strict=True):
        assert gallery.undo().details == {"operation": operation.id, "kind": operation.kind}
        assert picture(gallery) == before
    with pytest.raises(PersonNotFound, match="nothing to undo"):
        gallery.undo()
    with pytest.raises(GalleryConflict, match="taken back already"):
        gallery.undo(operations[0].id)
    with pytest.raises(GalleryConflict, match="is itself an undo"):
        gallery.undo(gallery.history()[0].id)
    assert gallery.verify() == []


def test_an_undo_finds_the_old_name_taken(gallery):
    renamed = gallery.rename("Ada", "Eve")
    gallery.enrol([reference("new", "Ada")])
    with pytest.raises(GalleryConflict, match="somebody of that name is enrolled; rename that person first, then"):
        gallery.undo(renamed.id)
    gallery.forget("Ada")
    gallery.undo(renamed.id)
    merged = gallery.merge("Ada", "Ben")
    gallery.enrol([reference("other", "Ben")])
    with pytest.raises(GalleryConflict, match="somebody of that name is enrolled; rename that person first, then"):
        gallery.undo(merged.id)
    gallery.merge("Ben", "Cem")  # another Ben
    with pytest.raises(GalleryConflict):
        gallery.undo(merged.id)
    assert gallery.verify() == []


def test_what_is_forgotten_does_not_come_back_and_the_rest_does(gallery):
    merged = gallery.merge("Ada", "Ben")
    gallery.forget("Ada", references=["ben-1", "ada-1"])
    gallery.undo(merged.id)
    assert (ids_of(gallery, "Ada"), ids_of(gallery, "Ben")) == (["ada-2", "ada-3"], ["ben-2"])
    merged = gallery.merge("Ada", "Ben")
    gallery.forget("Ada", references=["ben-2"])  # the last of Ben
    with pytest.raises(GalleryConflict, match="forgotten"):
        gallery.undo(merged.id)
    with pytest.raises(PersonNotFound, match="nothing to undo"):
        gallery.undo()
    merged = gallery.merge("Ada", "Cem")
    gallery.forget("Ada", references=["ada-2", "ada-3"])  # only Cem is left of Ada
    with pytest.raises(GalleryConflict, match="rename Ada instead"):
        gallery.undo(merged.id)
    assert (ids_of(gallery, "Ada"), gallery.verify()) == (["cem-1"], [])


def test_somebody_forgotten_does_not_stand_in_the_way_of_earlier_operations(gallery):
    before = picture(gallery)
    renamed = gallery.rename("Ben", "Bob")
    merged = gallery.merge("Ada", "Cem")
    gallery.split("Ada", ["ada-1", "cem-1"], "Eve")
    gallery.forget("Eve")
    with pytest.raises(GalleryConflict, match="were forgotten"):
        gallery.undo(merged.id)
    gallery.undo(renamed.id)
    assert "Ben" in {key[1] for key in picture(gallery)[0]}
    assert picture(gallery)[0].keys() < before[0].keys()


def test_a_merged_person_s_past_is_forgotten_with_them(gallery):
    gallery.rename("Ben", "Benedetta")
    gallery.split("Benedetta", ["ben-2"], "Florian")
    gallery.rename("Florian", "Florence")
    gallery.undo()
    gallery.undo()
    gallery.merge("Ada", "Benedetta")
    gallery.set_apart("Ada", "Cem", "Georgina's cousin")
    gallery.forget("Ada")
    told = repr(gallery.history()) + repr(list(gallery.audit()))
    for name in ("Ben", "Benedetta", "Florian", "Florence", "Ada", "Georgina"):
        assert name not in told
    assert [one.kind for one in gallery.history()] == ["merge", "undo", "undo", "rename", "split", "rename"]
    assert names(gallery) == ["Cem"]


def test_others_keep_their_past_when_somebody_is_forgotten(gallery):
    gallery.rename("Cem", "Cemal")
    gallery.set_apart("Ben", "Cemal", "says Ben")
    merged = gallery.merge("Ada", "Ben")
    gallery.forget("Cemal")
    assert gallery.undo(merged.id).kind == "undo"
    assert names(gallery) == ["Ada", "Ben"]
    assert "says Ben" not in repr(gallery.history())
    assert gallery.apart() == []


def test_the_history_names_those_it_touches(gallery):
    ada = gallery.person("Ada").id
    gallery.rename("Cem", "Cemal")
    gallery.merge("Ada", "Ben")
    assert [one.kind for one in gallery.history(person="Ada")] == ["merge"]
    assert [one.id for one in gallery.history()] == sorted((one.id for one in gallery.history()), reverse=True)
    assert gallery.history(person="Ada")[0].people[0] == ada
    assert gallery.history()[0].actor == "Grace"


def test_searches_know_who_is_who_at_once(gallery):
    group = int(gallery.search(vector("ada-1"), 1).groups[0, 0])
    gallery.merge("Ben", "Ada")
    assert int(gallery.search(vector("ada-1"), 1).groups[0, 0]) == int(gallery.search(vector("ben-1"), 1).groups[0, 0])
    gallery.undo()
    new = int(gallery.search(vector("ada-1"), 1).groups[0, 0])
    assert new not in {group, int(gallery.search(vector("ben-1"), 1).groups[0, 0])}  # numbers are not used twice
    assert found(gallery, "ada-1") == ["ada-1"]
