"""What a file is, by its first bytes: the formats visavis decodes, and names for the ones it does not."""

from __future__ import annotations

import re

READERS = {
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "PPM": "PIL.PpmImagePlugin",
    "JPEG2000": "PIL.Jpeg2KImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "HEIF": "pillow_heif",
}
"""The allow-list: Pillow's name of each format and the module that reads it. Photo formats only: no interpreter (EPS)
and no document (PDF) among them; JPEG 2000 because travel documents store their face images in it."""

_SIGNATURES = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"\xff\xd8\xff", "JPEG"),
        (rb"\x89PNG\r\n\x1a\n", "PNG"),
        (rb"RIFF.{4}WEBP", "WEBP"),
        (rb"GIF8[79]a", "GIF"),
        (rb"II[*+]\x00|MM\x00[*+]", "TIFF"),
        (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "BMP"),
        (rb"P[1-6]\s", "PPM"),
        (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", "JPEG2000"),
        (rb".{4}ftyp(avi[fs]|mi[af]1.{0,32}avif|msf1.{0,32}avis)", "AVIF"),
        (rb".{4}ftyp(hei[cmsx]|hev[cmsx]|mif[12]|msf1)", "HEIF"),
        (rb".{4}(ftyp|moov|mdat)", "an MP4 or MOV video"),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL image"),
        (rb"8BPS", "a Photoshop file"),
        (rb"\x00\x00\x01\x00", "an icon"),
        (rb"%PDF", "a PDF document"),
        (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file"),
        (rb"RIFF.{4}AVI ", "an AVI video"),
        (rb"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
        (rb"PK[\x03\x05]", "a ZIP archive or office document"),
        (rb"\x1f\x8b", "a gzip archive"),
        (rb"\x93NUMPY", "a numpy file"),
        (rb"version https://git-lfs", "a Git LFS pointer (the picture itself was not fetched)"),
        (rb"(\xef\xbb\xbf)?\s*<(?i:!doctype html|html|head|body)", "an HTML page"),
        (rb".{0,1000}?<svg\b", "an SVG drawing"),
        (rb"(\xef\xbb\xbf)?\s*<\?xml", "an XML file"),
        (rb"[\t\n\r -~]{16}|[\t\n\r -~]+\Z", "a text file"),
    )
)


def kind_of(data: bytes) -> str:
    """A key of `READERS`, or a description of another kind of file with its article."""
    return next((kind for pattern, kind in _SIGNATURES if pattern.match(data)), "of an unknown kind")
