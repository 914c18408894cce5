"""Faces for a check of two models: labelled, several of each person, and seen by both alike."""

from __future__ import annotations

import collections

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from tests.gallery.upgrade.noise_faces import KEY, engine_of, new_gallery, reference, vector_of

from visavis.errors import InvalidInput, ModelNotFound
from visavis.face import Engine
from visavis.gallery.schema import crop as crop_table
from visavis.gallery.upgrade.compat import check_compatibility
from visavis.gallery.upgrade.engines import named_variant, same_but
from visavis.gallery.upgrade.labelled import crops_by_both, several_each


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(0, 40))
def test_faces_are_chosen_person_by_person_those_with_several_first(people, most):
    chosen = [people[place] for place in several_each(people, most)]
    there = collections.Counter(people)
    assert len(chosen) == min(most, sum(min(count, 5) for count in there.values()))
    taken = collections.Counter(chosen)
    assert all(taken[one] <= min(5, there[one]) for one in taken)
    alone = [there[one] == 1 for one in chosen]
    assert alone == sorted(alone)
    assert several_each(people, most) == several_each(people, most)
    assert len(set(several_each(people, most))) == len(chosen)


def test_both_models_see_the_same_faces(gallery, engines):
    both = crops_by_both(gallery, engines["old"], engines["new"])
    names = {person.id: int(person.name[-3:]) for person in gallery.people()}
    assert sorted(names[one] for one in both.people) == sorted([*range(6)] * 2)
    for person, old, new in zip(both.people, both.old, both.new, strict=True):
        photos = range(2)
        assert any(np.allclose(old, vector_of(engines["old"], names[person], photo), atol=1e-4) for photo in photos)
        assert any(np.allclose(new, vector_of(engines["new"], names[person], photo), atol=1e-4) for photo in photos)


def test_kept_templates_need_no_old_model(gallery, engines):
    stored = crops_by_both(gallery, gallery.model, engines["new"])
    made = crops_by_both(gallery, engines["old"], engines["new"])
    assert stored.people == made.people
    assert np.allclose(stored.old, made.old, atol=1e-4)


def test_a_face_that_cannot_be_used_is_left_out_and_named(tmp_path, engines):
    with new_gallery(tmp_path / "sealed", engines["old"], key=KEY) as gallery:
        with gallery.store.changing() as change:
            change.connection.execute(update(crop_table).where(crop_table.c.reference == 3).values(data=b"altered"))
        gallery.enrol([reference(engines["old"], 9, crop=None)])
        both = crops_by_both(gallery, gallery.model, engines["new"])
    assert (len(both.people), [name for name, _ in both.missed]) == (11, ["r1-0"])


def test_the_faces_must_be_named_one_way(gallery, engines, tmp_path):
    for where in ({}, {"gallery": gallery, "root": tmp_path}):
        with pytest.raises(InvalidInput, match="a folder with one folder of photos per person"):
            check_compatibility(engines["old"], engines["new"], **where)


def test_a_model_is_named_by_card_variant_or_fingerprint(engines):
    old = engines["old"].fingerprint
    assert [named_variant(name) for name in ("old", "old+flip", old, f"{old}+flip")] == [
        ("old", False),
        ("old", True),
        ("old", False),
        ("old", True),
    ]
    with pytest.raises(ModelNotFound, match="the weights here are those of"):
        named_variant("old@123456789abc")
    with pytest.raises(InvalidInput, match="no variant"):
        named_variant("old+flop")


def test_another_embedder_keeps_every_other_setting(engines):
    settings = {"long_side": 800, "min_score": 0.6, "hint_score": 0.3, "min_size": 20.0, "tiles": True, "threads": 1}
    engine = same_but(Engine(allow_restricted=True, **settings), "new+flip")
    assert engine.fingerprint == f"{engines['new'].fingerprint}+flip"
    found = engine.settings
    kept = found.long_side, found.min_score, found.hint_score, found.min_size, found.tiles, engine.threads
    assert kept == tuple(settings.values())
    assert engine.allow_restricted
    assert engine_of("new").fingerprint == engines["new"].fingerprint
