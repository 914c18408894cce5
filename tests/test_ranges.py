"""Checks of arguments: what is in range passes in its plain type, all else is told with what is allowed."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.ranges import number, odd, one_of, truth, whole


@pytest.mark.parametrize("value", [0, 0.0, 2.5, 5, np.float32(2.5), np.int64(3)])
def test_numbers_in_range_become_floats(value):
    assert number("thing", value, 0, 5) == value
    assert type(number("thing", value, 0, 5)) is float


@pytest.mark.parametrize("value", [-0.1, 5.1, float("nan"), float("inf"), "2", None, True, 1j, [1], 10**400])
def test_other_things_are_no_number_in_range(value):
    with pytest.raises(InvalidInput, match=r"thing: expected a number in 0\.\.5, got "):
        number("thing", value, 0, 5)


@pytest.mark.parametrize("value", [0, 5, np.uint8(3)])
def test_whole_numbers_in_range_become_ints(value):
    assert type(whole("thing", value, 0, 5)) is int


@pytest.mark.parametrize("value", [-1, 6, 2.0, "2", None, True])
def test_other_things_are_no_whole_number_in_range(value):
    with pytest.raises(InvalidInput, match=r"thing: expected a whole number in 0\.\.5, got "):
        whole("thing", value, 0, 5)


def test_odd_numbers_are_odd():
    assert odd("thing", 3, 1, 9) == 3
    with pytest.raises(InvalidInput, match=r"an odd number in 1\.\.9, got 4"):
        odd("thing", 4, 1, 9)


def test_a_name_must_be_on_the_list_and_the_message_shows_it():
    assert one_of("kind", "b", ("a", "b")) == "b"
    with pytest.raises(InvalidInput, match="kind: expected one of a, b, got 'c'"):
        one_of("kind", "c", iter(("a", "b")))


def test_only_true_and_false_are_truth_values():
    assert truth("flag", True) is True
    with pytest.raises(InvalidInput, match="True or False, got 1"):
        truth("flag", 1)
