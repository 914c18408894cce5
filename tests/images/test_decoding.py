"""Only whole photos of known formats and allowed sizes are decoded; anything else is named, whatever Pillow does."""

from __future__ import annotations

import io
import struct
import sys
import types
import warnings
import zlib
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image, ImageFile, features
from tests.fuzz.mutate import SIZE, Sample, png_chunk, samples
from tests.images.pictures import BY_NAME, HEIGHT, SAMPLES, SEVERAL, WIDTH, file_of

from visavis.errors import ImageTooLarge, ImageUnreadable
from visavis.images import load


@pytest.mark.parametrize("name", SEVERAL)
def test_the_first_of_several_frames_is_used_and_noted(name: str) -> None:
    photo = load(SAMPLES[name])
    assert photo.notes == ("several frames: first frame used",)
    assert np.abs(photo.pixels.astype(int) - load(SAMPLES["ppm"]).pixels).mean() < 12


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("sample", [s for s in samples() if s.name not in SEVERAL], ids=lambda sample: sample.name)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_a_truncated_file_is_refused(sample: Sample, share: float) -> None:
    with pytest.raises(ImageUnreadable, match=r"data cannot be used .*; if it is incomplete or damaged get another"):
        load(sample.data[: int(len(sample.data) * share)])


@pytest.mark.parametrize("content", [b"", bytearray(), io.BytesIO()], ids=["bytes", "bytearray", "file"])
def test_an_empty_file_is_refused(content: Any) -> None:
    with pytest.raises(ImageUnreadable, match="is empty; copy or download it again"):
        load(content)


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
