"""Decoders against the same arithmetic written out cell by cell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visavis.errors import ModelError
from visavis.face.decoders import Detections, concatenate, decode_centerface, decode_scrfd

FLOAT = np.float32
maps = arrays(FLOAT, (1, 15, 6, 7), elements=st.floats(-3, 3, width=32))


def by_hand(values, min_score):
    rows = []
    for y in range(values.shape[1]):
        for x in range(values.shape[2]):
            logit = values[0, y, x]
            around = values[0, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
            score = 1 / (1 + math.exp(-logit))
            if score <= min_score or logit < around.max():
                continue
            h, w = 4 * math.exp(values[1, y, x]), 4 * math.exp(values[2, y, x])
            left, top = 4 * (x + values[4, y, x]) + 1.5 - w / 2, 4 * (y + values[3, y, x]) + 1.5 - h / 2
            points = [(left + w * values[6 + 2 * j, y, x], top + h * values[5 + 2 * j, y, x]) for j in range(5)]
            rows.append((left, top, left + w, top + h, score, points))
    return rows


@given(maps)
def test_centerface_maps_decode_as_written_out(values):
    found = decode_centerface([values], 0.6)
    expected = by_hand(values[0], 0.6)
    assert len(found) == len(expected)
    for row, (left, top, right, bottom, score, points) in enumerate(expected):
        np.testing.assert_allclose(found.boxes[row], (left, top, right, bottom), rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(found.points[row], points, rtol=1e-4, atol=1e-2)
        assert found.scores[row] == pytest.approx(score, rel=1e-5)


def test_wild_sizes_do_not_overflow():
    values = np.full((1, 15, 4, 4), 1e30, FLOAT)
    assert np.isfinite(decode_centerface([values], 0.5).boxes).all()


def scrfd_outputs(seed, anchors, width, height):
    rng = np.random.default_rng(seed)
    cells = [(width // s) * (height // s) * anchors for s in (8, 16, 32)]
    scores = [rng.random((n, 1)).astype(FLOAT) for n in cells]
    boxes = [rng.random((n, 4)).astype(FLOAT) * 3 for n in cells]
    points = [rng.normal(size=(n, 10)).astype(FLOAT) for n in cells]
    return scores, boxes, points


@pytest.mark.parametrize("anchors", [1, 2])
@pytest.mark.parametrize("batched", [False, True])
def test_scrfd_outputs_decode_as_written_out(anchors, batched):
    width, height = 96, 64
    scores, boxes, points = scrfd_outputs(0, anchors, width, height)
    outputs = [*points, *scores, *boxes]  # exports differ in order
    found = decode_scrfd([o[None] if batched else o for o in outputs], 0.9, (width, height))
    expected = []
    for level, stride in enumerate((8, 16, 32)):
        for row in range(len(scores[level])):
            if scores[level][row, 0] > 0.9:
                cell = row // anchors
                x, y = stride * (cell % (width // stride)), stride * (cell // (width // stride))
                left, top, right, bottom = boxes[level][row] * stride
                five = points[level][row].reshape(5, 2) * stride + (x, y)
                expected.append((x - left, y - top, x + right, y + bottom, scores[level][row, 0], five))
    assert len(found) == len(expected) > 0
    for row, (left, top, right, bottom, score, five) in enumerate(expected):
        np.testing.assert_allclose(found.boxes[row], (left, top, right, bottom), rtol=1e-5)
        np.testing.assert_allclose(found.points[row], five, rtol=1e-4, atol=1e-4)
        assert found.scores[row] == score


def test_scores_beyond_one_are_refused():
    scores, boxes, points = scrfd_outputs(0, 2, 96, 64)
    scores[1][3] = 7.5
    with pytest.raises(ModelError, match=r"scores reach 7\.5, more than 1; export it with its sigmoid"):
        decode_scrfd([*scores, *boxes, *points], 0.5, (96, 64))


def test_outputs_of_another_detector_are_refused():
    scores, boxes, points = scrfd_outputs(0, 2, 96, 64)
    with pytest.raises(ModelError, match="three strides"):
        decode_scrfd([*scores[:2], *boxes[:2], *points[:2]], 0.5, (96, 64))
    with pytest.raises(ModelError, match="rows at stride 8"):
        decode_scrfd([*scores, *boxes, *points], 0.5, (200, 104))


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-500, 500), st.floats(-500, 500))
def test_mapping_keeps_pixel_centres(sx, sy, dx, dy):
    row = Detections(np.array([[-0.5, -0.5, 9.5, 19.5]], FLOAT), np.zeros((1, 5, 2), FLOAT), np.ones(1, FLOAT))
    moved = row.mapped((sx, sy), (dx, dy))
    edges = (-0.5 + dx, -0.5 + dy, 10 * sx - 0.5 + dx, 20 * sy - 0.5 + dy)
    np.testing.assert_allclose(moved.boxes[0], edges, rtol=1e-4, atol=1e-3)


def test_nothing_joined_is_nothing():
    assert len(concatenate([])) == 0
    assert concatenate([]).points.shape == (0, 5, 2)
