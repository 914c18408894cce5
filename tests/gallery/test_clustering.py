"""A real gallery's references clustered, and held against who is enrolled as whom."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.gallery import NewReference, create_gallery
from visavis.gallery.clustering import gallery_faces, review
from visavis.matching.clustering import METHODS, ClusterSettings, cluster_faces, given_threshold
from visavis.types import Box, Template

pytest.importorskip("faiss", reason="needs visavis[cluster]")
CENTRES = 3 * np.random.default_rng(0).normal(size=(9, 8))
"""Where the faces of nine people lie, far from each other."""


@pytest.fixture
def gallery(tmp_path):
    with create_gallery(tmp_path / "g", model="m@1", dimension=8, metric="euclidean") as store:
        yield store


def reference(number, person, face, photo="", noise=0.02, **other):
    """A reference enrolled as `person` that shows person number `face`."""
    vector = CENTRES[face] + noise * np.random.default_rng(number).normal(size=8)
    template = Template(vector.astype(np.float32), "m@1")
    return NewReference(f"r{number}", person, template, source=f"{number}.jpg", photo=photo, **other)


def clustered(gallery, method="average"):
    found = gallery_faces(gallery)
    settings = ClusterSettings(method)
    return found, cluster_faces(
        found.faces.templates, given_threshold(0.5, 9), "euclidean", settings, apart=found.apart
    )


def told(gallery, method="average"):
    found, clustering = clustered(gallery, method)
    return review(clustering, found.references).to_dict()


@pytest.mark.parametrize("method", METHODS)
def test_two_entries_of_one_person_are_proposed_for_merging_and_one_of_two_people_for_splitting(gallery, method):
    pytest.importorskip("sklearn")
    who = ["Ada"] * 3 + ["Adah"] * 2 + ["Ben"] * 4 + ["Cem"] * 2
    faces = [0] * 3 + [0] * 2 + [1, 1, 2, 2] + [3] * 2
    gallery.enrol([reference(n, person, face) for n, (person, face) in enumerate(zip(who, faces, strict=True))])
    answer = told(gallery, method)
    (merge,), (split,) = answer["merge_candidates"], answer["split_candidates"]
    assert [(one["person"], one["references"]) for one in merge["people"]] == [("Ada", 3), ("Adah", 2)]
    assert (split["person"], [one["references"] for one in split["clusters"]]) == ("Ben", [2, 2])
    assert {one["person_id"] for one in merge["people"]} == {gallery.person(name).id for name in ("Ada", "Adah")}


def test_a_gallery_in_order_gives_nothing_to_propose(gallery):
    gallery.enrol([reference(n, f"p{n // 3}", n // 3) for n in range(9)])
    assert told(gallery) == {"merge_candidates": [], "split_candidates": []}


@pytest.mark.parametrize("method", METHODS)
def test_references_of_one_photo_and_people_set_apart_are_never_together(gallery, method):
    pytest.importorskip("sklearn")
    twins = [reference(n, "Ada" if n % 2 else "Bea", 0, photo=f"photo {n // 2}") for n in range(8)]
    likes = [reference(8 + n, "Cem" if n % 2 else "Dee", 1) for n in range(8)]
    gallery.enrol(twins + likes)
    gallery.set_apart("Cem", "Dee", "twins")
    found, clustering = clustered(gallery, method)
    for members in clustering.clusters:
        photos = [found.references[face].photo for face in members if found.references[face].photo]
        assert len(photos) == len(set(photos))
        assert not {"Cem", "Dee"} <= {found.references[face].person for face in members}


def test_faces_carry_what_the_gallery_knows(gallery):
    gallery.enrol(
        [
            reference(0, "Ada", 0, box=Box(1, 2, 30, 40), quality={"summary": 0.75}),
            reference(1, "Ben", 1),
        ]
    )
    told_of = []
    found = gallery_faces(gallery, lambda *p: told_of.append(p))
    assert found.faces.row(0) == {"path": "0.jpg", "face": 0, "box": [1.0, 2.0, 30.0, 40.0], "quality": 0.75}
    assert found.faces.row(1) == {"path": "1.jpg", "face": 0, "box": None, "quality": None}
    assert [one["person"] for one in found.details()] == ["Ada", "Ben"]
    assert [one["reference"] for one in found.details()] == ["r0", "r1"]
    assert found.faces.templates == pytest.approx(gallery.templates([one.key for one in found.references]))
    assert (found.faces.model, told_of) == ("m@1", [(2, 2)])


def test_an_empty_gallery_is_refused_with_what_to_do(gallery):
    with pytest.raises(InvalidInput, match="no references to cluster; enrol people first"):
        gallery_faces(gallery)
