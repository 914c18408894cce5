"""The audit log: who did what, when, under which model. Every entry's hash covers the entry before it.

The head (number and hash of the last entry) is kept apart from the log. Whoever may write to the database could forge
both; `gallery info` shows the head, so that it can be noted elsewhere and the log be held to it later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from visavis.gallery.schema import audit
from visavis.gallery.store.settings import read_setting, write_setting
from visavis.gallery.types import AuditEntry, Problem

START = "0" * 64
"""What the first entry's hash covers in place of one before it."""
_BLOCK = 1000


def append(connection: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add entries (`at`, `actor`, `action`, `subjects`, `model`, `details` each), within a writing transaction."""
    head = read_setting(connection, "audit") or {"sequence": 0, "hash": START}
    sequence, last = int(head["sequence"]), str(head["hash"])
    rows = []
    for entry in entries:
        sequence += 1
        row = {"sequence": sequence, **entry}
        last = entry_hash(last, row)
        rows.append({**row, "hash": last})
    connection.execute(insert(audit), rows)
    write_setting(connection, "audit", {"sequence": sequence, "hash": last})


def read(connection: Connection, since: int = 0) -> Iterator[AuditEntry]:
    """Entries after number `since`, oldest first."""
    while block := connection.execute(
        select(audit).where(audit.c.sequence > since).order_by(audit.c.sequence).limit(_BLOCK)
    ).all():
        for row in block:
            yield AuditEntry(**{**row._mapping, "subjects": tuple(row.subjects)})
        since = block[-1].sequence


def check(connection: Connection) -> list[Problem]:
    """The first entry that does not follow from the one before it, and a head that is not the last entry's."""
    sequence, last = 0, START
    for entry in read(connection):
        sequence += 1
        row = {name: getattr(entry, name) for name in ("at", "actor", "action", "subjects", "model", "details")}
        if entry.sequence != sequence or entry.hash != entry_hash(last, {"sequence": sequence, **row}):
            return [Problem("broken audit chain", f"entry {entry.sequence} was changed, or one before it is missing")]
        last = entry.hash
    head = read_setting(connection, "audit")
    count = connection.execute(select(func.count()).select_from(audit)).scalar_one()
    if head is None or (head["sequence"], head["hash"]) != (sequence, last) or count != sequence:
        return [
            Problem("broken audit chain", f"the log ends at entry {sequence}, which is not the head it should have")
        ]
    return []


def entry_hash(before: str, row: Mapping[str, Any]) -> str:
    """SHA-256 of the hash before and the entry's canonical JSON, in hexadecimal."""
    names = ("sequence", "at", "actor", "action", "subjects", "model", "details")
    values = [list(row[name]) if name == "subjects" else row[name] for name in names]
    text = json.dumps([before, *values], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
