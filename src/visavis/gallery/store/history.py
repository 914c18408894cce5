"""Who is who: renaming, merging and splitting people, with all that is needed to take each of it back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from visavis.errors import GalleryConflict, InvalidInput, PersonNotFound
from visavis.gallery.names import checked_name
from visavis.gallery.schema import apart, operation, person, reference
from visavis.gallery.store.change import Change
from visavis.gallery.store.people import find_person
from visavis.gallery.store.values import asked_keys, parts, storable
from visavis.gallery.types import Operation, OperationKind

ERASED = {"erased": True}
"""Details of operations on people who were forgotten."""


def rename(change: Change, who: str, new_name: str) -> Operation:
    """Give a person another name.

    Raises:
        PersonNotFound: nobody of that name.
        GalleryConflict: the new name is taken.
        InvalidInput: it is no name.
    """
    row, name = find_person(change.connection, who), checked_name(new_name)
    _name_is_free(change.connection, name)
    change.connection.execute(update(person).where(person.c.key == row.key).values(name=name))
    change.touch(_keys_of(change.connection, row.key))
    return _done(change, "rename", (row.id,), {"before": row.name, "after": name})


def merge(change: Change, keep: str, absorb: str, *, force: bool) -> Operation:
    """Make two people one: the references of `absorb` become those of `keep`.

    Raises:
        PersonNotFound: one of them is not there.
        GalleryConflict: they are the same, share a photo, or were declared to be two, and `force` is not set.
    """
    stays, goes = find_person(change.connection, keep), find_person(change.connection, absorb)
    if stays.key == goes.key:
        raise GalleryConflict(f"{stays.name}: cannot be merged with itself")
    if not force:
        _refuse_two_people(change.connection, stays, goes)
    moved = _ids_of(change.connection, goes.key)
    pairs = _pairs_of(change.connection, goes.key)
    change.touch(_keys_of(change.connection, goes.key))
    change.connection.execute(update(reference).where(reference.c.person == goes.key).values(person=stays.key))
    change.connection.execute(delete(person).where(person.c.key == goes.key))  # its pairs go with it
    added = [[stays.id, other] for other in _inherit_pairs(change.connection, stays.key, pairs)]
    details = {"absorbed": _described(goes), "references": moved, "apart": pairs, "inherited": added}
    return _done(change, "merge", (stays.id, goes.id), details)


def split(change: Change, who: str, references: Sequence[str], new_name: str) -> Operation:
    """Make a new person of some of a person's references.

    Raises:
        PersonNotFound: the person or a reference is not there.
        GalleryConflict: the name is taken, or all references would leave.
    """
    row, name = find_person(change.connection, who), checked_name(new_name)
    own, moving = set(_ids_of(change.connection, row.key)), list(dict.fromkeys(references))
    if not moving:
        raise InvalidInput(f"{row.name}: name the references that belong to somebody else")
    if strange := [one for one in moving if one not in own]:
        raise PersonNotFound(f"{row.name} has no reference {strange[0]!r}; `visavis people show` lists them")
    if len(moving) == len(own):
        raise GalleryConflict(f"{row.name}: all references would leave; rename the person instead")
    _name_is_free(change.connection, name)
    (key,), new_id = change.new_keys("person", 1), str(uuid.uuid4())
    stated = {"consent": row.consent, "retain_until": row.retain_until}
    change.connection.execute(insert(person).values(key=key, id=new_id, name=name, created=change.at, **stated))
    _move(change, moving, key)
    return _done(change, "split", (row.id, new_id), {"new": {"id": new_id, "name": name}, "references": moving})


def undo(change: Change, number: int | None) -> Operation:
    """Take an operation back, the latest if no number is given.

    Raises:
        PersonNotFound: there is no such operation.
        GalleryConflict: it was taken back, its people were forgotten, or something later builds on it.
    """
    row = _undoable(change.connection, number)
    if row.details == ERASED:
        raise GalleryConflict(f"operation {row.id}: its people were forgotten, so it cannot be taken back")
    _nothing_later(change.connection, row)
    {"rename": _undo_rename, "merge": _undo_merge, "split": _undo_split}[row.kind](change, row)
    made = _done(change, "undo", tuple(row.people), {"operation": row.id, "kind": row.kind})
    change.connection.execute(update(operation).where(operation.c.id == row.id).values(undone_by=made.id))
    return made


def read_operations(connection: Connection, person_id: str | None = None) -> list[Operation]:
    """All operations, or those that touch a person, the latest first."""
    rows = connection.execute(select(operation).order_by(operation.c.id.desc())).all()
    return [_operation(row) for row in rows if person_id is None or person_id in row.people]


def set_apart(change: Change, first: str, second: str, reason: str) -> None:
    """Declare two people to be two, however alike they are.

    Raises:
        PersonNotFound: one of them is not there.
        InvalidInput: they are the same.
    """
    pair = [find_person(change.connection, who) for who in (first, second)]
    if pair[0].key == pair[1].key:
        raise InvalidInput(f"{pair[0].name}: cannot be set apart from itself")
    keys = sorted(row.key for row in pair)
    _keep_pair(change.connection, {row.id for row in pair})
    change.connection.execute(delete(apart).where(apart.c.first == keys[0], apart.c.second == keys[1]))
    change.connection.execute(insert(apart).values(first=keys[0], second=keys[1], reason=storable(reason)))
    change.record("set apart", [row.id for row in pair])


def read_apart(connection: Connection) -> list[tuple[str, str, str]]:
    """(person id, person id, reason) of everybody who was set apart."""
    one, other = person.alias(), person.alias()
    query = (
        select(one.c.id, other.c.id, apart.c.reason)
        .join(one, one.c.key == apart.c.first)
        .join(other, other.c.key == apart.c.second)
    )
    return [(first, second, reason) for first, second, reason in connection.execute(query.order_by(apart.c.first))]


def _done(change: Change, kind: OperationKind, people: tuple[str, ...], details: Mapping[str, Any]) -> Operation:
    values = {"kind": kind, "at": change.at, "actor": change.actor, "people": list(people), "details": dict(details)}
    key = change.connection.execute(insert(operation).values(values)).inserted_primary_key
    number = int(key[0]) if key else 0
    change.record(kind, people, details={"operation": number})
    return Operation(number, kind, change.at, change.actor, people, details)


def _operation(row: Any) -> Operation:
    return Operation(row.id, row.kind, row.at, row.actor, tuple(row.people), row.details, row.undone_by)


def _undoable(connection: Connection, number: int | None) -> Any:
    query = select(operation).order_by(operation.c.id.desc())
    if number is None:
        rows = connection.execute(query.where(operation.c.undone_by.is_(None), operation.c.kind != "undo"))
        latest = next((row for row in rows if row.details != ERASED), None)
        if latest is None:
            raise PersonNotFound("there is nothing to undo")
        return latest
    row = connection.execute(query.where(operation.c.id.in_(asked_keys([number], "operation")))).first()
    if row is None:
        raise PersonNotFound(f"operation {number}: there is none; `visavis gallery history` numbers them")
    if row.kind == "undo":
        raise GalleryConflict(f"operation {number}: is itself an undo; repeat what it took back")
    if row.undone_by is not None:
        raise GalleryConflict(f"operation {number}: was taken back already, by operation {row.undone_by}")
    return row


def _nothing_later(connection: Connection, row: Any) -> None:
    """What came later on the same people must be taken back first."""
    later = connection.execute(
        select(operation).where(
            operation.c.id > row.id, operation.c.undone_by.is_(None), operation.c.kind != "undo"
        ).order_by(operation.c.id.desc())
    )  # fmt: skip
    for other in later:
        if other.details != ERASED and _meet(row, other):
            raise GalleryConflict(
                f"operation {row.id}: operation {other.id} ({other.kind}) came later on these people; undo that first"
            )


def _meet(row: Any, other: Any) -> bool:
    """Whether two operations touch the same people; two merges also by those who were set apart from the absorbed."""
    apart_of = [{pair[0] for pair in one.details.get("apart", ())} for one in (row, other)]
    both_merges = row.kind == other.kind == "merge"
    return bool(
        set(row.people) & set(other.people)
        or (both_merges and (apart_of[0] & set(other.people) or apart_of[1] & set(row.people)))
    )


def _undo_rename(change: Change, row: Any) -> None:
    who = find_person(change.connection, row.people[0])
    _name_is_free(change.connection, row.details["before"], "rename that person first, then undo")
    change.connection.execute(update(person).where(person.c.key == who.key).values(name=row.details["before"]))
    change.touch(_keys_of(change.connection, who.key))


def _undo_merge(change: Change, row: Any) -> None:
    gone = row.details["absorbed"]
    stays = find_person(change.connection, row.people[0])
    own = set(_ids_of(change.connection, stays.key))
    back = [one for one in row.details["references"] if one in own]
    if not back:
        raise GalleryConflict(f"operation {row.id}: none of the references that it moved is there any more")
    if len(back) == len(own):
        raise GalleryConflict(
            f"operation {row.id}: {stays.name} has no other references left; rename {stays.name} instead"
        )
    _name_is_free(change.connection, gone["name"], "rename that person first, then undo")
    (key,) = change.new_keys("person", 1)
    change.connection.execute(insert(person).values(key=key, **gone))
    _move(change, back, key)
    for pair in row.details["inherited"]:
        ends = sorted(change.connection.execute(select(person.c.key).where(person.c.id.in_(pair))).scalars())
        if len(ends) == 2:
            change.connection.execute(delete(apart).where(apart.c.first == ends[0], apart.c.second == ends[1]))
    _inherit_pairs(change.connection, key, row.details["apart"])


def _undo_split(change: Change, row: Any) -> None:
    before, new = (find_person(change.connection, who) for who in row.people)
    extra = set(_ids_of(change.connection, new.key)) - set(row.details["references"])
    if extra:
        raise GalleryConflict(
            f"operation {row.id}: {new.name} was enrolled with further photos since; merge the two people instead"
        )
    _move(change, _ids_of(change.connection, new.key), before.key)
    change.connection.execute(delete(person).where(person.c.key == new.key))


def _move(change: Change, ids: Sequence[str], to: int) -> None:
    for part in parts(ids):
        condition = reference.c.id.in_(part)
        change.connection.execute(update(reference).where(condition).values(person=to))
        change.touch(change.connection.execute(select(reference.c.key).where(condition)).scalars().all())


def _refuse_two_people(connection: Connection, one: Any, other: Any) -> None:
    first, second = sorted((one.key, other.key))
    pair = connection.execute(select(apart.c.reason).where(apart.c.first == first, apart.c.second == second)).first()
    if pair is not None:
        why = f" ({pair.reason})" if pair.reason else ""
        raise GalleryConflict(
            f"{one.name} and {other.name} were declared to be two people{why}; force the merge if wrong"
        )
    photos = select(reference.c.photo).where(reference.c.person == other.key, reference.c.photo != "")
    shared = select(func.count()).where(reference.c.person == one.key, reference.c.photo.in_(photos))
    if count := connection.execute(shared).scalar_one():
        raise GalleryConflict(
            f"{one.name} and {other.name} are both in {count} photo{'s' * (count > 1)}, and two faces in one photo are "
            "two people; force the merge if one of the faces is a picture within the picture"
        )


def _name_is_free(connection: Connection, name: str, way: str = "choose another name, or merge the two") -> None:
    if connection.execute(select(person.c.key).where(person.c.name == name)).first():
        raise GalleryConflict(f"{name}: somebody of that name is enrolled; {way}")


def _described(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "name", "created", "consent", "retain_until")}


def _ids_of(connection: Connection, key: int) -> list[str]:
    query = select(reference.c.id).where(reference.c.person == key).order_by(reference.c.key)
    return list(connection.execute(query).scalars())


def _keys_of(connection: Connection, key: int) -> list[int]:
    return list(connection.execute(select(reference.c.key).where(reference.c.person == key)).scalars())


def _pairs_of(connection: Connection, key: int) -> list[list[Any]]:
    """[id of the other person, reason] of everybody set apart from a person."""
    rows = connection.execute(select(apart).where(or_(apart.c.first == key, apart.c.second == key))).all()
    others = {row.second if row.first == key else row.first: row.reason for row in rows}
    named = connection.execute(select(person.c.key, person.c.id).where(person.c.key.in_(list(others))))
    return [[id_, others[other]] for other, id_ in named]


def _inherit_pairs(connection: Connection, key: int, pairs: Sequence[Sequence[Any]]) -> list[str]:
    """Set a person apart from those in `pairs` who are enrolled; ids of those it was not apart from before."""
    added = []
    for id_, reason in pairs:
        other = connection.execute(select(person.c.key).where(person.c.id == id_)).scalar()
        if other is None or other == key:
            continue
        first, second = sorted((key, other))
        there = select(apart.c.first).where(apart.c.first == first, apart.c.second == second)
        if connection.execute(there).first() is None:
            connection.execute(insert(apart).values(first=first, second=second, reason=reason))
            added.append(id_)
    return added


def _keep_pair(connection: Connection, ids: set[str]) -> None:
    """A pair that was inherited with a merge, and is declared now, outlives the undoing of the merge."""
    for row in connection.execute(select(operation).where(operation.c.kind == "merge")).all():
        inherited = row.details.get("inherited", [])
        kept = [pair for pair in inherited if set(pair) != ids]
        if len(kept) < len(inherited):
            details = {**row.details, "inherited": kept}
            connection.execute(update(operation).where(operation.c.id == row.id).values(details=details))
