"""Noise and strokes: statistics, determinism, and a slow second way to draw a stroke."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.noise import smooth_noise


def points(count: int = 20_000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-100, 100, (count, 3)).astype(np.float32)


def test_noise_has_mean_0_and_standard_deviation_about_1():
    values = smooth_noise(points(), 3.0, np.random.default_rng(1))
    assert abs(values.mean()) < 0.05
    assert values.std() == pytest.approx(1.0, abs=0.12)


def test_noise_is_smooth_within_its_size_and_unrelated_beyond_it():
    p = points()
    steps = np.array([(0, 0, 0), (0.4, 0, 0), (60, 0, 0)], np.float32)
    here, near, far = (smooth_noise(p + step, 8.0, np.random.default_rng(2)) for step in steps)
    assert np.corrcoef(here, near)[0, 1] > 0.98
    assert abs(np.corrcoef(here, far)[0, 1]) < 0.05


def test_noise_depends_on_the_generator_alone_and_not_on_the_other_points():
    p = points(500)
    whole = smooth_noise(p, 5.0, np.random.default_rng(3))
    assert whole.tobytes() == smooth_noise(p, 5.0, np.random.default_rng(3)).tobytes()
    assert np.array_equal(whole[100:200], smooth_noise(p[100:200].copy(), 5.0, np.random.default_rng(3)))
    assert not np.allclose(whole, smooth_noise(p, 5.0, np.random.default_rng(4)))


def sheet() -> Canvas:
    """A flat canvas of 1 mm texels facing the camera."""
    x, y = np.meshgrid(np.arange(-20.0, 21), np.arange(15.0, -16, -1))
    return Canvas(np.stack([x, y, np.full_like(x, 80.0)], axis=-1), np.ones(x.shape, dtype=bool))


@pytest.mark.parametrize("union", [True, False])
def test_strokes_equal_a_loop_over_texels_and_strokes(union: bool):
    canvas = sheet()
    rng = np.random.default_rng(5)
    ends = rng.uniform(-14, 14, (12, 2, 2))
    strokes = np.zeros((12, 9), np.float32)
    strokes[:, [0, 1]], strokes[:, [3, 4]], strokes[:, [2, 5]] = ends[:, 0], ends[:, 1], 80.0
    strokes[:, 6], strokes[:, 7], strokes[:, 8] = 0.8, rng.uniform(0.2, 0.9, 12), 0.3
    expected = np.zeros(len(canvas.points))
    wide = np.hypot(0.8, 0.5)
    for (a, b), row in zip(ends, strokes, strict=True):
        t = np.clip(((canvas.points[:, :2] - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        away = np.linalg.norm(canvas.points[:, :2] - (a + t[:, None] * (b - a)), axis=1)
        ink = 0.8 / wide * (row[7] * (1 - t) + row[8] * t) * np.exp(-((away / wide) ** 2)) * (away < 2.2 * wide)
        expected = 1 - (1 - expected) * (1 - ink) if union else np.maximum(expected, ink)
    assert np.allclose(canvas.strokes(strokes, union=union, blur=0.5), expected, atol=1e-5)


def test_no_strokes_leave_a_blank_canvas():
    assert not sheet().strokes(np.zeros((0, 9), np.float32)).any()


def test_tilt_of_a_ramp_is_its_slope():
    canvas = sheet()
    tilt = canvas.tilt(0.3 * canvas.points[:, 0] - 0.1 * canvas.points[:, 1])
    assert np.allclose(tilt[1:-1, 1:-1, 0], 0.3, atol=1e-5)
    assert np.allclose(tilt[1:-1, 1:-1, 1], 0.1, atol=1e-5)  # v runs down


def test_lift_finds_the_front_of_the_skin():
    lifted = sheet().lift(np.array([3.0, -8.0]), np.array([5.0, 0.0]))
    assert np.allclose(lifted, [[3, 5, 80], [-8, 0, 80]])
