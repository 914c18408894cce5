"""An upgrade under way, as the gallery remembers it: begun, counted on, finished or dropped in one transaction each.

Nothing else is remembered: which references still need a template is read from the tables, so a run that was stopped
at any moment goes on where it was, and two runs at once only do some work twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, exists, select

from visavis.errors import GalleryConflict
from visavis.gallery.schema import reference, template
from visavis.gallery.store.dropping import drop_model, erase_dropped, was_dropped
from visavis.gallery.store.people import count
from visavis.gallery.store.settings import read_job, write_job, write_setting
from visavis.gallery.store.spaces import activate, add_space, find_space, read_spaces

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.store.change import Change
    from visavis.gallery.types import ModelSpace, Precision
    from visavis.matching import Metric

_JOB = "upgrade"


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An upgrade that was begun and is not finished.

    Attributes:
        before: fingerprint of the model that was active when it began.
        to: fingerprint of the model it leads to.
        began: UTC, ISO 8601.
        held: whether the gallery had templates of that model before it began.
        crops: templates made from kept crops so far.
        originals: templates made from original photos so far.
    """

    before: str
    to: str
    began: str
    held: bool
    crops: int = 0
    originals: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """The model that a gallery is to have.

    Attributes:
        fingerprint: of the model and its settings.
        dimension: numbers per template.
        metric: how they are compared.
        precision: how they are to be kept; None: as the active model's are, or as they were begun.
    """

    fingerprint: str
    dimension: int
    metric: Metric
    precision: Precision | None = None


def upgrade_under_way(gallery: Gallery) -> UnderWay | None:
    """The upgrade that was begun and is not finished; None if there is none."""
    with gallery.store.reading() as connection:
        return read_state(connection)


def read_state(connection: Connection) -> UnderWay | None:
    """See `upgrade_under_way`."""
    state = read_job(connection, _JOB)
    return None if state is None else UnderWay(**state)


def begin(gallery: Gallery, target: Target) -> UnderWay | None:
    """Make room for the templates of a model, or find what an earlier run made; None if the model is active already.

    Raises:
        GalleryConflict: an upgrade to another model is under way, or the model is held with other properties.
    """
    with gallery.store.changing() as change:
        state, held = read_state(change.connection), read_spaces(change.connection)
        if state is not None and state.to != target.fingerprint:
            raise GalleryConflict(
                f"{gallery.location.shown}: an upgrade to {state.to} is under way since {state.began}; finish it, or "
                "drop what it made with `visavis gallery upgrade --abort`"
            )
        active = find_space(held, None)
        space = next((one for one in held if one.fingerprint == target.fingerprint), None)
        if space is not None:
            _refuse_another_form(gallery, space, target)
            _erase_strays(gallery, change, space)
        if space == active:
            return None
        if space is None:
            _add(gallery, change, target, active.precision)
        if state is not None:
            return state
        state = UnderWay(active.fingerprint, target.fingerprint, change.at, held=space is not None)
        write_job(change.connection, _JOB, asdict(state))
        details = {"from": state.before, "to": state.to, "references": count(change.connection)[1]}
        change.record("start upgrade", [], state.to, details)
        return state


def count_made(change: Change, crops: int, originals: int) -> None:
    """Add to the numbers of templates made."""
    state = read_state(change.connection)
    if state is not None:
        state = replace(state, crops=state.crops + crops, originals=state.originals + originals)
        write_job(change.connection, _JOB, asdict(state))


def finish(change: Change, space: ModelSpace, state: UnderWay, missing: Sequence[str]) -> None:
    """Make the new model the active one. `missing`: ids of references that cannot be found under it."""
    activate(change.connection, space)
    write_job(change.connection, _JOB, None)
    details = {"from": state.before, "to": state.to, "crops": state.crops, "originals": state.originals}
    change.record("finish upgrade", missing, state.to, {**details, "missing": len(missing)})


def abort(change: Change) -> UnderWay | None:
    """Drop what an upgrade made; a model that was held before it began is kept. None if none is under way."""
    state = read_state(change.connection)
    if state is None:
        return None
    write_job(change.connection, _JOB, None)
    if not state.held:
        drop_model(change, find_space(read_spaces(change.connection), state.to))
    change.record("abort upgrade", [], state.to, {"from": state.before, "to": state.to})
    return state


def without_template(connection: Connection, space: ModelSpace) -> list[int]:
    """Keys of references that have no template of a model, rising."""
    has = exists().where(template.c.reference == reference.c.key, template.c.model == space.key)
    return list(connection.execute(select(reference.c.key).where(~has).order_by(reference.c.key)).scalars())


def _add(gallery: Gallery, change: Change, target: Target, precision: Precision) -> None:
    erase_dropped(change, gallery.store.templates)  # or its templates of then could be erased later, instead of now
    kept_as = target.precision or precision
    add_space(change.connection, target.fingerprint, target.dimension, target.metric, kept_as, active=False)
    if was_dropped(change.connection, target.fingerprint):
        # A search tier of then takes a template that it knows by its key for unchanged: all must load anew.
        write_setting(change.connection, "horizon", change.version)


def _erase_strays(gallery: Gallery, change: Change, space: ModelSpace) -> None:
    """What a crash left outside the tables before its rows were written: whoever is forgotten must not stay there."""
    strays = gallery.store.templates.strays(change.connection, space)
    if len(strays):
        gallery.store.templates.erase(space, strays)


def _refuse_another_form(gallery: Gallery, space: ModelSpace, target: Target) -> None:
    held = space.dimension, space.metric, space.precision
    if held != (target.dimension, target.metric, target.precision or space.precision):
        raise GalleryConflict(
            f"{gallery.location.shown}: holds templates of {space.fingerprint} as {space.dimension} x "
            f"{space.precision}, {space.metric}, not as {target.dimension} x {target.precision or space.precision}, "
            f"{target.metric}; leave --precision out, or `visavis gallery move` the gallery into one of the other kind"
        )
