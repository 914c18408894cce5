"""What a gallery was to keep until a day that has passed, and still holds: it is found until somebody forgets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from visavis.gallery.schema import person, reference
from visavis.gallery.store.enrolling import checked_date

if TYPE_CHECKING:
    from visavis.gallery.gallery import Gallery


@dataclass(frozen=True, slots=True)
class Expired:
    """How much `Gallery.forget_expired` would erase: people, with all they have, and references, theirs included."""

    people: int
    references: int


def expired(gallery: Gallery, today: str) -> Expired:
    """What was to be kept until a day before `today` (ISO date) at most.

    Raises:
        InvalidInput: it is no date.
    """
    checked_date("today", today)
    passed = case(((reference.c.retain_until < today) | (person.c.retain_until < today), 1), else_=0)
    query = select(func.count(), func.sum(passed)).join(person, person.c.key == reference.c.person)
    with gallery.store.reading() as connection:
        rows = connection.execute(query.group_by(reference.c.person).having(func.sum(passed) > 0)).all()
    return Expired(sum(gone == all_ for all_, gone in rows), sum(int(gone) for _, gone in rows))
