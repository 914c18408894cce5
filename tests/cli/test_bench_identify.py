"""`visavis bench identify`: one JSON document for programs, lines for people, one error for a list that is none."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def split(tmp_path):
    rows = ["gallery,p,person.png", "gallery,g,group.png", "probe_mated,p,again.jpg", "probe_nonmated,s,stranger.png"]
    path = tmp_path / "split.csv"
    path.write_text("\n".join(["role,identity,path", *rows]))
    return path


@pytest.mark.weights
def test_figures_report_and_picture(visavis, people, split, tmp_path):
    out = tmp_path / "report"
    ran = visavis("bench", "identify", "--root", people, "--split", split, "--fpir", "0.1", "--out", out, "--json")
    assert ran.code == 0
    assert {"rank_1", "rank_5", "cmc", "points", "missed"} <= set(ran.json)
    assert [point["threshold"]["fpir"] for point in ran.json["points"]] == [0.1]
    assert json.loads((out / "report.json").read_text()) == ran.json
    assert (out / "plots.png").exists()


@pytest.mark.weights
def test_people_are_told_what_was_asked_for_and_what_came_of_it(visavis, people, split):
    ran = visavis("bench", "identify", "--root", people, "--split", split, "--fpir", "0.1", "--fpir", "1e-7")
    assert ran.code == 0
    assert "FPIR 0.1 asked: threshold" in ran.out
    assert "FPIR 1e-07: no threshold" in ran.out


def test_a_list_that_is_none_is_one_error(visavis, people):
    ran = visavis("bench", "identify", "--root", people, "--split", people / "person.png", "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "DataError")


def test_an_unknown_fusion_is_named(visavis, people, split):
    ran = visavis("bench", "identify", "--root", people, "--split", split, "--fusion", "median", "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "InvalidInput")
    assert "max, mean" in ran.json["error"]["message"]
