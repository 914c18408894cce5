"""A converted model is trusted only after it reproduced stored reference outputs on a fixed test pattern."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.errors import ModelCorrupt, ModelError
from visavis.models.card import ModelCard
from visavis.models.network import Network, network_input
from visavis.models.regression_trees import RegressionTrees

_DETECTOR_SIDE = 96


def reference_pattern(side: int) -> NDArray[np.uint8]:
    """(side, side, 3) uint8: smooth and sharp structure in all channels, the same on every machine."""
    y, x, c = np.ogrid[:side, :side, :3]
    pattern = (x * 7 + y * 13 + c * 61 + (x * y) // 11 + ((x - y) ** 2) // 29) % 256
    return np.asarray(pattern, np.uint8)


def outputs_on_pattern(card: ModelCard, data: bytes) -> NDArray[np.float64]:
    """All outputs of the converted model on the test pattern, flattened in order."""
    if card.task == "landmarks":
        box = np.array([[30, 30, 119, 119]], np.float32)
        return RegressionTrees.load(data).predict(reference_pattern(150), box).ravel().astype(np.float64)
    pixels = reference_pattern(card.input.width or _DETECTOR_SIDE)[None]
    outputs = Network(data, card.id, threads=1).run(network_input(pixels, card))
    return np.concatenate([output.ravel() for output in outputs]).astype(np.float64)


def sample(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """`count` values spread evenly over the flattened outputs."""
    return values.take(np.linspace(0, len(values) - 1, count).astype(int))


def verify(card: ModelCard, data: bytes) -> float | None:
    """Largest difference to the stored reference outputs; None when the card stores none.

    Raises:
        ModelCorrupt: the model does not reproduce them.
    """
    if card.reference is None:
        Network(data, card.id, threads=1)
        return None
    expected = np.array(card.reference.values)
    try:
        got = sample(outputs_on_pattern(card, data), len(expected))
    except ModelError as error:
        raise ModelCorrupt(f"{card.id}: cannot be run ({error}); run `visavis models pull --force`") from error
    difference = float(np.abs(got - expected).max())
    if not difference <= card.reference.tolerance:
        raise ModelCorrupt(
            f"{card.id}: outputs differ by {difference:.2g} from the reference (allowed {card.reference.tolerance:g}); "
            "the file or the conversion is wrong: run `visavis models pull --force`, and report it if it stays"
        )
    return difference
