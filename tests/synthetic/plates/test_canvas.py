"""Paint, patterns and colours: areas are right, and a finer picture shows the same plate, sharper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from visavis.synthetic.plates import nth_plate
from visavis.synthetic.plates.canvas import Canvas
from visavis.synthetic.plates.colours import encoded, linear
from visavis.synthetic.plates.layout import set_line
from visavis.synthetic.plates.noise import clouds, noise_at, smooth_noise
from visavis.synthetic.plates.typeface import typeface


@pytest.mark.parametrize("scale", [0.7, 1.0, 3.3])
def test_shapes_cover_their_area_at_any_scale(scale):
    canvas = Canvas.blank((0, 0, 100, 60), scale)
    texel = (100 / canvas.alpha.shape[1]) * (60 / canvas.alpha.shape[0])
    assert canvas.coverage(canvas.disc(50.3, 29.6, 20)).sum() * texel == pytest.approx(np.pi * 400, rel=0.01)
    box = canvas.rectangle((10.2, 10.4, 80.1, 50.3), 5)
    assert canvas.coverage(box).sum() * texel == pytest.approx(69.9 * 39.9 - (4 - np.pi) * 25, rel=0.01)


def test_characters_are_inked_within_their_ink_boxes():
    canvas = Canvas.blank((0, 0, 200, 60), 4.0)
    cells = set_line("H8 L", (10, 10, 190, 50), typeface("condensed"))
    inked = canvas.coverage(canvas.characters(cells)) > 0.5
    columns, rows = canvas.x[inked.any(axis=0)], canvas.y[inked.any(axis=1)]
    boxes = np.array([cell.ink for cell in cells])
    found = columns.min(), rows.min(), columns.max(), rows.max()
    expected = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    assert np.abs(np.subtract(found, expected)).max() < 0.2  # mm, half a texel and a little


def test_colours_survive_linear_light():
    for code in ("#000000", "#ffffff", "#1d4a9c", "#f2c81d", "#0a0b0c"):
        red, green, blue = encoded(linear(code))
        assert f"#{red:02x}{green:02x}{blue:02x}" == code


def test_both_kinds_of_noise_are_the_same_pattern_at_any_resolution():
    x, y = (np.arange(60, dtype=np.float32), np.arange(40, dtype=np.float32))
    grid = smooth_noise(np.random.default_rng(1), x, y, 7.0, 11.0)
    scattered = noise_at(np.random.default_rng(1), *np.meshgrid(x, y), 7.0, 11.0)
    finer = smooth_noise(np.random.default_rng(1), x / 2, y / 2, 7.0, 11.0)
    assert np.allclose(grid, scattered, atol=1e-5)
    assert np.allclose(finer[::2, ::2], grid[:20, :30], atol=1e-5)
    assert np.abs(clouds(np.random.default_rng(2), x, y, 20.0)).max() < 2


def test_a_larger_picture_scaled_down_is_the_smaller_one():
    plate = replace(nth_plate(6, 2, region="india").clean(), dirt=0.7, wear=0.5, bolts="steel", yaw=20.0)
    small, large = plate.render(240, 120).image.astype(float), plate.render(720, 360).image.astype(float)
    shrunk = large.reshape(120, 3, 240, 3, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 2.5
