"""Search tiers in step with the store: what was changed before a search began, in any process, is seen by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from visavis.errors import GalleryCorrupt, InvalidInput
from visavis.gallery.schema import audit, change, reference, template
from visavis.gallery.search.tier import SearchTier
from visavis.gallery.store.audit import START
from visavis.gallery.store.rows import plain_rows
from visavis.gallery.store.settings import read_setting
from visavis.gallery.store.spaces import count_templates, find_space, read_spaces

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection, Row

    from visavis.gallery.search.approximate import ApproximateIndex
    from visavis.gallery.store.store import Store
    from visavis.gallery.types import ModelSpace

    Progress = Callable[[int, int], None]
    Keys = NDArray[np.int64]

_ASKED = 5_000  # keys in one question


class Tiers:
    """The search tiers of one gallery, one for each model, loaded when first asked for.

    Args:
        store: of the gallery.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tiers: dict[str, SearchTier] = {}
        self._seen: dict[str, _Moment] = {}
        self._indexes: dict[SearchTier, ApproximateIndex] = {}
        self._stepping, self._building = threading.Lock(), threading.Lock()

    def current(self, fingerprint: str | None, progress: Progress | None = None) -> SearchTier:
        """The tier of a model (the active one for None) as the store is now.

        Raises:
            TemplateMismatch: the gallery holds no templates of the model.
            GalleryUnavailable, GalleryCorrupt: the store cannot be read.
        """
        with self._stepping, self._store.reading() as connection:
            spaces = read_spaces(connection)
            space = find_space(spaces, fingerprint)
            for gone in self._tiers.keys() - {one.fingerprint for one in spaces}:
                del self._tiers[gone]
            moment, horizon = _Moment.read(connection), int(read_setting(connection, "horizon") or 0)
            tier, seen = self._tiers.get(space.fingerprint), self._seen.get(space.fingerprint)
            if tier is not None and seen == moment:
                return tier
            follows = seen is not None and seen.version >= horizon and seen.precedes(moment, connection)
            if tier is not None and follows and tier.scale == space.scale:
                self._catch_up(connection, space, tier)
            else:
                tier = self._loaded(connection, space, progress)
            tier.version = moment.version
            self._tiers[space.fingerprint], self._seen[space.fingerprint] = tier, moment
            return tier

    def approximate(self, fingerprint: str | None, progress: Progress | None = None) -> ApproximateIndex:
        """An approximate index over the current tier of a model, built when first asked for and when out of date.

        Raises:
            InvalidInput: the gallery is too small for one.
        """
        from visavis.gallery.search.approximate import ApproximateIndex

        tier = self.current(fingerprint, progress)
        with self._building:
            self._indexes = {one: index for one, index in self._indexes.items() if one in self._tiers.values()}
            if tier not in self._indexes:
                self._indexes[tier] = ApproximateIndex(tier, progress=progress)
            elif self._indexes[tier].outdated:
                self._indexes[tier].rebuild(progress)
            return self._indexes[tier]

    def _loaded(self, connection: Connection, space: ModelSpace, progress: Progress | None) -> SearchTier:
        tier = SearchTier(space.dimension, space.metric, space.precision, space.scale)
        owners, total = _Owners(connection), count_templates(connection, space)
        for keys, rows in self._store.templates.stream(connection, space, self._store.vault(connection)):
            self._put(tier, keys, owners.of(keys), rows)
            if progress:
                progress(len(tier), total)
        return tier

    def _catch_up(self, connection: Connection, space: ModelSpace, tier: SearchTier) -> None:
        query = select(change.c.reference).where(change.c.version > tier.version).distinct()
        changed = np.array(sorted(connection.execute(query).scalars()), dtype=np.int64)
        for start in range(0, len(changed), _ASKED):
            self._renew(connection, space, tier, changed[start : start + _ASKED])

    def _renew(self, connection: Connection, space: ModelSpace, tier: SearchTier, changed: Keys) -> None:
        """Look at these references again: gone, somebody else's, or new."""
        query = (
            select(template.c.reference, reference.c.person)
            .join(reference, reference.c.key == template.c.reference)
            .where(template.c.model == space.key, template.c.reference.in_(changed.tolist()))
            .order_by(template.c.reference)
        )
        keys, owners = _columns(connection.execute(query).all())
        tier.drop(np.setdiff1d(changed, keys))
        known = np.isin(keys, tier.keys)  # a template never changes under its key
        tier.regroup(keys[known], owners[known])
        if not known.all():
            rows = self._store.templates.get(connection, space, keys[~known], self._store.vault(connection))
            self._put(tier, keys[~known], owners[~known], rows)

    def _put(self, tier: SearchTier, keys: Keys, owners: Keys, rows: NDArray[Any]) -> None:
        try:
            tier.put(keys, owners, rows)
        except InvalidInput as error:
            raise GalleryCorrupt(
                f"{self._store.database.shown}: a template cannot be searched ({error}); `visavis gallery verify` "
                "names the reference: forget it, and enrol its photo again"
            ) from error


@dataclass(frozen=True, slots=True)
class _Moment:
    """A state of a gallery: how many changes came before it, and the audit log's last entry, which no other state has.

    A gallery that was restored from a copy counts its changes from there again; the log tells it from the one before.
    """

    version: int
    sequence: int
    hash: str

    @classmethod
    def read(cls, connection: Connection) -> _Moment:
        head = read_setting(connection, "audit") or {"sequence": 0, "hash": START}
        return cls(int(read_setting(connection, "version")), int(head["sequence"]), str(head["hash"]))

    def precedes(self, later: _Moment, connection: Connection) -> bool:
        """Whether the gallery came from this state to the later one."""
        if later.version < self.version or later.sequence < self.sequence:
            return False
        known = connection.execute(select(audit.c.hash).where(audit.c.sequence == self.sequence)).scalar()
        return self.sequence == 0 or known == self.hash


class _Owners:
    """Whose each reference is: read at once, for a tier that is loaded whole."""

    def __init__(self, connection: Connection) -> None:
        query = select(reference.c.key, reference.c.person).order_by(reference.c.person, reference.c.key)
        parts = [_columns(part) for part in plain_rows(connection, query, 50_000)]
        pairs = np.concatenate([_columns(()), *parts], axis=1)
        self._keys, self._people = pairs[:, np.argsort(pairs[0])]

    def of(self, keys: Keys) -> Keys:
        return np.asarray(self._people[np.searchsorted(self._keys, keys)])


def _columns(rows: Sequence[Sequence[int]] | Sequence[Row[tuple[int, int]]]) -> Keys:
    """(2, n) of n rows with two numbers each; numpy takes a database's rows for something else, and takes long."""
    return np.array([*zip(*rows, strict=True)] or [(), ()], dtype=np.int64)
