"""The old model's thresholds set again for the new one, at the same rates: their scores mean different things."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import select

from visavis.errors import InvalidInput, NotCalibrated
from visavis.gallery.schema import model, threshold
from visavis.gallery.thresholds import gallery_threshold
from visavis.gallery.upgrade.report import RenewedThreshold

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery

    Progress = Callable[[int, int], None]


def renewed_thresholds(
    gallery: Gallery, before: str, now: str, *, refresh: bool = True, progress: Progress | None = None
) -> tuple[RenewedThreshold, ...]:
    """Set and store the new model's threshold for every rate that the old model has one for.

    Args:
        gallery: open gallery whose references have templates of both models.
        before: fingerprint of the old model.
        now: fingerprint of the new model.
        refresh: set them even if the new model has some that fit.
        progress: called with (searches done, all), for each rate.
    """
    return tuple(_renewed(gallery, fpir, old, now, refresh, progress) for fpir, old in _stored(gallery, before))


def _renewed(
    gallery: Gallery, fpir: float, old: float | None, now: str, refresh: bool, progress: Progress | None
) -> RenewedThreshold:
    try:
        made = gallery_threshold(gallery, fpir, model=now, refresh=refresh, progress=progress)
    except (InvalidInput, NotCalibrated) as error:
        return RenewedThreshold(fpir, old, None, str(error))
    return RenewedThreshold(fpir, old, made.threshold)


def _stored(gallery: Gallery, fingerprint: str) -> list[tuple[float, float | None]]:
    query = select(threshold.c.fpir, threshold.c.value).join(model, model.c.key == threshold.c.model)
    with gallery.store.reading() as connection:
        rows = connection.execute(query.where(model.c.fingerprint == fingerprint).order_by(threshold.c.fpir)).all()
    return [(float(fpir), value.get("threshold")) for fpir, value in rows]
