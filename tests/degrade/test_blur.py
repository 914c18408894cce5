"""Blur is a weighted mean of neighbours, with the weights that are written down."""

from __future__ import annotations

from math import ceil, cos, exp, radians, sin

import numpy as np
import pytest
from tests.degrade.frames import flat, picture

from visavis.degrade import BoxBlur, GaussianBlur, KernelBlur, MotionBlur
from visavis.degrade.filters import filtered, separated
from visavis.degrade.kernels import elliptic, line
from visavis.errors import InvalidInput

RNG = np.random.default_rng(0)
STEPS = [
    GaussianBlur(1.3, 7),
    GaussianBlur(2.5),
    BoxBlur(5),
    MotionBlur(6.5, 30),
    MotionBlur(0, 10),
    KernelBlur("gaussian", 9, 2.5, 0.6, 25),
    KernelBlur("gaussian", 21, 1.5, 1.5),
    KernelBlur("generalised", 11, 2, 1, -40, 0.6),
    KernelBlur("plateau", 13, 1.5, 3, 70, 1.7),
]


def weighted_mean(pixels, kernel):
    """The definition, pixel by pixel, with neighbours beyond the border reflected (dcb|abcd|cba)."""
    height, width, _ = pixels.shape
    up, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    out = np.zeros(pixels.shape)
    for (dy, dx), weight in np.ndenumerate(kernel):
        rows = [mirror(y + dy - up, height) for y in range(height)]
        columns = [mirror(x + dx - left, width) for x in range(width)]
        out += weight * pixels[np.ix_(rows, columns)].astype(float)
    return out


def mirror(index, length):
    period = 2 * (length - 1)
    index %= period
    return min(index, period - index)


def written_out(step):
    """The kernel of a step, weight by weight, from its formula."""
    if isinstance(step, BoxBlur):
        return np.full((1, step.size), 1 / step.size)
    if isinstance(step, MotionBlur):
        return travelled(step)
    size = step.size or 2 * ceil(3 * step.sigma) + 1
    weights = np.array([[weight(step, x, y) for x in middle(size)] for y in middle(size)])
    return weights / weights.sum()


def middle(size):
    return range(-(size // 2), size // 2 + 1)


def weight(step, x, y):
    if isinstance(step, GaussianBlur):
        return exp(-(x * x + y * y) / (2 * step.sigma**2))
    turn = radians(step.angle)
    axes = np.array([[cos(turn), -sin(turn)], [sin(turn), cos(turn)]])
    covariance = axes @ np.diag([step.sigma_x**2, step.sigma_y**2]) @ axes.T
    q = np.array([x, y]) @ np.linalg.inv(covariance) @ np.array([x, y])
    if step.shape == "plateau":
        return 1 / (1 + q**step.beta)
    return exp(-0.5 * (q**step.beta if step.shape == "generalised" else q))


def travelled(step):
    """Where a point spends its time on the way, in fine steps, each shared among four pixels."""
    radius = ceil(step.length / 2) + 1
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    for t in (np.arange(5000) + 0.5) / 5000 - 0.5:
        x, y = t * step.length * cos(radians(step.angle)), t * step.length * sin(radians(step.angle))
        for column in (int(np.floor(x)), int(np.floor(x)) + 1):
            for row in (int(np.floor(y)), int(np.floor(y)) + 1):
                kernel[row + radius, column + radius] += (1 - abs(x - column)) * (1 - abs(y - row))
    return kernel / kernel.sum()


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_blur_is_the_weighted_mean_written_out(step):
    pixels = picture()
    got = step.apply(pixels, RNG).astype(float)
    tolerance = 1.5 if isinstance(step, MotionBlur) else 0.75  # half a level of rounding and what is left out
    assert np.abs(got - weighted_mean(pixels, written_out(step))).max() <= tolerance


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_blur_keeps_the_size_and_even_areas_and_the_input(step):
    pixels = flat(77, 30)
    before = pixels.copy()
    np.testing.assert_array_equal(step.apply(pixels, RNG), before)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 3), (5, 1, 3), (2, 3, 3)])
@pytest.mark.parametrize("step", STEPS, ids=str)
def test_frames_smaller_than_the_kernel_can_be_blurred(step, shape):
    pixels = np.full(shape, 200, np.uint8)
    np.testing.assert_array_equal(step.apply(pixels, RNG), pixels)


