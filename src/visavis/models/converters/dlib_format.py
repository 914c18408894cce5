"""Reading dlib's serialisation format: integers, floats, strings, matrices, tensors and layer records.

Nothing here knows a particular network; `dlib_resnet` and `dlib_trees` read their files with it. Format facts were
established on the files themselves: every byte of both is accounted for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ModelCorrupt

_SPECIAL = {32000: math.inf, 32001: -math.inf, 32002: math.nan}
"""Exponents that stand for what has no mantissa."""


@dataclass
class DlibReader:
    """A cursor over the bytes of a dlib file; every read checks the end and names the byte on failure."""

    data: bytes
    name: str
    position: int = 0

    def fail(self, problem: str) -> ModelCorrupt:
        """An error that names the file and the byte."""
        return ModelCorrupt(
            f"{self.name}: {problem} at byte {self.position}; the file is damaged or of another kind, "
            "fetch it again with `visavis models pull --force`"
        )

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self.position + count
        if count < 0 or end > len(self.data):
            raise self.fail(f"needs {count} more bytes but the file ends after {len(self.data)}")
        chunk = self.data[self.position : end]
        self.position = end
        return chunk

    def integer(self) -> int:
        """One byte of sign and length, then 1..8 bytes of magnitude, little-endian."""
        head = self.take(1)[0]
        length = head & 0x0F
        if not 1 <= length <= 8 or head & 0x70:
            raise self.fail(f"byte 0x{head:02x} does not start an integer")
        magnitude = int.from_bytes(self.take(length), "little")
        return -magnitude if head & 0x80 else magnitude

    def expect(self, *allowed: int, what: str) -> int:
        """An integer that must be one of `allowed` (versions, sizes)."""
        value = self.integer()
        if value not in allowed:
            raise self.fail(f"{what} is {value}, expected {' or '.join(map(str, allowed))}")
        return value

    def real(self) -> float:
        """mantissa * 2^exponent, both integers."""
        mantissa, exponent = self.integer(), self.integer()
        if exponent in _SPECIAL:
            return _SPECIAL[exponent]
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError:
            raise self.fail(f"exponent {exponent} is out of range") from None

    def boolean(self) -> bool:
        """ASCII '0' or '1'."""
        flag = self.take(1)
        if flag not in (b"0", b"1"):
            raise self.fail(f"byte {flag!r} is not a boolean")
        return flag == b"1"

    def string(self) -> str:
        """Length, then that many bytes."""
        length = self.integer()
        if not 0 <= length <= 256:
            raise self.fail(f"a string of {length} bytes is not plausible")
        return self.take(length).decode("latin-1")

    def tensor(self) -> NDArray[np.float32]:
        """(n, k, rows, cols) float32; an empty tensor has size 0."""
        self.expect(2, what="tensor version")
        shape = self.alias_shape()
        return np.frombuffer(self.take(4 * math.prod(shape)), dtype="<f4").reshape(shape)

    def alias_tensor(self) -> tuple[int, ...]:
        """The shape of a view into a parameter tensor."""
        self.expect(1, what="alias tensor version")
        return self.alias_shape()

    def alias_shape(self) -> tuple[int, ...]:
        """Four non-negative sizes."""
        shape = tuple(self.integer() for _ in range(4))
        if min(shape) < 0 or math.prod(max(1, side) for side in shape) > 1 << 48:
            raise self.fail(f"tensor shape {shape} is not plausible")
        return shape

    def finish(self) -> None:
        """Every byte must have been read."""
        if self.position != len(self.data):
            raise self.fail(f"{len(self.data) - self.position} bytes are left over")
