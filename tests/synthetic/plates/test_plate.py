"""A plate and its picture: same seed same bytes, factors recorded and independent, bad input refused by name."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.factors import factor_table
from visavis.synthetic.plates import REGIONS, Plate, nth_plate, plate_sample

DIGEST = """
import hashlib
from visavis.synthetic.plates import plate_sample
print(hashlib.sha256(plate_sample(7, 5, width=200, height=120).image.tobytes()).hexdigest())
"""


def test_the_same_seed_and_index_give_the_same_bytes_in_another_process():
    sample = plate_sample(7, 5, width=200, height=120)
    done = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(sample.image.tobytes()).hexdigest()


def test_other_indices_and_seeds_give_other_plates():
    plates = [nth_plate(seed, index) for seed in (1, 2) for index in range(20)]
    assert len({plate.text for plate in plates}) == 40


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_renders_with_labels_that_fit_together(region):
    sample = plate_sample(3, 0, width=320, height=200, region=region)
    assert sample.image.shape == (200, 320, 3)
    assert sample.image.dtype == np.uint8
    assert "".join(sample.characters) == sample.text.replace(" ", "")
    assert len(sample.characters) == len(sample.character_corners) == len(sample.rows)
    box = sample.box
    assert -0.5 <= box.left < box.right <= 319.5
    assert -0.5 <= box.top < box.bottom <= 199.5
    for corners in sample.character_corners:
        assert (corners >= (box.left, box.top)).all()
        assert (corners <= (box.right, box.bottom)).all()


def test_labels_are_plain_json_and_rebuild_the_picture():
    sample = plate_sample(11, 4, width=240, height=160)
    labels = json.loads(json.dumps(sample.labels()))
    assert labels["text"] == sample.text
    assert labels["normalised"].isalnum()
    again = Plate(**labels["factors"]).render(labels["width"], labels["height"])
    assert np.array_equal(again.image, sample.image)


def test_every_factor_can_be_held_and_changes_nothing_else():
    plain = asdict(nth_plate(5, 1, region="italy"))
    for name, factor in factor_table(Plate).items():
        if name == "region":
            continue
        value = factor.check(name, next(v for v in _values(factor) if v != plain[name]))
        held = asdict(nth_plate(5, 1, region="italy", **{name: value}))
        assert held == plain | {name: value}


def _values(factor):
    if hasattr(factor, "weights"):
        return list(factor.weights)
    return [factor.low, factor.high]


def test_factors_are_independent_of_each_other():
    plates = [nth_plate(0, k) for k in range(3000)]
    names = [name for name, factor in factor_table(Plate).items() if not hasattr(factor, "weights")]
    columns = np.array([[getattr(plate, name) for name in names] for plate in plates])
    correlation = np.corrcoef(columns, rowvar=False) - np.eye(len(names))
    assert np.abs(correlation).max() < 0.08


def test_a_clean_plate_shows_nothing_but_itself():
    sample = plate_sample(9, 2, signs=3, frame="dealer", dirt=0.9)
    clean = sample.plate.clean()
    assert clean.text == sample.plate.text
    assert {item.kind for item in clean.render(300, 180).distractors} <= {"design"}


def test_dirt_shadow_and_wear_change_pixels_but_not_labels():
    plate = replace(nth_plate(2, 3, region="spain").clean(), car="trunk")
    before = plate.render(300, 160)
    for change in ({"dirt": 0.8}, {"wear": 0.9}, {"shadow": 0.9}, {"blur": 0.05}, {"motion": 0.05}, {"light": "night"}):
        after = replace(plate, **change).render(300, 160)
        assert np.abs(after.image.astype(int) - before.image).max() > 20, change
        assert np.array_equal(after.corners, before.corners), change
        assert np.array_equal(after.character_corners, before.character_corners), change


def test_distractors_lie_in_the_picture_and_never_on_the_plate():
    kinds = set()
    for index in range(40):
        sample = plate_sample(4, index, width=320, height=180, signs=3, sensor="clean")
        for item in sample.distractors:
            kinds.add(item.kind)
            if item.kind in ("sticker", "board"):
                a, b = item.box, sample.box
                assert a.left >= 0
                assert a.right <= 319
                assert a.right < b.left or b.right < a.left or a.bottom < b.top or b.bottom < a.top
    assert kinds == {"design", "dealer", "sticker", "board"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nth_plate(0, 0, region="mars"), r"region: expected one of uk, germany.*'mars'"),
        (lambda: nth_plate(0, 0, yaw=80), r"yaw 80: needs -70 to 70 degrees"),
        (lambda: nth_plate(0, 0, colour="red"), r"no factor 'colour'.*bolts"),
        (lambda: nth_plate(0, 0, region="uk", text="AB 123"), r"'AB 123'.*whose numbers look like"),
        (lambda: nth_plate(-1, 0), r"seed: expected .*, got -1"),
        (lambda: nth_plate(0, -1), r"index: expected a whole number in 0.*, got -1"),
        (lambda: nth_plate(0, 1.5), r"index: .*, got 1.5"),
        (lambda: plate_sample(0, 0, width=0), r"width \(pixels\): expected a whole number in 16..4096, got 0"),
        (lambda: plate_sample(0, 0, height=20_000), r"height \(pixels\): .* 16..4096, got 20000"),
        (lambda: plate_sample(0, 0, width=64.0), r"width \(pixels\): .* 16..4096, got 64.0"),
    ],
)
def test_bad_input_is_refused_with_what_is_allowed(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()


@pytest.mark.parametrize(("width", "height"), [(16, 16), (17, 400), (400, 17)])
def test_odd_sizes_work(width, height):
    assert plate_sample(1, 1, width=width, height=height).image.shape == (height, width, 3)
