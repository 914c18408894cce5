"""Every way into `load` gives the same upright RGB pixels, shared with nobody."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.fuzz.mutate import Sample
from tests.images.pictures import BY_NAME, HEIGHT, SAMPLES, WIDTH, Pipe, file_of, noise, rgb_arrays

from visavis.errors import ImageError, ImageNotFound, ImageTooLarge, ImageUnreadable, InvalidInput
from visavis.images import Limits, Photo, load


@pytest.mark.parametrize(
    "wrap",
    [
        bytes,
        bytearray,
        memoryview,
        io.BytesIO,
        Pipe,
        lambda data: Image.open(io.BytesIO(data)),
        lambda data: np.asarray(Image.open(io.BytesIO(data))),
        lambda data: np.asfortranarray(Image.open(io.BytesIO(data))),
    ],
    ids=["bytes", "bytearray", "memoryview", "BytesIO", "pipe", "PIL", "array", "fortran array"],
)
def test_the_same_picture_comes_out_of_every_kind_of_source(wrap: Callable[[bytes], Any]) -> None:
    pixels = noise(HEIGHT, WIDTH, 3)
    photo = load(wrap(file_of(Image.fromarray(pixels))))
    assert np.array_equal(photo.pixels, pixels)
    assert photo.image.mode == "RGB"
    assert (photo.width, photo.height, photo.notes) == (WIDTH, HEIGHT, ())


def test_paths_and_open_files_are_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(SAMPLES["png"])
    expected = load(SAMPLES["png"]).pixels
    with path.open("rb") as file:
        for photo in (load(path), load(str(path)), load(next(os.scandir(tmp_path))), load(file)):
            assert np.array_equal(photo.pixels, expected)
            assert photo.source == str(path)
        assert not file.closed


def test_a_file_object_is_rewound() -> None:
    file = io.BytesIO(SAMPLES["png"])
    file.seek(0, io.SEEK_END)
    assert np.array_equal(load(file).pixels, load(SAMPLES["png"]).pixels)


def test_a_photo_is_returned_as_it_is() -> None:
    photo = load(noise(4, 5, 3))
    assert load(photo) is photo


@pytest.mark.parametrize("source", [b"", None], ids=["bytes", "None"])
def test_a_source_without_a_name_is_called_by_its_type(source: Any) -> None:
    with pytest.raises((ImageUnreadable, InvalidInput), match=f"^<{type(source).__name__}>: "):
        load(source)


def test_a_name_that_a_terminal_would_obey_is_defused(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\nb.png"
    path.write_bytes(SAMPLES["png-palette"])
    assert load(path).source == str(tmp_path / "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b.png")


def test_a_name_that_is_not_unicode_is_still_printable(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFound) as caught:
        load(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    assert "/caf\N{REPLACEMENT CHARACTER}.jpg: " in str(caught.value).encode().decode()


@given(pixels=rgb_arrays)
def test_rgb_arrays_are_kept_exactly_and_copied(pixels: np.ndarray) -> None:
    original = pixels.copy()
    photo = load(pixels)
    pixels[:] = 255 - pixels
    assert np.array_equal(photo.pixels, original)


def test_a_pil_image_is_copied() -> None:
    image = Image.fromarray(noise(4, 5, 3))
    photo = load(image)
    image.paste("red", (0, 0, 5, 4))
    assert np.array_equal(photo.pixels, noise(4, 5, 3))


def test_pixels_are_read_only_and_unpacked_once() -> None:
    photo = load(noise(4, 5, 3))
    assert photo.pixels is photo.pixels
    assert photo.pixels.shape == (4, 5, 3)
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0, 0] = 1


def test_a_photo_is_rgb() -> None:
    with pytest.raises(InvalidInput, match=r"a Photo needs an RGB image, not L; use images.load"):
        Photo(Image.new("L", (3, 3)))


@BY_NAME
def test_many_threads_see_the_same_pixels(sample: Sample) -> None:
    with ThreadPoolExecutor(8) as pool:
        first, *others = [photo.pixels for photo in pool.map(load, [sample.data] * 24)]
    assert all(np.array_equal(first, other) for other in others)


def test_a_photo_keeps_neither_the_file_nor_its_decoder() -> None:
    for data in SAMPLES.values():
        image = load(data).image
        assert getattr(image, "fp", None) is None
        assert getattr(image, "_decoder", None) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_one_pixel_is_a_picture(kind: str) -> None:
    assert load(file_of(Image.new("RGB", (1, 1), "white"), kind)).pixels.tolist() == [[[255] * 3]]


@pytest.mark.parametrize("source", [None, 3, 2.5, [[1, 2]], {"a": 1}, object()])
def test_other_types_are_refused_with_the_accepted_ones(source: Any) -> None:
    with pytest.raises(InvalidInput, match="is no image source; give a path, bytes, a binary file object, a PIL"):
        load(source)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_photo_or_an_image_error(data: bytes) -> None:
    with suppress(ImageError):
        load(data, Limits(max_pixels=10_000))


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"size \(0, 5\) holds no pixels"):
        load(Image.new("RGB", (0, 5)))


def test_a_closed_image_is_refused() -> None:
    image = Image.open(io.BytesIO(SAMPLES["png"]))
    image.close()
    with pytest.raises(ImageError, match="PIL image of mode"):
        load(image)


@pytest.mark.parametrize(("max_bytes", "max_pixels"), [(0, 1), (1, 0), (-1, 1)])
def test_limits_are_positive(max_bytes: int, max_pixels: int) -> None:
    with pytest.raises(InvalidInput, match="both must be positive"):
        Limits(max_bytes, max_pixels)


def test_pixel_limits_hold_for_arrays_and_pil_images_too() -> None:
    limits = Limits(max_pixels=19)
    for source in (noise(4, 5, 3), Image.new("RGB", (5, 4))):
        with pytest.raises(ImageTooLarge, match="5 x 4 pixels exceed the limit of 19"):
            load(source, limits)
