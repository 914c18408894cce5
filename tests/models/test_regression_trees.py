from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import InvalidInput, ModelCorrupt
from visavis.models import LANDMARKS, find_card, model_bytes
from visavis.models.regression_trees import RegressionTrees

POINTS, CASCADES, TREES, SPLITS, FEATURES = 4, 3, 30, 7, 20


def arrays_of(seed):
    """Small random trees whose features move well about."""
    rng = np.random.default_rng(seed)
    return {
        "initial": rng.uniform(0.2, 0.8, (POINTS, 2)).astype(np.float32),
        "anchors": rng.integers(0, POINTS, (CASCADES, FEATURES)).astype(np.uint16),
        "deltas": rng.normal(0, 0.3, (CASCADES, FEATURES, 2)).astype(np.float32),
        "first": rng.integers(0, FEATURES, (CASCADES, TREES, SPLITS)).astype(np.uint16),
        "second": rng.integers(0, FEATURES, (CASCADES, TREES, SPLITS)).astype(np.uint16),
        "thresholds": rng.normal(0, 40, (CASCADES, TREES, SPLITS)).astype(np.float32),
        "leaves": rng.normal(0, 0.01, (CASCADES, TREES, SPLITS + 1, POINTS, 2)).astype(np.float32),
    }


def stored(arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def one_by_one(arrays, image, box):
    """The points of one face, written out scalar by scalar."""
    left, top, right, bottom = map(float, box)
    shape = arrays["initial"].copy()
    mean = arrays["initial"].astype(float) @ (1, 1j)
    for k in range(CASCADES):
        current = shape.astype(float) @ (1, 1j)
        a = np.vdot(mean - mean.mean(), current - current.mean()) / np.square(np.abs(mean - mean.mean())).sum()
        c, s = np.float32(a.real), np.float32(a.imag)
        grey = []
        for anchor, (dx, dy) in zip(arrays["anchors"][k], arrays["deltas"][k], strict=True):
            x = left + float(c * dx - s * dy + shape[anchor, 0]) * (right - left)
            y = top + float(s * dx + c * dy + shape[anchor, 1]) * (bottom - top)
            x, y = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
            inside = 0 <= x < image.shape[1] and 0 <= y < image.shape[0]
            grey.append(int(image[y, x].astype(int).sum()) // 3 if inside else 0)
        for t in range(TREES):
            node = 0
            while node < SPLITS:
                difference = grey[arrays["first"][k, t, node]] - grey[arrays["second"][k, t, node]]
                node = 2 * node + (1 if difference > arrays["thresholds"][k, t, node] else 2)
            shape = shape + arrays["leaves"][k, t, node - SPLITS]
    return np.floor(shape * (right - left, bottom - top) + (left, top) + 0.5).astype(int)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_points_equal_the_trees_walked_one_by_one(seed):
    rng = np.random.default_rng(seed)
    arrays, image = arrays_of(seed), rng.integers(0, 256, (60, 80, 3), np.uint8)
    corner, size = rng.integers(-30, 50, (3, 2)), rng.integers(1, 70, (3, 2))
    boxes = np.concatenate([corner, corner + size], axis=1)
    expected = [one_by_one(arrays, image, box) for box in boxes]
    np.testing.assert_array_equal(RegressionTrees.load(stored(arrays)).predict(image, boxes), expected)


@pytest.fixture
def trees():
    return RegressionTrees.load(stored(arrays_of(0)))


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


def test_no_boxes_give_no_points(trees, image):
    assert trees.predict(image, []).shape == (0, POINTS, 2)


def test_faces_do_not_influence_each_other(trees, image):
    boxes = [(2, 3, 30, 31), (10, 5, 44, 39)]
    np.testing.assert_array_equal(trees.predict(image, boxes), [trees.predict(image, [box])[0] for box in boxes])


def test_a_view_with_another_memory_layout_gives_the_same_points(trees, image):
    np.testing.assert_array_equal(
        trees.predict(image[:, :, ::-1], [(2, 3, 30, 31)]), trees.predict(image[:, :, ::-1].copy(), [(2, 3, 30, 31)])
    )


@pytest.mark.parametrize(
    "box", [(5, 5, 5, 20), (5, 20, 10, 10), (0, 0, np.nan, 9), (0, 0, np.inf, 9), (0, 0, 1e12, 9), (1, 2, 3), "face"]
)
def test_impossible_boxes_are_refused(trees, image, box):
    with pytest.raises(InvalidInput, match="boxes: "):
        trees.predict(image, [box])


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((4, 4), np.uint8), "got uint8 array of shape"),
        (np.zeros((4, 4, 4), np.uint8), "got uint8 array of shape"),
        (np.zeros((4, 4, 3)), "got float64 array"),
        (np.zeros((0, 4, 3), np.uint8), "has no pixels"),
        ([[0]], "got list"),
    ],
)
def test_images_of_another_kind_are_refused(trees, pixels, words):
    with pytest.raises(InvalidInput, match=words):
        trees.predict(pixels, [(0, 0, 9, 9)])


def without(name):
    def change(arrays):
        del arrays[name]

    return change


def replaced(name, make):
    def change(arrays):
        arrays[name] = make(arrays[name])

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("leaves"), "leaves"),
        (replaced("first", lambda a: a[:, :, :-1]), "second has the shape .* does not fit"),
        (replaced("leaves", lambda a: a[:, :, :-1]), "do not make a complete tree"),
        (replaced("anchors", lambda a: a + POINTS), "anchors points outside its 4 targets"),
        (replaced("second", lambda a: a.astype(np.int64) - 30), "second points outside its 20 targets"),
        (replaced("thresholds", lambda a: a * np.nan), "thresholds holds NaN"),
        (replaced("initial", np.zeros_like), "the points of the mean shape coincide"),
        (replaced("deltas", lambda a: a.ravel()), "deltas has the shape"),
        (replaced("deltas", lambda a: a.astype(str)), "cannot be read"),
    ],
)
def test_arrays_that_contradict_each_other_are_refused(change, words):
    arrays = arrays_of(0)
    change(arrays)
    with pytest.raises(ModelCorrupt, match=rf"(?s)my trees: .*{words}.*visavis models pull --force"):
        RegressionTrees.load(stored(arrays), "my trees")


@given(st.integers(0, 3000))
@settings(max_examples=40)
def test_a_truncated_file_is_refused(length):
    with pytest.raises(ModelCorrupt, match="cannot be read"):
        RegressionTrees.load(stored(arrays_of(0))[:length])


@pytest.mark.weights
@pytest.mark.parametrize(
    ("box", "expected"),  # as dlib's shape_predictor gives them
    [
        ((175, 76, 265, 166), [(255, 104), (238, 105), (195, 101), (212, 103), (224, 135)]),
        ((150, 40, 330, 220), [(255, 104), (237, 104), (195, 101), (212, 103), (224, 135)]),
        ((180, 80, 240, 140), [(240, 105), (229, 106), (196, 101), (210, 103), (220, 132)]),
        ((-40, -60, 260, 240), [(234, 123), (199, 111), (102, 70), (143, 89), (158, 191)]),
    ],
)
def test_points_on_a_portrait_are_dlibs_own(astronaut, box, expected):
    trees = RegressionTrees.load(model_bytes(find_card(LANDMARKS)))
    assert trees.points == 5
    np.testing.assert_array_equal(trees.predict(astronaut, [box]), [expected])
