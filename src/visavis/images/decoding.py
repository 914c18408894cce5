"""From encoded bytes to a loaded PIL image: known formats only, size checked first, every decoder failure named."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from threading import Lock
from typing import IO, Any, TypeAlias

from PIL import Image

from visavis.errors import ImageTooLarge, ImageUnreadable, VisavisError
from visavis.images.kinds import READERS, kind_of
from visavis.images.photo import Limits

_Reader: TypeAlias = Callable[[IO[bytes], str], Image.Image]

_warning_filters = Lock()


def decode(data: bytes, name: str, limits: Limits) -> tuple[Image.Image, tuple[str, ...]]:
    """The first frame of encoded `data`, loaded, in the mode and orientation of the file; and notes.

    Raises:
        ImageUnreadable: empty, incomplete, damaged, or not of a format in `READERS`.
        ImageTooLarge: more pixels than `limits` allow, known from the header alone.
    """
    if not data:
        raise ImageUnreadable(f"{name}: is empty; copy or download it again")
    kind = kind_of(data)
    read = _reader(kind, name)
    with decoder_errors(name, f"{kind} data"):
        # Not through Image.open: it warns about large pictures that the caller's limits allow, and its only
        # remedies (Pillow's global limit, the warning filters) belong to the whole process.
        image = read(BytesIO(data), "")
        load_pixels(image, name, limits)
        several = getattr(image, "is_animated", False)
    return image, ("several frames: first frame used",) if several else ()


def load_pixels(image: Image.Image, name: str, limits: Limits) -> None:
    """Decode a lazily opened image in place, after checking its size."""
    limits.check_pixels(image.width, image.height, name)
    with _no_warning_about_size(image):
        image.load()


@contextmanager
def decoder_errors(name: str, what: str) -> Iterator[None]:
    """Turn whatever Pillow raises inside the block into an `ImageError` about `name`."""
    try:
        yield
    except VisavisError:
        raise
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(f"{name}: the {what} is too large to decode ({_words(error)}); scale it down") from error
    except Exception as error:  # decoders leak whatever their parsing hits: OSError, SyntaxError, struct.error, ...
        raise ImageUnreadable(
            f"{name}: the {what} cannot be used ({_words(error)}); "
            "if it is incomplete or damaged get another copy, else save it again as JPEG or PNG"
        ) from error


def _words(error: Exception) -> str:
    """What Pillow said, without addresses and noise that a file might have put there."""
    words = "".join(c if c.isprintable() else " " for c in str(error)[:200])
    return f"Pillow: {words}" if words.strip() else f"Pillow: {type(error).__name__}"


def _reader(kind: str, name: str) -> _Reader:
    """What opens files of `kind`; ImageUnreadable when nothing here does."""
    if kind not in READERS:
        raise ImageUnreadable(
            f"{name}: is {kind}, which cannot be read as a photo; give a JPEG, PNG, WebP, GIF, TIFF, BMP, PPM, "
            "JPEG 2000, AVIF or HEIC file"
        )
    try:
        module: Any = import_module(READERS[kind])
    except ImportError as error:
        package = READERS[kind].split(".")[0].replace("PIL", "pillow").replace("_", "-")
        raise ImageUnreadable(
            f"{name}: is a photo of format {kind}, whose codec is not installed; "
            f"`pip install -U {package}`, or convert it to JPEG"
        ) from error
    reader: _Reader = module.HeifImageFile if kind == "HEIF" else Image.OPEN[kind][0]
    return reader


@contextmanager
def _no_warning_about_size(image: Image.Image) -> Iterator[None]:
    """Silence the TIFF reader, which warns by itself about sizes that our limits have just allowed.

    Warning filters are process-wide: they are touched for such sizes only, and by one thread at a time. (The GIF
    reader may warn earlier, while it opens a first frame that large; that warning stays.)
    """
    if Image.MAX_IMAGE_PIXELS is None or image.width * image.height <= Image.MAX_IMAGE_PIXELS:
        yield
        return
    with _warning_filters, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield
