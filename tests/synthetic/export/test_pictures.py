"""Encoded pictures and maps are read back by an ordinary reader as what they were."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from visavis.errors import InvalidInput
from visavis.synthetic.export.pictures import (
    DEPTH_UNIT,
    MAPS,
    array_bytes,
    check_maps,
    depth_bytes,
    index_bytes,
    origin,
    parsing_bytes,
    picture_bytes,
    share_bytes,
)
from visavis.synthetic.version import VERSION

RNG = np.random.default_rng(0)


def opened(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def test_a_png_loses_nothing_and_a_jpeg_little():
    ramp = np.add.outer(np.arange(40), np.arange(50))
    image = np.stack([ramp, 2 * ramp, 255 - ramp], axis=-1).astype(np.uint8)
    assert np.array_equal(np.asarray(opened(picture_bytes(image, "png"))), image)
    jpeg = opened(picture_bytes(image, "jpg"))
    assert jpeg.format == "JPEG"
    assert np.abs(np.asarray(jpeg).astype(int) - image).mean() < 2
    with pytest.raises(InvalidInput, match="'gif': needs one of png, jpg"):
        picture_bytes(image, "gif")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_picture_says_where_it_comes_from(suffix):
    image = np.zeros((16, 16, 3), np.uint8)
    said = opened(picture_bytes(image, suffix, origin(7))).info
    text = said["Comment"] if suffix == "png" else said["comment"].decode()
    assert text == origin(7)
    assert f"world version {VERSION}, seed 7; shows no real person" in text
    assert not {"Comment", "comment"} & opened(picture_bytes(image, suffix)).info.keys()


def test_a_mask_keeps_its_classes_and_has_a_colour_for_each():
    mask = RNG.integers(0, 19, (31, 17), dtype=np.uint8)
    picture = opened(parsing_bytes(mask))
    assert np.array_equal(np.asarray(picture), mask)
    assert len({tuple(colour) for colour in np.asarray(picture.convert("RGB")).reshape(-1, 3).tolist()}) == 19


def test_depth_is_kept_to_half_a_tenth_of_a_millimetre():
    depth = RNG.uniform(0.3, 6.5, (20, 30)).astype(np.float32)
    depth[:5] = np.inf
    depth[5] = 9.0
    steps = np.asarray(opened(depth_bytes(depth))).astype(np.float64)
    assert (steps[:5] == 0).all()
    assert (steps[5] == 65_535).all()
    assert np.abs(steps[6:] * DEPTH_UNIT - depth[6:]).max() <= DEPTH_UNIT / 2 + 1e-12


def test_numbers_of_places_are_kept_and_nobody_is_black():
    places = RNG.integers(-1, 9, (12, 10)).astype(np.int16)
    assert np.array_equal(np.asarray(opened(index_bytes(places))).astype(int) - 1, places)


def test_shares_become_grey_and_arrays_half_precision():
    shares = RNG.random((9, 8), dtype=np.float32)
    assert np.abs(np.asarray(opened(share_bytes(shares))) / 255 - shares).max() <= 0.5 / 255 + 1e-6
    normals = RNG.uniform(-1, 1, (9, 8, 3)).astype(np.float32)
    values = np.load(io.BytesIO(array_bytes(normals)))["values"]
    assert np.abs(values - normals).max() < 5e-4
    assert array_bytes(normals) == array_bytes(normals.copy())


def test_maps_are_named_in_a_fixed_order_and_unknown_ones_listed():
    assert check_maps(("depth", "parsing", "depth"), MAPS) == ("parsing", "depth")
    with pytest.raises(InvalidInput, match=f"'teeth': needs one or more of {', '.join(MAPS)}"):
        check_maps(("parsing", "teeth"), MAPS)
