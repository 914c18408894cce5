"""Every way into `load` gives the same upright RGB pixels, or one error that names the input and the way out."""

from __future__ import annotations

import io
import math
import os
import struct
import sys
import threading
import types
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageFile, features
from tests.fuzz.mutate import SIZE, Sample, png_chunk, samples

from visavis.errors import ImageError, ImageNotFound, ImageTooLarge, ImageUnreadable, InvalidInput, StorageError
from visavis.images import Limits, Photo, encode, load, save

WIDTH, HEIGHT = SIZE
SAMPLES = {sample.name: sample.data for sample in samples()}
SEVERAL = ("gif-animated", "webp-animated", "apng", "tiff-pages", "mpo")
BY_NAME = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)

rgb_arrays = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


def noise(*shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Random uint8 values, the same at every run."""
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The image as Pillow encodes it."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def oriented(orientation: Any) -> Image.Exif:
    """EXIF data with nothing but an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


# --- the ways in ------------------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """A stream that cannot be rewound and gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece, self.rest = self.rest[:100], self.rest[100:]
        buffer[: len(piece)] = piece
        return len(piece)


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


# --- orientation ------------------------------------------------------------------------------------------------

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


# --- sample depths and colour modes -----------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", SEVERAL)
def test_the_first_of_several_frames_is_used_and_noted(name: str) -> None:
    photo = load(SAMPLES[name])
    assert photo.notes == ("several frames: first frame used",)
    assert np.abs(photo.pixels.astype(int) - load(SAMPLES["ppm"]).pixels).mean() < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_one_pixel_is_a_picture(kind: str) -> None:
    assert load(file_of(Image.new("RGB", (1, 1), "white"), kind)).pixels.tolist() == [[[255] * 3]]


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.jpg", "cannot be read .No such file or directory.; check the path"),
        ("folder", "is a folder; name the image file inside it"),
        ("pipe", "is a pipe or device; copy its content to a file"),
        ("photo.png/inside", "cannot be read .Not a directory"),
        ("null\0character", "cannot be read .*null"),
        ("x" * 300, "cannot be read .File name too long"),
    ],
)
def test_a_path_without_a_readable_file_is_refused_at_once(name: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "photo.png").write_bytes(SAMPLES["png"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageNotFound, match=problem) as caught:
        load(tmp_path / name)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(caught.value).startswith(str(tmp_path / name).replace("\0", "\N{REPLACEMENT CHARACTER}"))


def test_an_empty_path_is_not_the_current_folder() -> None:
    with pytest.raises(ImageNotFound, match=r"^'': cannot be read .No such file"):
        load("")


def test_content_passed_for_a_path_is_not_repeated_in_full() -> None:
    with pytest.raises(ImageNotFound, match=r"^data:image.{0,80}\.\.\. \(1,000,\d+ characters\): cannot be read"):
        load("data:image/png;base64," + "A" * 1_000_000)


def test_an_address_is_not_fetched() -> None:
    with pytest.raises(ImageNotFound, match="addresses are not fetched: download the picture first"):
        load("https://example.org/face.jpg")


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: Any) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "photo.png").write_bytes(SAMPLES["png"])
    monkeypatch.setattr(os, "open", forbid)
    with pytest.raises(ImageNotFound, match=r"cannot be read .Permission denied.; check the path and its permissions"):
        load(tmp_path / "photo.png")


