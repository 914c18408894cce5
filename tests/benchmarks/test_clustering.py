"""The pure parts of the benchmark of clustering."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustering import bcubed_by_face, dbscan_oracle, difference_interval, likeness, made_up
from visavis.bench.clustering_metrics import bcubed

labellings = st.integers(1, 20).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4), min_size=n, max_size=n), st.lists(st.integers(-1, 4), min_size=n, max_size=n)
    )
)


@given(labellings)
def test_the_means_over_faces_are_bcubed(labels):
    who, clusters = np.array(labels[0]), np.array(labels[1])
    precision, recall = bcubed_by_face(who, clusters)
    expected = bcubed(who, clusters)
    assert (precision.mean(), recall.mean()) == pytest.approx((expected.precision, expected.recall))


def test_the_interval_holds_the_difference_and_is_empty_between_equals():
    rng = np.random.default_rng(0)
    people = np.repeat([f"p{i}" for i in range(60)], 4)
    truth = np.unique(people, return_inverse=True)[1]
    worse = np.where(rng.random(240) < 0.3, 60 + np.arange(240), truth)
    assert difference_interval(people, worse, worse, draws=50) == (0, 0)
    low, high = difference_interval(people, truth, worse, draws=300)
    assert 0 < low < bcubed(people, truth).f - bcubed(people, worse).f < high


def test_the_oracle_finds_the_setting_that_separates_people():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(1)
    people = np.repeat(["a", "b", "c"], 10)
    templates = np.repeat(np.eye(3), 10, axis=0) * 0.7 + 0.02 * rng.normal(size=(30, 3))
    labels, setting = dbscan_oracle(templates.astype(np.float32), people)
    assert bcubed(people, labels).f == pytest.approx(1)
    assert setting["eps"] < 0.9


def test_made_up_people_have_few_faces_or_many_and_photos_at_most_four():
    templates, owner, photos = made_up(4000, dimension=64)
    assert templates.shape == (4000, 64)
    sizes, on_photo = np.bincount(owner), np.bincount(photos)
    assert (sizes == 1).mean() > 0.4
    assert sizes.max() > 100
    assert on_photo[on_photo > 0].max() <= 4
    assert np.array_equal(templates, made_up(4000, dimension=64)[0])


def test_made_up_similarities_lie_near_those_of_the_card():
    found = likeness(4000)
    assert found["fmr"]["0.001"] == pytest.approx(found["card_fmr"]["0.001"], abs=0.04)
    assert found["fnmr"]["0.5"] == pytest.approx(found["card_fnmr"]["0.5"], abs=0.04)
