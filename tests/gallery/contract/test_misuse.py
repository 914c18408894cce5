"""Arguments of the wrong kind: the error names the argument, never the gallery, and nothing is changed."""

from __future__ import annotations

import numpy as np
import pytest
from tests.gallery.contract.galleries import names, reference, references

from visavis.errors import InvalidInput, PersonNotFound
from visavis.gallery.types import Crop


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([{}], r"^references: number 0 is no NewReference but \{\}"),
        ([reference("a", "Ada"), None], "^references: number 1 is no NewReference"),
        (reference("a", "Ada"), "^references: expected a list of NewReference"),
        ("ada", "^references: expected a list"),
        (None, "^references: expected a list"),
        ([reference("a", "Ada", template=np.ones(8))], "^reference 'a': its template is no Template"),
        ([reference("a", "Ada", quality=[0.5])], "^reference a: has qualities that are no finite numbers"),
        ([reference("a", "Ada", crop=b"\xff\xd8")], "^reference a: its crop needs"),
        ([reference("a", "Ada", crop=Crop(b"\xff\xd8", (1, 2)))], "^reference a: its crop needs"),
        ([reference("a", "Ada", crop=Crop(b"\xff\xd8", None))], "^reference a: its crop needs"),
    ],
)
def test_what_is_no_batch_of_references_is_refused_by_name(plain_gallery, given, words):
    with pytest.raises(InvalidInput, match=words):
        plain_gallery.enrol(given)
    assert (plain_gallery.count(), plain_gallery.version) == ((0, 0), 0)


def test_references_may_come_one_by_one(plain_gallery):
    assert plain_gallery.enrol(one for one in references(Ada=2)).enrolled == ("ada-1", "ada-2")
    assert names(plain_gallery) == ["Ada"]


def test_keys_that_no_reference_has_are_not_found(gallery):
    gallery.enrol(references(Ada=2))
    gallery.forget("Ada", references=["ada-2"])
    for keys, missing in (([10**9], 10**9), ([1, 2], 2)):
        with pytest.raises(PersonNotFound, match=f"^reference key {missing}: there is none"):
            gallery.templates(keys)
    assert gallery.templates((1, 1)).shape == (2, 8)


@pytest.mark.parametrize("keys", [["x"], [1.5], 1, None, [[1], [1, 2]], [-1], [2**80], (key for key in [1])])
def test_what_is_no_list_of_keys_is_refused_by_name(plain_gallery, keys):
    with pytest.raises(InvalidInput, match=r"^keys: "):
        plain_gallery.templates(keys)


def test_an_operation_is_a_number(plain_gallery):
    with pytest.raises(InvalidInput, match=r"^operation: whole numbers are expected"):
        plain_gallery.undo("x")
