"""Stereo: the disparity carries one picture onto the other."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic import Clip, Scene, Stream, World, photograph_clip, photograph_stereo, photograph_stereo_scene


@pytest.fixture(scope="module")
def world():
    return World(8)


def pair(world, k=0, **options):
    shot = world.shot(k, 0, distance=0.8, light="indoor", occluder="none")
    return photograph_stereo(world.figure(k), shot, (200, 150), **{"samples": 3, **options})


def warped(sample):
    """The right picture carried onto the left one by linear interpolation."""
    height, width = sample.disparity.shape
    x = np.arange(width) - sample.disparity
    first = np.clip(np.floor(x).astype(int), 0, width - 2)
    part = (x - first)[..., None]
    rows = np.arange(height)[:, None]
    right = sample.right.astype(float)
    return (1 - part) * right[rows, first] + part * right[rows, first + 1]


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_warped_right_picture_is_the_left_one(world, k):
    sample = pair(world, k)
    error = abs(warped(sample) - sample.left).mean(axis=-1)
    assert error[~sample.occluded].mean() < 2.0
    assert 0.02 < sample.occluded.mean() < 0.35


def test_a_wrong_disparity_would_be_noticed(world):
    sample = pair(world)
    right = abs(warped(sample) - sample.left).mean(axis=-1)[~sample.occluded].mean()
    sample.disparity[:] += 1.5
    wrong = abs(warped(sample) - sample.left).mean(axis=-1)[~sample.occluded].mean()
    assert wrong > 2 * right


def test_disparity_is_focal_length_times_baseline_over_depth(world):
    sample = pair(world, baseline=0.1, wall=4.0)
    assert np.allclose(sample.disparity * sample.depth, sample.camera.focal * 0.1, rtol=1e-5)
    assert sample.depth.max() == np.float32(4.0)


def test_a_wider_baseline_hides_more(world):
    assert pair(world, baseline=0.12).occluded.mean() > pair(world, baseline=0.03).occluded.mean()


def test_occluded_pixels_are_those_that_match_badly(world):
    sample = pair(world)
    error = abs(warped(sample) - sample.left).mean(axis=-1)
    inside = np.arange(200) - sample.disparity >= 0
    assert error[sample.occluded & inside].mean() > 4 * error[~sample.occluded].mean()


def test_the_cameras_faults_come_only_when_asked_for(world):
    clean, spoilt = pair(world), pair(world, sensor=True)
    assert (clean.left != spoilt.left).any()
    assert (clean.disparity == spoilt.disparity).all()
    assert clean.row()["baseline"] == 0.06


def test_a_scene_of_several_people_and_things_warps_too(world):
    scenes = (Scene.sample(Stream(5, (n,)), 3, light="indoor", occluder="none") for n in range(20))
    scene = next(scene for scene in scenes if scene.props)
    sample = photograph_stereo_scene(world, scene, (240, 180))
    error = abs(warped(sample) - sample.left).mean(axis=-1)
    assert error[~sample.occluded].mean() < 2.0
    assert sample.disparity.max() > 1.5 * sample.disparity.min()
    with pytest.raises(InvalidInput, match="behind the farthest"):
        photograph_stereo_scene(world, scene, 64, wall=1.0)


def test_the_people_of_a_clip_move_in_the_pair_as_in_the_clip(world):
    sample = photograph_clip(world, Clip.sample(Stream(3), people=1, sensor="clean", distance=0.8), (96, 72))
    for number in (0, 30):
        pair = photograph_stereo_scene(world, sample.scene_at(number), (96, 72))
        seen = np.isfinite(sample.frame(number).depth)
        assert np.allclose(pair.depth[seen], sample.frame(number).depth[seen])
        assert (pair.depth[~seen] == 5.0).all()


@pytest.mark.parametrize(
    ("options", "told"),
    [({"baseline": 0.0}, "0.001 to 1 m"), ({"wall": 500.0}, "0.5 to 100 m"), ({"wall": 1.0}, "behind the farthest")],
)
def test_a_wrong_number_is_told_with_the_range(world, options, told):
    with pytest.raises(InvalidInput, match=told):
        pair(world, **options)
