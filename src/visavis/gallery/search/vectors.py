"""Templates in memory, handed out in panels that are ready for the product with queries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.gallery.search.blocks import Blocks, ByteBlocks
from visavis.gallery.search.columns import Column
from visavis.gallery.search.gains import rounding, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.search.gains import Panel
    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float32]
    Squares = NDArray[np.float64]


class Vectors(ABC):
    """n templates of one model.

    Attributes:
        blocks: their numbers.
        factor: what a query is multiplied by before its product with a panel.
        decodes: whether a panel is a copy.
    """

    blocks: Blocks
    factor: float
    decodes: bool

    @property
    def nbytes(self) -> int:
        """Memory of the templates and of what is kept with each."""
        return self.blocks.nbytes

    def append(self, rows: NDArray[Any], squares: Squares) -> None:
        """Add rows (m, d) of squared lengths (m,)."""
        self.blocks.append(rows)
        self._appended(squares)

    def write(self, places: Integers, rows: NDArray[Any], squares: Squares) -> None:
        """Overwrite the rows at `places` (m,)."""
        self.blocks.write(places, rows)
        self._written(places, squares)

    def move(self, sources: Integers, places: Integers) -> None:
        """Copy the rows at `sources` to `places`."""
        self.blocks.write(places, self.blocks.read(sources))
        self._moved(sources, places)

    def truncate(self, count: int) -> None:
        """Forget the rows from `count` on."""
        self.blocks.truncate(count)
        self._truncated(count)

    @abstractmethod
    def read(self, places: Integers) -> Floats:
        """The vectors (m, d) at `places`."""

    @abstractmethod
    def panel(self, start: int, stop: int, out: Floats) -> Panel:
        """The rows start..stop, which lie in one block.

        Args:
            start: first row.
            stop: row after the last.
            out: room for the rows if they have to be copied, see `decodes`.
        """

    @abstractmethod
    def gather(self, places: Integers, out: Floats) -> Panel:
        """The rows at `places` (m,), copied to `out`."""

    @abstractmethod
    def _appended(self, squares: Squares) -> None: ...

    @abstractmethod
    def _written(self, places: Integers, squares: Squares) -> None: ...

    @abstractmethod
    def _moved(self, sources: Integers, places: Integers) -> None: ...

    @abstractmethod
    def _truncated(self, count: int) -> None: ...


class FloatVectors(Vectors):
    """Templates as float32, and 4 bytes each for their lengths.

    Args:
        dimension: numbers per template.
        metric: how they are compared.
    """

    decodes = False

    def __init__(self, dimension: int, metric: Metric) -> None:
        self.blocks = Blocks(dimension)
        self.factor = 2.0 if metric == "euclidean" else 1.0
        self._metric: Metric = metric
        self._terms = Column(np.float32)

    @property
    def nbytes(self) -> int:
        return self.blocks.nbytes + self._terms.nbytes

    def read(self, places: Integers) -> Floats:
        """The vectors (m, d) at `places`, as they were put."""
        return self.blocks.read(places)

    def panel(self, start: int, stop: int, out: Floats) -> Panel:
        """The rows start..stop of one block, without a copy."""
        return self.blocks.view(start, stop), self._terms.values[start:stop]

    def gather(self, places: Integers, out: Floats) -> Panel:
        """A copy of the rows at `places`."""
        return self.blocks.read(places, out), self._terms.values[places]

    def _appended(self, squares: Squares) -> None:
        self._terms.append(terms(squares, self.blocks.dimension, self._metric))

    def _written(self, places: Integers, squares: Squares) -> None:
        self._terms.write(places, terms(squares, self.blocks.dimension, self._metric))

    def _moved(self, sources: Integers, places: Integers) -> None:
        self._terms.write(places, self._terms.values[sources])

    def _truncated(self, count: int) -> None:
        self._terms.truncate(count)


class ByteVectors(Vectors):
    """Templates as int8 codes of one scale: vector = codes * scale.

    Args:
        dimension: numbers per template.
        metric: how they are compared.
        scale: the step.

    Attributes:
        blocks: the codes.
        scale: the step.
        lengths: bounds on the lengths of the codes; what was dropped may have left them wider than need be.

    Raises:
        MissingExtra: faiss is not installed.
    """

    decodes = True
    blocks: ByteBlocks

    def __init__(self, dimension: int, metric: Metric, scale: float) -> None:
        self.blocks = ByteBlocks(dimension, metric)
        self.scale = scale
        self.factor = 2.0 * scale if metric == "euclidean" else 1.0
        self.lengths = np.inf, 0.0
        self._metric: Metric = metric

    def read(self, places: Integers) -> Floats:
        """The vectors (m, d) at `places`, as `visavis.matching.dequantize` gives them."""
        return self.blocks.read(places) * np.float32(self.scale)

    def panel(self, start: int, stop: int, out: Floats) -> Panel:
        """The codes start..stop of one block as float32."""
        return self._ready(self.blocks.floats(start, stop, out))

    def gather(self, places: Integers, out: Floats) -> Panel:
        """The codes at `places` as float32."""
        return self._ready(self.blocks.read(places, out))

    def _ready(self, codes: Floats) -> Panel:
        squares = np.einsum("ij,ij->i", codes, codes).astype(np.float64)
        unit = 1.0 if self._metric == "cosine" else self.scale * self.scale
        return codes, terms(squares * unit, self.blocks.dimension, self._metric)

    def _appended(self, squares: Squares) -> None:
        if len(squares):
            error = rounding(self.blocks.dimension)
            low, high = (
                np.sqrt(end) / self.scale for end in (squares.min() * (1 - error), squares.max() * (1 + error))
            )
            self.lengths = min(self.lengths[0], float(low)), max(self.lengths[1], float(high))

    def _written(self, places: Integers, squares: Squares) -> None:
        self._appended(squares)

    def _moved(self, sources: Integers, places: Integers) -> None:
        """Lengths stay what they are."""

    def _truncated(self, count: int) -> None:
        if not count:
            self.lengths = np.inf, 0.0
