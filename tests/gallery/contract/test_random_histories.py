"""Whatever is done in whatever order, a gallery is what a plain model of it says, and verifies clean."""

from __future__ import annotations

import random

import pytest
from tests.gallery.contract.galleries import MODEL, found, place_in, reference, vector
from tests.gallery.contract.model import Impossible, Model, Past

from visavis.errors import GalleryConflict, PersonNotFound
from visavis.types import Template

NAMES = [f"Person {letter}" for letter in "ABCDEFGHIJ"]
CASES = [
    *(("sqlite", seed) for seed in range(6)),
    *(("sqlite-encrypted", seed) for seed in (20,)),
    *(("postgresql", seed) for seed in (30, 31)),
    ("postgresql-int8", 40),
    ("qdrant+sqlite", 50),
]


class Walk:
    """A random walk of a gallery and its model, side by side."""

    def __init__(self, gallery, seed):
        self.gallery, self.model, self.random = gallery, Model(), random.Random(seed)
        self.next_reference = 0
        self.names_of: dict[str, set[str]] = {}  # that a person ever had
        self.owners_of: dict[str, set[str]] = {}  # that a reference ever had

    def step(self):
        kinds = ("enrol", "rename", "merge", "split", "set_apart", "undo", "forget", "forget_some", "again")
        kind = self.random.choices(kinds, (6, 3, 4, 4, 2, 7, 1, 3, 1))[0]
        before = self.gallery.version
        try:
            getattr(self, kind)()
            refused = False
        except Impossible:
            refused = True
        if refused:
            assert self.gallery.version == before
        else:
            assert self.gallery.version >= before
        self.compare()
        return kind, refused

    def both(self, theirs, ours):
        """Do it in the gallery, and in the model if that agrees that it can be done."""
        try:
            expected = ours()
        except Impossible:
            with pytest.raises((GalleryConflict, PersonNotFound)):
                theirs()
            raise
        return theirs(), expected

    def person(self):
        return self.random.choice(sorted(self.model.names)) if self.model.names else None

    def any_name(self, known):
        return self.random.choice([known, self.model.names[known]])

    def enrol(self):
        batch = []
        for _ in range(self.random.choice((1, 1, 2, 5))):
            photo = f"photo {self.random.randrange(12)}" if self.random.random() < 0.7 else f"own {self.next_reference}"
            batch.append((f"r{self.next_reference}", self.random.choice(NAMES), photo))
            self.next_reference += 1
        new = [reference(one, name, photo=photo) for one, name, photo in batch]
        self.both(lambda: self.gallery.enrol(new), lambda: self.model.check_enrol(batch))
        self.model.enrol(batch, {person.name: person.id for person in self.gallery.people()})

    def again(self):
        """A reference that is enrolled, under the name that its person has now and a new photo: a contradiction."""
        if not self.model.owners:
            return
        one = self.random.choice(sorted(self.model.owners))
        with pytest.raises(GalleryConflict):
            self.gallery.enrol([reference(one, self.model.names[self.model.owners[one]], photo="another")])

    def rename(self):
        if (who := self.person()) is not None:
            new = self.random.choice([*NAMES, f"New {self.random.randrange(1000)}"])
            asked = self.any_name(who)
            operation, past = self.both(lambda: self.gallery.rename(asked, new), lambda: self.model.rename(who, new))
            self.model.past[operation.id] = past

    def merge(self):
        keep, absorb, force = self.person(), self.person(), self.random.random() < 0.4
        if keep is not None:
            asked = self.any_name(keep), self.any_name(absorb)
            operation, past = self.both(
                lambda: self.gallery.merge(*asked, force=force), lambda: self.model.merge(keep, absorb, force)
            )
            self.model.past[operation.id] = past

    def split(self):
        if (who := self.person()) is not None:
            own = self.model.of(who)
            moving, new = self.random.sample(own, self.random.randint(1, len(own))), self.random.choice(NAMES)
            operation, _ = self.both(
                lambda: self.gallery.split(who, moving, new), lambda: self.model.check_split(who, moving, new)
            )
            self.model.past[operation.id] = self.model.split(who, moving, new, operation.people[1])

    def set_apart(self):
        if (one := self.person()) is not None:
            other = self.person()
            if one != other:
                self.gallery.set_apart(one, other, "twins")
                self.model.set_apart(one, other)

    def undo(self):
        numbers = [n for n, past in self.model.past.items() if past.kind != "undo"]
        number = self.random.choice([None, *numbers[-4:]])
        operation, taken_back = self.both(lambda: self.gallery.undo(number), lambda: self.model.undo(number))
        assert operation.details["operation"] == taken_back
        self.model.past[operation.id] = Past("undo", operation.people)

    def forget(self):
        if (who := self.person()) is not None:
            self.check_forgotten(lambda: self.gallery.forget(who), self.model.of(who))

    def forget_some(self):
        if (who := self.person()) is not None:
            own = self.model.of(who)
            chosen = self.random.sample(own, self.random.randint(1, min(2, len(own))))
            self.check_forgotten(lambda: self.gallery.forget(who, references=chosen), chosen)

    def check_forgotten(self, forget, references):
        forgotten, gone = forget(), self.model.forget(references)
        assert (forgotten.people, forgotten.references) == (len(gone), len(references))
        told = repr([operation.details for operation in self.gallery.history()])
        assert not [one for one in references if f"'{one}'" in told]
        living = set().union(*(self.owners_of[one] for one in self.model.owners))
        names = set().union(*(self.names_of[id_] for id_ in living))
        everybody = set().union(*self.names_of.values())
        assert not [name for name in everybody - names if f"'{name}'" in told]

    def remember(self):
        for id_, name in self.model.names.items():
            self.names_of.setdefault(id_, set()).add(name)
        for one, owner in self.model.owners.items():
            self.owners_of.setdefault(one, set()).add(owner)

    def compare(self):
        self.remember()
        erased = {one.id for one in self.gallery.history() if one.details == {"erased": True}}
        assert erased == {number for number, past in self.model.past.items() if past.erased}
        people = {person.id: person for person in self.gallery.people()}
        assert {id_: person.name for id_, person in people.items()} == self.model.names
        assert {one.id: one.person_id for one in self.gallery.references()} == self.model.owners
        assert {one.id: one.photo for one in self.gallery.references()} == self.model.photos
        assert {frozenset(pair[:2]) for pair in self.gallery.apart()} == self.model.apart
        assert {id_: person.references for id_, person in people.items()} == {
            id_: len(self.model.of(id_)) for id_ in self.model.names
        }
        tier = self.gallery.tier()
        assert len(tier) == len(self.model.owners)
        owners = dict(zip(tier.keys.tolist(), tier.groups.tolist(), strict=True))
        together: dict[str, set[int]] = {}
        for one in self.gallery.references():
            together.setdefault(one.person_id, set()).add(owners[one.key])
        assert all(len(groups) == 1 for groups in together.values())
        assert len(set().union(*together.values())) == len(together)


