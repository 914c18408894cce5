"""Clips: smooth movement, blinks, speech, shake and cuts, all labelled."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic import Clip, Stream, World, photograph_clip
from visavis.synthetic.expressions import speaking_codes
from visavis.synthetic.speech import VISEMES
from visavis.synthetic.tracks import REACH, Track, blinks

SIZE = (96, 72)


@pytest.fixture(scope="module")
def world():
    return World(41)


def clip_of(seed=0, **options):
    return Clip.sample(Stream(seed, ("clip",)), **{"seconds": 1.0, "rate": 10.0, "distance": 0.8, **options})


def test_tracks_are_smooth_and_of_the_asked_spread():
    track = Track(Stream(1), 2.0, 0.5)
    times = np.linspace(0, 400, 200_001)
    values = track.at(times)
    assert abs(np.diff(values)).max() < 0.05
    assert abs(np.diff(values, 2)).max() < 1e-3
    assert 1.2 < values.std() < 2.2
    assert abs(values.mean()) < 0.3
    assert track.at(3.25) == values[np.searchsorted(times, 3.25)]


def test_no_track_leaves_its_reach():
    for seed in range(20):
        assert abs(Track(Stream(seed), 1.0, 1.0).at(np.linspace(0, 500, 20_001))).max() <= REACH
    assert Track(Stream(0), 1.0, 1.0).at([]).shape == (0,)


def test_blinks_close_the_lids_fully_now_and_then():
    closed = blinks(Stream(2), np.linspace(0, 60, 6001))
    assert closed.max() > 0.99
    assert closed.min() == 0.0
    started = np.sum((closed[1:] > 0.5) & (closed[:-1] <= 0.5))
    assert 12 <= started <= 22


def test_a_clip_has_the_asked_number_of_frames_and_is_the_same_each_time(world):
    clip = clip_of()
    sample = photograph_clip(world, clip, SIZE)
    frames = [frame.image for frame in sample]
    assert len(sample) == len(frames) == 10
    assert (photograph_clip(world, clip, SIZE).frame(7).image == frames[7]).all()


def test_landmarks_move_a_little_from_frame_to_frame(world):
    sample = photograph_clip(world, clip_of(rate=20.0, seconds=0.6), SIZE)
    marks = np.stack([frame.faces[0].face.landmarks[30] for frame in sample])
    steps = np.linalg.norm(np.diff(marks, axis=0), axis=1)
    assert 0 < steps.max() < 4


def test_statues_before_a_fixed_camera_do_not_move(world):
    still = replace(clip_of(sensor="clean"), motion=0.0, shake=0.0)
    sample = photograph_clip(world, still, SIZE)
    assert (sample.frame(0).image == sample.frame(9).image).all()


def test_shake_moves_people_and_background_together(world):
    shaken = replace(clip_of(sensor="clean", people=0), motion=0.0, shake=3.0)
    sample = photograph_clip(world, shaken, SIZE)
    assert (sample.frame(0).image != sample.frame(5).image).mean() > 0.3


def test_cuts_change_the_scene_at_their_time(world):
    clip = clip_of(cuts=2, seconds=1.5)
    sample = photograph_clip(world, clip, SIZE)
    part = sample.scene_of
    assert sorted(set(part)) == [0, 1, 2]
    for cut, number in zip(clip.cuts, (1, 2), strict=True):
        first = int(np.argmax(part == number))
        assert (first - 1) / clip.rate < cut <= first / clip.rate
        jump = abs(sample.frame(first).image.astype(int) - sample.frame(first - 1).image).mean()
        step = abs(sample.frame(first).image.astype(int) - sample.frame(first + 1).image).mean()
        assert jump > 2 * step


def test_lips_follow_the_speech(world):
    clip = clip_of(words=("one", "five"), seconds=1.6, rate=25.0, expression="neutral")
    sample = photograph_clip(world, clip, SIZE)
    speech = sample.speech
    assert speech is not None
    assert speech.transcript == "one five"
    weights = speech.lips(clip.times)
    moving = [sample._moved(0, float(time)).places[0].visemes for time in clip.times]
    assert np.allclose(moving, np.clip(weights, 0, 1))
    figure, place = world.figure(clip.scenes[0].places[0].person), clip.scenes[0].places[0]
    gap = []
    for row in weights[
        [int(weights[:, VISEMES.index("rest")].argmax()), int(weights[:, VISEMES.index("open")].argmax())]
    ]:
        posed = figure.posed(place.shot, speaking_codes(place.shot, tuple(row)))
        marks = figure.head.landmarks.points(posed.vertices, figure.head.faces)
        gap.append(np.linalg.norm(marks[62] - marks[66]))
    assert gap[1] > gap[0] + 0.003


def test_nobody_speaks_in_a_silent_clip(world):
    assert photograph_clip(world, clip_of(), SIZE).speech is None
    row = json.loads(json.dumps(photograph_clip(world, clip_of(words=("two",)), SIZE).row()))
    assert row["transcript"] == "two"
    assert row["visemes"][0]["label"] in VISEMES


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"seconds": 0.0}, "0.04 to 600 s"),
        ({"rate": 500.0}, "1 to 120 frames per second"),
        ({"cuts": -1}, "from 0 to 100"),
        ({"people": 9}, "from 0 to 8"),
    ],
)
def test_a_wrong_clip_is_told_with_the_range(options, told):
    with pytest.raises(InvalidInput, match=told):
        clip_of(**options)


def test_cuts_must_fit_the_scenes_and_the_length():
    with pytest.raises(InvalidInput, match="need 0 cuts"):
        replace(clip_of(), cuts=(0.5,))
    two = clip_of(cuts=1)
    with pytest.raises(InvalidInput, match="ascending within 0 to 1 s"):
        replace(two, cuts=(1.5,))
    for wrong in (float("nan"), "soon"):
        with pytest.raises(InvalidInput, match=r"cut .* needs 0 to 600 s"):
            replace(two, cuts=(wrong,))


def test_a_frame_that_is_not_there_is_told(world):
    with pytest.raises(InvalidInput, match="frames 0 to 9"):
        photograph_clip(world, clip_of(), SIZE).frame(10)
