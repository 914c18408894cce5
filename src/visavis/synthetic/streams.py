"""Random streams by name: what is drawn for one thing never depends on what else is drawn, or on how many there are.

A stream is addressed by a seed and a path such as `("person", 17, "tone")`. Its numbers come from Philox 4x64 (Salmon
et al., 2011) keyed with a hash of the address; only raw counter output is used, whose values NumPy guarantees, so a
person drawn today is the same person under any later NumPy.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.ranges import generator, shown, whole

MAX_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Stream:
    """A named source of random numbers.

    Attributes:
        seed: 0..2**63-1.
        path: names and indices that lead from the seed to this stream.

    Raises:
        InvalidInput: the seed is not an integer in that range, or the path holds something else.
    """

    seed: int
    path: tuple[str | int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", whole("seed", self.seed, 0, MAX_SEED))
        object.__setattr__(self, "path", tuple(_name(step) for step in self.path))

    @classmethod
    def of(cls, source: Stream | np.random.Generator) -> Stream:
        """`source` itself if it is a stream, else one seeded from the generator.

        Raises:
            InvalidInput: it is neither, such as a bare seed.
        """
        if isinstance(source, Stream):
            return source
        return cls(int(generator("source (or a Stream)", source).integers(2**62)))

    def child(self, *names: str | int) -> Stream:
        """The stream below this one with that name; independent of this one and of all its other children."""
        return Stream(self.seed, self.path + names)

    def uniforms(self, count: int) -> NDArray[np.float64]:
        """(count,) numbers in the open interval (0, 1); the first ones do not depend on `count`."""
        return ((self._philox().random_raw(count) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def uniform(self) -> float:
        """The first number of `uniforms`."""
        return float(self.uniforms(1)[0])

    def generator(self) -> np.random.Generator:
        """A NumPy generator for bulk noise (pixels, textures, sound)."""
        return np.random.Generator(self._philox())

    def integer(self) -> int:
        """A seed for something else: an integer in [0, 2**63)."""
        return int(self._philox().random_raw() >> np.uint64(1))

    def _philox(self) -> np.random.Philox:
        address = repr((self.seed, *self.path)).encode()
        return np.random.Philox(key=int.from_bytes(hashlib.sha256(address).digest()[:16], "little"))


def _name(step: Any) -> str | int:
    """A step of a path in its plain type: NumPy's numbers and words name the same stream as Python's."""
    if isinstance(step, str):
        return str(step)
    if isinstance(step, bool) or not isinstance(step, int | np.integer):
        raise InvalidInput(f"stream {shown(step)}: needs a name or a whole number")
    return int(step)
