"""The Parquet file that a gallery is exported as: format 1. Any Parquet reader opens it; this page is its description.

One row a reference, in the order of enrolment:

| column | type | what |
|---|---|---|
| reference | string | id of the reference |
| person_id, person | string | id and name of the person |
| person_created | timestamp (ms, UTC) | when the person was first enrolled |
| person_consent, person_retain_until | string, date | what was stated for the person |
| source, photo | string | where the photo came from; its digest, by which it is recognised |
| box | float64[4] | face in the photo: left, top, right, bottom in pixels; null if unknown |
| quality | float64 | summary, 0 to 1; null if unknown |
| qualities | map of string to float64 | all components by name, with the summary; null if unknown |
| created | timestamp (ms, UTC) | when the reference was enrolled |
| consent, retain_until | string, date | what was stated for this reference |
| enrolled_as | string | digest of what was enrolled under this id, by which a repetition is recognised |
| model, metric | string | fingerprint of the model, and how its templates are compared |
| template | float32[d] | the template; of galleries that keep float32 |
| codes, scale | int8[d], float64 | the template is codes * scale; of galleries that keep int8 |
| crop, crop_points | binary, lists of (x, y) | the kept crop (JPEG or PNG) and its landmarks; if asked for |

The schema's metadata has one entry, `visavis.gallery`: JSON with `format`, `gallery` (id), `created`, `exported`,
`software`, `fingerprint`, `dimension`, `metric`, `precision`, `scale`, `people`, `references`, `crops`, `encrypted`
(whether the gallery was) and `apart` (pairs of people who were declared to be two).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visavis.errors import MissingExtra

if TYPE_CHECKING:
    from visavis.gallery.types import Precision

FORMAT = 1
METADATA = b"visavis.gallery"
REQUIRED = ("reference", "person", "model")
"""Columns without which a row means nothing; beside these, the template."""


def libraries() -> tuple[Any, Any]:
    """pyarrow and its module for Parquet.

    Raises:
        MissingExtra: they are absent.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra('galleries are exported and imported by pyarrow: pip install "visavis[gallery]"') from error
    return pyarrow, parquet


def columns(dimension: int, precision: Precision, *, crops: bool) -> dict[str, Any]:
    """Arrow types of the columns, in their order."""
    pa, _ = libraries()
    text, time, day, number = pa.string(), pa.timestamp("ms", tz="UTC"), pa.date32(), pa.float64()
    few = pa.dictionary(pa.int32(), text)
    found = {
        "reference": text,
        "person_id": text,
        "person": text,
        "person_created": time,
        "person_consent": text,
        "person_retain_until": day,
        "source": text,
        "photo": text,
        "box": pa.list_(number, 4),
        "quality": number,
        "qualities": pa.map_(text, number),
        "created": time,
        "consent": text,
        "retain_until": day,
        "enrolled_as": text,
        "model": few,
        "metric": few,
    }
    if precision == "float32":
        found["template"] = pa.list_(pa.float32(), dimension)
    else:
        found.update(codes=pa.list_(pa.int8(), dimension), scale=number)
    if crops:
        found.update(crop=pa.binary(), crop_points=pa.list_(pa.list_(number)))
    return found
