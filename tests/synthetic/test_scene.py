"""Scenes: who stands where, who hides whom, and what is no face at all."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic import PARSING, Scene, Stream, World, photograph_scene
from visavis.synthetic.props import Prop
from visavis.synthetic.scene import Place

SIZE = (240, 180)


@pytest.fixture(scope="module")
def world():
    return World(31)


def scene_of(world, *places, props=()):
    """People at (x, y, distance), plainly lit, facing the camera."""
    look = world.shot(0, 0, sensor="clean", light="indoor")
    plain = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "occluder": "none"}
    return Scene(
        tuple(Place(k, world.shot(k, 0, distance=far, **plain), x, y) for k, (x, y, far) in enumerate(places)),
        props,
        look,
        50.0,
    )


@pytest.mark.parametrize("people", range(9))
def test_a_scene_has_as_many_people_as_asked(people):
    scene = Scene.sample(Stream(1, ("scene", people)), people)
    assert len(scene.places) == people
    assert len({place.person for place in scene.places}) == people


def test_the_same_stream_gives_the_same_scene_and_picture(world):
    scene = Scene.sample(Stream(2), 2)
    assert scene == Scene.sample(Stream(2), 2)
    first, again = (photograph_scene(world, scene, SIZE) for _ in range(2))
    assert (first.image == again.image).all()


def test_heads_are_where_the_scene_puts_them(world):
    sample = photograph_scene(world, scene_of(world, (0.25, 0.4, 1.2), (0.75, 0.5, 2.0)), SIZE)
    for face in sample.faces:
        box = face.face.box
        assert abs((box.left + box.right) / 2 / SIZE[0] - face.place.x) < 0.05
        assert abs((box.top + box.bottom) / 2 / SIZE[1] - face.place.y) < 0.10
        assert face.seen > 0.95
        column, row = np.rint(face.face.landmarks[30]).astype(int)
        assert sample.parsing[row, column] == PARSING.index("nose")
        assert sample.person[row, column] == face.place.person


def test_twice_as_far_is_half_as_large(world):
    scene = scene_of(world, (0.3, 0.4, 1.0))
    near, far = (
        photograph_scene(world, replace(scene, places=(replace(scene.places[0], shot=shot),)), SIZE).faces[0].face.box
        for shot in (scene.places[0].shot, replace(scene.places[0].shot, distance=2.0))
    )
    assert near.height / far.height == pytest.approx(2.0, rel=0.08)


def test_the_nearer_person_hides_the_farther_one(world):
    behind = photograph_scene(world, scene_of(world, (0.5, 0.4, 0.9), (0.5, 0.4, 2.5)), SIZE)
    front, back = behind.faces
    assert front.seen > 0.95
    assert back.seen < 0.05
    assert not back.face.visible.any()
    assert behind.depth[behind.person == 0].max() < 2.0


def test_picture_and_labels_agree_on_who_is_nearest(world):
    """Two people at arm's length of each other: at every pixel the one seen is the one that the labels name."""
    scene = scene_of(world, (0.40, 0.45, 1.0), (0.60, 0.45, 1.02))
    both = photograph_scene(world, scene, SIZE)
    for number in (0, 1):
        alone = photograph_scene(world, replace(scene, places=scene.places[number : number + 1]), SIZE)
        mine = both.person == number
        assert mine.mean() > 0.1
        assert (both.image[mine] == alone.image[mine]).all()
        assert (both.depth[mine] == alone.depth[mine]).all()


def test_partly_hidden_is_partly_seen(world):
    sample = photograph_scene(world, scene_of(world, (0.5, 0.45, 1.0), (0.57, 0.38, 1.5)), SIZE)
    assert 0.1 < sample.faces[1].seen < 0.9


def test_an_empty_scene_has_no_face_and_a_scene_of_props_no_parsing(world):
    prop = Prop("ball", 0.5, 0.5, 1.5, 0.2, ((0.4, 0.3, 0.2), (0.1, 0.1, 0.6)))
    sample = photograph_scene(world, scene_of(world, props=(prop,)), SIZE)
    assert sample.faces == ()
    assert (sample.parsing == 0).all()
    assert (sample.person == -1).all()
    left, top, right, bottom = sample.prop_boxes[0]
    assert np.isfinite(sample.depth[int(top) + 3 : int(bottom) - 3, int(left + right) // 2]).all()
    assert np.isinf(sample.depth[:, : int(left) - 1]).all()
    empty = photograph_scene(world, scene_of(world), SIZE)
    assert np.isinf(empty.depth).all()
    assert empty.prop_boxes.shape == (0, 4)


def test_sampled_people_are_mostly_to_be_seen(world):
    scenes = [Scene.sample(Stream(3, (n,)), 4) for n in range(4)]
    seen = [face.seen for scene in scenes for face in photograph_scene(world, scene, (160, 120)).faces]
    assert np.mean(np.array(seen) > 0.5) > 0.8


def test_rows_are_json_with_one_entry_per_face(world):
    sample = photograph_scene(world, scene_of(world, (0.3, 0.4, 1.2)), SIZE)
    row = json.loads(json.dumps(sample.row()))
    assert len(row["faces"]) == row["people"] == 1
    assert row["questions"][0]["answer"] == "1"
    assert row["caption"]


@pytest.mark.parametrize("people", [-1, 9, 2.5, "two", True])
def test_a_wrong_number_of_people_is_told_with_the_range(people):
    with pytest.raises(InvalidInput, match="from 0 to 8"):
        Scene.sample(Stream(0), people)


@pytest.mark.parametrize(
    ("change", "told"), [({"field_of_view": 200.0}, "5 to 120 degrees"), ({"places": ("x",) * 9}, "0 to 8")]
)
def test_a_wrong_scene_is_told_with_the_range(world, change, told):
    with pytest.raises(InvalidInput, match=told):
        replace(scene_of(world), **change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "cat"}, "ball, box"),
        ({"size": 9.0}, "0.005 to 2"),
        ({"distance": 0.0}, "0.2 to 50"),
        ({"x": float("nan")}, "-10 to 10 times"),
        ({"colour": ((2.0, 0.0, 0.0), (0.0, 0.0, 0.0))}, r"in \[0, 1\]"),
        ({"colour": 5}, r"expected shape \(2, 3\)"),
    ],
)
def test_a_wrong_prop_is_told_with_what_is_allowed(change, told):
    prop = Prop.sample(np.random.default_rng(0))
    with pytest.raises(InvalidInput, match=told):
        replace(prop, **change)


@pytest.mark.parametrize("x", [float("nan"), 1e30, "left", None])
def test_a_wrong_place_is_told_with_the_range(world, x):
    with pytest.raises(InvalidInput, match="-10 to 10 times the picture's side"):
        Place(0, world.shot(0, 0), x, 0.5)
