"""Rows in blocks: every one of them, in order."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select

from visavis.gallery.store.rows import plain_rows

numbers = Table("numbers", MetaData(), Column("number", Integer, primary_key=True))


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 20])
def test_no_row_is_lost_at_any_block_s_edge(count):
    with create_engine("sqlite://").begin() as connection:
        numbers.create(connection)
        if count:
            connection.execute(insert(numbers), [{"number": number} for number in range(count)])
        blocks = list(plain_rows(connection, select(numbers.c.number).order_by(numbers.c.number), 8))
    assert [row[0] for block in blocks for row in block] == list(range(count))
    assert all(len(block) == 8 for block in blocks[:-1])
