"""Values on their way into the database and out of it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import GalleryCorrupt, InvalidInput
from visavis.gallery.store import values
from visavis.gallery.store.values import asked_keys, asked_texts, from_json, parts, storable, to_json

any_text = st.text(st.characters(exclude_categories=()), max_size=30)


@given(any_text)
def test_text_that_can_be_stored_is_encodable_and_stays_what_it_is(text):
    kept = storable(text)
    assert "\0" not in kept
    assert kept.encode().decode() == kept
    assert storable(kept) == kept
    if "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert kept == text


def test_what_is_no_text_is_refused():
    assert storable(None) is None
    for wrong in (5, b"bytes", ["a"]):
        with pytest.raises(InvalidInput, match="text is expected"):
            storable(wrong)


@given(st.lists(st.integers(-(2**70), 2**70)))
def test_numbers_that_no_row_has_are_not_asked_for(numbers):
    asked = asked_keys(numbers)
    assert set(asked) == {number for number in numbers if -(2**63) <= number < 2**63}
    assert len(set(asked)) == len(asked)


def test_numbers_may_be_numpy_s_and_must_be_whole():
    assert asked_keys(np.array([3, 1, 3])) == [3, 1]
    assert all(type(key) is int for key in asked_keys(np.array([3])))
    for wrong in (["a"], [None], [1.5], 5):
        with pytest.raises((InvalidInput, TypeError)):
            asked_keys(wrong)
    assert asked_texts(["b", "a", "b", "\0"]) == ["b", "a", "\\x00"]


@given(st.lists(st.integers(), max_size=40), st.integers(1, 9))
def test_parts_hold_everything_in_order(numbers, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "ASKED", size)
        lists = list(parts(numbers))
    assert list(itertools.chain(*lists)) == numbers
    assert all(len(one) == size for one in lists[:-1])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
)


@given(json_values)
def test_json_reads_back_as_it_was_written(value):
    assert from_json(to_json(value)) == value
    assert to_json(from_json(to_json(value))) == to_json(value)
    assert to_json(value).isascii()


def test_json_has_no_form_for_some_values():
    endless: list = []
    endless.append(endless)
    for wrong in (float("nan"), float("inf"), object(), {1, 2}, b"bytes", endless, {(1, 2): 3}):
        with pytest.raises(InvalidInput, match="cannot be stored"):
            to_json(wrong)


@pytest.mark.parametrize("text", ["", "{", '{"a": ', "\ud800", None, b"\xff", object(), "[" * 100_000])
def test_damaged_json_is_damage(text):
    with pytest.raises(GalleryCorrupt):
        from_json(text)


def test_a_bare_number_is_what_sqlite_makes_of_it():
    assert (from_json(5), from_json(0.5), from_json("5")) == (5, 0.5, 5)
