"""Pictures written and read again."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.images.pictures import HEIGHT, WIDTH, file_of, noise, rgb_arrays

from visavis.errors import InvalidInput, StorageError
from visavis.images import Photo, encode, load, save

if TYPE_CHECKING:
    from visavis.synthetic import Sample


@given(pixels=rgb_arrays, image_format=st.sampled_from(["PNG", "TIFF", "BMP"]))
def test_lossless_formats_give_back_the_pixels(pixels: np.ndarray, image_format: str) -> None:
    assert np.array_equal(load(encode(pixels, image_format)).pixels, pixels)


@pytest.mark.parametrize("image_format", ["JPEG", "WEBP"])
def test_lossy_formats_stay_close(image_format: str, portrait: Sample) -> None:
    again = load(encode(portrait.image, image_format)).pixels
    assert np.abs(again.astype(int) - portrait.image).mean() < 3


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"])
def test_save_takes_the_format_from_the_suffix(suffix: str, tmp_path: Path) -> None:
    save(noise(4, 5, 3), tmp_path / f"picture{suffix}")
    with Image.open(tmp_path / f"picture{suffix}") as image:
        assert image.size == (5, 4)
        assert image.format in {"PNG", "JPEG", "WEBP", "TIFF", "BMP"}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["picture", "picture.gif", "picture.pdf", ".png"])
def test_save_refuses_other_suffixes(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"names no image format; use .png, .jpg"):
        save(noise(4, 5, 3), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_encode_refuses_unknown_formats() -> None:
    with pytest.raises(InvalidInput, match="image format 'PDF' cannot be written; use one of PNG, JPEG"):
        encode(noise(4, 5, 3), "PDF")


def test_a_picture_too_large_for_its_format_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"17000 x 1 pixels cannot be written as WEBP .*; use PNG or scale it down"):
        encode(np.zeros((1, 17000), np.uint8), "WEBP")


def test_save_into_a_missing_folder_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="create the folder first"):
        save(noise(4, 5, 3), tmp_path / "missing" / "picture.png")


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_nothing_but_pixels_is_written(image_format: str) -> None:
    secret = b"taken at home"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    source = file_of(Image.fromarray(noise(4, 5, 3)), "JPEG", exif=exif, comment=secret)
    assert secret in source
    assert secret not in encode(load(source), image_format)


def test_encoding_leaves_the_callers_image_alone() -> None:
    image = Image.fromarray(noise(4, 5, 3))
    image.info["comment"] = "mine"
    image.getexif()  # filled on the first look
    before = dict(vars(image))
    for image_format in ("JPEG", "TIFF", "WEBP", "PNG"):
        encode(image, image_format)
        encode(Photo(image), image_format)
    assert vars(image) == before


def test_threads_may_encode_and_load_at_once() -> None:
    photo, failures = load(noise(HEIGHT, WIDTH, 3)), []

    def work(image_format: str) -> None:
        for _ in range(20):
            if load(encode(photo, image_format)).width != WIDTH:
                failures.append(image_format)

    threads = [threading.Thread(target=work, args=(kind,)) for kind in ("PNG", "JPEG", "TIFF", "WEBP")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
