"""Checking a gallery from end to end, and mending what can be mended without losing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select

from visavis.errors import GalleryCorrupt
from visavis.gallery.schema import change, crop, erasure, operation, person, reference, template
from visavis.gallery.store import audit
from visavis.gallery.store.dropping import dropped_models, erase_dropped
from visavis.gallery.store.failures import translated
from visavis.gallery.store.records import record_problems
from visavis.gallery.store.settings import UNERASED, read_setting
from visavis.gallery.store.spaces import count_templates, read_spaces
from visavis.gallery.store.values import parts
from visavis.gallery.templates.codec import decode, searchable
from visavis.gallery.templates.outside import OutsideTemplates
from visavis.gallery.types import Problem
from visavis.gallery.vault import crop_context

if TYPE_CHECKING:
    from visavis.gallery.store.change import Change
    from visavis.gallery.store.store import Store
    from visavis.gallery.types import ModelSpace

Progress = Callable[[int, int], None]
_SHOWN = 20
_BLOCK = 500  # crops at once
BARE = "person without references"
STRAY = "stray template"
BACKLOG = "unfinished erasure"


def find_problems(store: Store, connection: Connection, progress: Progress | None) -> list[Problem]:
    """Everything that is wrong; nothing is changed."""
    problems: list[Problem] = []
    try:
        with translated(store.database.shown):
            for found in _checked(store, connection, progress or (lambda _done, _all: None)):
                problems += found
    except GalleryCorrupt as error:  # what comes after it cannot be read either
        problems.append(Problem("damaged file", str(error)))
    return problems


def _checked(store: Store, connection: Connection, tell: Progress) -> Iterator[Iterable[Problem]]:
    yield (below := store.database.backend.check(connection))
    if below:
        return  # what lies above cannot be trusted
    yield from (audit.check(connection), record_problems(connection), _settings(connection), _people(connection))
    yield _outside(store, connection)
    total = sum(count_templates(connection, space) for space in read_spaces(connection)) + _count(connection, crop)
    done = 0
    for found, count in chain(_templates(store, connection), _crops(store, connection)):
        done += count
        tell(done, total)
        yield found


def mend(store: Store, change_: Change) -> None:
    """Remove people who have nothing enrolled; nothing is lost with them."""
    bare = select(person.c.key, person.c.id).where(_bare())
    gone = change_.connection.execute(bare).all()
    if gone:
        for part in parts([key for key, _ in gone]):
            change_.connection.execute(delete(person).where(person.c.key.in_(part)))
        change_.record("mend", [id_ for _, id_ in gone])
    for space in read_spaces(change_.connection):
        if len(strays := store.templates.strays(change_.connection, space)):
            store.templates.erase(space, strays)
            change_.record("mend", [], space.fingerprint, {"strays": len(strays)})
    erase_dropped(change_, store.templates)


def _settings(connection: Connection) -> Iterator[Problem]:
    spaces, version = read_spaces(connection), read_setting(connection, "version")
    if sum(space.active for space in spaces) != 1:
        yield Problem("active model", f"{sum(space.active for space in spaces)} models are active instead of one")
    newest = connection.execute(select(func.max(change.c.version))).scalar()
    if not isinstance(version, int) or (newest or 0) > version:
        yield Problem("version", f"the gallery counts {version} changes, its list of them goes to {newest}")
    counters = read_setting(connection, "keys") or {}
    for name, table in (("person", person), ("reference", reference)):
        highest = connection.execute(select(func.max(table.c.key))).scalar() or 0
        if highest >= int(counters.get(name, 1)):
            yield Problem("numbers", f"{name} {highest} exists, but the next one would be {counters.get(name, 1)}")


def _people(connection: Connection) -> Iterator[Problem]:
    for name in connection.execute(select(person.c.name).where(_bare()).limit(_SHOWN)).scalars():
        yield Problem(BARE, f"{name} has no reference, so nobody can be found under that name", repairable=True)
    lonely = ~exists().where(template.c.reference == reference.c.key)
    for id_ in connection.execute(select(reference.c.id).where(lonely).limit(_SHOWN)).scalars():
        yield Problem("missing template", f"reference {id_} has no template of any model; forget it and enrol it again")
    upward = select(operation.c.id, operation.c.undone_by).where(operation.c.undone_by <= operation.c.id)
    for id_, by in connection.execute(upward.limit(_SHOWN)):
        yield Problem("history", f"operation {id_} is said to be undone by {by}, which came before it")


def _outside(store: Store, connection: Connection) -> Iterator[Problem]:
    if read_setting(connection, UNERASED) is not None:
        yield Problem(BACKLOG, "what was forgotten last may still be in the gallery's files", repairable=True)
    if count := _count(connection, erasure):
        yield Problem(BACKLOG, f"{count} forgotten references are still to be erased in Qdrant", repairable=True)
    for space in dropped_models(connection) if isinstance(store.templates, OutsideTemplates) else ():
        yield Problem(BACKLOG, f"templates of {space.fingerprint} are still to be erased in Qdrant", repairable=True)
    for space in read_spaces(connection):
        if len(strays := store.templates.strays(connection, space)):
            yield Problem(
                STRAY, f"{len(strays)} templates of {space.fingerprint} belong to no reference", repairable=True
            )


def _templates(store: Store, connection: Connection) -> Iterator[tuple[list[Problem], int]]:
    vault = store.vault(connection)
    for space in read_spaces(connection):
        try:
            for keys, rows in store.templates.stream(connection, space, vault):
                bad = keys[~searchable(decode(rows, space), space)]
                yield [_unsearchable(connection, space, key) for key in bad.tolist()], len(keys)
        except GalleryCorrupt as error:
            yield [Problem("damaged template", str(error))], 0


def _unsearchable(connection: Connection, space: ModelSpace, key: int) -> Problem:
    id_ = connection.execute(select(reference.c.id).where(reference.c.key == key)).scalar()
    return Problem(
        "damaged template",
        f"the {space.fingerprint} template of reference {id_} (key {key}) cannot be compared with others, so nobody "
        "can be found; forget that reference and enrol its photo again",
    )


def _crops(store: Store, connection: Connection) -> Iterator[tuple[list[Problem], int]]:
    vault, last = store.vault(connection), 0
    query = select(crop.c.reference, reference.c.id, crop.c.data).join(reference, reference.c.key == crop.c.reference)
    while rows := connection.execute(
        query.where(crop.c.reference > last).order_by(crop.c.reference).limit(_BLOCK)
    ).all():
        last, problems = rows[-1][0], []
        for _, id_, data in rows:
            try:
                content = data if vault is None else vault.unseal(data, crop_context(store.id, id_))
                if not isinstance(content, bytes) or not content.startswith((b"\xff\xd8", b"\x89PNG")):
                    problems.append(Problem("damaged crop", f"the crop of reference {id_} is no JPEG or PNG image"))
            except GalleryCorrupt as error:
                problems.append(Problem("damaged crop", str(error)))
        yield problems, len(rows)


def _bare() -> ColumnElement[bool]:
    return ~exists().where(reference.c.person == person.c.key)


def _count(connection: Connection, table: object) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]
