"""Templates from kept crops: the new model's chip is cut from the crop by the five points that were kept with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import GalleryCorrupt, ImageError, InvalidInput
from visavis.images import load
from visavis.types import Faces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.face import Engine
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import Crop, Reference

    Made = dict[int, NDArray[np.float32]]
    Reasons = dict[int, str]


def from_crops(gallery: Gallery, engine: Engine, references: Sequence[Reference]) -> tuple[Made, Reasons]:
    """Embed references again from their crops.

    Args:
        gallery: that holds them.
        engine: with the new model.
        references: any number; all are held in memory at once.

    Returns: templates by key, and why the others have none.

    Raises:
        ModelError: the model cannot be had or run.
    """
    reasons, kept = {}, []
    for one, crop in zip(references, kept_crops(gallery, [one.id for one in references]), strict=True):
        if isinstance(crop, str):
            reasons[one.key] = crop
        else:
            kept.append((one.key, crop))
    with ThreadPoolExecutor(engine.threads, "visavis-crops") as workers:
        cut = list(workers.map(lambda pair: crop_chip(engine, pair[1]), kept))
    reasons |= {key: chip for (key, _), chip in zip(kept, cut, strict=True) if isinstance(chip, str)}
    chips = {key: chip for (key, _), chip in zip(kept, cut, strict=True) if not isinstance(chip, str)}
    if not chips:
        return {}, reasons
    return dict(zip(chips, engine.embed(np.stack(list(chips.values()))), strict=True)), reasons


def crop_chip(engine: Engine, crop: Crop) -> NDArray[np.uint8] | str:
    """The (S, S, 3) chip that the engine's embedder reads, cut from a kept crop; or why it cannot be."""
    try:
        photo = load(crop.data, engine.limits)
        whole = np.array([[0, 0, photo.width, photo.height]], np.float32)
        faces = Faces(whole, np.array([crop.points], np.float32), np.ones(1, np.float32), "its crop")
        return np.asarray(engine.chips(photo, faces)[0])
    except (ImageError, InvalidInput) as error:
        return f"its crop cannot be used ({error})"


def kept_crops(gallery: Gallery, ids: Sequence[str]) -> Iterator[Crop | str]:
    """The crops of references, in the order of `ids`, or why there is none; a damaged one takes no other along."""
    try:
        found: list[Crop | str | None] = list(gallery.crops(ids))
    except GalleryCorrupt:
        found = [_one(gallery, id_) for id_ in ids]
    return ("no crop of it was kept" if crop is None else crop for crop in found)


def _one(gallery: Gallery, id_: str) -> Crop | str | None:
    try:
        return gallery.crops([id_])[0]
    except GalleryCorrupt as error:
        return f"its crop is damaged ({error})"
