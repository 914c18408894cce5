"""Search tiers in step with the store: what they hold is what a fresh one would hold, whatever happened in between."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sqlalchemy import func, select, text
from tests.gallery.contract.galleries import MODEL, found, place_in, reference, references, vector

from visavis.errors import GalleryCorrupt, TemplateMismatch
from visavis.gallery.schema import change as change_table
from visavis.gallery.store import change, spaces
from visavis.gallery.store.settings import read_setting
from visavis.gallery.tiers import Tiers
from visavis.types import Template


@pytest.fixture(params=["sqlite", "postgresql"])
def gallery(request, tmp_path):
    place = place_in(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    with place.create() as made:
        yield made


def contents(tier):
    """Vectors and people by key."""
    rows = tier.vectors(tier.keys)
    people = zip(tier.keys.tolist(), tier.groups.tolist(), strict=True)
    return {key: (group, row.tobytes()) for (key, group), row in zip(people, rows, strict=True)}


def fresh(gallery, model=None):
    return contents(Tiers(gallery.store).current(model))


def some_changes(gallery, chance, steps):
    for _ in range(steps):
        people = gallery.people()
        kind = chance.choice(("enrol", "enrol", "merge", "split", "undo", "forget", "rename"))
        if kind == "enrol" or len(people) < 3:
            number = gallery.version
            batch = [reference(f"r{number}-{n}", f"P{chance.randrange(9)}") for n in range(chance.randint(1, 4))]
            gallery.enrol(batch)
        elif kind == "merge":
            gallery.merge(people[0].id, people[1].id, force=True)
        elif kind == "split" and people[0].references > 1:
            gallery.split(people[0].id, [gallery.references(person=people[0].id)[0].id], f"New {gallery.version}")
        elif kind == "rename":
            gallery.rename(people[0].id, f"Name {gallery.version}")
        elif kind == "forget":
            gallery.forget(people[-1].id)
        elif any(one.kind in {"merge", "rename"} for one in gallery.history()[:1]):
            gallery.undo()


def test_a_tier_that_catches_up_holds_what_a_fresh_one_holds(gallery):
    chance = random.Random(1)
    tier = gallery.tier()
    for steps in (1, 1, 5, 12):
        some_changes(gallery, chance, steps)
        assert contents(gallery.tier()) == fresh(gallery)
        assert gallery.tier() is tier  # changed in place
        assert tier.version == gallery.version


def test_catching_up_in_parts_misses_none(gallery, monkeypatch):
    monkeypatch.setattr("visavis.gallery.tiers._ASKED", 3)
    gallery.tier()
    gallery.enrol(references(Ada=10, Ben=4))
    gallery.forget("Ada", references=["ada-2", "ada-9"])
    assert contents(gallery.tier()) == fresh(gallery)
    assert len(gallery.tier()) == 12


def test_a_tier_that_is_too_far_behind_is_loaded_anew(gallery, monkeypatch):
    monkeypatch.setattr(change, "_KEPT", 4)
    gallery.enrol(references(Ada=2))
    tier = gallery.tier()
    with gallery.store.reading() as connection:
        assert read_setting(connection, "horizon") == 0
    for number in range(30):
        gallery.enrol([reference(f"r{number}", f"P{number}")])
    gallery.forget("Ada")
    with gallery.store.reading() as connection:
        horizon = read_setting(connection, "horizon")
        assert 20 < horizon <= gallery.version
        assert connection.execute(select(func.count()).select_from(change_table)).scalar_one() <= 8
        assert connection.execute(select(func.min(change_table.c.version))).scalar_one() > horizon
    assert gallery.tier() is not tier
    assert contents(gallery.tier()) == fresh(gallery)
    assert found(gallery, "ada-1", 50).count("ada-1") == 0


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_pruning_the_list_of_changes_never_leaves_a_tier_behind(gallery, monkeypatch, kept):
    monkeypatch.setattr(change, "_KEPT", kept)
    chance = random.Random(kept)
    others = [Tiers(gallery.store) for _ in range(3)]
    for step in range(12):
        some_changes(gallery, chance, 1)
        for number, tiers in enumerate(others, 1):
            if step % (2 * number) == 0:
                assert contents(tiers.current(None)) == fresh(gallery)
    assert gallery.verify() == []


def test_the_step_that_templates_are_rounded_to_is_known_as_soon_as_it_is_fixed(tmp_path):
    place = place_in("sqlite-int8", tmp_path, None)
    with place.create() as gallery, place.open() as other:
        assert len(other.tier()) == len(gallery.tier()) == 0
        gallery.enrol(references(Ada=3))
        for one in (gallery, other):
            assert found(one, "ada-2") == ["ada-2"]
            assert one.tier().scale == one.model.scale is not None


def test_models_have_tiers_of_their_own(gallery):
    gallery.enrol(references(Ada=2, Ben=1))
    with gallery.store.changing() as changing:
        space = spaces.add_space(changing.connection, "other@2", 4, "cosine", "float32", active=False)
        keys = np.array([one.key for one in gallery.references()][:2])
        rows = np.stack([vector(seed, 4) for seed in range(2)])
        gallery.store.templates.put(changing.connection, space, keys, ["ada-1", "ada-2"], rows, None)
        changing.touch(keys.tolist())
        changing.record("add templates", [], space.fingerprint)
    assert (len(gallery.tier()), len(gallery.tier("other@2"))) == (3, 2)
    assert gallery.search(vector(0, 4), 1, model="other@2").keys[0, 0] == keys[0]
    assert [one.models for one in gallery.references()] == [(MODEL, "other@2"), (MODEL, "other@2"), (MODEL,)]
    gallery.forget("Ada", references=["ada-1"])
    assert (len(gallery.tier()), len(gallery.tier("other@2"))) == (2, 1)
    with pytest.raises(TemplateMismatch):
        gallery.tier("third@3")
    with gallery.store.changing() as changing:
        spaces.activate(changing.connection, space)
        changing.record("activate", [], space.fingerprint)
    assert gallery.model.fingerprint == "other@2"
    assert len(gallery.tier()) == 1
    with gallery.store.changing() as changing:
        spaces.drop_space(changing.connection, gallery.space(MODEL))
        changing.record("drop", [], MODEL)
    with pytest.raises(TemplateMismatch):
        gallery.tier(MODEL)
    with pytest.raises(TemplateMismatch):
        gallery.enrol([reference("late", "Ada")])
    assert gallery.enrol([reference("late", "Ada", template=Template(vector(5, 4), "other@2"))]).enrolled == ("late",)


def test_a_template_that_cannot_be_read_leaves_the_tier_to_try_again(gallery):
    gallery.enrol(references(Ada=2))
    gallery.tier()
    gallery.enrol(references(Ben=1))
    plain = gallery.store.database.backend.name == "postgresql"
    column = "vector" if plain else "data"
    damage, mend = ("'[1,2]'", f"'{vector('ben-1').tolist()}'") if plain else ("'x'", ":data")
    with gallery.store.database.writing() as connection:
        connection.execute(text(f"UPDATE template SET {column} = {damage} WHERE reference = 3"))
    for _ in range(2):
        with pytest.raises(GalleryCorrupt, match="key 3"):
            gallery.tier()
    values = {} if plain else {"data": vector("ben-1").tobytes()}
    with gallery.store.database.writing() as connection:
        connection.execute(text(f"UPDATE template SET {column} = {mend} WHERE reference = 3"), values)
    assert found(gallery, "ben-1") == ["ben-1"]
    assert contents(gallery.tier()) == fresh(gallery)


def test_progress_of_loading_is_told_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr("visavis.gallery.templates.tables.BLOCK", 4)
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol(references(Ada=10))
    steps: list[tuple[int, int]] = []
    with place.open(progress=lambda done, total: steps.append((done, total))) as gallery:
        assert steps == [(4, 10), (8, 10), (10, 10)]


def test_a_callback_s_own_error_is_not_taken_for_damage(tmp_path):
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol(references(Ada=3))

        def interrupted(*_):
            raise ValueError("the user's own")

        with pytest.raises(ValueError, match="the user's own") as raised:
            gallery.verify(progress=interrupted)
        assert type(raised.value) is ValueError
        with pytest.raises(ValueError, match="the user's own"):
            place.open(progress=interrupted)
        assert gallery.verify() == []
