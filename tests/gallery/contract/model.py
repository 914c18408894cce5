"""A gallery in plain Python, told what its operations mean and nothing of how they are done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Pair = frozenset[str]


@dataclass
class Past:
    """One operation: what it needs to be taken back."""

    kind: str
    people: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    undone: bool = False
    erased: bool = False


class Impossible(Exception):
    """What the gallery must refuse."""


class Model:
    """People (id -> name), references (id -> person id), pairs apart, and history (operation number -> past)."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.photos: dict[str, str] = {}
        self.apart: set[Pair] = set()
        self.past: dict[int, Past] = {}

    # --- what can be seen ------------------------------------------------------------------------

    def picture(self) -> dict[str, set[str]]:
        return {name: set(self.of(id_)) for id_, name in self.names.items()}

    def of(self, person: str) -> list[str]:
        return [one for one, owner in self.owners.items() if owner == person]

    def id_of(self, name: str) -> str:
        return next(id_ for id_, known in self.names.items() if known == name)

    # --- what can be done ------------------------------------------------------------------------

    def enrol(self, batch: list[tuple[str, str, str]], ids: dict[str, str]) -> None:
        """(reference, name, photo) of new references; `ids` are those of people by name afterwards."""
        for one, name, photo in batch:
            self.names.setdefault(ids[name], name)
            self.owners[one], self.photos[one] = ids[name], photo

    def check_enrol(self, batch: list[tuple[str, str, str]]) -> None:
        seen = {(self.names[owner], self.photos[one]) for one, owner in self.owners.items()}
        for one, name, photo in batch:
            self._refuse(one in self.owners)
            self._refuse((name, photo) in seen)
            seen.add((name, photo))

    def rename(self, person: str, new: str) -> Past:
        self._refuse(new in self.names.values())
        past = Past("rename", (person,), {"before": self.names[person]})
        self.names[person] = new
        return past

    def merge(self, keep: str, absorb: str, force: bool) -> Past:
        self._refuse(keep == absorb)
        shared = {self.photos[one] for one in self.of(keep)} & {self.photos[one] for one in self.of(absorb)}
        self._refuse(not force and (bool(shared) or frozenset((keep, absorb)) in self.apart))
        pairs = {pair for pair in self.apart if absorb in pair}
        inherited = {frozenset({keep, *pair - {absorb}}) for pair in pairs if keep not in pair} - self.apart
        moved = self.of(absorb)
        facts = {"name": self.names.pop(absorb), "moved": set(moved), "pairs": pairs, "inherited": inherited}
        self.apart = self.apart - pairs | inherited
        self.owners.update(dict.fromkeys(moved, keep))
        return Past("merge", (keep, absorb), facts)

    def split(self, person: str, moving: list[str], new: str, new_id: str) -> Past:
        self.owners.update(dict.fromkeys(moving, new_id))
        self.names[new_id] = new
        return Past("split", (person, new_id), {"moved": set(moving)})

    def check_split(self, person: str, moving: list[str], new: str) -> None:
        self._refuse(new in self.names.values() or len(moving) == len(self.of(person)))

    def set_apart(self, one: str, other: str) -> None:
        self._refuse(one == other)
        pair = frozenset((one, other))
        self.apart.add(pair)
        for past in self.past.values():
            past.facts.get("inherited", set()).discard(pair)

    def undo(self, number: int | None) -> int:
        open_ones = [n for n, past in self.past.items() if past.kind != "undo" and not past.undone]
        if number is None:
            left = [n for n in open_ones if not self.past[n].erased]
            self._refuse(not left)
            number = max(left)
        self._refuse(number not in open_ones)
        past = self.past[number]
        self._refuse(past.erased)
        for later in open_ones:
            if later > number and not self.past[later].erased:
                self._refuse(self._meet(past, self.past[later]))
        {"rename": self._undo_rename, "merge": self._undo_merge, "split": self._undo_split}[past.kind](past)
        past.undone = True
        return number

    def forget(self, references: list[str]) -> set[str]:
        """Returns the people who are gone with them."""
        for one in references:
            del self.owners[one], self.photos[one]
        gone = {id_ for id_ in self.names if not self.of(id_)}
        for id_ in gone:
            del self.names[id_]
        self.apart = {pair for pair in self.apart if not pair & gone}
        for past in self.past.values():
            if "moved" in past.facts:
                past.facts["moved"] -= set(references)
        self._erase(gone)
        return gone

    # --- how -------------------------------------------------------------------------------------

    def _meet(self, past: Past, later: Past) -> bool:
        if set(past.people) & set(later.people):
            return True
        if past.kind != "merge" or later.kind != "merge":
            return False
        apart_of = [set().union(*one.facts["pairs"]) - {one.people[1]} for one in (past, later)]
        return bool(apart_of[0] & set(later.people) or apart_of[1] & set(past.people))

    def _undo_rename(self, past: Past) -> None:
        self._refuse(past.facts["before"] in self.names.values())
        self.names[past.people[0]] = past.facts["before"]

    def _undo_merge(self, past: Past) -> None:
        keep, absorbed = past.people
        back = [one for one in past.facts["moved"] if self.owners.get(one) == keep]
        self._refuse(not back or len(back) == len(self.of(keep)))
        self._refuse(past.facts["name"] in self.names.values())
        self.names[absorbed] = past.facts["name"]
        self.owners.update(dict.fromkeys(back, absorbed))
        self.apart -= past.facts["inherited"]
        self.apart |= {pair for pair in past.facts["pairs"] if pair <= set(self.names)}

    def _undo_split(self, past: Past) -> None:
        before, new = past.people
        self._refuse(not set(self.of(new)) <= past.facts["moved"])
        self.owners.update(dict.fromkeys(self.of(new), before))
        del self.names[new]
        self.apart = {pair for pair in self.apart if new not in pair}

    def _erase(self, gone: set[str]) -> None:
        """A past that names somebody who is gone cannot be taken back."""
        gone = set(gone)
        for past in self.past.values():
            if past.kind == "merge" and not past.undone and not past.erased and not past.facts["moved"]:
                gone.add(past.people[1])
        restorable = set(self.names)
        for number in sorted(self.past, reverse=True):
            past = self.past[number]
            possible = past.kind == "merge" and not past.undone and not past.erased and past.facts["moved"]
            if possible and past.people[0] in restorable:
                restorable.add(past.people[1])
        for past in self.past.values():
            if past.kind == "split" and not past.erased and not past.facts["moved"]:
                gone |= {past.people[1]} - restorable
        while True:
            touched = {id_ for past in self.past.values() if gone & set(past.people) for id_ in past.people}
            more = touched - restorable - gone
            if not more:
                break
            gone |= more
        for past in self.past.values():
            past.erased = past.erased or bool(gone & set(past.people))
            for name in ("pairs", "inherited"):
                if name in past.facts:
                    past.facts[name] = {pair for pair in past.facts[name] if not pair & gone}

    def _refuse(self, wrong: bool) -> None:
        if wrong:
            raise Impossible
