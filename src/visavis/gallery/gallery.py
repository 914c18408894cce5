"""A gallery: enrolled people and their references, durable in a store, searched in memory.

Every method that changes something is one transaction: durable when it returns, as if it had never been when it fails,
and written to the audit log with it. One gallery object may be used by several threads, one store by several processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sqlalchemy import delete, select

from visavis.errors import InvalidInput
from visavis.gallery.schema import threshold as threshold_table
from visavis.gallery.search.checks import key_array
from visavis.gallery.store import audit, checks, enrolling, erasure, history, people, spaces
from visavis.gallery.store.database import Database
from visavis.gallery.store.filters import allowed_keys
from visavis.gallery.store.founding import found_gallery, login
from visavis.gallery.store.settings import read_job, read_setting, write_job
from visavis.gallery.store.store import Store
from visavis.gallery.templates.codec import checked_vectors, decode
from visavis.gallery.tiers import Tiers
from visavis.gallery.types import Added, Crop, Forgotten
from visavis.gallery.uri import Location, parse_uri
from visavis.gallery.vault import Vault, crop_context

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from visavis.gallery.keys import Key
    from visavis.gallery.search.approximate import ApproximateIndex
    from visavis.gallery.search.hits import Hits
    from visavis.gallery.search.tier import SearchTier
    from visavis.gallery.types import (
        AuditEntry,
        ModelSpace,
        NewReference,
        Operation,
        Person,
        Precision,
        Problem,
        Reference,
        Where,
    )
    from visavis.matching import Metric

    Progress = Callable[[int, int], None]


def create_gallery(
    uri: str | os.PathLike[str],
    *,
    model: str,
    dimension: int,
    metric: Metric,
    precision: Precision = "float32",
    key: Key | None = None,
    actor: str | None = None,
) -> Gallery:
    """Make an empty gallery and open it.

    Args:
        uri: where, see `parse_uri`.
        model: fingerprint of the model whose templates it will hold (`Engine().fingerprint`).
        dimension: numbers per template.
        metric: how they are compared ("euclidean" or "cosine").
        precision: "float32", or "int8" for `dimension` bytes a template.
        key: encrypts templates and crops under this key.
        actor: who does it, for the audit log.

    Raises:
        GalleryConflict: there is one already.
        InvalidInput: an argument that cannot be.
        StorageError, GalleryUnavailable: the place cannot hold one.
        MissingExtra: a library is absent.
    """
    location = parse_uri(uri)
    spaces.check_space(model, dimension, metric, precision)
    if key is not None and location.qdrant is not None:
        raise InvalidInput(
            f"{location.shown}: Qdrant must read vectors to search them, so an encrypted gallery cannot be kept there; "
            "use a folder or PostgreSQL"
        )
    vault = None if key is None else Vault.create(key)
    database = Database(location, read_only=False)
    try:
        database.create()
        who = actor or login()
        found_gallery(database, model, dimension, metric, precision, vault, who)
        return Gallery(location, Store(location, database, key=key, actor=who))
    except BaseException:
        database.close()
        raise


def open_gallery(
    uri: str | os.PathLike[str],
    *,
    key: Key | None = None,
    read_only: bool = False,
    actor: str | None = None,
    progress: Progress | None = None,
) -> Gallery:
    """Open a gallery.

    Args:
        uri: where, see `parse_uri`.
        key: of an encrypted gallery.
        read_only: refuse every change.
        actor: who makes changes, for the audit log.
        progress: called with (templates loaded, all) while the active model's search tier is loaded now; without it,
            the first search loads the tier.

    Raises:
        GalleryNotFound: there is none.
        WrongKey: it is encrypted with another key.
        SchemaMismatch: a newer visavis wrote it.
        GalleryCorrupt: it is damaged.
        GalleryUnavailable: its database cannot be reached.
    """
    location = parse_uri(uri)
    database = Database(location, read_only=read_only)
    try:
        database.check_schema()
        gallery = Gallery(location, Store(location, database, key=key, actor=actor or login()))
        if progress:
            gallery.tier(progress=progress)
    except BaseException:
        database.close()
        raise
    return gallery


class Gallery:
    """Enrolled people, see the module's text; made by `create_gallery` and `open_gallery`.

    Attributes:
        location: where it lives.
        id: a UUID that stays.
        actor: who makes changes, for the audit log.
        read_only: whether every change is refused.
    """

    def __init__(self, location: Location, store: Store) -> None:
        self.location, self.id, self.actor = location, store.id, store.actor
        self.read_only = store.database.read_only
        self.store = store
        self._tiers = Tiers(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Gallery({self.location.shown!r})"

    def close(self) -> None:
        """Close its connections; nothing is lost without it."""
        self.store.templates.close()
        self.store.database.close()

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def encrypted(self) -> bool:
        """Whether templates and crops are sealed under a key."""
        return self.store.encrypted

    @property
    def version(self) -> int:
        """Number of changes so far; rises by one with each."""
        with self.store.reading() as connection:
            return int(read_setting(connection, "version"))

    @property
    def model(self) -> ModelSpace:
        """The model that people are enrolled and searched under."""
        with self.store.reading() as connection:
            return spaces.find_space(spaces.read_spaces(connection), None)

    def models(self) -> tuple[ModelSpace, ...]:
        """All models that it holds templates of."""
        with self.store.reading() as connection:
            return spaces.read_spaces(connection)

    def space(self, fingerprint: str) -> ModelSpace:
        """The model with a fingerprint.

        Raises:
            TemplateMismatch: it holds no templates of that model.
        """
        with self.store.reading() as connection:
            return spaces.find_space(spaces.read_spaces(connection), fingerprint)

    def count(self) -> tuple[int, int]:
        """(people, references)."""
        with self.store.reading() as connection:
            return people.count(connection)

    # --- who is enrolled ---------------------------------------------------------------------------------------------

    def people(self, *, name_contains: str | None = None) -> list[Person]:
        """Everybody, or those whose name has this in it, by name."""
        with self.store.reading() as connection:
            return people.read_people(connection, name_contains)

    def person(self, who: str) -> Person:
        """A person by id or name.

        Raises:
            PersonNotFound: nobody has it.
        """
        with self.store.reading() as connection:
            return people.read_person(connection, who)

    def references(
        self,
        *,
        person: str | None = None,
        keys: Sequence[int] | None = None,
        ids: Sequence[str] | None = None,
        photos: Sequence[str] | None = None,
    ) -> list[Reference]:
        """References by rising key: all, or those that meet every condition given; unknown ones are left out.

        Args:
            person: name or id of their person.
            keys: numbers, as a search returns them.
            ids: identifiers, as they were enrolled.
            photos: digests of photos.

        Raises:
            PersonNotFound: nobody is called `person`.
        """
        with self.store.reading() as connection:
            owner = None if person is None else people.find_person(connection, person).key
            return people.read_references(connection, of_person=owner, keys=keys, ids=ids, photos=photos)

    def templates(
        self, keys: Sequence[int] | NDArray[np.int64], space: ModelSpace | None = None
    ) -> NDArray[np.float32]:
        """Templates (n, d) of references, in the order of `keys`, under one model (the active one if None).

        Raises:
            InvalidInput: keys that are no whole numbers.
            PersonNotFound: a key that no reference has.
            GalleryCorrupt: a reference has none.
        """
        wanted = key_array("keys", keys)
        with self.store.reading() as connection:
            current = spaces.find_space(spaces.read_spaces(connection), space.fingerprint if space else None)
            if not len(wanted):
                return np.zeros((0, current.dimension), np.float32)
            people.require_references(connection, wanted.tolist())
            rows = self.store.templates.get(connection, current, wanted, self.store.vault(connection))
            return decode(rows, current)

    def crops(self, ids: Sequence[str]) -> list[Crop | None]:
        """The kept crops of references, in the order of `ids`; None where none was kept.

        Raises:
            GalleryCorrupt: one is damaged.
        """
        with self.store.reading() as connection:
            found, vault = people.read_crops(connection, ids), self.store.vault(connection)
        if vault is not None:
            found = {id_: (vault.unseal(data, crop_context(self.id, id_)), at) for id_, (data, at) in found.items()}
        return [Crop(*found[id_]) if id_ in found else None for id_ in ids]

    # --- enrolling and searching -------------------------------------------------------------------------------------

    def enrol(self, references: Iterable[NewReference]) -> Added:
        """Enrol references: all of them or, on an error, none.

        Enrolling the same again changes nothing. People are created by name.

        Raises:
            TemplateMismatch: a template of another model.
            GalleryConflict: an id is taken by something else, or one photo would show one person twice.
            InvalidInput: a name, id, date or vector that cannot be, or anything that is no reference.
        """
        batch = enrolling.listed(references)
        with self.store.changing() as change:
            space = spaces.find_space(spaces.read_spaces(change.connection), None)
            vectors = enrolling.checked_batch(batch, space)
            vault = self.store.vault(change.connection)
            return enrolling.enrol(change, batch, vectors, space, self.store.templates, vault)

    def tier(self, model: str | None = None, *, progress: Progress | None = None) -> SearchTier:
        """The search tier of a model (the active one if None), in step with the store."""
        return self._tiers.current(model, progress)

    def approximate(self, model: str | None = None, *, progress: Progress | None = None) -> ApproximateIndex:
        """The approximate index of a model (the active one if None), with its measured `recall`; built when asked for.

        Raises:
            InvalidInput: the gallery is too small for one.
        """
        return self._tiers.approximate(model, progress)

    def search(
        self,
        vectors: ArrayLike,
        k: int = 10,
        *,
        model: str | None = None,
        where: Where | None = None,
        groups: bool = False,
        approximate: bool = False,
    ) -> Hits:
        """The most similar references, exactly unless asked otherwise.

        Args:
            vectors: (q, d) templates, or (d,) one, of the model.
            k: how many for each.
            model: fingerprint; the active model if None.
            where: which references may be found.
            groups: the most similar people instead, each by the most similar reference.
            approximate: by the approximate index, see `approximate`.

        Returns: keys of references and of their people, and similarities; short rows end with -1 and -inf.

        Raises:
            TemplateMismatch: it holds no templates of the model.
            InvalidInput: vectors of another dimension, NaN, or k < 1.
        """
        space = self.model if model is None else self.space(model)  # once: another may become active meanwhile
        tier = self.approximate(space.fingerprint) if approximate else self.tier(space.fingerprint)
        queries, allowed = checked_vectors(vectors, space), None
        if where is not None:
            with self.store.reading() as connection:
                allowed = allowed_keys(connection, where)
        return (tier.search_groups if groups else tier.search)(queries, k, allowed=allowed)

    # --- who is who --------------------------------------------------------------------------------------------------

    def rename(self, who: str, new_name: str) -> Operation:
        """Give a person another name; the id stays. Errors: PersonNotFound, GalleryConflict, InvalidInput."""
        with self.store.changing() as change:
            return history.rename(change, who, new_name)

    def merge(self, keep: str, absorb: str, *, force: bool = False) -> Operation:
        """Two entries are one person: the references of `absorb` become those of `keep`.

        Raises:
            PersonNotFound: one of them is not there.
            GalleryConflict: they share a photo or were set apart, and `force` is not set.
        """
        with self.store.changing() as change:
            return history.merge(change, keep, absorb, force=force)

    def split(self, who: str, references: Sequence[str], new_name: str) -> Operation:
        """Some references (ids) of a person are somebody else's. Errors: PersonNotFound, GalleryConflict."""
        with self.store.changing() as change:
            return history.split(change, who, references, new_name)

    def undo(self, operation: int | None = None) -> Operation:
        """Take back a rename, merge or split; the latest if no number is given.

        Raises:
            PersonNotFound: there is none.
            InvalidInput: `operation` is no number.
            GalleryConflict: it cannot be taken back (any more), or something later must be taken back first.
        """
        with self.store.changing() as change:
            return history.undo(change, operation)

    def history(self, *, person: str | None = None) -> list[Operation]:
        """What was renamed, merged, split and undone, the latest first."""
        with self.store.reading() as connection:
            owner = None if person is None else people.find_person(connection, person).id
            return history.read_operations(connection, owner)

    def set_apart(self, first: str, second: str, reason: str = "") -> None:
        """Declare two people to be two, however alike (twins): they are not merged without force."""
        with self.store.changing() as change:
            history.set_apart(change, first, second, reason)

    def apart(self) -> list[tuple[str, str, str]]:
        """(person id, person id, reason) of everybody who was set apart."""
        with self.store.reading() as connection:
            return history.read_apart(connection)

    # --- forgetting --------------------------------------------------------------------------------------------------

    def forget(self, who: str, *, references: Sequence[str] | None = None) -> Forgotten:
        """Erase a person, or some references, from tables, disk, history and every search tier; it cannot be undone.

        Raises:
            PersonNotFound: the person or a reference is not there.
        """
        return self._forgotten(lambda change: erasure.forget_person(change, who, references))

    def forget_expired(self, today: str) -> Forgotten:
        """Erase everything that was to be kept until a day before `today` (ISO date)."""
        enrolling.checked_date("today", today)
        return self._forgotten(lambda change: erasure.forget_expired(change, today))

    def _forgotten(self, erase: Callable[[Any], tuple[int, int]]) -> Forgotten:
        with self.store.changing() as change:
            people_gone, references_gone = erase(change)
        # It cannot be found any more from here on; what follows removes the bytes.
        left_outside = self._erase_outside()
        erased, note = self.store.database.scrub()
        said = "; ".join(text for text in (left_outside, note) if text)
        return Forgotten(people_gone, references_gone, erased and not left_outside, said)

    def _erase_outside(self) -> str:
        with self.store.reading() as connection:
            done, note = erasure.erase_outside(connection, self.store.templates)
        if done:
            with self.store.changing() as change:
                erasure.erased_outside(change, done)
        return note

    # --- records -----------------------------------------------------------------------------------------------------

    def audit(self, *, since: int = 0) -> Iterator[AuditEntry]:
        """Entries of the audit log after number `since`, oldest first."""
        with self.store.reading() as connection:
            yield from audit.read(connection, since)

    def audit_head(self) -> Mapping[str, Any]:
        """Number and hash of the last audit entry; noted elsewhere, it shows later that the log was not rewritten."""
        with self.store.reading() as connection:
            return dict(read_setting(connection, "audit") or {"sequence": 0, "hash": audit.START})

    def note(self, action: str, subjects: Sequence[str], details: Mapping[str, Any] | None = None) -> None:
        """Add an entry to the audit log; opaque ids and numbers only, for the log outlives those who are forgotten."""
        with self.store.changing() as change:
            space = spaces.find_space(spaces.read_spaces(change.connection), None)
            change.record(action, subjects, space.fingerprint, details)

    def threshold(self, fpir: float, *, model: str | None = None) -> Mapping[str, Any] | None:
        """The stored threshold for a rate; None if there is none."""
        with self.store.reading() as connection:
            space = spaces.find_space(spaces.read_spaces(connection), model)
            condition = (threshold_table.c.model == space.key, threshold_table.c.fpir == fpir)
            return connection.execute(select(threshold_table.c.value).where(*condition)).scalar()

    def store_threshold(self, fpir: float, value: Mapping[str, Any], *, model: str | None = None) -> None:
        """Keep a threshold with the gallery."""
        with self.store.changing() as change:
            space = spaces.find_space(spaces.read_spaces(change.connection), model)
            condition = (threshold_table.c.model == space.key, threshold_table.c.fpir == fpir)
            change.connection.execute(delete(threshold_table).where(*condition))
            change.connection.execute(threshold_table.insert().values(model=space.key, fpir=fpir, value=dict(value)))
            change.record("set threshold", [], space.fingerprint, {"fpir": fpir, "threshold": value.get("threshold")})

    def job(self, name: str) -> Mapping[str, Any] | None:
        """State of work that can be resumed; None if there is none."""
        with self.store.reading() as connection:
            state = read_job(connection, name)
            return None if state is None else dict(state)

    def store_job(self, name: str, state: Mapping[str, Any] | None) -> None:
        """Keep the state of work that can be resumed; None removes it."""
        with self.store.changing() as change:
            write_job(change.connection, name, None if state is None else dict(state))

    def verify(self, *, repair: bool = False, progress: Progress | None = None) -> list[Problem]:
        """Check everything: files, tables, every template and crop, the audit chain.

        Args:
            repair: mend what can be mended without losing anything.
            progress: called with (templates and crops read, all).

        Returns: what was found, also what is mended now.
        """
        with self.store.reading() as connection:
            problems = checks.find_problems(self.store, connection, progress)
        if repair:
            self._erase_outside()
            with self.store.changing() as change:
                checks.mend(self.store, change)
            self.store.database.scrub()
        return problems
