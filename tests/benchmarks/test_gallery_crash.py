"""Killed galleries: a short run of the benchmark, and proof that it would see a loss."""

import random

import pytest
from sqlalchemy import text

from _crash_work import DIMENSION, FIRST, OPERATIONS, Model, World, model_of, picture, reference_of
from gallery_crash import Found, Look, crashes, postgres
from visavis.gallery.gallery import create_gallery, open_gallery


@pytest.fixture
def uri(tmp_path):
    """Ada with a1 and a2, Ben with b1."""
    place = str(tmp_path / "g")
    with create_gallery(place, model=FIRST, dimension=DIMENSION, metric="euclidean") as gallery:
        gallery.enrol([reference_of(*one, Model(1)) for one in (("a1", "Ada"), ("a2", "Ada"), ("b1", "Ben"))])
    return place


THERE = {"Ada": ["a1", "a2"], "Ben": ["b1"]}


def look(uri, *lines, before=THERE):
    found = Found()
    Look(uri, before, lines, found).everything()
    return found


def test_what_was_answered_or_is_whole_is_fine(uri):
    for lines in (
        [],
        [{"ready": True, "after": THERE}],
        [{"ready": True, "after": {}}, {"begin": 0, "kind": "enrol", "after": THERE, "gone": []}],
        [{"ready": True, "after": THERE}, {"begin": 0, "kind": "enrol", "after": {"Cem": ["c1"]}, "gone": []}],
    ):
        found = look(uri, *lines)
        assert (found.lost, found.half_written, found.problems, found.notes) == (0, 0, 0, [])
        assert sum(found.under_way.values()) == 1


def test_a_change_that_was_answered_and_is_not_there_is_lost(uri):
    done = [{"ready": True, "after": THERE}, {"done": 0, "after": {**THERE, "Cem": ["c1"]}}]
    assert look(uri, *done).lost == 1


def test_half_a_batch_is_half_written(uri):
    after = {"Ada": ["a1", "a2"], "Ben": ["b1", "b2"]}
    lines = [{"ready": True, "after": {}}, {"begin": 0, "kind": "enrol", "after": after, "gone": []}]
    assert look(uri, *lines, before={}).half_written == 1


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM template WHERE reference = 1",
        "DELETE FROM crop WHERE reference = 1",
        "UPDATE template SET data = (SELECT data FROM template AS t WHERE t.reference = 2) WHERE reference = 1",
        "INSERT INTO person (key, id, name, created) VALUES (9, 'x', 'Nobody', '')",
    ],
)
def test_a_reference_or_person_that_is_not_whole_is_half_written(uri, damage):
    with open_gallery(uri) as gallery, gallery.store.database.writing() as connection:
        connection.execute(text(damage))
    found = Found()
    watched = Look(uri, THERE, [], found)
    with open_gallery(uri) as gallery:
        watched._references(gallery)
    assert found.half_written == 1


def test_an_upgrade_that_was_answered_must_be_active_and_a_gallery_that_was_made_must_be_there(uri, tmp_path):
    lines = [
        {"ready": True, "after": THERE},
        {"begin": 0, "kind": "upgrade", "after": THERE, "gone": [], "model": "model@2"},
        {"done": 0, "after": THERE},
        {"begin": 1, "kind": "create", "after": THERE, "gone": [], "created": str(tmp_path / "absent")},
        {"done": 1, "after": THERE},
    ]
    assert look(uri, *lines).lost == 2


def test_what_is_left_of_the_forgotten_is_seen(uri):
    lines = [{"ready": True, "after": {}}, {"begin": 0, "kind": "forget", "after": {}, "gone": ["b1"], "name": "Ben"}]
    now = {"Ada": ["a1", "a2"]}
    found = Found()
    Look(uri, {}, lines, found)._bytes(now)
    assert found.left_bytes >= 3
    with open_gallery(uri) as gallery:
        gallery.forget("Ben")
    found = Found()
    Look(uri, {}, lines, found)._bytes(now)
    assert found.left_bytes == 0


def test_every_operation_leaves_what_it_said_it_would(uri):
    with open_gallery(uri) as gallery:
        world = World(gallery, random.Random(3), picture(gallery), uri, "t")
        done = set()
        for _ in range(60):
            kind = world.random.choice([*OPERATIONS])
            step = OPERATIONS[kind](world)
            assert step is not None
            step.call()
            assert picture(gallery) == step.after
            world.undoable = world.people if step.also.get("undo") else None
            world.people = step.after
            done.add(kind)
        assert done == set(OPERATIONS)
        model = model_of(gallery.model.fingerprint)
        assert gallery.model.fingerprint != FIRST
        for one in gallery.references():
            assert gallery.templates([one.key])[0].tobytes() == model.of(one.id).tobytes()


@pytest.mark.slow
def test_a_gallery_survives_every_kill(tmp_path):
    found = crashes(str(tmp_path / "g"), 10, seed=1)
    assert (found.kills, found.lost, found.half_written, found.problems, found.left_bytes) == (10, 0, 0, 0, 0), (
        found.notes
    )
    assert found.acknowledged > 0


@pytest.mark.slow
def test_a_gallery_on_a_server_survives_every_kill_of_either():
    with postgres() as server:
        client = crashes(f"{server.address}&schema=client", 8, seed=2)
        killed = crashes(f"{server.address}&schema=server", 3, seed=3, server=server)
    for found in (client, killed):
        assert (found.lost, found.half_written, found.problems) == (0, 0, 0), found.notes
        assert found.acknowledged > 0
