"""What every template store does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from visavis.gallery.types import ModelSpace
    from visavis.gallery.vault import Vault

    Keys = NDArray[np.int64]
    Rows = NDArray[Any]


class Templates(Protocol):
    """Templates of references, as they are stored: (n, d) float32, or int8 codes where the model's space says so."""

    def put(
        self, connection: Connection, space: ModelSpace, keys: Keys, ids: Sequence[str], rows: Rows, vault: Vault | None
    ) -> None:
        """Write the templates of references whose rows are there, within the connection's transaction."""

    def get(self, connection: Connection, space: ModelSpace, keys: Keys, vault: Vault | None) -> Rows:
        """Templates in the order of `keys`.

        Raises:
            GalleryCorrupt: one is missing, damaged, or has another length.
        """

    def stream(self, connection: Connection, space: ModelSpace, vault: Vault | None) -> Iterator[tuple[Keys, Rows]]:
        """All templates of a model, by rising key, block by block."""

    def erase(self, space: ModelSpace, keys: Keys) -> str:
        """Erase outside the tables what is gone from them; '' when nothing is left, else what is and why.

        Raises:
            GalleryUnavailable, GalleryBusy: not now; it can be repeated.
        """

    def drop_space(self, space: ModelSpace) -> None:
        """Erase outside the tables all templates of a model that is gone from them."""

    def strays(self, connection: Connection, space: ModelSpace) -> Keys:
        """Keys that an outside store has and the tables do not."""

    def close(self) -> None:
        """Hang up."""