def test_a_pipe_that_took_the_files_place_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photo").write_bytes(SAMPLES["png"])
    os.mkfifo(tmp_path / "pipe")
    honest = os.stat(tmp_path / "photo")  # noqa: PTH116
    monkeypatch.setattr(os, "stat", lambda *_, **__: honest)
    with pytest.raises(ImageError):
        load(tmp_path / "pipe")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("sample", [s for s in samples() if s.name not in SEVERAL], ids=lambda sample: sample.name)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_a_truncated_file_is_refused(sample: Sample, share: float) -> None:
    with pytest.raises(ImageUnreadable, match=r"data cannot be used .*; if it is incomplete or damaged get another"):
        load(sample.data[: int(len(sample.data) * share)])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript file"),
        (b"<?xml version='1.0'?><!-- x --><svg xmlns='...'>", "an SVG drawing"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"\n<!DOCTYPE html><html><svg>", "an HTML page"),
        (b"<html><body>404</body></html>", "an HTML page"),
        (b"<?xml version='1.0'?><feed/>", "an XML file"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "an MP4 or MOV video"),
        (b"RIFF\1\2\3\4AVI LIST", "an AVI video"),
        (b"\x1a\x45\xdf\xa3\x01", "a Matroska or WebM video"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
        (b"8BPS\0\1", "a Photoshop file"),
        (b"\0\0\1\0\1\0", "an icon"),
        (b"PK\3\4....", "a ZIP archive or office document"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"\x93NUMPY\1\0", "a numpy file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"Dear reader, this is no picture", "a text file"),
        (b"BMW is a brand, not a bitmap", "a text file"),
        (b"hello\n", "a text file"),
        (b"\x00\x01\x02\x03", "of an unknown kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_kinds_of_files_are_named(data: bytes, what: str) -> None:
    with pytest.raises(ImageUnreadable, match=f"^<bytes>: is {what}.*; give a JPEG, PNG"):
        load(data)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_heic_without_its_codec_says_what_to_install(brand: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageUnreadable, match="HEIF, whose codec is not installed; `pip install -U pillow-heif`, or"):
        load(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic")


def test_heic_with_its_codec_is_read_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = types.ModuleType("pillow_heif")
    codec.HeifImageFile = lambda _file, _name: Image.new("RGB", (3, 2), "red")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pillow_heif", codec)
    assert load(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").width == 3


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow cannot write AVIF")
def test_avif_is_read() -> None:
    photo = load(file_of(load(SAMPLES["ppm"]).image, "AVIF", quality=95))
    assert np.abs(photo.pixels.astype(int) - load(SAMPLES["ppm"]).pixels).mean() < 8


def test_avif_that_pillow_cannot_read_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    with pytest.raises(ImageUnreadable, match="AVIF, whose codec is not installed; `pip install -U pillow`"):
        load(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1")


@pytest.mark.parametrize("source", [None, 3, 2.5, [[1, 2]], {"a": 1}, object()])
def test_other_types_are_refused_with_the_accepted_ones(source: Any) -> None:
    with pytest.raises(InvalidInput, match="is no image source; give a path, bytes, a binary file object, a PIL"):
        load(source)


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.zeros((0, 5, 3), np.uint8), r"shape \(0, 5, 3\) holds no pixels; check how it was cropped"),
        (np.zeros((5, 0), np.uint8), "holds no pixels"),
        (np.zeros(100, np.uint8), r"shape \(100,\) is not .*pass array.tobytes"),
        (np.zeros((3, 8, 9), np.uint8), "put the channels last"),
        (np.zeros((2, 8, 9, 3), np.uint8), "one by one"),
        (np.zeros((8, 9, 2), np.uint8), "check its axes"),
        (np.array(1.0), "check its axes"),
        (np.zeros((2, 2), np.int64), "type int64 have no agreed range; use uint8"),
        (np.zeros((2, 2), complex), "type complex128 have no agreed range"),
        (np.full((2, 2), "a"), "have no agreed range"),
        (np.full((2, 2), None), "have no agreed range"),
        (np.full((2, 2), np.nan), "holds NaN or infinite values"),
        (np.full((2, 2), np.inf), "holds NaN or infinite values"),
        (np.full((2, 2), -np.inf), "holds NaN or infinite values"),
        (np.full((2, 2), 255.0), r"floats from 255 to 255 are outside 0\.\.1; divide by 255"),
        (np.full((2, 2), -0.5), "are outside"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray, problem: str) -> None:
    with pytest.raises(InvalidInput, match=f"^<ndarray>: .*{problem}"):
        load(array)


@given(array=hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
def test_any_array_is_a_photo_or_invalid_input(array: np.ndarray) -> None:
    with suppress(InvalidInput):
        assert load(array).pixels.shape == (*array.shape[:2], 3)


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


def raising(error: BaseException) -> io.BytesIO:
    """A file object whose every read fails."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise error

    return Broken()


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), TimeoutError("too late"), RuntimeError("gone")])
def test_a_failing_stream_is_an_image_error(error: Exception) -> None:
    with pytest.raises(ImageUnreadable, match=r"reading failed .(Input/output error|too late|gone)."):
        load(raising(error))


def test_a_closed_or_textual_stream_is_refused(tmp_path: Path) -> None:
    closed = io.BytesIO(SAMPLES["png"])
    closed.close()
    with pytest.raises(ImageUnreadable, match=r"closed file.*open it again in binary mode"):
        load(closed)
    with pytest.raises(InvalidInput, match="yields str, not bytes; open it in binary mode"):
        load(io.StringIO("text"))


def test_an_interruption_is_passed_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        load(raising(KeyboardInterrupt()))


@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        (KeyError("x"), ImageUnreadable),
        (struct.error("x"), ImageUnreadable),
        (SyntaxError("x"), ImageUnreadable),
        (RecursionError(), ImageUnreadable),
        (AssertionError(), ImageUnreadable),
        (MemoryError(), ImageTooLarge),
        (Image.DecompressionBombError("x"), ImageTooLarge),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_whatever_a_decoder_leaks_becomes_an_image_error(
    leak: BaseException, expected: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> NoReturn:
        raise leak

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(expected):
        load(SAMPLES["jpeg"])


# --- limits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("max_bytes", "max_pixels"), [(0, 1), (1, 0), (-1, 1)])
def test_limits_are_positive(max_bytes: int, max_pixels: int) -> None:
    with pytest.raises(InvalidInput, match="both must be positive"):
        Limits(max_bytes, max_pixels)


def test_limits_allow_exactly_what_they_say(tmp_path: Path) -> None:
    data = SAMPLES["bmp"]
    path = tmp_path / "photo.bmp"
    path.write_bytes(data)
    exact, tight = Limits(len(data), WIDTH * HEIGHT), Limits(len(data) - 1)
    for source in (data, bytearray(data), path, io.BytesIO(data), Pipe(data)):
        with pytest.raises(ImageTooLarge, match=f"larger than the limit of {len(data) - 1:,} bytes; save a smaller"):
            load(source, tight)
        assert load(Pipe(data) if isinstance(source, Pipe) else source, exact).width == WIDTH


def test_an_endless_stream_is_cut_at_the_limit() -> None:
    class Endless(Pipe):
        def readinto(self, buffer: Any) -> int:
            return len(buffer)

    with pytest.raises(ImageTooLarge):
        load(Endless(b""), Limits(max_bytes=10_000_000))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes whose header promises gigabytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = zlib.compress(bytes(1_000_000), 9)
    parts = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", content), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("size", [(50_000, 50_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (10_000, 10_001)])
def test_a_bomb_is_refused_before_its_pixels_are_touched(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(_: Any) -> NoReturn:
        pytest.fail("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageTooLarge, match=f"{size[0]} x {size[1]} pixels exceed the limit of 100,000,000; scale"):
            load(bomb(*size))


def test_pixel_limits_hold_for_arrays_and_pil_images_too() -> None:
    limits = Limits(max_pixels=19)
    for source in (noise(4, 5, 3), Image.new("RGB", (5, 4))):
        with pytest.raises(ImageTooLarge, match="5 x 4 pixels exceed the limit of 19"):
            load(source, limits)


@BY_NAME
def test_sizes_within_our_limits_raise_no_warning_of_pillow_and_change_nothing(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", WIDTH * HEIGHT - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        before = list(warnings.filters)
        assert {load(sample.data).width, load(sample.data).height} == set(SIZE)
        assert list(warnings.filters) == before
    assert Image.MAX_IMAGE_PIXELS == WIDTH * HEIGHT - 1


# --- and out again ----------------------------------------------------------------------------------------------


@given(pixels=rgb_arrays, image_format=st.sampled_from(["PNG", "TIFF", "BMP"]))
def test_lossless_formats_give_back_the_pixels(pixels: np.ndarray, image_format: str) -> None:
    assert np.array_equal(load(encode(pixels, image_format)).pixels, pixels)


@pytest.mark.parametrize("image_format", ["JPEG", "WEBP"])
def test_lossy_formats_stay_close(image_format: str, astronaut: np.ndarray) -> None:
    again = load(encode(astronaut, image_format)).pixels
    assert np.abs(again.astype(int) - astronaut).mean() < 3


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
