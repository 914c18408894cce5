"""Plans can be kept as JSON, give the same bytes everywhere, and refuse what they cannot do."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from tests.degrade.frames import picture

from visavis.degrade import (
    SENSORS,
    GaussianBlur,
    GaussianNoise,
    Jpeg,
    Plan,
    Resize,
    SequencePlan,
    Step,
    fanvid_v2,
    sensor,
    training,
)
from visavis.degrade.plan import STEPS
from visavis.errors import InvalidInput

RECIPES = [fanvid_v2((10, 8)), training((10, 8)), *(sensor(kind) for kind in SENSORS)]
CLIP = np.stack([picture(seed=t) for t in range(5)])


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_plan_survives_json(recipe):
    for seed in range(20):
        plan = recipe.draw(np.random.default_rng(seed))
        kept = Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
        assert kept == plan
        np.testing.assert_array_equal(kept.apply(picture()), plan.apply(picture()))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_sequence_plan_survives_json(recipe):
    plan = recipe.draw_sequence(np.random.default_rng(0), 5, 2)
    assert SequencePlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def digest_of_everything() -> str:
    """One hash over all recipes, frames and sequences."""
    total = sha256()
    for recipe in RECIPES:
        for seed in range(6):
            rng = np.random.default_rng(seed)
            total.update(recipe.draw(rng).apply(picture(90, 70)).tobytes())
            total.update(recipe.draw_sequence(rng, 5, 2).apply(CLIP).tobytes())
    return total.hexdigest()


def test_another_process_makes_the_same_bytes():
    program = "from tests.degrade.test_plan import digest_of_everything; print(digest_of_everything())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest_of_everything()


def test_the_seed_decides_the_noise():
    plan = Plan("by hand", (GaussianNoise(5),), 1)
    np.testing.assert_array_equal(plan.apply(picture()), plan.apply(picture()))
    assert (plan.apply(picture()) != replace(plan, seed=2).apply(picture())).mean() > 0.5


def test_frames_of_a_sequence_share_parameters_but_not_noise():
    still = np.stack([picture()] * 3)
    quiet = Plan("by hand", (GaussianBlur(1), Jpeg(50), Resize(10, 8)), 1).apply(still)
    assert (quiet[0] == quiet[1]).all()
    noisy = Plan("by hand", (GaussianNoise(5),), 1).apply(still)
    assert (noisy[0] != noisy[1]).mean() > 0.5
    np.testing.assert_array_equal(noisy[0], Plan("by hand", (GaussianNoise(5),), 1).apply(picture()))


def test_steps_are_done_in_their_order():
    first, second = GaussianBlur(1.5), Jpeg(20)
    by_hand = second.apply(first.apply(picture(), np.random.default_rng()), np.random.default_rng())
    np.testing.assert_array_equal(Plan("a", (first, second), 0).apply(picture()), by_hand)
    assert (Plan("b", (second, first), 0).apply(picture()) != by_hand).any()


def test_no_steps_give_an_equal_frame_of_its_own():
    pixels = picture()
    result = Plan("nothing", (), 0).apply(pixels)
    np.testing.assert_array_equal(result, pixels)
    assert not np.shares_memory(result, pixels)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_results_can_be_written_to(recipe):
    assert recipe.draw(np.random.default_rng(0)).apply(picture()).flags.writeable


@pytest.mark.parametrize("step", STEPS.values())
def test_known_steps_are_steps(step):
    assert issubclass(step, Step)


@pytest.mark.parametrize(
    ("frames", "problem"),
    [
        (np.zeros((0, 4, 4, 3), np.uint8), r"shape \(0, 4, 4, 3\) holds no frame"),
        (np.zeros((4, 4, 3), np.float32), "expected uint8"),
        (np.zeros((1, 1, 4, 4, 3), np.uint8), "expected shape"),
        (None, "got NoneType"),
    ],
)
def test_what_is_no_frame_and_no_sequence_is_refused(frames, problem):
    with pytest.raises(InvalidInput, match=problem):
        Plan("nothing", (), 0).apply(frames)


@pytest.mark.parametrize("frames", [CLIP[:4], CLIP[0]])
def test_a_sequence_plan_wants_its_number_of_frames(frames):
    with pytest.raises(InvalidInput, match=r"expected \(5, H, W, 3\)"):
        fanvid_v2().draw_sequence(np.random.default_rng(0), 5).apply(frames)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "plan: expected the keys recipe, seed, steps, got list"),
        ({"recipe": "a", "seed": 1}, "expected the keys"),
        ({"recipe": "a", "seed": 1, "steps": "Jpeg"}, "steps must be a list"),
        ({"recipe": "a", "seed": -1, "steps": []}, "Plan.seed"),
        ({"recipe": "a", "seed": 1, "steps": [{"step": "Sharpen"}]}, "known are BoxBlur"),
        ({"recipe": "a", "seed": 1, "steps": [3]}, "is no step"),
        ({"recipe": "a", "seed": 1, "steps": [{"step": ["Jpeg"]}]}, "is no step"),
        ({"recipe": "a", "seed": 1, "steps": [{"step": "Jpeg", "quality": 0}]}, "Jpeg.quality"),
        ({"recipe": "a", "seed": 1, "steps": [{"step": "Jpeg"}]}, "step Jpeg: .*quality"),
        ({"recipe": "a", "seed": 1, "steps": [{"step": "Jpeg", "q": 3}]}, "step Jpeg: .*'q'"),
    ],
)
def test_plain_data_that_is_no_plan_is_refused(data, problem):
    with pytest.raises(InvalidInput, match=problem):
        Plan.from_dict(data)


def test_a_plan_holds_steps_only():
    with pytest.raises(InvalidInput, match="is no step"):
        Plan("a", ("Jpeg",), 0)


def test_a_sequence_plan_needs_a_plan_for_each_group():
    with pytest.raises(InvalidInput, match="5 frames in groups of 2 need 3 plans"):
        SequencePlan((), 5, 2)
    with pytest.raises(InvalidInput, match="sequence plan: plans must be a list"):
        SequencePlan.from_dict({"frames": 1, "group": 1, "plans": 3})
