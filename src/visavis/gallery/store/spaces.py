"""The models whose templates a gallery holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, insert, select, update

from visavis import ranges
from visavis.errors import GalleryConflict, GalleryCorrupt, InvalidInput, TemplateMismatch
from visavis.gallery.schema import model, template
from visavis.gallery.search.checks import checked_step
from visavis.gallery.store.settings import read_setting, write_setting
from visavis.gallery.store.values import storable
from visavis.gallery.types import ModelSpace

if TYPE_CHECKING:
    from visavis.gallery.types import Precision
    from visavis.matching import Metric


def read_spaces(connection: Connection) -> tuple[ModelSpace, ...]:
    """All models, the oldest first."""
    rows = connection.execute(select(model).order_by(model.c.key))
    return tuple(ModelSpace(**row._mapping) for row in rows)


def find_space(spaces: tuple[ModelSpace, ...], fingerprint: str | None) -> ModelSpace:
    """The model with a fingerprint; the active one for None.

    Raises:
        TemplateMismatch: the gallery has no templates of it.
    """
    found = next(
        (one for one in spaces if one.fingerprint == fingerprint or (fingerprint is None and one.active)), None
    )
    if found is not None:
        return found
    if fingerprint is None:
        raise GalleryCorrupt("the gallery has no active model; restore it from a copy")
    held = " and ".join(one.fingerprint for one in spaces)
    raise TemplateMismatch(
        f"the gallery holds templates of {held}, not of {fingerprint}: embed with that model and settings, or "
        "`visavis gallery upgrade` the gallery"
    )


def add_space(
    connection: Connection, fingerprint: str, dimension: int, metric: Metric, precision: Precision, *, active: bool
) -> ModelSpace:
    """A further model.

    Raises:
        InvalidInput: a dimension, metric or precision that cannot be.
        GalleryConflict: the gallery has it already.
    """
    check_space(fingerprint, dimension, metric, precision)
    if connection.execute(select(model.c.key).where(model.c.fingerprint == fingerprint)).first():
        raise GalleryConflict(f"the gallery holds templates of {fingerprint} already")
    space = ModelSpace(_new_key(connection), fingerprint, dimension, metric, precision, None, active)
    values = {name: getattr(space, name) for name in ModelSpace.__slots__}
    connection.execute(insert(model).values(values))
    return space


def check_space(fingerprint: str, dimension: int, metric: Metric, precision: Precision) -> None:
    """Refuse what no model can be, before anything is made for it.

    Raises:
        InvalidInput: so it is.
    """
    if not isinstance(fingerprint, str) or not fingerprint.strip() or fingerprint != storable(fingerprint):
        raise InvalidInput("gallery model: needs the fingerprint of a model, such as Engine().fingerprint")
    ranges.whole("gallery dimension", dimension, 1, 16_000)
    ranges.one_of("gallery metric", metric, ("euclidean", "cosine"))
    ranges.one_of("gallery precision", precision, ("float32", "int8"))


def _new_key(connection: Connection) -> int:
    """A number that no model ever had: work on a model that was dropped must not go on with another one's templates."""
    counters = read_setting(connection, "keys") or {}
    highest = int(connection.execute(select(func.coalesce(func.max(model.c.key), 0))).scalar_one())
    key = max(int(counters.get("model", 1)), highest + 1)
    write_setting(connection, "keys", {**counters, "model": key + 1})
    return key


def fix_scale(connection: Connection, space: ModelSpace, scale: float) -> ModelSpace:
    """The int8 step of a model, fixed by its first templates.

    Raises:
        InvalidInput: no search could compare templates of such a step.
    """
    step = checked_step("int8 step of the first templates", scale)
    connection.execute(update(model).where(model.c.key == space.key).values(scale=step))
    return replace(space, scale=step)


def activate(connection: Connection, space: ModelSpace) -> None:
    """From now on people are enrolled and searched under this model."""
    connection.execute(update(model).values(active=False))
    connection.execute(update(model).where(model.c.key == space.key).values(active=True))


def drop_space(connection: Connection, space: ModelSpace) -> None:
    """Remove a model and its templates from the tables."""
    connection.execute(delete(template).where(template.c.model == space.key))
    connection.execute(delete(model).where(model.c.key == space.key))


def count_templates(connection: Connection, space: ModelSpace) -> int:
    """How many references have a template of the model."""
    query = select(func.count()).select_from(template).where(template.c.model == space.key)
    return int(connection.execute(query).scalar_one())
