"""The whole line on research photos: real faces are told apart, and pooling frames helps."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from visavis.bench.metrics import fold_accuracy
from visavis.bench.pairs import bench_pairs
from visavis.face.engine import Engine
from visavis.matching.scores import paired_similarity
from visavis.matching.templates import fit_scale, pool, quantization_loss, quantize

pytestmark = [pytest.mark.data, pytest.mark.weights]


def test_real_pairs_are_told_apart_with_every_face_found(shared_data):
    root = shared_data / "celebrities_small"
    report = bench_pairs(Engine(), root / "pairs.csv", root, metric="euclidean")
    assert report.faces_missed == 0
    assert report.accuracy.mean > 0.97
    assert report.auc > 0.995
    assert report.cllr is not None
    assert report.min_cllr < report.cllr < 0.1
    assert set(report.by_source_set) >= {"bbt", "five_celebrities"}


@pytest.mark.slow
def test_templates_of_two_video_frames_beat_each_single_frame_and_quantise_well(shared_data):
    root = shared_data / "ytf_frames"
    with (root / "template_pairs_10fold.csv").open() as file:
        rows = list(csv.DictReader(file))
    sides = [[row[side] for row in rows] for side in ("template_a", "template_b")]
    names = sorted({*sides[0], *sides[1]})
    frames = [
        f"{root}/images/{who}/{who}_{video}{k}.jpg" for who, video in (n.split("/") for n in names) for k in (0, 1)
    ]
    faces = [found[0].template for found in Engine().faces_batch(frames)]
    same, folds = [row["same"] == "1" for row in rows], [int(row["fold"]) for row in rows]

    def accuracy(templates):
        vector_of = {name: template.vector for name, template in zip(names, templates, strict=True)}
        first, second = ([vector_of[name] for name in side] for side in sides)
        return fold_accuracy(paired_similarity(first, second, "euclidean"), same, folds).mean

    pooled = [pool(pair) for pair in zip(faces[::2], faces[1::2], strict=True)]
    assert accuracy(pooled) > max(accuracy(faces[::2]), accuracy(faces[1::2]))
    vectors = np.array([template.vector for template in pooled])
    assert quantization_loss(vectors, quantize(vectors), "euclidean") < 0.01
    assert quantization_loss(vectors, quantize(vectors, fit_scale(vectors)), "cosine") < 0.01
