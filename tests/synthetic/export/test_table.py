"""Tables: what goes in comes out, with types that do not depend on which values happen to be there."""

from __future__ import annotations

import json

import pytest

from visavis.errors import DataError
from visavis.synthetic.export.table import write_table

parquet = pytest.importorskip("pyarrow.parquet", reason="the table of labels needs pyarrow")


def test_values_come_back_with_their_types(tmp_path):
    rows = [{"i": 1, "f": 2.0, "s": "x", "b": True, "v": [0.5, 1.0], "m": [[1, 2], [3, 4]]}] * 3
    assert write_table(tmp_path / "t", rows, {}) == 3
    table = parquet.read_table(tmp_path / "t")
    assert table.to_pylist() == rows
    kinds = ["int64", "double", "string", "bool", "list<element: double>", "list<element: list<element: int64>>"]
    assert [str(field.type) for field in table.schema] == kinds


def test_examples_give_columns_their_type_where_the_rows_cannot(tmp_path):
    examples = {"note": "", "list": [[0.0]]}
    schemas = []
    for rows in ([{"note": None, "list": []}], [{"note": "x", "list": [[1.5]]}]):
        write_table(tmp_path / "t", rows, examples)
        schemas.append(parquet.read_schema(tmp_path / "t"))
    assert schemas[0] == schemas[1]


def test_dictionaries_become_text(tmp_path):
    rows = [{"about": {"a": 1}, "asked": [{"q": "?"}]}, {"about": {"b": [2]}, "asked": []}]
    for order in (rows, rows[::-1]):
        write_table(tmp_path / "t", order, {"asked": ""})
        back = parquet.read_table(tmp_path / "t").to_pylist()
        assert [{name: json.loads(text) for name, text in row.items()} for row in back] == order


def test_many_rows_keep_their_order_and_their_bytes_do_not_depend_on_how_they_come(tmp_path):
    rows = [{"i": i, "x": i / 7} for i in range(9_000)]
    write_table(tmp_path / "list", rows, {})
    write_table(tmp_path / "stream", iter(rows), {})
    assert parquet.read_table(tmp_path / "list").to_pylist() == rows
    assert (tmp_path / "list").read_bytes() == (tmp_path / "stream").read_bytes()


def test_a_row_of_another_shape_is_told(tmp_path):
    with pytest.raises(DataError, match=r"t: rows 0 to 1 do not fit"):
        write_table(tmp_path / "t", [{"i": 1}, {"i": "one"}], {})
    assert list(tmp_path.iterdir()) == []
