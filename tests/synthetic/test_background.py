"""Backgrounds are the pictures of a few numbers: the same everywhere, natural in colour, and refused out of range."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visavis.errors import InvalidInput
from visavis.synthetic.background import BACKGROUND_KINDS, BACKGROUND_PLACES, Background
from visavis.synthetic.background.canvas import MARGIN, Canvas, soft

BROWN = np.array([0.3, 0.2, 0.1], np.float32)


def samples(count=40, kind=None, place=None):
    return [Background.sample(np.random.default_rng(seed), kind, place) for seed in range(count)]


def look(background, size=64):
    """sRGB values 0..1."""
    light = np.minimum(background.render(size, size), 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", BACKGROUND_KINDS)
@pytest.mark.parametrize("size", [(1, 1), (3, 1), (1, 40), (64, 48), (160, 90), (300, 20)])
def test_every_kind_renders_light_at_every_size(kind, size):
    for background in samples(3, kind):
        light = background.render(*size)
        assert light.shape == (size[1], size[0], 3)
        assert light.dtype == np.float32
        assert np.isfinite(light).all()
        assert light.min() >= 0


def digest_of_everything() -> str:
    """One hash over a background of every kind."""
    total = sha256()
    for kind in BACKGROUND_KINDS:
        for background in samples(3, kind):
            total.update(background.render(70, 50).tobytes())
    return total.hexdigest()


def test_another_process_makes_the_same_bytes():
    program = "from tests.synthetic.test_background import digest_of_everything; print(digest_of_everything())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest_of_everything()


@pytest.mark.parametrize("kind", BACKGROUND_KINDS)
def test_a_background_is_its_numbers(kind):
    background = samples(1, kind)[0]
    again = Background(**asdict(background))
    assert again == background
    np.testing.assert_array_equal(again.render(40, 30), background.render(40, 30))
    other = replace(background, seed=background.seed // 2).render(40, 30)
    assert np.abs(other - background.render(40, 30)).max() > 0.01


@pytest.mark.parametrize("kind", BACKGROUND_KINDS)
def test_the_scene_is_the_same_at_every_size(kind):
    for background in samples(4, kind):
        large = background.render(256, 256)
        small = background.render(64, 64)
        reduced = large.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
        assert np.abs(np.minimum(reduced, 1) - np.minimum(small, 1)).mean() < 0.02


def test_wider_pictures_show_more_of_the_same_scene():
    for background in samples(20):
        narrow, wide = np.minimum(background.render(90, 90), 1), np.minimum(background.render(160, 90), 1)
        assert np.abs(wide[:, 35:125] - narrow).mean() < 0.05


@pytest.mark.parametrize("kind", [None, *BACKGROUND_KINDS])
def test_colours_are_natural(kind):
    """Photos of places are mostly muted: few of their pixels are saturated, in no picture nearly all."""
    saturations = []
    for background in samples(40, kind):
        pixels = look(background, 32).reshape(-1, 3)
        bright = pixels.max(axis=1)
        saturations.append(np.where(bright > 0.1, (bright - pixels.min(axis=1)) / np.maximum(bright, 0.1), 0))
    assert np.median(saturations) < 0.5
    assert np.mean(np.array(saturations) > 0.85) < 0.12


def test_exposures_are_those_of_photos():
    means = np.array([look(background, 24).mean() for background in samples(200)])
    assert 0.3 < means.mean() < 0.65
    assert np.quantile(means, 0.02) > 0.03
    assert np.quantile(means, 0.98) < 0.97


def test_low_light_is_darker_than_day():
    brightness = {
        place: np.mean([look(background, 24).mean() for background in samples(60, place=place)])
        for place in BACKGROUND_PLACES
    }
    assert brightness["low"] < 0.75 * min(brightness["indoor"], brightness["outdoor"])


def test_places_have_their_kinds_and_all_kinds_are_drawn():
    for place, kinds in BACKGROUND_PLACES.items():
        assert {background.kind for background in samples(400, place=place)} == set(kinds)
    assert {background.kind for background in samples(400)} == set(BACKGROUND_KINDS)


def test_the_kind_does_not_change_what_else_is_drawn_from_the_generator_afterwards():
    after = set()
    for kind in BACKGROUND_KINDS:
        rng = np.random.default_rng(0)
        Background.sample(rng, kind)
        after.add(float(rng.random()))
    assert len(after) == 1


def test_more_blur_is_smoother():
    for background in samples(12, "shelves"):
        pictures = [replace(background, blur=blur).render(96, 96) for blur in (0.02, 0.05, 0.1)]
        roughness = [np.abs(np.diff(np.minimum(picture, 1), axis=1)).mean() for picture in pictures]
        assert roughness == sorted(roughness, reverse=True)


def test_exposure_is_a_factor_and_warmth_goes_from_blue_to_amber():
    background = replace(samples(1, "room")[0], exposure=0.0, warmth=0.0)
    light = background.render(40, 30)
    np.testing.assert_allclose(replace(background, exposure=1.0).render(40, 30), 2 * light, rtol=1e-3, atol=1e-4)
    warm, cold = (replace(background, warmth=warmth).render(40, 30).mean(axis=(0, 1)) for warmth in (0.8, -0.8))
    assert warm[0] / warm[2] > light.mean(axis=(0, 1))[0] / light.mean(axis=(0, 1))[2] > cold[0] / cold[2]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "beach"}, "background kind: expected one of room, office.*, got 'beach'"),
        ({"kind": None}, "background kind: .*, got None"),
        ({"seed": -1}, "background seed: expected"),
        ({"seed": 1.5}, "background seed"),
        ({"blur": 0}, "background blur: expected a number in 0.005..0.2, got 0"),
        ({"blur": float("nan")}, "background blur"),
        ({"warmth": 1.5}, "background warmth: expected a number in -1..1, got 1.5"),
        ({"exposure": "1"}, "background exposure: expected a number in -4..4, got '1'"),
    ],
)
def test_numbers_out_of_range_are_refused_with_the_range(change, problem):
    with pytest.raises(InvalidInput, match=problem):
        replace(samples(1)[0], **change)


def test_unknown_kinds_and_places_are_refused():
    with pytest.raises(InvalidInput, match=r"background kind: expected one of room.*, got 'moon'"):
        Background.sample(np.random.default_rng(0), "moon")
    with pytest.raises(InvalidInput, match="background place: expected one of indoor, outdoor, low, got 'moon'"):
        Background.sample(np.random.default_rng(0), place="moon")


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (8193, 10), (10, 20_000), (-1, 5), (2.5, 5), ("3", 5), (True, 5)])
def test_sizes_out_of_range_are_refused_with_the_range(size):
    with pytest.raises(InvalidInput, match=r"background (width|height): expected a whole number in 1..8192"):
        samples(1)[0].render(*size)


def test_a_rectangle_far_larger_than_the_blur_is_its_colour_inside_and_nothing_outside():
    canvas = Canvas(80, 1.0, 0.02)
    canvas.rectangle((-0.3, 0.2), (0.25, 0.75), BROWN)
    inside = (canvas.x > -0.27) & (canvas.x < 0.17), (canvas.y > 0.28) & (canvas.y < 0.72)
    outside = (canvas.x < -0.33) | (canvas.x > 0.23), (canvas.y < 0.22) | (canvas.y > 0.78)
    assert np.abs(canvas.light[np.ix_(inside[1], inside[0])] - BROWN).max() < 1e-6
    assert (canvas.light[outside[1]] == 0).all()
    assert (canvas.light[:, outside[0]] == 0).all()
    pixel = (canvas.x[1] - canvas.x[0]) * (canvas.y[1] - canvas.y[0])
    assert canvas.light.sum(axis=(0, 1)) * pixel == pytest.approx(BROWN * 0.25, rel=0.01)  # blur keeps the light


def test_things_side_by_side_are_rectangles():
    edges, tops = np.array([-0.4, -0.1, 0.0, 0.3]), np.array([0.2, 0.9, 0.5])
    colours = np.array([[0.5, 0.1, 0.1], [9, 9, 9], [0.1, 0.2, 0.7]], np.float32)
    row, apart = Canvas(80, 1.0, 0.02), Canvas(80, 1.0, 0.02)
    row.skyline(edges, tops, colours, 0.9)
    for k in (0, 2):  # the second is no higher than the ground
        apart.rectangle((edges[k], edges[k + 1]), (tops[k], 0.9), colours[k])
    np.testing.assert_allclose(row.light, apart.light, atol=0.02)


def test_a_grid_is_rectangles():
    grid, apart = Canvas(60, 1.5, 0.02), Canvas(60, 1.5, 0.02)
    grid.grid([-0.5, 0.1], [0.1, 0.5], (0.2, 0.15), BROWN)
    for x in (-0.5, 0.1):
        for y in (0.1, 0.5):
            apart.rectangle((x, x + 0.2), (y, y + 0.15), BROWN)
    np.testing.assert_allclose(grid.light, apart.light, atol=1e-5)
    before = grid.light.copy()
    grid.grid([], [0.1], (0.2, 0.2), BROWN)
    np.testing.assert_array_equal(grid.light, before)


def test_a_soft_edge_rises_from_nothing_to_all_with_a_half_in_the_middle():
    depth = np.linspace(-2, 2, 81, dtype=np.float32)
    edge = soft(depth)
    assert edge[40] == 0.5
    assert (edge[depth <= -1] == 0).all()
    assert (edge[depth >= 1] == 1).all()
    assert (np.diff(edge) >= 0).all()
    np.testing.assert_allclose(edge + soft(-depth), 1, atol=1e-6)


@pytest.mark.parametrize("cells", [2, 5, 12])
def test_noise_has_mean_0_and_deviation_1(cells):
    canvas, rng = Canvas(64, 1.0, 0.03), np.random.default_rng(0)
    values = np.stack([canvas.noise(rng, cells, octaves=2) for _ in range(40)])
    assert values.mean() == pytest.approx(0, abs=0.2)
    assert values.std() == pytest.approx(1, abs=0.25)


def test_an_upright_camera_sees_the_canvas_without_its_margin():
    canvas = Canvas(80, 1.0, 0.02)
    canvas.light[:] = np.minimum(canvas.y, 1)[:, None, None].clip(0)
    picture = canvas.photographed(50, 50)
    np.testing.assert_allclose(picture[3:-3, 25, 0], (np.arange(3, 47) + 0.5) / 50, atol=0.02)
    assert canvas.y[0] == pytest.approx(-MARGIN, abs=0.01)


def test_points_of_light_are_discs_of_their_size_in_the_picture():
    canvas = Canvas(60, 1.0, 0.03)
    canvas.point_light(0.1, 0.3, 0.1, np.ones(3, np.float32))
    picture = canvas.photographed(200, 200)[..., 0]
    y, x = np.nonzero(picture > 0.5)
    assert x.mean() == pytest.approx(0.6 * 200 - 0.5, abs=0.5)
    assert y.mean() == pytest.approx(0.3 * 200 - 0.5, abs=0.5)
    assert len(x) == pytest.approx(np.pi * 20**2, rel=0.03)


@pytest.mark.weights
@pytest.mark.slow
def test_the_detector_sees_no_face_on_200_backgrounds():
    import visavis

    engine = visavis.Engine()
    for background in samples(200):
        pixels = np.rint(look(background, 192) * 255).astype(np.uint8)
        found = engine.faces(Image.fromarray(pixels), embed=False, quality=False)
        assert not len(found), background
