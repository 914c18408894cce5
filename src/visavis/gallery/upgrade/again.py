"""Enrolled faces embedded again: from what was kept, the better source first and the other where that one fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from visavis.gallery.upgrade.crops import from_crops
from visavis.gallery.upgrade.originals import from_originals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visavis.face import Engine
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import Reference


@dataclass(slots=True)
class Again:
    """Templates made again.

    Attributes:
        vectors: (d,) by reference key.
        crops: keys of those that were made from crops; the others are from original photos.
        reasons: why other references have none, by key.
    """

    vectors: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    crops: set[int] = field(default_factory=set)
    reasons: dict[int, str] = field(default_factory=dict)


def embed_again(
    gallery: Gallery, engine: Engine, references: Sequence[Reference], *, originals_first: bool = False
) -> Again:
    """Templates of enrolled references under the engine's model.

    Args:
        gallery: that holds them.
        engine: with the new model.
        references: a few hundred; their crops are in memory together.
        originals_first: prefer the original photos to the crops.
    """
    again, left = Again(), list(references)
    for originals in (originals_first, not originals_first):
        found = from_originals(engine, left) if originals else from_crops(gallery, engine, left)
        made = {key: vector for key, vector in found[0].items() if vector.any()}  # of length 0: no direction, no face
        again.vectors |= made
        again.crops |= set() if originals else set(made)
        left = [one for one in left if one.key not in made]
        for one in left:
            why = found[1].get(one.key, "the model gives nothing but zeros for it")
            again.reasons[one.key] = f"{again.reasons[one.key]}; {why}" if one.key in again.reasons else why
    again.reasons = {one.key: again.reasons[one.key] for one in left}
    return again
