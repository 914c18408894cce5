from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

import visavis as vv


def test_help_names_every_command_and_the_exit_codes(visavis):
    text = visavis("--help").out
    for command in ("match", "detect", "embed", "quality", "models", "methods", "doctor", "bench", "synthetic"):
        assert command in text
    assert "3 inconclusive" in text
    assert visavis("--version").out.strip() == f"visavis {vv.__version__}"


@pytest.mark.parametrize("command", ["match", "detect", "embed", "quality", "models pull", "methods", "bench pairs"])
def test_every_command_explains_itself_and_answers_programs(visavis, command):
    ran = visavis(*command.split(), "--help")
    assert ran.code == 0
    assert "--json" in ran.out


def test_help_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['visavis', '--help']\n"
        "from visavis.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'PIL', 'onnxruntime', 'pydantic'} & set(sys.modules)\n"
        "raise SystemExit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_methods_lists_all_and_shows_one(visavis):
    assert len(visavis("methods", "--json").json) == 46
    (row,) = visavis("methods", "facenet", "--json").json
    assert row["year"] == 2015
    assert {row["status"] for row in visavis("methods", "--status", "planned", "--json").json} == {"planned"}
    assert "facenet" in visavis("methods", "facenett").err


@pytest.mark.weights
def test_doctor_finds_nothing_wrong_here(visavis):
    ran = visavis("doctor", "--json")
    assert ran.code == 0
    findings = ran.json
    assert findings["problems"] == []
    assert findings["devices"]["cpu"].startswith("works")
    assert "commercial use" in findings["models"]["centerface"]


def test_doctor_names_a_damaged_model(visavis, tmp_path, monkeypatch):
    from visavis.models import Cache, find_card

    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path))
    path = Cache(tmp_path).path(find_card("centerface"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    ran = visavis("doctor")
    assert ran.code == 2
    assert "visavis models pull centerface --force" in ran.out.replace("\n", " ")


def test_a_reader_that_leaves_early_is_no_error():
    program = shlex.join([sys.executable, "-c", "from visavis.cli import main; main()"])
    command = f"{program} methods --json | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.weights
def test_bench_pairs_reports_what_reviewers_ask_for(visavis, people, tmp_path):
    rows = [("again.jpg", "person.png", 1), ("group.png", "stranger.png", 1), ("person.png", "group.png", 0)]
    rows += [("stranger.png", "person.png", 0), ("nobody.png", "person.png", 1), ("stranger.png", "again.jpg", 0)]
    lines = [f"{number % 2},{same},{a},{b}" for number, (a, b, same) in enumerate(rows)]
    (tmp_path / "pairs.csv").write_text("\n".join(["fold,same,path_a,path_b", *lines]))
    out = tmp_path / "report"
    ran = visavis("bench", "pairs", "--root", people, "--pairs", tmp_path / "pairs.csv", "--out", out, "--json")
    assert ran.code == 0
    wanted = {"accuracy_mean", "accuracy_std", "auc", "fnmr_at_fmr", "cllr", "faces_missed", "images_per_s"}
    assert wanted <= set(ran.json)
    assert ran.json["faces_missed"] == 1
    assert [error["path_a"] for error in ran.json["errors"] if error["kind"] == "no face"] == ["nobody.png"]
    assert json.loads((out / "report.json").read_text()) == ran.json
    assert (out / "failures.png").exists()
    assert (out / "plots.png").exists()
    broken = visavis("bench", "pairs", "--root", people, "--pairs", people / "person.png", "--json")
    assert broken.json["error"]["type"] == "DataError"


def test_an_error_as_json_is_one_line(visavis):
    ran = visavis("identify", "none.jpg", "--gallery", "none.gallery", "--json")
    assert (ran.code, ran.json["error"]["type"], ran.out.count("\n")) == (2, "GalleryNotFound", 1)
