from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ModelCorrupt
from visavis.models.converters.dlib_format import DlibReader
from visavis.models.converters.dlib_integers import IntegerFile

integers = st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=60)


def encode(values):
    """dlib's integers: sign and length, then the magnitude, little-endian."""
    parts = []
    for value in map(int, values):
        length = max(1, -(-abs(value).bit_length() // 8))
        parts.append(bytes([length | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(length, "little"))
    return b"".join(parts)


@given(integers)
def test_every_integer_comes_back(values):
    assert IntegerFile.read(encode(values), "file").values.tolist() == values


def test_long_files_read_the_same_as_one_by_one():
    rng = np.random.default_rng(5)
    data = encode(rng.integers(-(2**62), 2**62, 9000) >> rng.integers(0, 62, 9000))  # spans many stretches
    slow = DlibReader(data, "file")
    file = IntegerFile.read(data, "file")
    for start, value in zip(file.starts.tolist(), file.values.tolist(), strict=True):
        assert (slow.position, slow.integer()) == (start, value)
    slow.finish()


@given(integers, st.data())
def test_a_file_cut_inside_its_last_integer_is_refused(values, data):
    whole = encode(values)
    lost = data.draw(st.integers(1, len(encode(values[-1:])) - 1))
    with pytest.raises(ModelCorrupt, match="ends inside an integer"):
        IntegerFile.read(whole[:-lost], "file")


@pytest.mark.parametrize("head", [0x00, 0x09, 0x0F, 0x10, 0x41, 0xF1])
def test_a_byte_that_starts_no_integer_is_named(head):
    with pytest.raises(ModelCorrupt, match=rf"some\.dat: byte 0x{head:02x} does not start an integer at byte 5"):
        IntegerFile.read(encode([7, -300]) + bytes([head]) + bytes(16), "some.dat")


def test_an_empty_file_is_refused():
    with pytest.raises(ModelCorrupt, match="ends inside an integer"):
        IntegerFile.read(b"", "file")


def test_an_integer_of_more_than_63_bits_is_refused():
    with pytest.raises(ModelCorrupt, match="exceeds 63 bits at byte 2"):
        IntegerFile.read(b"\x01\x05\x08" + b"\xff" * 8, "file")


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_reals_read_the_same_as_one_by_one(values):
    data = encode(part for value in values for part in mantissa_and_exponent(value))
    file, slow = IntegerFile.read(data, "file"), DlibReader(data, "file")
    assert file.reals(file.take(1, 2 * len(values)))[0].tolist() == [slow.real() for _ in values] == values


@pytest.mark.parametrize("pair", [(1, 32000), (-1, 32001), (0, 32002), (1, 1001), (1, 500)])
def test_reals_that_are_not_finite_are_refused(pair):
    file = IntegerFile.read(encode(pair), "file")
    with pytest.raises(ModelCorrupt, match="a real number"):
        file.reals(file.values)


def mantissa_and_exponent(value):
    mantissa, exponent = math.frexp(value)
    return int(mantissa * 2**24), exponent - 24


def test_reading_past_the_end_says_what_is_missing():
    file = IntegerFile.read(encode([1, 2]), "file")
    with pytest.raises(ModelCorrupt, match="needs 6 more integers but the file holds 2"):
        file.take(2, 3)


def test_leftover_integers_are_refused():
    file = IntegerFile.read(encode([1, 2, 3]), "file")
    file.take(1, 1)
    with pytest.raises(ModelCorrupt, match="2 integers are left over at byte 2"):
        file.finish()
