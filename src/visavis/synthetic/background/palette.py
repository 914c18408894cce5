"""Colours that real things have, as sRGB hex words, and their linear light."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from visavis.srgb import linear_light

Light: TypeAlias = NDArray[np.float32]
"""Linear RGB light, 1 = diffuse white."""

WALLS = "f1ece2 e4ddd0 d8d3c8 cfd3d1 e8e6e1 c9beae b9c2c0 d9cdb8 a9b0a8 8f9a9c b5a08a f4f2ee 7d7f82 6f7d86 c7b5a0"
WOODS = "6b4a32 8a6242 4a3425 a67b52 b98d62 3b2a20 c9a27a"
THINGS = "7a2e2a 2f4a63 3f5a44 b08b3e 8c8577 d6cfbf 303234 5a3e52 a65e3a e7e1d3 46607a 1f2a36 9aa3a3 6d6257"
LEAVES = "334a26 465f2c 5b733a 6f8744 2a3a1e 80904f 3b5030 7a8450"
FACADES = "b9a58c c8bca8 9a8a7a a8684f d5cfc4 8a8f94 6e7479 e0d6c2 8c5f4c b3b0a8"
ROADS = "6c6e70 7f8081 55585a 8b8782"
DARKS = "1c1d20 26231f 18202a 2e2b2a"
BOOKS = f"{THINGS} {THINGS} e7e1d3 d6cfbf 8c8577 303234"
FRAMES = f"{WOODS} {DARKS} e9e4da"
POTS = "8f5a40 d8d3c8 303234 9aa3a3"
DAYLIGHT = "eef3fa f8f6ee e4edf8"
LAMPS = "ffd9a0 ffc070 fff0d8 ffb050 ffe6c0"
SIGNALS = "ff5a3c ffb040 58d07a 60a8ff ff7ab0 fff2e0"
GRASS = "667a45 586f3c 83905a 7d8450 a09a70"
BARK = "4a4036 5a4c3e 2e2823 6b6257"
GLASS = "3a4450 5a6a78 8fa3b4 2a2d30"
CARS = "202428 e6e6e4 8c2a26 2f4a63 9aa0a4 d0d2d2 3a3d41"
SKIES = ("6f9bd0 dbe6ee", "9db9d6 e4ebf0", "c3c9cf e9ebec", "b3bcc6 dfe0e0", "7f8fb4 f0cfa6", "8fb0d8 f2efe6")
"""Each the colour overhead and that at the horizon."""
PAPERS = "f4f4f2 d9dadb a7abae 6c7075 3a3d41 5a6e8c 8ea6bd 7a5f4a 1d1e21 c9c2b6 4c5f54 e9e4da"


@cache
def colours(palette: str) -> Light:
    """(n, 3) linear light of the words of a palette."""
    coded = np.array([[int(word[i : i + 2], 16) for i in (0, 2, 4)] for word in palette.split()]) / 255
    light = linear_light(coded).astype(np.float32)
    light.setflags(write=False)
    return light


def pick(rng: Generator, palette: str, spread: float = 0.12) -> Light:
    """(3,) a colour of the palette, a little brighter or darker and a little off in hue."""
    table = colours(palette)
    change = np.exp(spread * rng.standard_normal() + 0.25 * spread * rng.standard_normal(3))
    return np.asarray(table[int(rng.integers(len(table)))] * change, dtype=np.float32)
