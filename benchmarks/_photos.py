"""Photos to measure with, composed from real portraits: research photos where they are, else public-domain ones."""

from __future__ import annotations

import csv
import functools
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from visavis.errors import MissingExtra

SIX_FACES_SIZE = (1280, 720)
_HEADROOM = (0.5, 0.3)
"""Where to cut portraits: heads are in the upper half."""


@functools.cache
def portraits(data: Path) -> tuple[list[Image.Image], str]:
    """Six RGB portraits and where they come from: `deepface_pairs` if it is there, else `public_portraits`."""
    folder = data / "deepface_pairs"
    listing = folder / "images.csv"
    if not listing.is_file():
        return public_portraits(), "public portraits (E. Collins, G. Hopper), three variants each"
    with listing.open(encoding="utf-8", newline="") as file:
        first_of = {row["identity"]: row["path"] for row in reversed(list(csv.DictReader(file)))}
    paths = [folder / first_of[identity] for identity in sorted(first_of)[:6]]
    return [Image.open(path).convert("RGB") for path in paths], f"{folder.name}: one photo of each of six people"


def public_portraits() -> list[Image.Image]:
    """Astronaut Eileen Collins (NASA) and Rear Admiral Grace Hopper (US Navy), each plain, mirrored and darker.

    Raises:
        MissingExtra: the packages that carry them are not installed.
    """
    try:
        from matplotlib.cbook import get_sample_data
        from skimage.data import astronaut
    except ImportError as problem:
        raise MissingExtra('the portraits ship in other packages: pip install "visavis[demo]"') from problem
    hopper = Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))).convert("RGB")
    pair = [Image.fromarray(astronaut()), hopper]
    return pair + [ImageOps.mirror(p) for p in pair] + [ImageEnhance.Brightness(p).enhance(0.6) for p in pair]


def six_faces(people: list[Image.Image]) -> Image.Image:
    """One 1280x720 photo with six people, three beside each other in two rows."""
    width, height = SIX_FACES_SIZE
    photo = Image.new("RGB", SIX_FACES_SIZE)
    for place, portrait in enumerate(people[:6]):
        left, right = (round(width * (place % 3 + side) / 3) for side in (0, 1))
        cell = ImageOps.fit(portrait, (right - left, height // 2), centering=_HEADROOM)
        photo.paste(cell, (left, height // 2 * (place // 3)))
    return photo


def one_face(portrait: Image.Image, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A photo of that size with the one person in it."""
    return ImageOps.pad(portrait, size, color=(96, 96, 96))


def encoded(image: Image.Image, kind: str = "JPEG", quality: int = 90) -> bytes:
    """The picture as a file, as cameras and senders make them."""
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def mixed_photo(people: list[Image.Image], number: int, sides: tuple[int, int] = (100, 3000)) -> bytes:
    """The encoded photo with this number of an endless mixed collection; equal numbers give equal photos.

    A portrait at a random size (each side within `sides`, small sizes as likely as large ones), turned a little, bright
    or dark, as JPEG (7 of 10), PNG, WebP, grey JPEG or CMYK JPEG.
    """
    rng = np.random.default_rng(number)
    portrait = people[int(rng.integers(len(people)))]
    low, high = np.log(sides)
    longer = np.exp(rng.uniform(low, high))
    width, height = (int(np.clip(longer * share, *sides)) for share in rng.permutation([1.0, rng.uniform(0.5, 1.0)]))
    portrait = portrait.rotate(float(rng.normal(0, 8)), Image.Resampling.BILINEAR)
    photo = ImageOps.fit(portrait, (width, height), Image.Resampling.BILINEAR, centering=_HEADROOM)
    photo = ImageEnhance.Brightness(photo).enhance(float(rng.uniform(0.5, 1.5)))
    mode, kind = _KINDS[int(rng.choice(len(_KINDS), p=_SHARES))]
    return encoded(photo.convert(mode), kind, int(rng.integers(40, 96)))


_KINDS = (("RGB", "JPEG"), ("RGB", "PNG"), ("RGB", "WEBP"), ("L", "JPEG"), ("CMYK", "JPEG"))
_SHARES = (0.7, 0.1, 0.1, 0.05, 0.05)
