"""The table of labels: one row per picture, frame or recording, as a Parquet file with stable column types."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from visavis.errors import DataError, MissingExtra
from visavis.storage import atomic_file

Row = dict[str, Any]

_GROUP = 512
"""Rows that are in memory at once, and in one row group of the file; one of eight people takes half a megabyte."""


def need_parquet() -> None:
    """Fail now rather than after hours of rendering.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    _pyarrow()


def write_table(path: Path, rows: Iterable[Row], examples: Mapping[str, Any]) -> int:
    """Write all rows, whole or not at all; equal rows make equal bytes, however they were gathered.

    Args:
        path: the file.
        rows: at least one; all with the columns of the first. Types of columns are those of its values: truth value,
            64-bit integer, 64-bit float, text, or a list of one of them (or of such lists). Dictionaries and lists
            of them, whose keys may differ from row to row, are written as JSON text.
        examples: values that tell the type of columns which may be None or an empty list in the first row.

    Returns: number of rows.

    Raises:
        DataError: a row does not fit the first.
        StorageError: the file could not be written.
    """
    pyarrow, parquet = _pyarrow()
    remaining = iter(rows)
    first = next(remaining)
    schema = pyarrow.schema([(name, _type(examples.get(name, value))) for name, value in first.items()])
    count = 0
    with atomic_file(path) as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(chain([first], remaining)):
            try:
                writer.write_table(pyarrow.Table.from_pylist(_flat(group, schema), schema), row_group_size=_GROUP)
            except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
                raise DataError(f"{path}: rows {count} to {count + len(group) - 1} do not fit: {error}") from error
            count += len(group)
    return count


def _flat(rows: list[Row], schema: Any) -> list[Row]:
    """The rows with everything in columns of text turned into text."""
    texts = [name for name in schema.names if schema.field(name).type == _type("")]
    return [{**row, **{name: _text(row.get(name)) for name in texts}} for row in rows]


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _groups(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while group := list(islice(rows, _GROUP)):
        yield group


def _type(value: Any) -> Any:
    pyarrow, _ = _pyarrow()
    if isinstance(value, list) and not (value and isinstance(value[0], dict)):
        return pyarrow.list_(_type(value[0]) if value else pyarrow.null())
    names = {bool: "bool_", int: "int64", float: "float64", type(None): "null"} | dict.fromkeys(
        (str, dict, list), "string"
    )
    return getattr(pyarrow, names[type(value)])()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra('the table of labels needs pyarrow: pip install "visavis[parquet]"') from error
    return pyarrow, parquet
