"""Recipes draw what their sources say: order, probabilities, ranges; and nothing but a resize when all is off."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image
from tests.degrade.frames import picture

from visavis.degrade import (
    SENSORS,
    BoxBlur,
    Exposure,
    GaussianBlur,
    GaussianNoise,
    Jpeg,
    KernelBlur,
    MotionBlur,
    PoissonNoise,
    Rescale,
    Resize,
    ResizeJitter,
    SensorNoise,
    fanvid_v2,
    sensor,
    training,
)
from visavis.errors import InvalidInput

RECIPES = [fanvid_v2((10, 8)), training((10, 8)), *(sensor(kind) for kind in SENSORS)]
MANY = 4000


def drawn(recipe, count=MANY):
    return [recipe.draw(np.random.default_rng(seed)).steps for seed in range(count)]


def share(cases):
    return sum(cases) / len(cases)


def near(probability, count=MANY):
    """Within four standard errors."""
    return pytest.approx(probability, abs=4 * (probability * (1 - probability) / count) ** 0.5 + 1e-9)


def assert_even(values, low, high):
    """Spread evenly over a range: its ends, mean and quartiles."""
    values = np.sort(values)
    assert low <= values[0] <= low + 0.05 * (high - low)
    assert high - 0.05 * (high - low) <= values[-1] <= high
    wanted = low + (high - low) * np.array([0.25, 0.5, 0.75])
    np.testing.assert_allclose(np.quantile(values, (0.25, 0.5, 0.75)), wanted, atol=0.06 * (high - low))


def test_fanvid_is_in_the_order_of_the_paper():
    order = (GaussianBlur, BoxBlur, ResizeJitter, GaussianNoise, PoissonNoise, Jpeg, Resize)
    for steps in drawn(fanvid_v2(), 300):
        places = [order.index(type(step)) for step in steps]
        assert places == sorted(places)
        assert {ResizeJitter, Jpeg, Resize} <= {type(step) for step in steps}
        assert steps[-1] == Resize(320, 180, "cubic")


def test_fanvid_has_the_probabilities_of_the_paper():
    chains = drawn(fanvid_v2())
    blurs = [step for steps in chains for step in steps if isinstance(step, GaussianBlur | BoxBlur)]
    noises = [step for steps in chains for step in steps if isinstance(step, GaussianNoise | PoissonNoise)]
    assert len(blurs) / MANY == near(0.5)
    assert len(noises) / MANY == near(0.5)
    assert share([isinstance(step, GaussianBlur) for step in blurs]) == near(0.7, len(blurs))
    assert share([isinstance(step, GaussianNoise) for step in noises]) == near(0.7, len(noises))
    for size, count in Counter(step.size for step in blurs).items():
        assert size in (3, 5, 7)
        assert count / len(blurs) == near(1 / 3, len(blurs))
    methods = Counter(step.method for steps in chains for step in steps if isinstance(step, ResizeJitter))
    assert set(methods) == {"linear", "cubic", "area", "lanczos"}
    assert max(methods.values()) < 1.2 * min(methods.values())


def test_fanvid_has_the_ranges_of_the_paper():
    steps = [step for steps in drawn(fanvid_v2()) for step in steps]
    assert_even([step.sigma for step in steps if isinstance(step, GaussianBlur)], 0.2, 2)
    assert_even([step.factor for step in steps if isinstance(step, ResizeJitter)], 0.5, 1.5)
    assert_even([step.sigma for step in steps if isinstance(step, GaussianNoise)], 1, 15)
    assert_even([step.quality for step in steps if isinstance(step, Jpeg)], 30, 95)
    assert {step.scale for step in steps if isinstance(step, PoissonNoise)} == {1.0}
    assert not any(step.grey for step in steps if isinstance(step, GaussianNoise | PoissonNoise))


def test_training_has_two_stages_and_one_jpeg():
    for steps in drawn(training((32, 24)), 300):
        kinds = [type(step) for step in steps]
        noise = [GaussianNoise, PoissonNoise]
        assert kinds[:2] == [KernelBlur, Rescale]
        assert kinds[2] in noise
        second = kinds[3:] if kinds[3] is not KernelBlur else kinds[4:]
        assert second[0] is Resize
        assert second[1] in noise
        assert second[2:] == [Resize, Jpeg]
        assert (steps[-2].width, steps[-2].height) == (32, 24)


def test_training_has_the_ranges_of_its_source():
    chains = drawn(training((400, 400)))
    first = [steps[0] for steps in chains]
    second = [steps[3] for steps in chains if isinstance(steps[3], KernelBlur)]
    assert len(second) / MANY == near(0.8)
    assert_even([step.sigma_x for step in first], 0.2, 3)
    assert_even([step.sigma_x for step in second], 0.2, 1.5)
    assert {step.size for step in first} == set(range(7, 22, 2))
    for shape, probability in (("gaussian", 0.7), ("generalised", 0.15), ("plateau", 0.15)):
        assert share([step.shape == shape for step in first]) == near(probability)
    stretched = [step for step in first if step.sigma_x != step.sigma_y]
    assert len(stretched) / MANY == near(0.25 + 0.03 + 0.03)
    for shape, low, high in (("generalised", 0.5, 4), ("plateau", 1, 2)):
        betas = [step.beta for step in first if step.shape == shape]
        assert low <= min(betas)
        assert max(betas) <= high
    factors = np.array([steps[1].factor for steps in chains])
    assert (factors > 1).mean() == near(0.2)
    assert (factors < 1).mean() == near(0.7)
    assert_even(factors[factors < 1], 0.15, 1)
    assert_even(factors[factors > 1], 1, 1.5)
    noises = [steps[2] for steps in chains]
    assert share([isinstance(step, GaussianNoise) for step in noises]) == near(0.5)
    assert share([step.grey for step in noises]) == near(0.4)
    assert_even([step.sigma for step in noises if isinstance(step, GaussianNoise)], 1, 30)
    assert_even([step.scale for step in noises if isinstance(step, PoissonNoise)], 0.05, 3)
    widths = np.array([steps[-4].width for steps in chains])
    assert (widths > 400).mean() == near(0.3)
    assert (widths < 400).mean() == pytest.approx(0.4, abs=0.04)
    assert widths.min() >= 120
    assert widths.max() <= 480
    assert_even([steps[-1].quality for steps in chains], 30, 95)


@pytest.mark.parametrize("make", [fanvid_v2, training])
def test_all_stages_off_is_a_plain_bicubic_resize(make):
    recipe = make((80, 45)).only("downsample")
    frame = picture(320, 180)
    reference = np.asarray(Image.fromarray(frame).resize((80, 45), Image.Resampling.BICUBIC))
    for seed in range(20):
        np.testing.assert_array_equal(recipe.draw(np.random.default_rng(seed)).apply(frame), reference)
    clip = recipe.draw_sequence(np.random.default_rng(0), 3, 2).apply(np.stack([frame] * 3))
    np.testing.assert_array_equal(clip, np.stack([reference] * 3))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_switching_a_stage_off_leaves_the_others_as_they_were(recipe):
    for seed in range(30):
        whole = recipe.draw(np.random.default_rng(seed))
        for stage in recipe.stages:
            less = recipe.without(stage).draw(np.random.default_rng(seed))
            assert set(less.steps) <= set(whole.steps)
            assert len(whole.steps) - len(less.steps) in (0, 1)
            assert less.seed == whole.seed
    assert recipe.only().draw(np.random.default_rng(0)).steps == ()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_stage_is_drawn_at_times_and_none_is_unnamed(recipe):
    stages = [stage for seed in range(200) for stage, _ in recipe.drawing(np.random.default_rng(seed))]
    if recipe.name.startswith("sensor"):
        assert set(stages) <= set(recipe.stages)
    else:
        assert set(stages) == set(recipe.stages)


def test_frames_of_a_group_share_all_parameters():
    plan = fanvid_v2().draw_sequence(np.random.default_rng(1), 7, 3)
    assert len(plan.plans) == 3
    assert len({part.steps for part in plan.plans}) == 3
    clip = np.stack([picture(64, 48, seed) for seed in range(7)])
    result = plan.apply(clip)
    assert result.shape == (7, 180, 320, 3)
    for k, part in enumerate(plan.plans):
        np.testing.assert_array_equal(result[3 * k : 3 * k + 3], part.apply(clip[3 * k : 3 * k + 3]))


def test_without_groups_each_frame_has_its_own_parameters():
    plan = fanvid_v2().draw_sequence(np.random.default_rng(1), 6)
    assert len({part.steps for part in plan.plans}) == 6
    assert len({part.seed for part in plan.plans}) == 6


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_same_seed_draws_the_same_plan_and_another_seed_another(recipe):
    assert recipe.draw(np.random.default_rng(5)) == recipe.draw(np.random.default_rng(5))
    assert recipe.draw(np.random.default_rng(5)) != recipe.draw(np.random.default_rng(6))


def test_good_cameras_are_gentle_and_bad_ones_are_not():
    frame = picture(96, 96)

    def change(kind):
        plans = [sensor(kind).draw(np.random.default_rng(seed)) for seed in range(40)]
        return float(np.mean([np.abs(plan.apply(frame).astype(int) - frame).mean() for plan in plans]))

    changes = [change(kind) for kind in SENSORS]
    assert changes == sorted(changes)
    assert changes[0] < 6


def test_sensors_draw_within_their_stated_ranges():
    for kind, low, high in (("camera", 80, 97), ("phone", 70, 92), ("surveillance", 35, 75), ("low light", 50, 90)):
        steps = [step for steps in drawn(sensor(kind), 800) for step in steps]
        assert_even([step.quality for step in steps if isinstance(step, Jpeg)], low, high)
        assert any(isinstance(step, MotionBlur) for step in steps)
        assert sum(isinstance(step, SensorNoise) for step in steps) == 800
        assert any(isinstance(step, Exposure) for step in steps) == (kind == "low light")


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: fanvid_v2((0, 180)), "Resize.width: expected a whole number in 1..20000, got 0"),
        (lambda: training((20, 30_000)), "Resize.height"),
        (lambda: fanvid_v2((1, 2, 3)), "two whole numbers"),
        (lambda: training(5), "two whole numbers"),
        (lambda: sensor("film"), "sensor kind: expected one of camera, phone, surveillance, low light, got 'film'"),
        (
            lambda: fanvid_v2().without("sharpen"),
            "fanvid-v2: stage: expected one of blur, jitter, noise, jpeg, downsample, got 'sharpen'",
        ),
        (lambda: training((4, 4)).only("x"), "training: stage: expected one of blur, .*, got 'x'"),
        (lambda: sensor().draw_sequence(np.random.default_rng(0), 0), "frames: expected a whole number in 1.."),
        (lambda: sensor().draw_sequence(np.random.default_rng(0), 5, 0), "group: expected a whole number in 1.."),
        (lambda: sensor().draw(3), "expected a numpy.random.Generator"),
        (lambda: sensor().draw(np.random.RandomState(3)), "expected a numpy.random.Generator"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_can(call, problem):
    with pytest.raises(InvalidInput, match=problem):
        call()
