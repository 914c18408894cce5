"""From chips to vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.errors import CardError, InvalidInput, ModelError
from visavis.models.card import ModelCard
from visavis.models.network import Network, network_input

_BATCH = 32  # larger batches gain nothing on a CPU and cost memory


class Embedder:
    """A face embedder: aligned chips in, vectors out.

    Args:
        card: the model's card.
        network: the loaded model.
        flip: average the vectors of a chip and of its mirror image; doubles the cost, halves some errors. Templates
            with and without it are calibrated apart, so their fingerprints differ.
    """

    def __init__(self, card: ModelCard, network: Network, flip: bool = False) -> None:
        if card.task != "embed":
            raise CardError(f"{card.id} is no face embedder (its task is {card.task!r})")
        self.card = card
        self.flip = flip
        self._network = network
        fixed = network.input_shape[0]  # some exports take one chip at a time
        self._batch = fixed if isinstance(fixed, int) else _BATCH

    @property
    def fingerprint(self) -> str:
        """Stamp of the templates made: `id@hash`, with `+flip` under flip fusion."""
        return self.card.fingerprint + ("+flip" if self.flip else "")

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors of aligned chips.

        Args:
            chips: (n, S, S, 3) uint8 RGB, aligned to the card's template.
        Returns: (n, d) float32, as the network gives them (not normalised).

        Raises:
            InvalidInput: the chips have another size or type.
            ModelError: the network does not give what its card promises.
        """
        side = self.card.input.width
        if not isinstance(chips, np.ndarray) or chips.dtype != np.uint8 or chips.shape[1:] != (side, side, 3):
            got = f"{chips.dtype} {chips.shape}" if isinstance(chips, np.ndarray) else type(chips).__name__
            raise InvalidInput(f"chips: {self.card.id} reads (n, {side}, {side}, 3) uint8, got {got}")
        if not len(chips):
            return np.zeros((0, self.card.output.dimensions or 0), np.float32)
        parts = (chips[start : start + self._batch] for start in range(0, len(chips), self._batch))
        return np.concatenate([self._embed(part) for part in parts])

    def _embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = self._forward(chips)
        if self.flip:
            vectors = (vectors + self._forward(chips[:, :, ::-1])) / np.float32(2)
        return vectors

    def _forward(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = self._network.run(network_input(chips, self.card))[0]
        if vectors.shape != (len(chips), self.card.output.dimensions):
            raise CardError(
                f"{self.card.id}: returned {vectors.shape}, its card promises {self.card.output.dimensions} numbers"
            )
        if not np.isfinite(vectors).all():
            raise ModelError(
                f"{self.card.id}: returned NaN or infinite numbers; its file is damaged, or its card scales wrongly"
            )
        return vectors.astype(np.float32, copy=False)
