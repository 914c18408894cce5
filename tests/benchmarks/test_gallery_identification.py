"""The fixed rule that splits a small set: nobody on both sides, every photo once, and always the same."""

import numpy as np
import pytest

from gallery_identification import split_roles

PEOPLE = np.repeat([f"person {i}" for i in range(12)], [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 22])
IMAGES = tuple(f"{person}/{i:03d}.jpg" for i, person in enumerate(PEOPLE))


@pytest.mark.parametrize("split", range(10))
def test_every_photo_has_one_role_and_strangers_are_not_enrolled(split):
    chosen, roles = split_roles(IMAGES, PEOPLE, split)
    assert sorted(chosen) == list(range(len(IMAGES)))
    who = {role: set(PEOPLE[chosen[roles == role]]) for role in ("gallery", "probe_mated", "probe_nonmated")}
    assert who["gallery"] == who["probe_mated"]
    assert not who["gallery"] & who["probe_nonmated"]
    assert {"person 0", "person 1"} <= who["probe_nonmated"]


def test_references_are_the_first_half_of_the_photos_five_at_most():
    for split in range(10):
        chosen, roles = split_roles(IMAGES, PEOPLE, split)
        for person in set(PEOPLE[chosen[roles == "gallery"]]):
            photos = np.flatnonzero(person == PEOPLE)
            assert (
                sorted(chosen[(roles == "gallery") & (PEOPLE[chosen] == person)])
                == photos[: min(len(photos) // 2, 5)].tolist()
            )


def test_splits_differ_and_repeat():
    first, again, other = (split_roles(IMAGES, PEOPLE, split)[1].tolist() for split in (0, 0, 1))
    assert first == again != other
