from __future__ import annotations

import contextlib
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ModelCorrupt
from visavis.models.converters.dlib_format import DlibReader


def integer(value: int) -> bytes:
    """dlib's integer, written independently: sign and length in one byte, then the magnitude."""
    magnitude = abs(value).to_bytes(8, "little").rstrip(b"\0") or b"\0"
    return bytes([len(magnitude) | (0x80 if value < 0 else 0)]) + magnitude


def real(value: float) -> bytes:
    mantissa, exponent = math.frexp(value)
    return integer(int(mantissa * 2**53)) + integer(exponent - 53)


def reader(data: bytes) -> DlibReader:
    return DlibReader(data, "test.dat")


@given(st.integers(-(2**64) + 1, 2**64 - 1))
def test_integers_are_read_back(value):
    source = reader(integer(value))
    assert source.integer() == value
    source.finish()


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_reals_are_read_back_exactly(value):
    assert reader(real(value)).real() == value


@pytest.mark.parametrize(("data", "value"), [("0196", 150), ("811c", -28)])
def test_known_bytes_give_known_integers(data, value):
    assert reader(bytes.fromhex(data)).integer() == value


def test_known_bytes_give_a_known_real():
    assert reader(bytes.fromhex("030ad7a3811c")).real() == pytest.approx(0.04, abs=1e-9)


@pytest.mark.parametrize(("exponent", "value"), [(32000, math.inf), (32001, -math.inf)])
def test_infinities_have_their_own_exponents(exponent, value):
    assert reader(integer(1) + integer(exponent)).real() == value


@given(st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_tensors_are_read_back(shape):
    values = np.arange(np.prod(shape), dtype="<f4").reshape(shape)
    data = integer(2) + b"".join(integer(side) for side in shape) + values.tobytes()
    np.testing.assert_array_equal(reader(data).tensor(), values)


def test_strings_and_booleans_are_read_back():
    source = reader(integer(4) + b"con_" + b"10")
    assert (source.string(), source.boolean(), source.boolean()) == ("con_", True, False)


@pytest.mark.parametrize(
    ("data", "read", "problem"),
    [
        (b"", "integer", "needs 1 more bytes"),
        (b"\x04\x01", "integer", "needs 4 more bytes"),
        (b"\x00", "integer", "does not start an integer"),
        (b"\x19\x01", "integer", "does not start an integer"),
        (b"x", "boolean", "is not a boolean"),
        (integer(1 << 40), "string", "not plausible"),
        (integer(-3), "string", "not plausible"),
        (integer(1) + integer(1 << 20), "real", "out of range"),
        (integer(1) + integer(1024), "real", "out of range"),
        (integer(9), "tensor", "tensor version is 9, expected 2"),
        (integer(2) + integer(1 << 30) + integer(1) * 3, "tensor", "needs 4294967296 more bytes"),
        (integer(2) + integer(1 << 16) * 4, "tensor", "not plausible"),  # 2^64 numbers, 0 in 64-bit arithmetic
        (integer(2) + integer(1 << 28) * 3 + integer(0), "tensor", "not plausible"),
        (integer(2) + integer(-1) * 2 + integer(1) * 2, "tensor", "not plausible"),
    ],
)
def test_damage_is_named_with_its_byte(data, read, problem):
    with pytest.raises(ModelCorrupt, match=f"test.dat: .*{problem}.*at byte"):
        getattr(reader(data), read)()


def test_left_over_bytes_are_refused():
    with pytest.raises(ModelCorrupt, match="3 bytes are left over"):
        reader(b"abc").finish()


@given(st.binary(max_size=64))
def test_rubbish_raises_only_model_corrupt(data):
    for read in ("integer", "real", "boolean", "string", "tensor", "alias_tensor"):
        with contextlib.suppress(ModelCorrupt):
            getattr(reader(data), read)()


@given(st.data())
def test_every_truncation_is_named_with_its_byte(data):
    values = data.draw(st.lists(st.integers(-(2**63), 2**63), min_size=1, max_size=4))
    whole = b"".join(map(integer, values)) + integer(2) + integer(2) * 4 + bytes(64)
    source = reader(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ModelCorrupt, match=rf"the file ends after {len(source.data)} at byte \d+;"):
        [source.integer() for _ in values], source.tensor()


def test_float32_files_hold_little_endian_numbers():
    data = integer(2) + integer(1) * 4 + struct.pack("<f", 1.5)
    assert reader(data).tensor().item() == 1.5
