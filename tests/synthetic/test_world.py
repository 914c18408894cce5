"""The world: people by number, the same in every process; true swaps; groups."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic import World

PRINT = """
import hashlib
from visavis.synthetic import World
world = World(11)
for k, j in {order}:
    print(k, j, hashlib.sha256(world.render(k, j, 48).image.tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def world():
    return World(11)


def test_person_k_does_not_depend_on_who_else_was_asked_for():
    one, other = World(4), World(4)
    for k in range(5):
        one.person(k)
    assert one.person(9) == other.person(9)
    assert one.shot(9, 3) == other.shot(9, 3)
    assert World(5).person(9) != one.person(9)


def test_other_processes_draw_the_same_bytes_in_any_order(world):
    order = [(0, 0), (1, 2), (0, 1)]
    here = {f"{k} {j} {hashlib.sha256(world.render(k, j, 48).image.tobytes()).hexdigest()}" for k, j in reversed(order)}
    there = subprocess.run(
        [sys.executable, "-c", PRINT.format(order=order)], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert set(there) == here


def test_a_figure_is_made_once_and_forgotten_when_many_others_came(world):
    assert world.figure(0) is world.figure(0)
    small = World(1)
    first = small.figure(0)
    for k in range(1, 20):
        small._figures[(small.person(k), None)] = first
    small.figure(20)
    assert len(small._figures) <= 20


def test_a_true_swap_keeps_the_scene_and_changes_the_person(world):
    shown, swapped = world.render(1, 2, 64), world.swap(0, 1, 2, 64)
    assert swapped.shot == shown.shot
    assert swapped.person == world.person(0) != shown.person
    corner = (slice(0, 6), slice(0, 6))
    assert abs(shown.image[corner].astype(int) - swapped.image[corner]).mean() < 6  # the background is the same
    assert abs(shown.image.astype(int) - swapped.image).mean() > 3
    assert swapped.person_id == 0


def test_groups_of_people_and_of_shots_go_together():
    world = World(2, group={"tone": (4.0, 5.0), "light": "outdoor", "yaw": (-5.0, 5.0)})
    for k in range(20):
        assert world.person(k).tone >= 4.0
        assert world.shot(k, 0).light == "outdoor"
        assert abs(world.shot(k, 0).yaw) <= 5.0
    assert world.shot(0, 0, light="low").light == "low"


def test_max_yaw_holds_for_all_shots():
    world = World(2, max_yaw=8.0)
    assert max(abs(world.shot(k, j).yaw) for k in range(20) for j in range(5)) <= 8.0
    assert world.shot(0, 0, yaw=50.0).yaw == 50.0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"group": {"height": 1}}, "no factor 'height'"),
        ({"group": {"tone": (3.0, 9.0)}}, "tone 9.0: needs 0 to 5"),
        ({"max_yaw": 120.0}, "max_yaw"),
        ({"detail": 0.0}, "detail 0.0: needs 0.2 to 8"),
        ({"detail": 10_000}, "0.2 to 8 texels per millimetre"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_wrong_world_is_told_at_once(wrong, told):
    with pytest.raises(InvalidInput, match=told):
        World(**{"seed": 0, **wrong})


@pytest.mark.parametrize("number", [-1, 1.5, "a", True, None])
def test_people_have_whole_numbers(world, number):
    for ask in (world.person, world.figure):
        with pytest.raises(InvalidInput, match="whole number from 0 up"):
            ask(number)


def test_numbers_from_arrays_are_numbers(world):
    assert world.figure(np.int64(3)) is world.figure(3)
    assert world.shot(np.int32(3), np.uint8(1)) == world.shot(3, 1)


def test_nobody_can_spoil_a_figure_that_others_share(world):
    figure = world.figure(0)
    head = figure.head
    for array in (
        head.template,
        head.landmarks.static_faces,
        head.regions["nose"],
        figure.shaped,
        figure.occlusion,
        figure.painted[0].faces,
        figure.painted[0].material.albedo,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_every_factor_is_recorded_with_the_sample(world):
    row = world.render(2, 0, 48).row()
    for kind, thing in (("person", world.person(2)), ("shot", world.shot(2, 0))):
        for field in fields(thing):
            recorded = row[f"{kind}_{field.name}"]
            assert np.all(np.asarray(recorded) == np.asarray(getattr(thing, field.name)))
