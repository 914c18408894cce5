"""Natural colours of hair, in linear light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_STEPS = np.array([0.0, 0.22, 0.45, 0.62, 0.8, 1.0])
_SHADES = np.array(
    [
        (0.012, 0.0105, 0.010),  # black
        (0.034, 0.022, 0.0155),  # dark brown
        (0.078, 0.047, 0.029),  # brown
        (0.150, 0.096, 0.057),  # light brown
        (0.260, 0.178, 0.104),  # dark blond
        (0.470, 0.360, 0.225),  # light blond
    ]
)
_RED = np.array([(0.055, 0.016, 0.008), (0.15, 0.043, 0.014), (0.36, 0.14, 0.05)])
"""Auburn, red, ginger."""
_WHITE = np.array([0.50, 0.49, 0.47])


def pigment(colour: float, red: float) -> Array:
    """(3,) linear RGB of hair without grey.

    Args:
        colour: 0 black to 1 light blond.
        red: 0 to 1; red shows above 0.8, as it is rare.
    """
    base = np.exp([np.interp(colour, _STEPS, np.log(_SHADES[:, c])) for c in range(3)])
    ruddy = np.exp([np.interp(colour, [0.1, 0.45, 0.9], np.log(_RED[:, c])) for c in range(3)])
    share = float(np.clip((red - 0.72) / 0.2, 0.0, 1.0))
    return np.asarray(base * (ruddy / base) ** share)


def hair_colour(colour: float, red: float, grey: float) -> Array:
    """(3,) mean linear RGB of hair whose share `grey` (0 to 1) has lost its pigment; also for brows and beards."""
    return (1.0 - grey) * pigment(colour, red) + grey * _WHITE


def pigment_and_white(colour: float, red: float, grey: float = 0.0) -> tuple[Array, Array]:
    """Linear RGB, (3,) each, of a strand with its pigment and of one that has lost it.

    In greying hair (`grey` towards 1) the pigmented strands pale as well.
    """
    own = pigment(colour, red)
    return own + 0.55 * grey * (0.6 * own.mean() + 0.12 - own), _WHITE


def paleness(lot: NDArray[np.floating], grey: float) -> NDArray[np.float32]:
    """(h, w) how white texels are: a texel holds many strands, so it strays from the share `grey` only a little.

    Args:
        lot: (h, w) uniform number in 0..1 of each texel.
        grey: share of white strands.
    """
    return np.asarray(np.clip(grey + grey * (1.0 - grey) * (1.1 - 2.2 * lot), 0.0, 1.0), dtype=np.float32)
