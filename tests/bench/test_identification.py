"""The identification protocol on stored templates: figures counted again, and missed faces never forgiven."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from visavis.bench.identification import bench_identification
from visavis.bench.identification_plots import identification_curve
from visavis.bench.report import save_identification_report
from visavis.errors import DataError
from visavis.matching.calibration import fit_calibration

GALLERY, STRANGERS = 60, 25


@pytest.fixture
def hall(people):
    """60 people with two references and two mated probes each, 25 strangers with two probes each."""
    rng = np.random.default_rng(5)
    faces, rows = {}, ["role,identity,path"]
    for i in range(GALLERY + STRANGERS):
        centre = rng.normal(size=6)
        for k in range(4 if i < GALLERY else 2):
            role = "probe_nonmated" if i >= GALLERY else "gallery" if k < 2 else "probe_mated"
            faces[f"p{i:02d}/{k}"] = [(centre + 0.4 * rng.normal(size=6)).round(6).tolist()]
            rows.append(f"{role},p{i:02d},images/p{i:02d}/{k}.jpg")
    root = people(faces)
    (root / "split.csv").write_text("\n".join(rows) + "\n")
    return root


def run(engine, root, **options):
    return bench_identification(engine, root / "split.csv", root, metric="euclidean", rates=(0.1,), **options)


def spoil(root, *names):
    for name in names:
        (root / "images" / f"{name}.jpg").write_text("[]")


def template(root, person, photo):
    faces = json.loads((root / "images" / f"p{person:02d}" / f"{photo}.jpg").read_text())
    return faces[0] if faces else None


def by_hand(root, fusion):
    """A function from (person, photo) to the scores of all who are enrolled, one comparison at a time."""
    join = max if fusion == "max" else lambda values: sum(values) / len(values)
    references = {i: [t for k in (0, 1) if (t := template(root, i, k))] for i in range(GALLERY)}

    def scores(person, photo, skip=None):
        probe = template(root, person, photo)
        if probe is None:
            return None
        return {
            i: join([1 - math.dist(probe, t) for t in templates])
            for i, templates in references.items()
            if templates and i != skip
        }

    return scores


@pytest.mark.parametrize("fusion", ["max", "mean"])
def test_the_figures_are_those_counted_one_by_one(engine, hall, fusion):
    report, scores = run(engine, hall, fusion=fusion), by_hand(hall, fusion)
    point = report.points[0]
    at = point.threshold.threshold + 1e-6  # templates are float32
    own = sorted(max(scores(i, k, skip=i).values()) for i in range(GALLERY) for k in (0, 1))
    assert sum(s >= at for s in own) == point.threshold.errors == 12
    assert point.threshold.method == "non-mated scores"

    mated = [(i, scores(i, k)) for i in range(GALLERY) for k in (2, 3)]
    places = [1 + sum(s >= table[i] for j, s in table.items() if j != i) for i, table in mated]
    assert report.cmc == pytest.approx([np.mean(np.array(places) <= k) for k in range(1, 21)])
    right = [place == 1 and table[i] >= at for (i, table), place in zip(mated, places, strict=True)]
    assert point.tpir == pytest.approx(np.mean(right))

    strangers = [max(scores(i, k).values()) for i in range(GALLERY, GALLERY + STRANGERS) for k in (0, 1)]
    assert point.fpir == point.fpir_compared.rate == pytest.approx(np.mean(np.array(strangers) >= at))
    assert (report.people, report.references, report.mated, report.nonmated, report.strangers) == (60, 120, 120, 50, 25)


def test_a_missed_face_is_an_error_wherever_it_stands(engine, hall):
    before = run(engine, hall)
    spoil(hall, "p00/0", "p00/1", "p01/2", f"p{GALLERY}/0")  # a person, a mated probe, a non-mated probe
    after = run(engine, hall)
    assert len(after.missed) == 4
    assert (after.people, after.mated, after.nonmated) == (before.people, before.mated, before.nonmated)
    assert after.mated_searches.rank[[0, 1, 2]].tolist() == [0, 0, 0]
    assert after.cmc[-1] <= 1 - 3 / 120
    assert after.points[0].fpir >= 1 / 50
    assert after.points[0].fpir_compared.searches == 49
    assert after.points[0].threshold.enrolled_people == 59


def test_a_gallery_too_small_for_its_own_scores_uses_the_calibration_or_says_why_not(engine, hall):
    rows = (hall / "split.csv").read_text().splitlines()
    kept = [row for row in rows if "probe_nonmated" in row or row.startswith("role") or row.split(",")[1] < "p04"]
    (hall / "split.csv").write_text("\n".join(kept))
    report = run(engine, hall)
    assert not report.points
    assert "cannot show it" in report.unset[0.1]
    rng = np.random.default_rng(0)
    calibration = fit_calibration(
        rng.normal(0.2, 0.3, 900), rng.normal(-2, 0.5, 9000), identities=90, source="made up", command="pytest"
    )
    point = run(engine, hall, calibration=calibration).points[0]
    assert point.threshold.method == "calibration"
    assert point.threshold.probes == 8
    assert point.undecided_mated is not None


@pytest.mark.parametrize("kind", ["gallery", "probe_mated", "probe_nonmated"])
def test_a_role_without_any_face_is_refused(engine, hall, kind):
    rows = [row.split(",") for row in (hall / "split.csv").read_text().splitlines()]
    spoil(hall, *(row[2][len("images/") : -len(".jpg")] for row in rows if row[0] == kind))
    with pytest.raises(DataError, match=f"no {kind} photo has a face"):
        run(engine, hall)


def test_the_curve_holds_the_operating_point(engine, hall):
    spoil(hall, "p01/2", f"p{GALLERY}/0")
    report = run(engine, hall)
    fpir, tpir = identification_curve(report.mated_searches, report.nonmated_searches)
    assert (np.diff(fpir) >= 0).all()
    assert (np.diff(tpir) >= 0).all()
    point = report.points[0]
    assert np.isclose(fpir, point.fpir).any()
    assert tpir[np.isclose(fpir, point.fpir)].max() >= point.tpir


def test_report_and_picture_are_written_as_json_and_png(engine, hall, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    save_identification_report(run(engine, hall), tmp_path / "out")
    figures = json.loads((tmp_path / "out" / "report.json").read_text())
    assert figures["rank_1"] <= figures["rank_5"] <= 1
    assert figures["points"][0]["threshold"]["fpir"] == 0.1
    assert (tmp_path / "out" / "plots.png").read_bytes().startswith(b"\x89PNG")
