"""A gallery in memory that answers as the interface of galleries says, so that commands can be tested without a store.

It keeps nothing and checks little: it shows that a command asks for the right thing and tells the answer, not that a
store gives the right answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.gallery.small_gallery import SmallGallery, space

import visavis.gallery
from visavis.errors import GalleryNotFound, PersonNotFound
from visavis.gallery import retention
from visavis.gallery.retention import Expired
from visavis.gallery.types import AuditEntry, Operation, Person, Problem


@dataclass
class Forgotten:
    people: int
    references: int
    erased: bool
    note: str


@dataclass
class StandIn(SmallGallery):
    names: tuple[str, ...] = ()
    calls: list = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    erased: bool = True
    expired: Expired = field(default_factory=lambda: Expired(0, 0))
    encrypted: bool = False
    id: str = "gallery-1"
    location: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(shown="some.gallery"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.calls.append(("close",))

    def models(self):
        return (self.model,)

    def people(self, *, name_contains=None):
        everybody = [
            Person(f"id {row}", name, "2026-01-01T00:00:00Z", int((self.owners == row).sum()))
            for row, name in enumerate(self.names)
        ]
        return [person for person in everybody if (name_contains or "") in person.name]

    def person(self, who):
        for person in self.people():
            if who in (person.name, person.id):
                return person
        raise PersonNotFound(f"{who}: nobody of that name is enrolled")

    def references(self, **which):
        return [replace(one, person=self.names[int(one.person_id[3:])]) for one in super().references(**which)]

    def _operation(self, kind, *arguments):
        self.calls.append((kind, *arguments))
        return Operation(5, kind, "2026-01-02T00:00:00Z", "me", ("id 0",), {})

    def merge(self, keep, absorb, *, force=False):
        return self._operation("merge", keep, absorb, force)

    def split(self, who, references, new_name):
        return self._operation("split", who, references, new_name)

    def rename(self, who, new_name):
        return self._operation("rename", who, new_name)

    def undo(self, operation=None):
        return self._operation("undo", operation)

    def history(self, *, person=None):
        return [Operation(4, "merge", "2026-01-02T00:00:00Z", "me", ("id 0",), {}, undone_by=5)]

    def forget(self, who, *, references=None):
        self.calls.append(("forget", who, references))
        return Forgotten(1, 2, self.erased, "" if self.erased else "a reader holds the log")

    def forget_expired(self, today):
        self.calls.append(("forget_expired", today))
        return Forgotten(0, 0, True, "")

    def set_apart(self, first, second, reason=""):
        self.calls.append(("apart", first, second, reason))

    def apart(self):
        return [("id 0", "id 1", "twins")]

    def audit_head(self):
        return {"sequence": 9, "hash": "00"}

    def audit(self, *, since=0):
        rows = (AuditEntry(n, "2026-01-02T00:00:00Z", "me", "enrol", ("r1",), "m@1", {}, "00") for n in range(1, 10))
        return (row for row in rows if row.sequence > since)

    def verify(self, *, repair=False, progress=None):
        self.calls.append(("verify", repair))
        return self.problems


def three_people(fingerprint="m@1"):
    """Ada, Ben and Cem with two references each."""
    vectors = np.random.default_rng(0).normal(size=(6, 6)).astype(np.float32)
    return StandIn(np.repeat(np.arange(3), 2), vectors, space(fingerprint), names=("Ada", "Ben", "Cem"))


def put_in_place(monkeypatch: pytest.MonkeyPatch, store: StandIn) -> list:
    """`open_gallery` gives `store` for the URI some.gallery; how it was opened is listed."""
    asked: list = []

    def open_gallery(uri, *, key=None, read_only=False, progress=None):
        asked.append((uri, key, read_only))
        if uri != "some.gallery":
            raise GalleryNotFound(f"{uri}: there is no gallery here")
        return store

    monkeypatch.setitem(vars(visavis.gallery), "open_gallery", open_gallery)
    monkeypatch.setattr(retention, "expired", lambda store, _today: store.expired)
    monkeypatch.delenv("VISAVIS_GALLERY", raising=False)
    monkeypatch.delenv("VISAVIS_GALLERY_KEY", raising=False)
    return asked