@pytest.mark.parametrize("length", [0.0, 0.3, 1.0, 4.0, 11.7, 100.0])
@pytest.mark.parametrize("angle", [0.0, 33.0, 90.0, 135.0, -80.0])
def test_motion_kernels_sum_to_one_and_stay_in_the_middle(length, angle):
    kernel = line(length, radians(angle))
    y, x = np.mgrid[: len(kernel), : len(kernel)] - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1)
    assert (kernel * x).sum() == pytest.approx(0, abs=1e-9)
    assert (kernel * y).sum() == pytest.approx(0, abs=1e-9)
    assert kernel.min() >= 0
    along = cos(radians(angle)) * x + sin(radians(angle)) * y
    across = cos(radians(angle)) * y - sin(radians(angle)) * x
    assert (kernel * along**2).sum() == pytest.approx(length**2 / 12, abs=0.3)  # variance of an even distribution
    assert (kernel * across**2).sum() <= 0.3


def test_a_motion_of_no_length_changes_nothing():
    pixels = picture()
    np.testing.assert_array_equal(MotionBlur(0, 45).apply(pixels, RNG), pixels)


def test_no_sigma_changes_nothing():
    pixels = picture()
    np.testing.assert_array_equal(GaussianBlur(0, 5).apply(pixels, RNG), pixels)


def test_a_box_is_horizontal():
    pixels = flat(0, 21)
    pixels[10, 10] = 210
    blurred = BoxBlur(7).apply(pixels, RNG)
    assert (blurred[10, 7:14] == 30).all()
    assert blurred.sum(dtype=int) == 3 * 210


def test_a_positive_angle_turns_from_x_towards_y():
    pixels = flat(0, 31)
    pixels[15, 15] = 255
    for step in (MotionBlur(12, 45), KernelBlur("gaussian", 21, 4, 0.6, 45)):
        blurred = step.apply(pixels, RNG)[..., 0]
        assert blurred[18, 18] > 4 * max(blurred[12, 18], 1)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 4.0])
def test_generalised_kernels_include_the_gaussian(beta):
    generalised = elliptic("generalised", 21, 2, 1, 0.4, beta)
    gaussian = elliptic("gaussian", 21, 2, 1, 0.4, 3.0)
    assert np.allclose(generalised, gaussian) == (beta == 1.0)


@pytest.mark.parametrize("step", [s for s in STEPS if isinstance(s, KernelBlur)], ids=str)
def test_separated_kernels_add_up_to_the_kernel(step):
    kernel = elliptic(step.shape, step.size, step.sigma_x, step.sigma_y, radians(step.angle), step.beta)
    rebuilt = sum(np.outer(column, row) for column, row in separated(kernel))
    assert np.abs(rebuilt - kernel).sum() < 1 / 1000


def test_both_ways_of_filtering_agree():
    pixels, kernel = picture(), elliptic("gaussian", 21, 2.0, 1.4, 0.3, 1.0)
    apart = filtered(pixels, kernel).astype(int)
    together = np.rint(weighted_mean(pixels, kernel)).astype(int)
    assert np.abs(apart - together).max() <= 1


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: GaussianBlur(-1), r"GaussianBlur.sigma: expected a number in 0..50, got -1"),
        (lambda: GaussianBlur(float("nan")), "got nan"),
        (lambda: GaussianBlur("1"), "got '1'"),
        (lambda: GaussianBlur(True), "got True"),
        (lambda: GaussianBlur(1, 4), "odd number in 1..101, got 4"),
        (lambda: GaussianBlur(1, 103), "1..101"),
        (lambda: BoxBlur(0), "1..101, got 0"),
        (lambda: BoxBlur(2.5), "whole number"),
        (lambda: MotionBlur(-0.1, 0), "MotionBlur.length: expected a number in 0..100"),
        (lambda: MotionBlur(1, float("inf")), "MotionBlur.angle"),
        (lambda: KernelBlur("disc", 3, 1, 1), "gaussian, generalised, plateau, got 'disc'"),
        (lambda: KernelBlur("gaussian", 3, 0, 1), r"KernelBlur.sigma_x: expected a number in 0.05..50"),
        (lambda: KernelBlur("plateau", 3, 1, 1, 0, 11), "KernelBlur.beta: expected a number in 0.1..10"),
    ],
)
def test_parameters_out_of_range_are_refused_with_the_range(make, problem):
    with pytest.raises(InvalidInput, match=problem):
        make()
