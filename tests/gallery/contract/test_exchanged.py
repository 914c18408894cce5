"""A gallery that is rebuilt or restored under an open one: numbers of one state never meet names of another."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from tests.gallery.contract.galleries import place_in, reference, vector

from visavis.errors import GalleryNotFound, GalleryUnavailable


def named(gallery, probe):
    """Who is most similar to a probe."""
    found = gallery.search(probe[None], 1)
    return gallery.references(keys=found.keys[0].tolist())[0].person


def erase(place):
    """The gallery is gone, whoever has it open."""
    if place.database == "sqlite":
        shutil.rmtree(place.uri)
        return
    with place.open() as gallery, gallery.store.database.writing() as connection:
        connection.execute(text(f"DROP SCHEMA {gallery.location.schema} CASCADE"))


@pytest.mark.parametrize("more", [0, 1, 2])
def test_a_gallery_made_anew_in_its_place_is_refused_for_good(plain_place, more):
    people = {name: vector(name) for name in ("Ada", "Ben")}
    with plain_place.create() as open_one:
        open_one.enrol([reference(name, name) for name in people])
        assert named(open_one, people["Ada"]) == "Ada"
        erase(plain_place)
        with plain_place.create() as rebuilt:
            rebuilt.enrol([reference(name, name) for name in reversed(people)])
            for number in range(more):
                rebuilt.enrol([reference(f"more {number}", f"more {number}")])
        for _ in range(3):
            with pytest.raises((GalleryUnavailable, GalleryNotFound), match=r"open it again|try again"):
                named(open_one, people["Ada"])
        with pytest.raises(GalleryUnavailable):
            open_one.enrol([reference("Cem", "Cem")])


def test_a_copy_that_is_restored_is_searched_as_it_is(tmp_path):
    place = place_in("sqlite", tmp_path, None)
    ben, cem = vector("Ben"), vector("Cem")
    with place.create() as gallery:
        gallery.enrol([reference("Ada", "Ada")])
    shutil.copytree(place.uri, tmp_path / "copy")
    with place.open() as gallery:
        gallery.enrol([reference("Ben", "Ben")])
        assert named(gallery, ben) == "Ben"
        shutil.rmtree(place.uri)
        Path(tmp_path / "copy").rename(place.uri)
        with place.open() as restored:
            restored.enrol([reference("Cem", "Cem")])  # as many changes as before
        for _ in range(2):
            try:
                assert named(gallery, cem) == "Cem"
                assert np.isclose(gallery.search(cem[None], 1).scores[0, 0], 1)
            except GalleryUnavailable:
                continue
        assert named(gallery, cem) == "Cem"
