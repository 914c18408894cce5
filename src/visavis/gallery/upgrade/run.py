"""A gallery gets another model: every reference is embedded again, and only when all are, the new model takes over.

The gallery stays in use throughout: people are enrolled and searched under the old model until one transaction makes
the new one active, and what is ready of the new model can be searched too, by its name. A batch of references is one
transaction, so that a run may stop at any moment (an error, a signal, a power cut) and the next one goes on there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from visavis.errors import CardError
from visavis.gallery.schema import person, reference, template
from visavis.gallery.store.spaces import find_space, read_spaces
from visavis.gallery.upgrade.again import embed_again
from visavis.gallery.upgrade.erasing import abort_upgrade, drop_others
from visavis.gallery.upgrade.report import Dropped, Missing, Upgraded
from visavis.gallery.upgrade.state import Target, begin, finish, read_state, upgrade_under_way, without_template
from visavis.gallery.upgrade.thresholds import renewed_thresholds
from visavis.gallery.upgrade.writing import wanted_space, write

if TYPE_CHECKING:
    from visavis.face import Engine
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import Precision
    from visavis.gallery.upgrade.report import RenewedThreshold

    Progress = Callable[[int, int], None]

__all__ = ["BATCH", "abort_upgrade", "upgrade"]

BATCH = 128
"""References in one transaction: a second or so of work, which is all that a stopped run loses."""


def upgrade(
    gallery: Gallery,
    engine: Engine,
    *,
    precision: Precision | None = None,
    from_originals: bool = False,
    drop_old: bool = False,
    allow_missing: bool = False,
    progress: Progress | None = None,
) -> Upgraded:
    """Bring a gallery to an engine's model, or go on with what an earlier run began.

    If it has that model already, references without a template of it are given one, where that is possible now.

    Args:
        gallery: opened for writing.
        engine: whose embedder is the new model (`Engine(embedder=...)`); its detector finds faces on original photos.
        precision: how the new templates are kept; as the old ones, if None.
        from_originals: prefer the original photos, where they are still what was enrolled, to the kept crops.
        drop_old: erase all other models' templates when the new one is active. They are kept as long as a reference
            has no other template.
        allow_missing: make the new model active even if some references could not be embedded again; they are not
            found any more.
        progress: called with (references done, all), then, for each threshold that is set again, (searches done, all).

    Returns: what was done; `active` is False where references are missing and `allow_missing` was not set.

    Raises:
        GalleryConflict: an upgrade to another model is under way, or this one was aborted meanwhile.
        GalleryReadOnly, GalleryBusy, GalleryUnavailable, StorageError: it cannot be written to; what was is kept.
        WrongKey: the gallery was given another key meanwhile.
        ModelError: the model cannot be had or run.
    """
    target = _target(engine, precision)
    state = begin(gallery, target)
    before = gallery.model.fingerprint if state is None else state.before
    run = _Run(gallery, engine, target.fingerprint, from_originals, progress)
    run.fill()
    thresholds = _take_over(run, before, allow_missing) if state is not None else ()
    active = gallery.model.fingerprint == target.fingerprint
    dropped = drop_others(gallery) if drop_old and active else Dropped()
    return run.report(before, thresholds, active=active, dropped=dropped)


def _target(engine: Engine, precision: Precision | None) -> Target:
    """The engine's model, once it has shown that it runs and gives what its card promises."""
    side, output = engine.embedder_card.input.width, engine.embedder_card.output
    engine.embed(np.zeros((1, side, side, 3), np.uint8))
    if output.dimensions is None or output.metric is None:
        raise CardError(f"{engine.embedder_card.id}: its card names no dimension or metric; mend it")
    return Target(engine.fingerprint, output.dimensions, output.metric, precision)


def _take_over(run: _Run, before: str, allow_missing: bool) -> tuple[RenewedThreshold, ...]:
    """Make the new model active with thresholds of its own, as soon as nobody is left behind unasked."""
    renewed: tuple[RenewedThreshold, ...] = ()
    refresh = True
    while allow_missing or not run.missing:
        renewed = renewed_thresholds(run.gallery, before, run.fingerprint, refresh=refresh, progress=run.progress)
        if run.activate():
            return renewed
        run.fill()  # somebody was enrolled meanwhile
        refresh = False
    return ()


@dataclass
class _Run:
    """One run towards a model; what it could not do stays known to it, and is not tried twice."""

    gallery: Gallery
    engine: Engine
    fingerprint: str
    from_originals: bool
    progress: Progress | None
    missing: dict[int, Missing] = field(default_factory=dict)
    crops: int = 0
    originals: int = 0

    def fill(self) -> None:
        """Make the templates that are missing, as far as they can be made; two runs at once share the work."""
        todo, total = [key for key in self._lacking() if key not in self.missing], self.gallery.count()[1]
        batches = [todo[start : start + BATCH] for start in range(0, len(todo), BATCH)]
        random.shuffle(batches)  # so that another run seldom works on the same one
        done = total - len(todo)
        for keys in batches:
            self._batch(keys)
            done += len(keys)
            if self.progress:
                self.progress(min(done, total), total)
        left = set(self._lacking())
        self.missing = {key: one for key, one in self.missing.items() if key in left}  # without the forgotten

    def activate(self) -> bool:
        """Make the model active, unless somebody was enrolled since who has no template of it."""
        with self.gallery.store.changing() as change:
            space, state = (
                wanted_space(self.gallery, change.connection, self.fingerprint),
                read_state(change.connection),
            )
            left = without_template(change.connection, space)
            if set(left) - set(self.missing):
                return False
            if state is not None:  # or another run was here first
                finish(change, space, state, [self.missing[key].reference for key in left])
                self.crops, self.originals = state.crops, state.originals
            return True

    def report(
        self, before: str, thresholds: tuple[RenewedThreshold, ...], *, active: bool, dropped: Dropped
    ) -> Upgraded:
        state = upgrade_under_way(self.gallery)
        if state is not None and state.to == self.fingerprint:
            self.crops, self.originals = state.crops, state.originals
        missing = tuple(self.missing.values())
        return Upgraded(
            before=before,
            model=self.fingerprint,
            active=active,
            references=self.gallery.count()[1],
            from_crops=self.crops,
            from_originals=self.originals,
            missing=missing,
            unfindable=self._unfindable() if missing else (),
            thresholds=thresholds,
            dropped=dropped,
        )

    def _batch(self, keys: list[int]) -> None:
        references = [one for one in self.gallery.references(keys=keys) if self.fingerprint not in one.models]
        again = embed_again(self.gallery, self.engine, references, originals_first=self.from_originals)
        if again.vectors:
            crops, originals = write(self.gallery, self.fingerprint, again.vectors, again.crops)
            self.crops, self.originals = self.crops + crops, self.originals + originals
        for one in references:
            if one.key in again.reasons:
                self.missing[one.key] = Missing(one.id, one.person, one.source, again.reasons[one.key])

    def _lacking(self) -> list[int]:
        with self.gallery.store.reading() as connection:
            return without_template(connection, wanted_space(self.gallery, connection, self.fingerprint))

    def _unfindable(self) -> tuple[str, ...]:
        """Names of people who have no template of the model at all."""
        with self.gallery.store.reading() as connection:
            space = find_space(read_spaces(connection), self.fingerprint)
            having = select(reference.c.person).join(template, template.c.reference == reference.c.key)
            having = having.where(template.c.model == space.key)
            query = select(person.c.name).where(person.c.key.not_in(having)).order_by(person.c.name)
            return tuple(connection.execute(query).scalars())
