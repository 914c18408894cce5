from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visavis.face.suppress import overlaps, suppress

sides = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30))
crowds = st.lists(st.tuples(sides, st.integers(0, 1000)), max_size=12, unique_by=lambda row: row[1])


def unpacked(crowd):
    boxes = np.array([(x, y, x + w, y + h) for (x, y, w, h), _ in crowd], np.float32).reshape(-1, 4)
    return boxes, np.array([score / 1000 for _, score in crowd], np.float32)


@given(crowds)
def test_overlaps_count_shared_pixels(crowd):
    boxes, _ = unpacked(crowd)
    masks = [np.zeros((80, 80), bool) for _ in boxes]
    for mask, (left, top, right, bottom) in zip(masks, boxes.astype(int), strict=True):
        mask[top:bottom, left:right] = True
    for box, mask in zip(boxes, masks, strict=True):
        iou, inside = overlaps(box, boxes)
        np.testing.assert_allclose(iou, [(mask & o).sum() / (mask | o).sum() for o in masks], rtol=1e-5)
        np.testing.assert_allclose(inside, [(mask & o).sum() / o.sum() for o in masks], rtol=1e-5)


@given(crowds)
def test_what_stays_is_best_first_and_does_not_overlap(crowd):
    boxes, scores = unpacked(crowd)
    kept = suppress(boxes, scores)
    assert (np.diff(scores[kept]) <= 0).all()
    for place, row in enumerate(kept):
        iou, inside = overlaps(boxes[row], boxes[kept[place + 1 :]])
        assert (iou <= 0.3).all()
        assert (inside <= 0.85).all()


@given(crowds)
def test_whatever_goes_lies_on_a_better_one_that_stays(crowd):
    boxes, scores = unpacked(crowd)
    kept = suppress(boxes, scores)
    for row in set(range(len(boxes))) - set(kept.tolist()):
        reasons = [overlaps(boxes[k], boxes[row : row + 1]) for k in kept if scores[k] > scores[row]]
        assert any(iou[0] > 0.3 or inside[0] > 0.85 for iou, inside in reasons)


@given(crowds)
def test_a_second_time_changes_nothing(crowd):
    boxes, scores = unpacked(crowd)
    kept = suppress(boxes, scores)
    np.testing.assert_array_equal(suppress(boxes[kept], scores[kept]), np.arange(len(kept)))
