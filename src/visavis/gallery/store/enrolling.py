"""Writing references: a whole batch or none of it, and the same batch again changes nothing."""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, insert, select, update

from visavis.errors import GalleryConflict, InvalidInput, TemplateMismatch
from visavis.gallery.names import checked_name
from visavis.gallery.schema import crop, person, reference
from visavis.gallery.store.spaces import fix_scale
from visavis.gallery.store.values import storable
from visavis.gallery.templates.codec import checked_vectors, encode, scale_for
from visavis.gallery.types import Added, Crop, ModelSpace, NewReference
from visavis.gallery.vault import Vault, crop_context
from visavis.ranges import shown
from visavis.types import Box, Template

if TYPE_CHECKING:
    from visavis.gallery.store.change import Change
    from visavis.gallery.templates import Templates

_ASKED = 5_000  # ids in one question
_LONGEST_ID = 64


def listed(references: Any) -> list[NewReference]:
    """References as a list, once it is sure that they are some.

    Raises:
        InvalidInput: something else was given.
    """
    if isinstance(references, str) or not isinstance(references, Iterable):
        raise InvalidInput(f"references: expected a list of NewReference, got {shown(references)}")
    batch = list(references)
    for place, one in enumerate(batch):
        if not isinstance(one, NewReference):
            raise InvalidInput(f"references: number {place} is no NewReference but {shown(one)}")
        if not isinstance(one.template, Template):
            raise InvalidInput(f"reference {shown(one.id)}: its template is no Template but {shown(one.template)}")
    return batch


