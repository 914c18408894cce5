"""Names that people had: who was renamed, or merged into somebody, is not enrolled again under the old name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visavis.gallery.enrolment.findings import Finding, Kind

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import Operation


@dataclass(frozen=True, slots=True)
class Present:
    """Who a name stood for: the person's id, and name now."""

    id: str
    name: str


def former_names(gallery: Gallery) -> dict[str, Present]:
    """By name that nobody has any more, who had it last, as far as that person is still enrolled."""
    operations = [one for one in gallery.history() if one.undone_by is None]
    if not operations:
        return {}
    names = {person.id: person.name for person in gallery.people()}
    into = {one.people[1]: one.people[0] for one in operations if one.kind == "merge"}
    taken, found = set(names.values()), dict[str, Present]()
    for name, id_ in _given_up(operations):
        while id_ not in names and id_ in into:
            id_ = into[id_]  # noqa: PLW2901 (whoever that one is part of now)
        if name not in taken and id_ in names:
            found.setdefault(name, Present(id_, names[id_]))
    return found


def former_finding(source: str, person: str, now: Present) -> Finding:
    """A photo given under a name that its person no longer has."""
    return Finding(
        Kind.FORMER_NAME,
        "refuse",
        f"{source}: was given for {person}, who was renamed or merged and is {now.name} now; give it for {now.name} "
        f"(rename the folder), or enrol it with guard 'flag' if it shows another {person}",
        (now.name,),
        (now.id,),
    )


def _given_up(operations: Iterable[Operation]) -> Iterator[tuple[str, str]]:
    """(name, id of the person who had it or took its references), the latest first."""
    for one in operations:
        absorbed = one.details.get("absorbed")  # details of people who were forgotten are erased
        name = absorbed["name"] if one.kind == "merge" and absorbed else one.details.get("before")
        if name and one.kind in ("merge", "rename"):
            yield name, one.people[0]
