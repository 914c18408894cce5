"""Clothes: every garment closes around the neck, in the colours asked for."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.head import stand_in
from visavis.synthetic.look.clothes import clothes_surfaces
from visavis.synthetic.look.styles import CLOTHES_STYLES
from visavis.synthetic.look.torso import above_torso, ring_points
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Camera, Light, Material, Surface, draw

COLOURS = ((0.1, 0.2, 0.4), (0.5, 0.5, 0.5))


def garment(style, seed=0, colours=COLOURS):
    return clothes_surfaces(stand_in(), stand_in().template, style, colours, np.random.default_rng(seed))


@pytest.mark.parametrize("style", CLOTHES_STYLES)
def test_every_garment_builds_is_finite_and_repeats_to_the_byte(style):
    for seed in range(5):
        first, second = garment(style, seed), garment(style, seed)
        assert sum(len(surface.faces) for surface in first) < 4000
        for a, b in zip(first, second, strict=True):
            assert np.isfinite(a.vertices).all()
            assert a.vertices.tobytes() == b.vertices.tobytes()
            assert a.material.packed.tobytes() == b.material.packed.tobytes()
            assert (a.material.parsing == PARSING.index("cloth")).all()


@pytest.mark.parametrize("style", CLOTHES_STYLES)
@pytest.mark.parametrize("yaw", [0.0, 0.8, 1.57, 3.14])
def test_no_background_shows_between_neck_and_collar(style, yaw):
    head = stand_in()
    skin = Material(name="skin", albedo=np.full((1, 1, 3), 0.4, np.float32), parsing=PARSING.index("skin"))
    turn = np.array([(np.cos(yaw), 0, np.sin(yaw)), (0, 1, 0), (-np.sin(yaw), 0, np.cos(yaw))], np.float32)
    scene = [Surface(head.template.astype(np.float32), head.faces, head.uv, skin), *garment(style)]
    scene = [Surface(s.vertices @ turn.T, s.faces, s.uv, s.material) for s in scene]
    camera = Camera.portrait(160, distance=1.2, share=0.6, target=(0, -0.1, 0))
    empty = draw(scene, camera, Light.simple()).parsing == 0
    # Going down from the first covered pixel of a column, nothing empty may follow above the bottom of the picture.
    for column in np.flatnonzero(~empty[-1]):
        covered = np.flatnonzero(~empty[:, column])
        if covered[0] > 60:
            assert covered[-1] - covered[0] + 1 == len(covered)


def test_a_plain_garment_has_the_first_colour():
    for seed in range(8):
        body = garment("turtleneck", seed)[0]
        mean = body.material.albedo.reshape(-1, 3).mean(axis=0)
        assert np.all(mean > 0.09)
        assert mean[2] > mean[0]


def test_an_unknown_garment_names_the_garments():
    with pytest.raises(InvalidInput, match="hoodie"):
        garment("toga")


@pytest.mark.parametrize("colours", [((0.1, 0.2, 0.3),), ((0.1, 0.2, 0.3), (0.1, 0.2, 1.3)), 0.5])
def test_impossible_colours_are_refused(colours):
    with pytest.raises(InvalidInput, match="two linear RGB"):
        garment("shirt", colours=colours)


def test_points_of_the_torso_lie_on_it_and_points_over_it_above():
    angle, level = np.meshgrid(np.linspace(-3, 3, 25), np.linspace(1.0, 4.0, 9))
    points = ring_points(angle, level).reshape(-1, 3)
    on, normal = above_torso(points)
    assert np.abs(on).max() < 6.0
    over, _ = above_torso(points + 20.0 * normal)
    assert np.median(over) == pytest.approx(20.0, abs=5.0)
