"""One change of a gallery in the making: what it touches, and the records that are written with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from visavis.errors import InvalidInput
from visavis.gallery.schema import change
from visavis.gallery.store import audit
from visavis.gallery.store.settings import UNERASED, read_setting, write_setting
from visavis.gallery.store.values import from_json, storable, to_json
from visavis.ranges import shown

_KEPT = 200_000
"""Touched references that stay listed for search tiers to catch up with; those further behind load everything anew."""
_LONGEST_ACTION = 32


@dataclass(slots=True)
class Change:
    """A writing transaction.

    Attributes:
        connection: of the transaction; its holder is the only writer.
        gallery: id of the gallery.
        actor: who does it.
        version: of the gallery once this is written.
        at: when it began; UTC, ISO 8601.
    """

    connection: Connection
    gallery: str
    actor: str
    version: int
    at: str
    _touched: dict[int, None] = field(default_factory=dict)
    _entries: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begin(cls, connection: Connection, gallery: str, actor: str) -> Change:
        """The next change after all that are written."""
        return cls(connection, gallery, storable(actor), int(read_setting(connection, "version")) + 1, now())

    def touch(self, references: Sequence[int]) -> None:
        """Search tiers must look at these references (keys) again."""
        self._touched.update(dict.fromkeys(references))

    def owe_erasure(self) -> None:
        """What this change deletes is to be erased from the files too; until it is, `verify` says so."""
        write_setting(self.connection, UNERASED, self.version)

    def record(
        self, action: str, subjects: Sequence[str], model: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        """An entry for the audit log; opaque ids and numbers only.

        Raises:
            InvalidInput: a name of an action that is too long, or details that JSON cannot hold.
        """
        if not 0 < len(storable(action or "")) <= _LONGEST_ACTION:
            raise InvalidInput(f"audit action {shown(action)}: needs 1 to {_LONGEST_ACTION} characters")
        told = from_json(to_json(dict(details or {})))  # as it will be read when its hash is checked
        entry = {"at": self.at, "actor": self.actor, "action": storable(action), "model": model, "details": told}
        self._entries.append({**entry, "subjects": [storable(subject) for subject in subjects]})

    def new_keys(self, kind: str, count: int) -> range:
        """Numbers for new rows that were never used before and never will be again."""
        counters = read_setting(self.connection, "keys") or {}
        first = int(counters.get(kind, 1))
        write_setting(self.connection, "keys", {**counters, kind: first + count})
        return range(first, first + count)

    def finish(self) -> None:
        """Write what goes with the change, if it changed anything; the transaction may be committed then."""
        if not self._touched and not self._entries:
            return
        if self._touched:
            rows = [{"version": self.version, "reference": key} for key in self._touched]
            self.connection.execute(insert(change), rows)
            self._prune()
        if self._entries:
            audit.append(self.connection, self._entries)
        write_setting(self.connection, "version", self.version)

    def _prune(self) -> None:
        newest, oldest = self.connection.execute(select(func.max(change.c.sequence), func.min(change.c.sequence))).one()
        if newest - oldest < 2 * _KEPT:
            return
        last = select(func.max(change.c.version)).where(change.c.sequence <= newest - _KEPT)
        horizon = self.connection.execute(last).scalar_one()
        self.connection.execute(delete(change).where(change.c.version <= horizon))
        write_setting(self.connection, "horizon", horizon)


def now() -> str:
    """This moment, UTC, ISO 8601, in milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
