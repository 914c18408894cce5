"""Moving plates: smooth, never on whole pixels, each frame with its own true labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.plates import nth_plate, plate_clip

SIZE = {"width": 240, "height": 140}


def plate(**factors):
    return replace(nth_plate(8, 0, region="france"), sensor="clean", x=0.0, y=0.0, fill=0.5, **factors)


def clip(n_frames=12, seed=0, **options):
    return list(plate_clip(plate(signs=3), n_frames, np.random.default_rng(seed), **SIZE, **options))


def test_the_path_is_smooth_and_falls_between_pixels():
    centres = np.array([frame.corners.mean(axis=0) for frame in clip(30)])
    speed = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    assert 0 < speed.max() < 8
    shares = centres % 1
    assert len(np.unique(np.round(shares, 3))) > 40


def test_each_frame_is_the_still_picture_of_its_own_plate():
    for frame in plate_clip(plate(signs=0), 3, np.random.default_rng(1), **SIZE):
        assert np.array_equal(frame.image, frame.plate.render(**SIZE).image)


def test_text_and_signs_stay_the_same_texts():
    frames = clip()
    assert len({frame.text for frame in frames}) == 1
    first = {item.text for item in frames[0].distractors}
    assert all({item.text for item in frame.distractors} <= first for frame in frames)


def test_without_movement_only_the_noise_changes():
    still = clip(4, movement=0.0)
    assert all(np.array_equal(frame.image, still[0].image) for frame in still)
    noisy = replace(plate(), sensor="phone")
    a, b = plate_clip(noisy, 2, np.random.default_rng(0), movement=0.0, **SIZE)
    assert np.array_equal(a.corners, b.corners)
    assert not np.array_equal(a.image, b.image)


def test_the_same_generator_state_gives_the_same_bytes():
    assert all(np.array_equal(a.image, b.image) for a, b in zip(clip(3), clip(3), strict=True))


@pytest.mark.parametrize(("n_frames", "movement"), [(0, 1.0), (10_001, 1.0), (2.0, 1.0), (3, 1.5), (3, float("nan"))])
def test_bad_numbers_are_refused_before_the_first_frame(n_frames, movement):
    with pytest.raises(InvalidInput, match=r"expected a .*number in"):
        plate_clip(plate(), n_frames, np.random.default_rng(0), movement=movement)


def test_a_bad_size_is_refused_before_the_first_frame():
    with pytest.raises(InvalidInput, match=r"width \(pixels\): .*, got 0"):
        plate_clip(plate(), 2, np.random.default_rng(0), width=0, height=100)