@pytest.mark.parametrize(("store", "seed"), CASES)
def test_a_gallery_is_what_its_model_says_after_every_step(store, seed, tmp_path, request):
    place = place_in(store, tmp_path, lambda: request.getfixturevalue("postgres"))
    with place.create(actor="Grace") as gallery:
        walk = Walk(gallery, seed)
        for _ in range(45):
            walk.step()
        assert gallery.verify() == []
        if walk.model.owners:
            one = next(iter(walk.model.owners))
            assert found(gallery, one) == [one]
        versions = [entry.sequence for entry in gallery.audit()]
        assert versions == list(range(1, len(versions) + 1))
    with place.open() as again:
        walk.gallery = again
        walk.compare()


def test_the_walk_does_everything_and_is_refused_some(tmp_path):
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        walk = Walk(gallery, 7)
        done = {walk.step() for _ in range(110)}
    assert {kind for kind, refused in done if not refused} >= {"enrol", "rename", "merge", "split", "undo", "forget"}
    assert {kind for kind, refused in done if refused} >= {"enrol", "rename", "merge", "split", "undo"}


def test_vectors_of_tests_are_reproducible():
    assert vector("r1").tobytes() == vector("r1").tobytes() != vector("r2").tobytes()
    assert Template(vector("r1"), MODEL).model == MODEL