def checked_batch(references: Sequence[NewReference], space: ModelSpace) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The batch's vectors (n, d), after everything that can be checked without the database.

    Raises:
        TemplateMismatch: a template of another model.
        InvalidInput: a bad id, name, date, crop or vector.
        GalleryConflict: an id twice.
    """
    seen: set[str] = set()
    for one in references:
        _check_values(one)
        if one.id in seen:
            raise GalleryConflict(f"reference {one.id}: stands twice in one batch; give each photo an id of its own")
        seen.add(one.id)
        if one.template.model != space.fingerprint:
            raise TemplateMismatch(
                f"reference {one.id}: is a template of {one.template.model}, the gallery's are of {space.fingerprint}; "
                "embed with that model and settings, or `visavis gallery upgrade` the gallery"
            )
    if not references:
        return np.zeros((0, space.dimension), np.float32)
    try:
        vectors = np.stack([one.template.vector for one in references])
    except ValueError as error:
        raise InvalidInput(
            f"templates of one batch differ in dimension; {space.fingerprint} has {space.dimension}"
        ) from error
    return checked_vectors(vectors, space)


def _check_values(one: NewReference) -> None:
    if not one.id or not _short(one.id):
        raise InvalidInput(f"reference id {str(one.id)[:80]!r}: needs 1 to {_LONGEST_ID} characters")
    if not _short(one.photo):
        raise InvalidInput(f"reference {one.id}: its photo is named by a digest of at most {_LONGEST_ID} characters")
    if not (one.quality is None or (isinstance(one.quality, Mapping) and _finite(one.quality.values()))):
        raise InvalidInput(f"reference {one.id}: has qualities that are no finite numbers by name; leave those out")
    if not (one.box is None or isinstance(one.box, Box)) or not isinstance(one.source, str):
        raise InvalidInput(f"reference {one.id}: needs a Box (or none) and a source in words")
    if one.crop is not None and not _usable(one.crop):
        raise InvalidInput(
            f"reference {one.id}: its crop needs the bytes of an image, and points (x, y) that are finite"
        )
    storable(one.consent)
    checked_name(one.person)
    checked_date(f"reference {one.id}", one.retain_until)


def _usable(cut: Any) -> bool:
    if not isinstance(cut, Crop) or not isinstance(cut.points, Iterable):
        return False
    points = [tuple(point) if isinstance(point, Iterable) else () for point in cut.points]
    return isinstance(cut.data, bytes) and all(len(point) == 2 and _finite(point) for point in points)


def _finite(values: Iterable[Any]) -> bool:
    return all(isinstance(value, Real) and math.isfinite(value) for value in values)


def _short(text: str) -> bool:
    """Whether text is what every database takes as an id."""
    try:
        return isinstance(text, str) and len(text) <= _LONGEST_ID and b"\0" not in text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def checked_date(name: str, value: str | None) -> None:
    """Refuse what is no date like 2027-12-31.

    Raises:
        InvalidInput: it is none.
    """
    if value is None:
        return
    try:
        if date.fromisoformat(value).isoformat() == value:
            return
    except (TypeError, ValueError):
        pass
    raise InvalidInput(f"{name}: retain-until {value!r} is no date; write it like 2027-12-31")


def enrol(
    change: Change,
    references: Sequence[NewReference],
    vectors: np.ndarray[Any, np.dtype[np.float32]],
    space: ModelSpace,
    templates: Templates,
    vault: Vault | None,
) -> Added:
    """Write those that are new.

    Raises:
        GalleryConflict: an id is taken by something else, or a photo was enrolled twice for one person.
    """
    known = _known(change.connection, references)
    fresh = [place for place, one in enumerate(references) if one.id not in known]
    if fresh:
        _write(change, [references[place] for place in fresh], vectors[fresh], space, templates, vault)
    return Added(
        tuple(references[place].id for place in fresh),
        tuple(one.id for one in references if one.id in known),
        change.version if fresh else change.version - 1,
    )


def digest_of(one: NewReference) -> str:
    """What tells a repetition from a contradiction: the person as named, and the photo; or the vector, without one."""
    content = one.photo.encode() if one.photo else np.asarray(one.template.vector, dtype="<f4").tobytes()
    return hashlib.sha256(b"\0".join((checked_name(one.person).encode(), content))).hexdigest()


def _known(connection: Connection, references: Sequence[NewReference]) -> set[str]:
    """Ids that were enrolled before, with the same content."""
    wanted, known = {one.id: digest_of(one) for one in references}, set()
    ids = list(wanted)
    for start in range(0, len(ids), _ASKED):
        query = select(reference.c.id, reference.c.digest).where(reference.c.id.in_(ids[start : start + _ASKED]))
        for id_, digest in connection.execute(query):
            if digest != wanted[id_]:
                raise GalleryConflict(
                    f"reference {id_}: this id is taken by another photo or person; give the new one an id of its own, "
                    "or forget the old one first"
                )
            known.add(id_)
    return known


def _write(
    change: Change,
    new: Sequence[NewReference],
    vectors: np.ndarray[Any, np.dtype[np.float32]],
    space: ModelSpace,
    templates: Templates,
    vault: Vault | None,
) -> None:
    people = _people(change, new)
    _refuse_photo_twice(change.connection, new, people)
    if space.precision == "int8" and space.scale is None:
        space = fix_scale(change.connection, space, scale_for(vectors, space))
    keys = change.new_keys("reference", len(new))
    change.connection.execute(
        insert(reference), [row_of(key, one, people, change.at) for key, one in zip(keys, new, strict=True)]
    )
    numbers = np.arange(keys.start, keys.stop, dtype=np.int64)
    templates.put(change.connection, space, numbers, [one.id for one in new], encode(vectors, space), vault)
    write_crops(change, keys, new, vault)
    change.touch(keys)
    change.record("enrol", [one.id for one in new], space.fingerprint)


def _people(change: Change, new: Sequence[NewReference]) -> dict[str, int]:
    """Keys of the people by name; those who are new are written, the consent of others is renewed."""
    stated: dict[str, list[NewReference]] = {}
    for one in new:
        stated.setdefault(checked_name(one.person), []).append(one)
    found: dict[str, Any] = {}
    names = list(stated)
    for start in range(0, len(names), _ASKED):
        query = select(person).where(person.c.name.in_(names[start : start + _ASKED]))
        found.update((row.name, row) for row in change.connection.execute(query))
    unknown = [name for name in names if name not in found]
    keys = change.new_keys("person", len(unknown)) if unknown else range(0)
    if unknown:
        rows = [_new_person(key, name, stated[name], change.at) for key, name in zip(keys, unknown, strict=True)]
        change.connection.execute(insert(person), rows)
        change.record("add people", [row["id"] for row in rows])
    for name, row in found.items():
        _renew_consent(change, row, stated[name])
    return {**{name: row.key for name, row in found.items()}, **dict(zip(unknown, keys, strict=True))}


def _new_person(key: int, name: str, stated: Sequence[NewReference], at: str) -> dict[str, Any]:
    consent, until = _renewed(storable(stated[0].consent), stated[0].retain_until, stated[1:])
    row = {"key": key, "id": str(uuid.uuid4()), "name": name, "created": at}
    return {**row, "consent": consent, "retain_until": until}


def _renew_consent(change: Change, row: Any, stated: Sequence[NewReference]) -> None:
    consent, until = _renewed(row.consent, row.retain_until, stated)
    if (consent, until) != (row.consent, row.retain_until):
        values = {"consent": consent, "retain_until": until}
        change.connection.execute(update(person).where(person.c.key == row.key).values(values))
        change.record("renew consent", [row.id])


def _renewed(consent: str | None, until: str | None, stated: Sequence[NewReference]) -> tuple[str | None, str | None]:
    """Consent that is stated anew counts, and so does a date of keeping that is later; in one batch or in several."""
    for one in stated:
        consent = consent if one.consent is None else storable(one.consent)
        until = max(until, one.retain_until) if until and one.retain_until else until
    return consent, until


def _refuse_photo_twice(connection: Connection, new: Sequence[NewReference], people: Mapping[str, int]) -> None:
    """Two faces in one photo are two people."""
    taken: dict[tuple[str, int], str] = {}
    photos = list({one.photo for one in new if one.photo})
    for start in range(0, len(photos), _ASKED):
        query = select(reference.c.photo, reference.c.person, reference.c.id)
        for photo, owner, id_ in connection.execute(query.where(reference.c.photo.in_(photos[start : start + _ASKED]))):
            taken[photo, owner] = id_
    for one in new:
        if not one.photo:
            continue
        name = checked_name(one.person)
        other = taken.setdefault((one.photo, people[name]), one.id)
        if other != one.id:
            raise GalleryConflict(
                f"reference {one.id}: its photo is enrolled for {name} already (reference {other}), and two faces in "
                "one photo are two people; choose one of them"
            )


def row_of(key: int, one: NewReference, people: Mapping[str, int], at: str) -> dict[str, Any]:
    """What the table `reference` keeps of a reference."""
    quality = None if one.quality is None else {name: float(value) for name, value in one.quality.items()}
    return {
        "key": key,
        "id": one.id,
        "person": people[checked_name(one.person)],
        "source": storable(one.source),
        "photo": one.photo,
        "box": None if one.box is None else one.box.as_list(),
        "quality": quality,
        "summary": None if quality is None else quality.get("summary"),
        "digest": digest_of(one),
        "created": at,
        "consent": storable(one.consent),
        "retain_until": one.retain_until,
    }


def write_crops(change: Change, keys: range, new: Sequence[NewReference], vault: Vault | None) -> None:
    """Keep the crops of references that were just written under these keys."""
    kept = [(key, one.id, one.crop) for key, one in zip(keys, new, strict=True) if one.crop is not None]
    if not kept:
        return
    data = [cut.data for _, _, cut in kept]
    if vault is not None:
        data = vault.seal_many(data, (crop_context(change.gallery, id_) for _, id_, _ in kept))
    rows = [
        {"reference": key, "data": blob, "points": [[float(x), float(y)] for x, y in cut.points]}
        for (key, _, cut), blob in zip(kept, data, strict=True)
    ]
    change.connection.execute(insert(crop), rows)
