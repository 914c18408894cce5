"""Damaged image files, endlessly and reproducibly: samples of many formats and the ways to break them.

`mutants(samples(), seed, count)` yields labelled files; the label alone (`seed`, index) recreates each one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random

import numpy as np
from PIL import Image

SIZE = (37, 29)
"""Width and height of the samples: odd, different, and rare as bytes, so that headers can be found and edited."""

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Sample:
    """An intact encoded image, its format's name and its size."""

    name: str
    data: bytes
    size: tuple[int, int] = SIZE


@dataclass(frozen=True)
class Mutant:
    """A damaged file; `label` says how it came about and recreates it."""

    label: str
    data: bytes


def samples(size: tuple[int, int] = SIZE) -> tuple[Sample, ...]:
    """One small intact file of every format and variant that the decoders treat differently."""
    width, height = size
    rng = np.random.default_rng(7)
    smooth = np.add.outer(np.arange(height) * 3.0, np.arange(width) * 2.0)[..., None] + [0, 40, 80]
    rgb = Image.fromarray((smooth + rng.integers(0, 20, (height, width, 3))).clip(0, 255).astype(np.uint8))
    grey, palette, rgba = rgb.convert("L"), rgb.quantize(16), rgb.convert("RGBA")
    rgba.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    frames = [rgb.rotate(turn).quantize(16) for turn in (90, 180)]
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turned, so that the EXIF path is walked
    exif[0x010E] = "a description"
    recipes: tuple[tuple[str, Image.Image, str, dict[str, object]], ...] = (
        ("jpeg", rgb, "JPEG", {"exif": exif}),
        ("jpeg-progressive", rgb, "JPEG", {"progressive": True, "comment": "small"}),
        ("jpeg-grey", grey, "JPEG", {}),
        ("jpeg-cmyk", rgb.convert("CMYK"), "JPEG", {}),
        ("mpo", rgb, "MPO", {"save_all": True, "append_images": [rgb.rotate(180)]}),
        ("png", rgb, "PNG", {"exif": exif}),
        ("png-rgba", rgba, "PNG", {}),
        ("png-palette", palette, "PNG", {"transparency": 3}),
        ("png-16bit", deep, "PNG", {}),
        ("png-1bit", grey.convert("1"), "PNG", {}),
        ("apng", rgb, "PNG", {"save_all": True, "append_images": [rgb.rotate(180)]}),
        ("webp", rgb, "WEBP", {"exif": exif.tobytes()}),
        ("webp-lossless", rgba, "WEBP", {"lossless": True}),
        ("webp-animated", rgb, "WEBP", {"save_all": True, "append_images": [rgb.rotate(180)]}),
        ("gif", palette, "GIF", {}),
        ("gif-animated", palette, "GIF", {"save_all": True, "append_images": frames}),
        ("tiff", rgb, "TIFF", {}),
        ("tiff-lzw", rgb, "TIFF", {"compression": "tiff_lzw"}),
        ("tiff-jpeg", rgb, "TIFF", {"compression": "jpeg"}),
        ("tiff-16bit", deep, "TIFF", {}),
        ("tiff-float", Image.fromarray(np.asarray(grey, np.float32) / 255), "TIFF", {}),
        ("tiff-pages", rgb, "TIFF", {"save_all": True, "append_images": [grey]}),
        ("bmp", rgb, "BMP", {}),
        ("bmp-palette", palette, "BMP", {}),
        ("ppm", rgb, "PPM", {}),
        ("pgm-16bit", Image.fromarray(np.asarray(deep).astype(np.int32)), "PPM", {}),
        ("jpeg2000", rgb, "JPEG2000", {}),
    )
    encoded = [Sample(name, _encoded(image, kind, options), size) for name, image, kind, options in recipes]
    return (*encoded, Sample("png-interlaced", _interlaced_png(np.asarray(rgb)), size))


def mutants(originals: Sequence[Sample], seed: int, count: int) -> Iterator[Mutant]:
    """`count` damaged files, going round the originals; the same seed gives the same files."""
    return (mutant(originals, seed, index) for index in range(count))


def mutant(originals: Sequence[Sample], seed: int, index: int) -> Mutant:
    """The damaged file number `index`: one or two mutations of one original."""
    rng = Random(f"{seed}:{index}")
    sample = originals[index % len(originals)]
    data, steps = sample.data, []
    for _ in range(rng.choice((1, 1, 2))):
        mutation = rng.choice(_MUTATIONS)
        data = mutation(data, sample, originals, rng)
        steps.append(mutation.__name__)
    if data.startswith(_PNG_MAGIC) and rng.random() < 0.7:  # or nearly all would fail at the first checksum
        data = with_right_checksums(data)
    return Mutant(f"seed {seed} index {index}: {sample.name} {' + '.join(steps)}", data)


