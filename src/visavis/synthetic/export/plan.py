"""What a folder of synthetic data is made of: numbered items, each some files and some rows of the table of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Output:
    """A part of an item, ready to be written.

    Attributes:
        files: contents by path relative to the folder, with `/`.
        rows: rows of the table of labels: JSON-ready values by column; every row of a plan has the same columns.
    """

    files: Mapping[str, bytes]
    rows: tuple[dict[str, Any], ...] = field(default=())


Render = Callable[[int], Iterator[Output]]
"""From the number of an item to its parts; the same bytes whenever and wherever it is called."""


class Plan(Protocol):
    """All that determines a folder of data. Plans are hashable and small: every process gets one and works alone."""

    def __hash__(self) -> int: ...

    @property
    def kind(self) -> str:
        """What it holds, in one word."""
        ...

    @property
    def count(self) -> int:
        """Number of items, numbered from 0."""
        ...

    @property
    def examples(self) -> Mapping[str, Any]:
        """A value for each column that may be None, or an empty list, in every row: it tells the column's type."""
        ...

    def parameters(self) -> dict[str, Any]:
        """JSON-ready; plans with equal parameters write equal bytes."""
        ...

    def files(self, item: int) -> list[str]:
        """Paths of all files of an item, relative to the folder; a folder below it belongs to one item alone."""
        ...

    def open(self) -> Render:
        """What one process needs to render items; called once in each process, and may take its time."""
        ...
