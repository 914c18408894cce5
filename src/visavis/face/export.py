"""Templates and what belongs to them as one table in a file: NumPy archive, Parquet, or JSON."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput, MissingExtra
from visavis.storage import write_atomic
from visavis.types import Faces

FORMATS = (".npz", ".parquet", ".json")


def check_format(path: str | Path) -> str:
    """The format that a file's name asks for.

    Raises:
        InvalidInput: it is none of `FORMATS`.
        MissingExtra: it needs a library that is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise InvalidInput(f"{path}: templates are written as {', '.join(FORMATS)}; choose one of these endings")
    if suffix == ".parquet":
        _pyarrow()
    return suffix


def export(photos: Sequence[Faces], path: str | Path) -> None:
    """Write the faces of many photos, one row a face, whole or not at all.

    Columns: source, face (index), box (4), points (5 x 2), score, quality (summary), template (d), model.

    Raises:
        InvalidInput: unknown format, or faces without templates.
        MissingExtra: the format needs a library that is not installed.
        StorageError: the file could not be written.
    """
    suffix = check_format(path)
    columns = table(photos)
    write = {".npz": _npz, ".parquet": _parquet, ".json": _json}[suffix]
    write_atomic(path, write(columns))


def table(photos: Sequence[Faces]) -> dict[str, NDArray[Any]]:
    """The columns of `export` as arrays with one row a face.

    Raises:
        InvalidInput: some faces have no template, or the templates are of several models.
    """
    for faces in photos:
        if faces.templates is None:
            raise InvalidInput(f"{faces.source}: has no templates; ask the engine with embed=True")
    models = {str(faces.model) for faces in photos}
    if len(models) > 1:
        raise InvalidInput(f"templates of {' and '.join(sorted(models))} do not belong in one file; write one for each")
    counts = [len(faces) for faces in photos]
    missing = [np.full(n, np.nan, np.float32) for n in counts]
    summaries = [f.quality.summary if f.quality else blank for f, blank in zip(photos, missing, strict=True)]
    return {
        "source": np.repeat(np.array([faces.source for faces in photos], dtype=np.str_), counts),
        "face": np.concatenate([np.arange(n) for n in counts]) if counts else np.zeros(0, int),
        "box": np.concatenate([faces.boxes for faces in photos]),
        "points": np.concatenate([faces.points for faces in photos]),
        "score": np.concatenate([faces.scores for faces in photos]),
        "quality": np.concatenate(summaries),
        "template": np.concatenate(
            [np.asarray(faces.templates) for faces in photos if len(faces)] or [np.zeros((0, 0), np.float32)]
        ),
        "model": np.repeat(np.array([str(faces.model) for faces in photos], dtype=np.str_), counts),
    }


def _npz(columns: dict[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **columns)  # type: ignore[arg-type]  # its stub takes the names for flags
    return buffer.getvalue()


def _json(columns: dict[str, NDArray[Any]]) -> bytes:
    rows = len(columns["source"])
    records = [{name: _plain(values[row]) for name, values in columns.items()} for row in range(rows)]
    return json.dumps(records, ensure_ascii=False, allow_nan=False).encode()


def _plain(value: Any) -> Any:
    plain = value.tolist() if hasattr(value, "tolist") else value
    return None if isinstance(plain, float) and math.isnan(plain) else plain


def _parquet(columns: dict[str, NDArray[Any]]) -> bytes:
    pyarrow, parquet = _pyarrow()
    flat = {name: values if values.ndim == 1 else [row.ravel() for row in values] for name, values in columns.items()}
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table(flat), buffer)
    return buffer.getvalue()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra('Parquet files need pyarrow: pip install "visavis[parquet]", or write .npz') from error
    return pyarrow, parquet
