"""The pure parts of the scripts: what they compute from what they measured."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _machine import Timing
from accuracy import mcnemar
from fruits import CLASSES, fruits_class, verdict
from memory import slope, summary
from page import DOCS, PAGES, filled, table
from peers import same_faces
from quality_erc import drawn_people, gain
from visavis.errors import DataError
from visavis.types import Faces

rows = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=4, max_size=40)


@given(rows)
def test_the_slope_and_its_error_are_those_of_a_polynomial_fit(points):
    x = np.arange(len(points)) + np.array([p[0] for p in points]) / 1e4
    y = np.array([p[1] for p in points])
    (rise, _), covariance = np.polyfit(x, y, 1, cov=True)
    assert slope(x, y) == pytest.approx((rise, np.sqrt(covariance[0, 0])), rel=1e-6, abs=1e-9)


def test_memory_that_grows_only_while_warming_up_has_no_slope():
    images = np.arange(0, 1001, 100)
    kib = np.where(images < 200, 50_000 + 700 * images, 400_000)
    figures = summary(images, kib, warm_up=0.2)
    assert (figures["slope_kib_per_image"], figures["slope_stderr"]) == (0, 0)
    assert (figures["warm_up_images"], figures["count"]) == (200, 1000)


def test_a_slope_of_two_points_is_refused_with_the_way_out():
    with pytest.raises(DataError, match="needs three looks at the memory after warm-up, got 2; lower --every"):
        slope([0, 1], [5, 6])


@given(st.floats(0.01, 3000))
def test_the_class_is_the_strictest_budget_kept(mean_ms):
    kept = [budget for budget in CLASSES if mean_ms <= budget]
    assert fruits_class(mean_ms) == (min(kept) if kept else None)


def test_a_system_of_120_ms_is_out_of_100_and_in_500_and_kappa_scales_what_decides():
    timing = Timing((1.0, 1.0), (110.0, 130.0))
    assert verdict(timing, 1.0)["class"] == 500
    assert verdict(timing, 0.5) == {"mean_ms": 60, "median_ms": 60, "p95_ms": 65, "class": 100}
    assert verdict(timing, 10.0)["class"] is None


@given(st.integers(0, 6), st.integers(0, 6))
def test_mcnemar_counts_the_splits_at_least_as_uneven(a, b):
    splits = [sum(sides) for sides in product((0, 1), repeat=a + b)]
    as_uneven = sum(abs(2 * k - (a + b)) >= abs(a - b) for k in splits)
    assert mcnemar(a, b) == pytest.approx(as_uneven / len(splits))


def test_quality_that_knows_the_scores_gains_all_and_quality_that_knows_nothing_gains_nothing():
    scores = np.random.default_rng(3).normal(0.5, 0.1, 400)
    assert gain(scores, scores, 0.4) == pytest.approx(1)
    assert gain(scores, np.ones(400), 0.4) == pytest.approx(0, abs=0.02)
    assert gain(scores, scores < 0.4, 0.4) < -0.1
    assert np.isnan(gain(scores, scores, -1))


def test_people_are_drawn_whole():
    people = np.array(["a", "b", "a", "c", "b", "a"])
    for draw in drawn_people(people):
        counts = np.bincount(draw, minlength=6)
        assert counts[0] == counts[2] == counts[5]
        assert counts[1] == counts[4]


def faces(*boxes: tuple[float, float, float, float]) -> Faces:
    return Faces(np.float32(boxes), np.zeros((len(boxes), 5, 2), np.float32), np.ones(len(boxes), np.float32))


def test_a_face_is_the_same_if_its_middle_lies_in_a_box_that_holds_no_other():
    ours = faces((0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 60, 10))
    assert same_faces(ours, faces((1, 1, 11, 11), (22, 2, 28, 8))) == 2
    assert same_faces(ours, faces((41, 1, 49, 9), (51, 1, 59, 9))) == 0  # one box of ours over two of theirs
    assert same_faces(ours, faces((70, 0, 80, 10))) == 0


def test_the_page_changes_between_the_marks_only_and_settles_at_once():
    page = "before\n<!-- begin memory -->\nold\n<!-- end memory -->\nafter\n"
    new = filled(page, "memory", "new")
    assert new == "before\n<!-- begin memory -->\nnew\n<!-- end memory -->\nafter\n"
    assert filled(new, "memory", "new") == new


@pytest.mark.parametrize("page", ["", "<!-- end x -->\n<!-- begin x -->", 2 * "<!-- begin x -->\n<!-- end x -->\n"])
def test_a_page_without_exactly_one_pair_of_marks_is_refused(page):
    with pytest.raises(DataError, match="needs exactly one pair of marks <!-- begin x -->"):
        filled(page, "x", "new")


def test_the_documentation_has_a_place_for_every_section():
    for page, sections in PAGES.items():
        text = (DOCS / page).read_text(encoding="utf-8")
        for write in sections:
            filled(text, write.__name__, "")


def test_a_table_has_as_many_cells_in_every_line():
    lines = table(("a", "b"), [("1", "2"), ("3", "4")]).splitlines()
    assert lines == ["| a | b |", "| --- | --: |", "| 1 | 2 |", "| 3 | 4 |"]
