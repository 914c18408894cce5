"""Orientation, depth, transparency and colour mode: everything ends as upright 8-bit RGB."""

from __future__ import annotations

import io
import math
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from tests.fuzz.mutate import png_chunk
from tests.images.pictures import SAMPLES, file_of, noise

from visavis.errors import ImageUnreadable
from visavis.images import encode, load


def oriented(orientation: Any) -> Image.Exif:
    """EXIF data with nothing but an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}
"""How a camera in each EXIF orientation stores an upright scene (row 0 / column 0 at: top/left, top/right, ...)."""


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("PIL", {})])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(kind: str, options: dict[str, Any], orientation: int) -> None:
    upright = noise(4, 7, 3)
    image = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    source: Any
    if kind == "PIL":
        image.info["exif"] = oriented(orientation).tobytes()
        source = image
    else:
        source = file_of(image, kind, exif=oriented(orientation), **options)
    photo = load(source)
    assert np.array_equal(photo.pixels, upright)
    assert np.array_equal(load(photo.image).pixels, upright)
    assert np.array_equal(load(encode(photo)).pixels, upright)


def test_the_callers_image_is_not_turned() -> None:
    image = Image.open(io.BytesIO(file_of(Image.fromarray(noise(4, 7, 3)), exif=oriented(6))))
    assert (load(image).width, image.width) == (4, 7)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_undefined_orientation_means_as_stored(orientation: int) -> None:
    photo = load(file_of(Image.fromarray(noise(4, 7, 3)), exif=oriented(orientation)))
    assert np.array_equal(photo.pixels, noise(4, 7, 3))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"Exif\0\0XX*\0\x08\0\0\0", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM", b"?"])
def test_damaged_exif_data_does_not_cost_the_photo(exif: bytes) -> None:
    photo = load(file_of(Image.fromarray(noise(4, 7, 3)), exif=exif))
    assert np.array_equal(photo.pixels, noise(4, 7, 3))


def test_unreadable_exif_data_is_noted() -> None:
    photo = load(file_of(Image.fromarray(noise(4, 7, 3)), exif=b"Exif\0\0XX*\0\x08\0\0\0"))
    assert photo.notes == ("EXIF data is damaged: used as stored, not turned",)


def grey(values: np.ndarray) -> np.ndarray:
    """(H, W) as grey RGB."""
    return np.repeat(values[:, :, None], 3, axis=2)


@given(values=hnp.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_sixteen_bits_are_scaled_not_clipped(values: np.ndarray) -> None:
    expected = grey(np.floor(values / 257 + 0.5).astype(np.uint8))
    deep = Image.fromarray(values)
    wide = Image.fromarray(values.astype(np.int32))
    big_endian = values.astype(">u2")
    for source in (values, big_endian, deep, wide, file_of(deep), file_of(deep, "TIFF"), file_of(wide, "PPM")):
        assert np.array_equal(load(source).pixels, expected)


@given(values=hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_eight_bits_survive_the_way_over_every_depth(values: np.ndarray) -> None:
    for same in (
        values,
        values[:, :, None],
        values.astype(np.uint16) * 257,
        (values / 255).astype(np.float16),
        (values / 255).astype(np.float32),
        values / 255,
        Image.fromarray((values / 255).astype(np.float32)),
    ):
        assert np.array_equal(load(same).pixels, grey(values))


def test_sixteen_bit_colour_files_are_read() -> None:
    wide = noise(3, 5, 3).astype(np.uint16) * 257
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in wide)
    header = struct.pack(">IIBBBBB", 5, 3, 16, 2, 0, 0, 0)
    parts = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(lines)), png_chunk(b"IEND", b""))
    assert np.array_equal(load(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).pixels, noise(3, 5, 3))
    assert np.array_equal(load(wide).pixels, noise(3, 5, 3))


def test_booleans_are_black_and_white() -> None:
    mask = noise(4, 5) > 127
    expected = grey(mask * np.uint8(255))
    assert np.array_equal(load(mask).pixels, expected)
    assert np.array_equal(load(file_of(Image.fromarray(mask))).pixels, expected)


@pytest.mark.parametrize("values", [np.full((2, 2), 70000, np.int32), np.full((2, 2), -1, np.int32)])
def test_wide_integers_without_a_known_white_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ImageUnreadable, match=r"not all within 0\.\.65535.*save it with 8 or 16 bits"):
        load(Image.fromarray(values))


@pytest.mark.parametrize("value", [-0.1, 1.1, 255.0, math.nan, math.inf])
def test_float_images_outside_the_unit_range_are_refused(value: float) -> None:
    with pytest.raises(ImageUnreadable, match=r"not all within 0\.\.1.*save it with 8 or 16 bits"):
        load(file_of(Image.fromarray(np.full((2, 2), value, np.float32)), "TIFF"))


@given(pixels=hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(4))))
def test_transparency_is_laid_on_white_and_noted(pixels: np.ndarray) -> None:
    alpha = pixels[:, :, 3:] / 255
    expected = pixels[:, :, :3] * alpha + 255 * (1 - alpha)
    noted = () if (alpha == 1).all() else ("transparent: laid on white",)
    for source in (pixels, Image.fromarray(pixels), file_of(Image.fromarray(pixels))):
        photo = load(source)
        assert np.abs(photo.pixels - expected).max() <= 1
        assert photo.notes == noted


def test_an_alpha_channel_without_transparency_changes_nothing() -> None:
    opaque = Image.fromarray(noise(4, 5, 3)).convert("RGBA")
    photo = load(file_of(opaque))
    assert np.array_equal(photo.pixels, noise(4, 5, 3))
    assert photo.notes == ()


@pytest.mark.parametrize("mode", ["LA", "RGBA", "RGBa", "P", "L", "RGB", "1"])
def test_a_transparent_corner_of_any_mode_becomes_white(mode: str) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    if mode in {"P", "L", "RGB", "1"}:
        image = Image.new(mode, (2, 1), "black")
        image.putpixel((0, 0), 1 if mode == "P" else (255, 255, 255) if mode == "RGB" else 255)
        image.info["transparency"] = 1 if mode == "P" else (255, 255, 255) if mode == "RGB" else 255
    else:
        image = image.convert(mode)
    photo = load(image)
    assert photo.pixels[0, 0].tolist() == [255, 255, 255]
    assert photo.pixels[0, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "I;16", "I", "F"])
def test_every_mode_that_means_colours_becomes_rgb(mode: str) -> None:
    photo = load(Image.new(mode, (3, 2)))
    assert (photo.image.mode, photo.image.size) == ("RGB", (3, 2))


def test_cmyk_is_converted_and_noted() -> None:
    photo = load(SAMPLES["jpeg-cmyk"])
    assert np.abs(photo.pixels.astype(int) - load(SAMPLES["ppm"]).pixels).mean() < 8
    assert photo.notes == ("CMYK: converted without its colour profile",)


def test_a_mode_that_pillow_cannot_convert_is_an_image_error() -> None:
    with pytest.raises(ImageUnreadable, match=r"image of mode La cannot be used .*; .*save it again as JPEG or PNG"):
        load(Image.new("La", (3, 2)))