def flip_bits(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """A few bits anywhere."""
    return _flip(data, rng, len(data))


def flip_header_bits(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """A few bits among the first 64 bytes."""
    return _flip(data, rng, min(len(data), 64))


def truncate(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data) + 1)]


def delete_piece(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """A piece of the middle is missing."""
    start, end = _piece(data, rng)
    return data[:start] + data[end:]


def repeat_piece(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """A piece of the middle appears several times."""
    start, end = _piece(data, rng)
    return data[:start] + data[start:end] * rng.choice((2, 3, 9)) + data[end:]


def overwrite_piece(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """A piece is blanked, saturated or noise."""
    start, end = _piece(data, rng)
    size = end - start
    return data[:start] + rng.choice((b"\0" * size, b"\xff" * size, rng.randbytes(size))) + data[end:]


def edit_size(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """The width or height that the header states becomes another, often an extreme one."""
    true = rng.choice(sample.size)
    false = rng.choice((0, 1, true - 1, true + 1, 2 * true, 255, 4096, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
    written = [(old, new) for old, new in zip(_packings(true), _packings(false), strict=True) if old in data]
    if not written:
        return flip_header_bits(data, sample, originals, rng)
    old, new = rng.choice(written)
    return data.replace(old, new, rng.choice((1, 2)))


def splice(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """The beginning of one file and the end of another."""
    other = rng.choice(originals).data
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]


def shuffle_png_chunks(data: bytes, sample: Sample, originals: Sequence[Sample], rng: Random) -> bytes:
    """Whole PNG chunks are dropped, repeated or out of order; for other formats a piece moves to the end."""
    chunks = _png_chunks(data)
    if not chunks:
        start, end = _piece(data, rng)
        return data[:start] + data[end:] + data[start:end]
    index = rng.randrange(len(chunks))
    action = rng.choice(("drop", "repeat", "shuffle"))
    if action == "drop":
        del chunks[index]
    elif action == "repeat":
        chunks.insert(rng.randrange(len(chunks) + 1), chunks[index])
    else:
        rng.shuffle(chunks)
    return _PNG_MAGIC + b"".join(chunks)


_Mutation = Callable[[bytes, Sample, Sequence[Sample], Random], bytes]
_MUTATIONS: tuple[_Mutation, ...] = (
    flip_bits,
    flip_header_bits,
    truncate,
    delete_piece,
    repeat_piece,
    overwrite_piece,
    edit_size,
    splice,
    shuffle_png_chunks,
)


def with_right_checksums(png: bytes) -> bytes:
    """The same PNG chunks with their checksums recomputed, so that the damage reaches the decoder behind them."""
    chunks = _png_chunks(png)
    right = [chunk[:-4] + struct.pack(">I", zlib.crc32(chunk[4:-4])) for chunk in chunks]
    used = len(_PNG_MAGIC) + sum(map(len, chunks))
    return _PNG_MAGIC + b"".join(right) + png[used:]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A complete PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png_chunks(data: bytes) -> list[bytes]:
    """The complete chunks of a PNG, as far as their lengths make sense; none for another format."""
    chunks, position = [], len(_PNG_MAGIC)
    while data.startswith(_PNG_MAGIC) and position + 12 <= len(data):
        end = position + 12 + int.from_bytes(data[position : position + 4], "big")
        if end > len(data):
            break
        chunks.append(data[position:end])
        position = end
    return chunks


def _encoded(image: Image.Image, kind: str, options: dict[str, object]) -> bytes:
    buffer = BytesIO()
    image.copy().save(buffer, kind, **options)  # a copy: encoders leave settings on the image that break the next one
    return buffer.getvalue()


def _interlaced_png(rgb: np.ndarray) -> bytes:
    """Adam7, which Pillow reads but does not write: seven passes (x start, y start, x step, y step)."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    lines = (row.tobytes() for x, y, dx, dy in passes for row in rgb[y::dy, x::dx] if row.size)
    header = struct.pack(">IIBBBBB", rgb.shape[1], rgb.shape[0], 8, 2, 0, 0, 1)
    content = zlib.compress(b"".join(b"\0" + line for line in lines))
    return _PNG_MAGIC + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", content) + png_chunk(b"IEND", b"")


def _flip(data: bytes, rng: Random, reach: int) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 4, 16)) if reach else 0):
        changed[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _packings(value: int) -> tuple[bytes, ...]:
    """A size as headers write it: 16 or 32 bits in either order, 24 bits less one (WebP), digits (PPM)."""
    short, long, less = value & 0xFFFF, value & 0xFFFFFFFF, (value - 1) & 0xFFFFFF
    packed = tuple(
        struct.pack(f, v) for f, v in ((">H", short), ("<H", short), (">I", long), ("<I", long), ("<I", less))
    )
    return (*packed[:4], packed[4][:3], str(value).encode())


def _piece(data: bytes, rng: Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 2, 4, 12, 64, 300)))
