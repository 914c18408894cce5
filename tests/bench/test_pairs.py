"""The pairs protocol on stored templates: figures recomputed from the scores, and missed faces never forgiven."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

from visavis.bench.metrics import auc, fnmr_at_fmr, fold_accuracy
from visavis.bench.pairs import bench_pairs
from visavis.errors import DataError
from visavis.matching.calibration import cllr, fit_calibration, fit_logistic, llr_bounds
from visavis.models.calibration import Calibration


def run(engine, root, **options):
    return bench_pairs(engine, root / "pairs.csv", root, metric="euclidean", **options)


def spoil(root, *names):
    """Take the face out of some photos."""
    for name in names:
        (root / "images" / f"{name}.jpg").write_text("[]")


def rows_of(root):
    """(fold, same, score) of every pair straight from the files; None without two templates."""

    def template(path):
        faces = json.loads((root / path).read_text())
        return np.array(faces[0]) if faces else None

    with (root / "pairs.csv").open() as file:
        for row in csv.DictReader(file):
            a, b = template(row["path_a"]), template(row["path_b"])
            score = None if a is None or b is None else 1 - math.dist(a, b)
            yield int(row["fold"]), row["same"] == "1", score


def fnmr_by_counting(mated, nonmated, rate):
    thresholds = [t for t in [*mated, *nonmated] if sum(n >= t for n in nonmated) / len(nonmated) <= rate]
    return min((sum(m < t for m in mated) / len(mated) for t in thresholds), default=1.0)


def test_every_distinct_image_is_embedded_once(engine, crowd):
    report = run(engine, crowd)
    assert len(engine.seen) == len(set(engine.seen)) == report.images == 36
    assert report.images_per_s == pytest.approx(36 / report.seconds)


def test_the_figures_are_those_of_the_scores_in_the_files(engine, crowd):
    report = run(engine, crowd)
    folds, same, scores = (np.array(column) for column in zip(*rows_of(crowd), strict=True))
    np.testing.assert_allclose(report.scores, scores, atol=1e-5)
    mated, nonmated = report.scores[same], report.scores[~same]
    assert (report.pairs, report.mated, report.faces_missed, report.pairs_missed) == (72, 36, 0, 0)
    assert report.accuracy.mean == fold_accuracy(report.scores, same, folds).mean
    assert report.auc == auc(mated, nonmated)
    assert report.fnmr_at_fmr == {0.1: fnmr_at_fmr(mated, nonmated, 0.1)}  # 36 comparisons cannot show 1 %
    assert report.fnmr_at_fmr_compared == report.fnmr_at_fmr
    assert report.cllr_card is None


def test_the_cost_is_that_of_calibrations_fitted_on_the_other_folds(engine, crowd):
    report = run(engine, crowd)
    folds = np.array([fold for fold, *_ in rows_of(crowd)])
    llr = np.empty(len(folds))
    for fold in (1, 2, 3):
        mated, nonmated = report.scores[(folds != fold) & report.same], report.scores[(folds != fold) & ~report.same]
        slope, intercept = fit_logistic(mated, nonmated)
        llr[folds == fold] = np.clip(slope * report.scores[folds == fold] + intercept, *llr_bounds(24, 24))
    assert report.cllr == pytest.approx(cllr(llr[report.same], llr[~report.same]))
    assert 0 < report.min_cllr < report.cllr < 1


def test_the_cards_calibration_is_judged_when_there_is_one(engine, crowd):
    scores = run(engine, crowd)
    fitted = fit_calibration(
        scores.scores[scores.same], scores.scores[~scores.same], identities=12, source="same data", command="pytest"
    )
    assert run(engine, crowd, calibration=fitted).cllr_card == pytest.approx(fitted.cllr)
    useless = Calibration(**{**fitted.model_dump(), "slope": 1e-9, "intercept": 0})
    assert run(engine, crowd, calibration=useless).cllr_card == pytest.approx(1)


def test_a_missed_face_makes_all_its_pairs_wrong_and_every_figure_worse(engine, crowd):
    before = run(engine, crowd)
    spoil(crowd, "p00/0", "p05/1")
    after = run(engine, crowd)
    rows = list(rows_of(crowd))
    lost = [score is None for *_, score in rows]
    assert (after.faces_missed, after.pairs_missed) == (2, sum(lost)) == (2, 8)
    assert [image.path for image in after.missed] == ["images/p00/0.jpg", "images/p05/1.jpg"]
    assert not after.accuracy.correct[lost].any()
    assert after.pairs == before.pairs == 72
    assert after.auc < before.auc
    assert after.eer > before.eer
    assert after.fnmr_at_fmr[0.1] >= before.fnmr_at_fmr[0.1]
    assert np.isnan(after.scores[lost]).all()


def test_missed_faces_count_as_the_text_says(engine, crowd):
    spoil(crowd, "p00/0", "p05/1")
    report = run(engine, crowd)
    rows = list(rows_of(crowd))
    mated = [-math.inf if score is None else score for _, same, score in rows if same]
    nonmated = [math.inf if score is None else score for _, same, score in rows if not same]
    assert report.auc == pytest.approx(sum(m > n for m in mated for n in nonmated) / 36 / 36, abs=1e-3)
    assert report.fnmr_at_fmr[0.1] == pytest.approx(fnmr_by_counting(mated, nonmated, 0.1))
    seen = [m for m in mated if m > -math.inf], [n for n in nonmated if n < math.inf]
    assert report.fnmr_at_fmr_compared[0.1] == pytest.approx(fnmr_by_counting(*seen, 0.1))
    silent = np.where(np.isnan(report.scores), 0.0, report.llr)
    assert report.cllr == pytest.approx(cllr(silent[report.same], silent[~report.same]))


def test_no_threshold_keeps_a_rate_that_missed_faces_alone_exceed(engine, crowd):
    spoil(crowd, *(f"p{i:02d}/0" for i in range(4)))
    report = run(engine, crowd)
    assert report.fnmr_at_fmr[0.1] == 1
    assert report.fnmr_at_fmr_compared[0.1] < 1


def test_wrong_pairs_are_listed_worst_first_with_what_went_wrong(engine, crowd):
    spoil(crowd, "p00/0")
    report = run(engine, crowd)
    assert len(report.errors) == (~report.accuracy.correct).sum()
    assert [error.margin for error in report.errors] == sorted((e.margin for e in report.errors), reverse=True)
    thresholds = dict(zip(report.accuracy.folds.tolist(), report.accuracy.thresholds.tolist(), strict=True))
    assert {error.kind for error in report.errors} == {"no face", "false match", "false non-match"}
    for error in report.errors:
        assert error.threshold in thresholds.values()
        if error.kind == "false match":
            assert error.score >= error.threshold
            assert not error.same
        elif error.kind == "false non-match":
            assert error.score < error.threshold
            assert error.same
        else:
            assert error.score is None
            assert "p00/0" in error.path_a + error.path_b


def test_the_interval_is_over_people_where_folders_tell_who_they_are(engine, crowd):
    report = run(engine, crowd)
    assert report.accuracy_interval.low < report.accuracy.mean < report.accuracy_interval.high
    with (crowd / "pairs.csv").open("a") as file:
        file.write("1,0,images/p00/0.jpg,images/p00/1.jpg\n")
    assert run(engine, crowd).accuracy_interval is None


def test_source_sets_are_reported_apart(engine, crowd):
    lines = (crowd / "pairs.csv").read_text().splitlines()
    sets = [f"{line},{'source_set' if i == 0 else 'one' if i < 20 else 'two'}" for i, line in enumerate(lines)]
    (crowd / "pairs.csv").write_text("\n".join(sets))
    report = run(engine, crowd)
    assert {name: row["pairs"] for name, row in report.by_source_set.items()} == {"one": 19, "two": 53}
    assert report.by_source_set["one"]["accuracy"] == report.accuracy.correct[:19].mean()


def test_the_report_is_strict_json_with_the_figures_asked_for(engine, crowd):
    spoil(crowd, "p00/0")
    report = run(engine, crowd)
    figures = json.loads(json.dumps(report.to_dict(worst=2), allow_nan=False))
    assert figures["accuracy_mean"] == report.accuracy.mean
    assert figures["fnmr_at_fmr"] == {"0.1": report.fnmr_at_fmr[0.1]}
    assert {"accuracy_std", "accuracy_stderr", "auc", "eer", "cllr", "cllr_card", "min_cllr"} <= figures.keys()
    assert {"faces_missed", "images", "pairs", "images_per_s", "seconds", "model", "subject", "notes"} <= figures.keys()
    assert [fold["fold"] for fold in figures["folds"]] == [1, 2, 3]
    assert sum(error["kind"] == "no face" for error in figures["errors"]) == 2


def test_too_few_pairs_to_calibrate_leave_the_cost_open_but_the_rest_stands(engine, people):
    root = people({"a/1": [[0.0]], "a/2": [[0.1]], "b/1": [[2.0]], "b/2": [[2.1]]})
    (root / "pairs.csv").write_text(
        "fold,same,path_a,path_b\n1,1,images/a/1.jpg,images/a/2.jpg\n2,0,images/a/1.jpg,images/b/2.jpg\n"
    )
    report = run(engine, root)
    assert report.cllr is report.llr is None
    assert report.auc == 1
    json.dumps(report.to_dict(), allow_nan=False)


def test_a_kind_of_which_no_pair_can_be_compared_is_an_error(engine, crowd):
    spoil(crowd, *(f"p{i:02d}/{k}" for i in range(12) for k in (0, 1)))
    with pytest.raises(DataError, match="no same-person pair has a face in both photos"):
        run(engine, crowd)
