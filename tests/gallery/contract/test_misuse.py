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


def test_nobody_is_named_like_the_id_of_another(plain_gallery):
    plain_gallery.enrol(references(Ada=1, Ben=1))
    id_ = plain_gallery.person("Ada").id
    for change in (
        lambda: plain_gallery.enrol([reference("c", id_)]),
        lambda: plain_gallery.rename("Ben", id_.upper()),
        lambda: plain_gallery.split("Ben", ["ben-1"], id_),
    ):
        with pytest.raises(InvalidInput, match="looks like the id of a person"):
            change()
    assert plain_gallery.person(id_).name == "Ada"
    assert names(plain_gallery) == ["Ada", "Ben"]


def test_an_operation_is_a_number(plain_gallery):
    with pytest.raises(InvalidInput, match=r"^operation: whole numbers are expected"):
        plain_gallery.undo("x")
