"""Templates that no search can compare: never enrolled, and found by the check where they got in by another way."""

from __future__ import annotations

import numpy as np
import pytest
from tests.gallery.contract.galleries import DIMENSION, MODEL, place_in, reference, references, vector

from visavis.errors import InvalidInput
from visavis.types import Template


def of_value(value: float) -> Template:
    return Template(np.full(DIMENSION, value, np.float32), MODEL)


@pytest.mark.parametrize(("metric", "value"), [("euclidean", 1e18), ("euclidean", 1e30), ("cosine", 1e-22)])
def test_a_template_that_no_search_could_compare_is_not_enrolled(place, metric, value):
    with place.create(metric=metric) as gallery:
        gallery.enrol(references(Ada=1))
        with pytest.raises(InvalidInput, match=r"row 0 .*(longer than|zero vector)"):
            gallery.enrol([reference("odd", "Ben", template=of_value(value))])
        assert gallery.count() == (1, 1)
        assert gallery.search(vector("ada-1"), 1).keys.tolist() == [[1]]


def test_the_first_templates_of_an_int8_gallery_cannot_make_it_unsearchable(tmp_path):
    with place_in("sqlite-int8", tmp_path, None).create() as gallery:
        for value in (1e16, 1e-15):
            with pytest.raises(InvalidInput, match="int8 step"):
                gallery.enrol([reference("odd", "Ben", template=of_value(value))])
        gallery.enrol(references(Ada=1))
        assert gallery.search(vector("ada-1"), 1).keys.tolist() == [[1]]


def test_a_first_template_of_another_length_does_not_turn_the_others_into_zeros(tmp_path):
    with place_in("sqlite-int8", tmp_path, None).create() as gallery:
        gallery.enrol([reference("odd", "Ben", template=of_value(1e3))])
        with pytest.raises(InvalidInput, match=r"row 0 .* would lose 100% .*precision float32"):
            gallery.enrol(references(Ada=1))
        assert gallery.count() == (1, 1)
        gallery.enrol([reference("like", "Cem", template=of_value(900.0))])
        assert gallery.search(np.full(DIMENSION, 900.0), 1).keys.tolist() == [[2]]


@pytest.mark.parametrize(("metric", "value"), [("euclidean", 1e30), ("cosine", 1e-22), ("cosine", 0.0)])
def test_the_check_names_the_reference_whose_template_no_search_could_compare(plain_place, metric, value):
    with plain_place.create(metric=metric) as gallery:
        gallery.enrol(references(Ada=2))
        odd = np.full(DIMENSION, value, np.float32)
        with gallery.store.changing() as change:
            change.connection.exec_driver_sql("DELETE FROM template WHERE reference = 2")
            gallery.store.templates.put(change.connection, gallery.model, np.array([2]), ["ada-2"], odd[None], None)
        (problem,) = gallery.verify()
        assert problem.kind == "damaged template"
        assert "reference ada-2 (key 2)" in problem.message
