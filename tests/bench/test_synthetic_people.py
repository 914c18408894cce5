"""The whole line on people who do not exist: no photo is needed to see that it tells people apart and is calibrated.

Thresholds are fitted on some of the people and judged on others: those of photos mean nothing on renders.
"""

from __future__ import annotations

import csv
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from visavis.bench.calibrate import calibrate
from visavis.bench.pairs import bench_pairs
from visavis.face.engine import Engine
from visavis.matching.calibration import cllr, log_likelihood_ratio
from visavis.matching.scores import cross_scores
from visavis.matching.templates import pool
from visavis.models import DEFAULT_EMBEDDER, find_card

pytestmark = pytest.mark.weights

PEOPLE, SHOTS = 12, 4
CARD = find_card(DEFAULT_EMBEDDER).calibration["plain"]


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """A folder images/K/J.png of 12 people in 4 shots each with nothing before the face, and pairs.csv in 4 folds."""
    pytest.importorskip("numba", reason="synthetic people need visavis[synthetic]")
    from visavis.synthetic import World

    world = World(2026, group={"occluder": "none", "light": ("indoor", "outdoor")}, max_yaw=30.0)
    root = tmp_path_factory.mktemp("album")
    for k in range(PEOPLE):
        (root / "images" / str(k)).mkdir(parents=True)
        for j in range(SHOTS):
            Image.fromarray(world.render(k, j, 144).image).save(root / name(k, j))
    pairs = [(k % 4, 1, name(k, i), name(k, j)) for k in range(PEOPLE) for i, j in combinations(range(SHOTS), 2)]
    pairs += [
        (k % 4, 0, name(k, j), name((k + 4) % PEOPLE, (j + 1) % SHOTS)) for k in range(PEOPLE) for j in range(SHOTS)
    ]
    with (root / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("fold", "same", "path_a", "path_b"), *pairs])
    return root


def name(k, j):
    return f"images/{k}/{j}.png"


@pytest.fixture(scope="module")
def templates(album):
    """(12, 4) templates: a row a person."""
    files = [album / name(k, j) for k in range(PEOPLE) for j in range(SHOTS)]
    found = [faces[0].template for faces in Engine().faces_batch(files)]
    return [found[SHOTS * k : SHOTS * (k + 1)] for k in range(PEOPLE)]


def test_people_are_told_apart_with_every_face_found(album):
    report = bench_pairs(Engine(), album / "pairs.csv", album, metric="euclidean")
    assert (report.images, report.mated, report.faces_missed) == (48, 72, 0)
    assert report.auc > 0.95
    assert report.accuracy.mean > 0.9
    assert report.min_cllr is not None
    assert report.min_cllr < 0.3


def test_the_calibration_of_photos_is_of_no_use_here_and_the_own_one_is(album):
    """All renders look alike to the embedder, so the card calls strangers a match; a card made here does not."""
    report = bench_pairs(Engine(), album / "pairs.csv", album, metric="euclidean", calibration=CARD)
    assert report.cllr is not None
    assert report.cllr_card is not None
    assert report.cllr_card > 1.5 * report.cllr
    assert report.cllr < 0.8


def test_a_calibration_on_some_people_decides_about_others(album, templates):
    images = [(name(k, j), str(k)) for k in range(8) for j in range(SHOTS)]
    fitted = calibrate(
        Engine(), album, *map(list, zip(*images, strict=True)), metric="euclidean", source="renders", command="pytest"
    )
    unseen = np.array([template.vector for row in templates[8:] for template in row])
    mated, nonmated = cross_scores(unseen, np.repeat(np.arange(4), SHOTS), "euclidean")
    llr = [log_likelihood_ratio(fitted, scores) for scores in (mated, nonmated)]
    assert cllr(*llr) < 0.8
    assert cllr(*llr) < cllr(*(log_likelihood_ratio(CARD, scores) for scores in (mated, nonmated)))
    assert np.mean(llr[0] > 0) > 0.8
    assert np.mean(llr[1] < 0) > 0.8


def test_templates_of_two_shots_know_people_better_than_single_ones(templates):
    def separation(rows):
        """How far the mean score of strangers lies below that of one person, in spreads of both."""
        vectors = np.array([[template.vector for template in row] for row in rows])
        people = np.repeat(np.arange(PEOPLE), vectors.shape[1])
        mated, nonmated = cross_scores(vectors.reshape(len(people), -1), people, "euclidean")
        return (mated.mean() - nonmated.mean()) / np.hypot(mated.std(), nonmated.std())

    pooled = [[pool(row[:2]), pool(row[2:])] for row in templates]
    assert separation(pooled) > separation(templates)
